"""The session of one visitor: uploads, analyses and explanations, which end with the visit."""

import contextlib
import shutil
import tempfile
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import streamlit as st

from ..core.errors import MediaError
from ..core.files import file_name, raising, remove_folder
from ..core.kept import Kept
from ..features import clip_store
from . import loaders
from .clip_analysis import Analyses
from .explanations import Line
from .fits import Fits


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
        analyses: analyses of this visitor's clips.
        line: line of this visitor's explanations.
    """

    folder: Path
    limit_mb: int
    uploads: dict[str, Path] = field(default_factory=dict)
    opened: dict[str, Path] = field(default_factory=dict)
    references: dict[str, Path] = field(default_factory=dict)
    fits: Fits = field(default_factory=Fits)
    analyses: Analyses = field(init=False)
    line: Line = field(default_factory=Line)

    def __post_init__(self) -> None:
        self.analyses = Analyses(self.folder, kept_recordings())

    def add_upload(self, name: str, content: bytes) -> str:
        """Write an upload to the session's folder; the oldest ones go when all exceed the limit.

        Returns:
            The name that the page shows for it.

        Raises:
            MediaError: if the file is larger than the limit.
        """
        if len(content) > self.limit_mb * 1_000_000:
            raise MediaError(f"The file has {len(content) / 1e6:.0f} MB; clips up to {self.limit_mb} MB are accepted.")
        label = f"Upload: {file_name(name)}"
        self._remove(label)
        self.uploads[label] = self.write(uuid.uuid4().hex, name, content)
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
            MediaError: if it cannot be written, as when the disk is full.
        """
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
            MediaError: if the files together are larger than the limit.
        """
        if before := self.references.pop(kind, None):
            shutil.rmtree(before.parent)
        size = sum(len(content) for _, content in files)
        if size > self.limit_mb * 1_000_000:
            raise MediaError(f"The files have {size / 1e6:.0f} MB; up to {self.limit_mb} MB are accepted.")
        if not files:
            return
        folder = Path(tempfile.mkdtemp(dir=self.folder)) / f"{len(files)} uploaded recordings"
        with raising(MediaError, folder, name="The uploaded recordings"):
            folder.mkdir()
            for number, (name, content) in enumerate(files, 1):
                target = folder / file_name(name)
                (folder / f"{number} {target.name}" if target.exists() else target).write_bytes(content)
        self.references[kind] = folder if len(files) > 1 else target.rename(folder.parent / target.name)

    def close(self) -> None:
        """Stop the work and delete the files."""
        self.fits.close()
        self.analyses.close()
        self.line.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _remove(self, label: str) -> None:
        if file := self.uploads.pop(label, None):
            shutil.rmtree(file.parent)


def kept_recordings() -> Kept | None:
    """Return the place for what is known of recordings; where nothing may be kept, empty it and return None."""
    settings = loaders.settings()
    kept = clip_store.kept_recordings(settings.store, settings.kept_mb)
    if kept is None:
        with contextlib.suppress(OSError):
            remove_folder(settings.store / clip_store.RECORDINGS)
    return kept


def session() -> Session:
    """Return this visitor's session."""
    return _session(loaders.settings().upload_limit_mb)


@st.cache_resource(scope="session", show_spinner=False, on_release=Session.close)  # which ends with the visit
def _session(limit_mb: int) -> Session:
    return Session(Path(tempfile.mkdtemp(prefix="emoviz-session-")), limit_mb)
