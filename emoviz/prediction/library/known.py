"""Known facts on recordings, one small file for each content, from which they are listed without being read."""

import contextlib
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ...core.files import read_json, write_json
from ...core.kept import Kept
from ...core.vocabulary import Source
from ...evaluation.sentence import Moment, prevailing_emotion, strongest_moments, verdict_and_doubts
from ...features.clip_store import kept_recordings
from ...media import content_key

if TYPE_CHECKING:
    from ..assembly import ClipPrediction

FOLDER = "known"
"""Folder of these files among the data that are kept of recordings."""
_TICK = 2.0
"""Seconds within which a folder's time of change may not tell two changes apart."""


class Seen(NamedTuple):
    """The state of a file when its content was read: ``size`` in bytes, last change and this look at it in ns."""

    size: int
    changed: int
    noted: int


@dataclass(frozen=True)
class Known:
    """Known facts on a recording.

    Attributes:
        content: sha256 of its file.
        seconds: its length in s; None where it could not be read.
        still: whether it is a single picture.
        models: names of the models that analysed it.
        faces: number of faces; None where nobody looked for them.
        voices: number of voices; None where nobody looked for them.
        verdict: sentence on the last analysis by these models, or by more.
        emotion: emotion that prevails by that analysis, or "".
        moments: its strongest moments, each an emotion and a time in s.
        judges: names of the models of that analysis.
        problem: sentence on why the last analysis failed, or "".
        files: state of the files with this content, by their paths.
    """

    content: str
    seconds: float | None = None
    still: bool = False
    models: tuple[str, ...] = ()
    faces: int | None = None
    voices: int | None = None
    verdict: str = ""
    emotion: str = ""
    moments: tuple[tuple[str, float], ...] = ()
    judges: tuple[str, ...] = ()
    problem: str = ""
    files: Mapping[str, Seen] = field(default_factory=dict)

    @property
    def strongest(self) -> tuple[Moment, ...]:
        """The strongest moments."""
        return tuple(Moment(*moment) for moment in self.moments)


def known_recordings(store: Path, megabytes: int) -> "Library | None":
    """Return the library of a store, or None where nothing of a recording is kept.

    Args:
        store: folder of the store.
        megabytes: megabytes that all data kept of recordings may take together.
    """
    kept = kept_recordings(store, megabytes)
    return Library(kept) if kept else None


class Library:
    """The known facts on recordings in one folder, which several processes may share.

    A fact that cannot be written is not known later, and a damaged file counts as absent.

    Args:
        kept: folder of the data that are kept of recordings.
    """

    def __init__(self, kept: Kept) -> None:
        self._kept, self.folder = kept, kept.folder / FOLDER
        self._lock = threading.Lock()
        self._read: dict[str, tuple[int, Known | None]] = {}
        self._changed, self._version = 0, 0

    @property
    def kept(self) -> Kept:
        """The place of what is kept of recordings."""
        return self._kept

    def version(self) -> int:
        """Return a number that changes with the known facts; only changed files are read again."""
        with self._lock:
            before = self._read
            self._refresh()
            self._version += self._read != before
            return self._version

    def all(self) -> dict[str, Known]:
        """Return the known facts on each recording, by its content."""
        self.version()
        return {known.content: known for _, known in self._read.values() if known is not None}

    def note_prediction(self, content: str, prediction: "ClipPrediction", path: Path | None) -> None:
        """Add the facts that follow from a prediction of a whole recording.

        Args:
            content: sha256 of the recording.
            prediction: its prediction.
            path: path of its file; None where the file is deleted after the visit and may not be named.
        """
        table, outputs = prediction.table, prediction.outputs
        before = self._of(content)
        own = prediction.of_clip[prediction.of_clip.source != Source.FUSED]  # not of models of a track that it lacks
        judges = tuple(dict.fromkeys(map(str, own.model)))
        facts: dict[str, Any] = {
            "seconds": float(prediction.info.duration),
            "still": prediction.info.still,
            "models": tuple(dict.fromkeys((*before.models, *judges))),
            "problem": "",
        }
        if not set(judges) < set(before.judges):  # as a page that needs one of them alone has it analysed again
            facts |= {
                "verdict": verdict_and_doubts(table, outputs)[0],
                "emotion": prevailing_emotion(table, outputs),
                "moments": tuple(tuple(moment) for moment in strongest_moments(table, outputs)),
                "judges": judges,
            }
        if prediction.faces is not None:
            facts["faces"] = len(prediction.faces.tracks)
        self._note(content, path, facts)

    def note_voices(self, content: str, count: int) -> None:
        """Add the number of voices in a recording, which is given by the sha256 of its content."""
        self._note(content, None, {"voices": count})

    def note_problem(self, path: Path, sentence: str, *, name_file: bool = True) -> None:
        """Add the reason why a recording could not be analysed; nothing is noted on a file that cannot be read.

        Args:
            path: path of its file.
            sentence: sentence on the problem.
            name_file: whether its file may be named.
        """
        with contextlib.suppress(OSError, ValueError):  # ValueError: a name that no file can have
            self._note(content_key(path), path if name_file else None, {"problem": sentence})

    def forget(self, content: str) -> None:
        """Delete all facts and data that are kept of a recording.

        Raises:
            OSError: if something cannot be deleted.
        """
        (self.folder / f"{content}.json").unlink(missing_ok=True)
        self._kept.forget(content)

    def _of(self, content: str) -> Known:
        return _known(self.folder / f"{content}.json") or Known(content)

    def _note(self, content: str, path: Path | None, facts: Mapping[str, Any]) -> None:
        """Write new facts beside those that are known already."""
        if self._kept.most <= 0:
            return
        with self._lock, contextlib.suppress(OSError, UnicodeEncodeError):  # the latter: a name that is no text
            known = self._of(content)
            files = dict(known.files)
            if path is not None:
                state = path.stat()
                files[os.path.abspath(path)] = Seen(state.st_size, state.st_mtime_ns, time.time_ns())
            self.folder.mkdir(parents=True, exist_ok=True)
            self._kept.folder.chmod(0o700)
            write_json(self.folder / f"{content}.json", asdict(replace(known, **facts, files=files)))

    def _refresh(self) -> None:
        """Read the files that changed, and forget those that are gone."""
        try:
            changed = self.folder.stat().st_mtime_ns
            if changed == self._changed and time.time_ns() - changed > _TICK * 1e9:
                return
            with os.scandir(self.folder) as entries:
                found = {
                    entry.path: entry.stat().st_mtime_ns
                    for entry in entries
                    if entry.name.endswith(".json") and not entry.name.startswith(".")
                }
        except OSError:
            self._read, self._changed = {}, 0
            return
        before = self._read
        self._read = {
            path: before[path] if path in before and before[path][0] == state else (state, _known(Path(path)))
            for path, state in found.items()
        }
        self._changed = changed


def _known(path: Path) -> Known | None:
    """Return what a file holds, or None where it is absent, damaged or of another content."""
    values = read_json(path)
    if values is None or values.get("content") != path.stem:
        return None
    try:
        lists = {name: tuple(map(_tuple, values[name])) for name in ("models", "moments", "judges")}
        files = {str(file): Seen(*map(int, seen)) for file, seen in values["files"].items()}
        return Known(**values | lists | {"files": files})
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
