"""The session of one visitor: uploads, analyses and explanations, which end with the visit."""

import contextlib
import secrets
import shutil
import tempfile
import threading
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import streamlit as st

from ..core import memory
from ..core.errors import MediaError
from ..core.files import extent, file_name, raising, remove_folder
from ..core.kept import Kept
from ..core.roles import Action
from ..features import clip_store
from ..features.store import FeatureStore
from ..prediction.library.known import Library
from . import cache, loaders, session_folders, visitors, visits
from .clip_analysis import Analyses, content_of
from .explanations import Line
from .fits import Fits
from .receiver import Receiver
from .shared_store import SharedStore
from .turns import Visitor

UPLOAD = "Upload: "
"""Start of the names of uploads, as pages show them."""


@dataclass
class Session:
    """One visitor's files and work.

    Attributes:
        folder: temporary folder of this session.
        limit_mb: largest clip, and largest sum of all uploads that are kept, in MB.
        uploads: files of the uploads by the names that the page shows.
        opened: files in folders of this machine that were opened, by the names that the page shows.
        references: recordings and profiles of people that were uploaded to fit models to them, a file or a folder of
            each kind.
        fits: fits of models to people.
        store: store of corpora's features, and of those of this visitor's clips.
        library: known facts on recordings, in this visit alone where nothing is kept beyond it.
        visitor: the visitor, who takes turns at the processors.
        analyses: analyses of this visitor's clips.
        line: line of this visitor's explanations.
        receiver: place to which this visitor's browser sends what it records.
        owner: role and address of the visitor (:func:`emoviz.ui.visits.owner`).
        key: key of the visit, which nobody but this visitor's browser knows.
    """

    folder: Path
    limit_mb: int
    uploads: dict[str, Path] = field(default_factory=dict)
    opened: dict[str, Path] = field(default_factory=dict)
    references: dict[str, Path] = field(default_factory=dict)
    visitor: Visitor = field(default_factory=Visitor)
    fits: Fits = field(init=False)
    store: FeatureStore = field(init=False)
    library: Library = field(init=False)
    analyses: Analyses = field(init=False)
    line: Line = field(init=False)
    receiver: Receiver = field(init=False)
    owner: str = ""
    key: str = field(default_factory=lambda: secrets.token_urlsafe(24))

    def __post_init__(self) -> None:
        self._left: dict[str, list[Path]] = {}  # files of uploads that are kept elsewhere, by content
        if beyond := kept_recordings():
            kept, self._own = beyond, None
            self.store, self.library = loaders.store(), loaders.library(beyond)
        else:
            kept = self._own = Kept(self.folder / clip_store.RECORDINGS, self.limit_mb * 1_000_000)
            self.store, self.library = SharedStore(loaders.settings().store, kept), Library(kept)
        self.analyses = Analyses(self.folder, kept, self.visitor, self.library)
        self.fits, self.line = Fits(self.visitor), Line(self.visitor)
        self.receiver = Receiver(self.folder, self.limit_mb, _require_room)

    def add_upload(self, name: str, content: bytes) -> str:
        """Write an upload to the session's folder; the oldest ones go when all exceed the limit.

        Returns:
            The name that the page shows for it.

        Raises:
            MediaError: if the file is larger than the limit, or the uploads of all visitors fill their room.
        """
        if len(content) > self.limit_mb * 1_000_000:
            raise MediaError(f"The file has {len(content) / 1e6:.0f} MB; clips up to {self.limit_mb} MB are accepted.")
        return self._add(name, self.write(uuid.uuid4().hex, name, content))

    def add_recording(self, name: str, file: Path) -> str:
        """Make an upload of a file in a folder of its own within the session's, and return the name of the page for it.

        The oldest uploads go when all exceed the limit.
        """
        return self._add(name, file.rename(file.parent / file_name(name)))

    def _add(self, name: str, file: Path) -> str:
        label = f"{UPLOAD}{file_name(name)}"
        self._remove(label)
        self.uploads[label] = file
        while sum(file.stat().st_size for file in self.uploads.values()) > self.limit_mb * 1_000_000:
            self._remove(next(iter(self.uploads)))
        return label

    def write(self, kind: str, name: str, content: bytes) -> Path:
        """Write a file that was uploaded to the session's folder, and return its place.

        Args:
            kind: kind of the file, by which one of the same name is replaced.
            name: name that the visitor's machine gives it.
            content: its bytes.

        Raises:
            MediaError: if the uploads of all visitors fill their room, or the file cannot be written, as when the disk
                is full.
        """
        _require_room(len(content))
        target = self.folder / kind / file_name(name)
        with raising(MediaError, target, name=f"The upload '{target.name}'"):
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(content)
        return target

    def keep_references(self, kind: str, files: Sequence[tuple[str, bytes]]) -> None:
        """Write uploads of one kind to the session's folder, in place of those that were there; no file is none.

        Args:
            kind: kind of the uploads.
            files: name and content of each file.

        Raises:
            MediaError: if the files together are larger than the limit, or the uploads of all visitors fill their room.
        """
        if before := self.references.pop(kind, None):
            shutil.rmtree(before.parent)
        size = sum(len(content) for _, content in files)
        if size > self.limit_mb * 1_000_000:
            raise MediaError(f"The files have {size / 1e6:.0f} MB; up to {self.limit_mb} MB are accepted.")
        if not files:
            return
        _require_room(size)
        folder = Path(tempfile.mkdtemp(dir=self.folder)) / f"{len(files)} uploaded recordings"
        with raising(MediaError, folder, name="The uploaded recordings"):
            folder.mkdir()
            for number, (name, content) in enumerate(files, 1):
                target = folder / file_name(name)
                (folder / f"{number} {target.name}" if target.exists() else target).write_bytes(content)
        self.references[kind] = folder if len(files) > 1 else target.rename(folder.parent / target.name)

    def keep(self, label: str) -> str:
        """Keep an upload beyond the visit, and return the name that it has there; it is an upload no longer.

        Its file stays in the session's folder until the visit ends, as what is known of it was read from there.

        Raises:
            MediaError: if there is no room for it, it cannot be written, nothing is kept beyond visits, or the upload
                is gone.
            RoleError: if the visitor may keep nothing.
        """
        visitors.require(Action.KEEP)
        file, kept = self.uploads.get(label), loaders.kept_files()
        if kept is None or file is None:
            reason = "Nothing is kept here beyond a visit (setting EMOVIZ_KEPT_MB)"
            raise MediaError(f"{reason}." if kept is None else f"'{label}' is not there any more.")
        content = content_of(file)
        name = kept.keep(file, content, file.name)
        self._left.setdefault(content, []).append(self.uploads.pop(label))
        return name

    def forget(self, content: str) -> None:
        """Delete a recording that was uploaded or is kept, and all that is known and kept of it.

        A file in a folder of this machine stays.

        Args:
            content: sha256 of the recording.

        Raises:
            MediaError: if the store is not writable.
            RoleError: if the visitor may not delete what others see, too.
        """
        kept = loaders.kept_files()
        shared = kept is not None and content in {file.content for file in kept.all().values()}
        known_to_all = self._own is None and content not in map(content_of, self.uploads.values())
        if shared or known_to_all:
            visitors.require(Action.DELETE_RECORDINGS)
        for key in self.analyses.forget(content):
            cache.forget_about(key)
        for label, file in list(self.uploads.items()):
            if content_of(file) == content:
                self._remove(label)
        for file in self._left.pop(content, []):
            shutil.rmtree(file.parent, ignore_errors=True)
        if kept is not None:
            kept.delete(content)
        with raising(MediaError, self.library.folder, setting="EMOVIZ_STORE"):
            self.library.forget(content)

    @property
    def worth_waiting(self) -> bool:
        """Whether somebody who loads the page anew would miss something."""
        return bool(self.uploads or self.references)

    def leave(self) -> None:
        """Stop the work; uploads wait for their page to be loaded anew, and without any all is deleted at once."""
        if not self.worth_waiting:
            self.close()
            return
        for part in (self.fits, self.analyses, self.line):
            part.close()
        visits.wait(self)

    def go_on(self) -> None:
        """Take up the visit again: its page was loaded anew."""
        self.fits = Fits(self.visitor)  # analyses and explanations begin anew when they are next asked for

    def close(self) -> None:
        """Stop the work, and delete the files and all results from them."""
        self.visitor.leave()
        self.receiver.close()
        for part in (self.fits, self.analyses, self.line):
            part.close()
        for label in list(self.uploads):
            self._remove(label)
        cache.forget_about(str(self.folder))
        if self._own:
            self._own.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        threading.Thread(target=self._clear_up, name="end of a session", daemon=True).start()

    def _clear_up(self) -> None:
        """Delete what work has still written on its way to its end, and give its memory back to the system."""
        for part in (self.fits, self.analyses, self.line):
            part.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
        memory.release()

    def _remove(self, label: str) -> None:
        """Delete an upload, and forget what pages know of it."""
        if file := self.uploads.pop(label, None):
            for key in self.analyses.keys_of(file):
                cache.forget_about(key)
            shutil.rmtree(file.parent, ignore_errors=True)


def kept_recordings() -> Kept | None:
    """Return the place for facts on recordings beyond a visit, or None where nothing may be kept.

    It is emptied then, but not where others reach the app: what was kept and named before is not served, and stays.
    """
    settings = loaders.settings()
    kept = clip_store.kept_recordings(settings.store, settings.kept_mb)
    if kept is None and not settings.shared:
        with contextlib.suppress(OSError):
            remove_folder(settings.store / clip_store.RECORDINGS)
    return kept


def _require_room(size: int) -> None:
    """Refuse an upload of so many bytes that no room is left for.

    Raises:
        MediaError: if the uploads of all visitors would take more than the setting allows.
    """
    most, taken = loaders.settings().uploads_mb, extent(session_folders.of_server()).size
    if taken + size > most * 1_000_000:
        raise MediaError(
            f"The uploads of all visitors take {taken / 1e6:,.0f} MB of {most:,}, and no room is left for this one: "
            "delete yours on the page Storage, or come again when other visits have ended."
        )


def session() -> Session:
    """Return this visitor's session."""
    return _session(loaders.settings().upload_limit_mb)


def is_missing(name: str) -> bool:
    """Return whether a link names an upload that this visit has not."""
    return name.startswith(UPLOAD) and name not in session().uploads


def take_up(key: str) -> None:
    """Take up the visit of a key that the browser has kept, if it waits and this one has nothing yet."""
    if not session().worth_waiting and visits.answer(key):
        _session.clear()


def end() -> None:
    """End this visitor's session and delete all of it; the next call of :func:`session` begins another."""
    ended = session()
    _session.clear()
    visits.take(Session, ended.key, ended.owner)
    ended.close()


@st.cache_resource(scope="session", show_spinner=False, on_release=Session.leave)
def _session(limit_mb: int) -> Session:
    found = visits.take(Session, visits.told(), visits.owner())
    if found is not None:
        found.go_on()
        return found
    made = Session(session_folders.make(), limit_mb, owner=visits.owner())
    visits.begin(made)
    return made
