"""Persons of a recording as they are kept on disk: who was found, and what people changed by hand."""

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...core.errors import AnnotationError
from ...core.files import raising, read_json, write_json
from ...core.kept import Entry
from ...core.progress import Progress, silent
from ...media.weights import SPEAKER_ENCODER
from ..library.known import Library
from .diarisation import Turn
from .found import MOST as MOST_VOICES
from .found import VERSION, Person, Persons, find_persons

if TYPE_CHECKING:
    from ...media import ClipMedia

_KIND = "persons"
_CHANGES = ".json"  # ending of the file with the changes
MOST = 100
"""Largest number of changes of a recording that can be undone."""


def persons_of(media: "ClipMedia", count: int | None = None, progress: Progress = silent) -> Persons:
    """Return the persons that are found in a recording (:func:`~emoviz.prediction.persons.found.find_persons`).

    They are kept where the recording keeps anything, and not looked for again.
    """
    if media.kept is None:
        return find_persons(media, count, progress)
    made_of = _made_of(media, count)
    if known := media.kept.read(_KIND, made_of):
        return _persons(known)
    found = find_persons(media, count, progress)
    turns_array = np.array(found.turns, np.float64).reshape(-1, 3)
    media.kept.write(_KIND, made_of, Entry({"turns": turns_array}, {"people": found.people, "notes": found.notes}))
    Library(media.kept).note_voices(media.content, len({turn.voice for turn in found.turns}))
    return found


def persons_found_before(media: "ClipMedia") -> Persons | None:
    """Return the persons that were last found in a recording, by the names that they have now; None if nobody looked.

    They are those of the number of voices that was asked for, or of which names were changed, most recently.
    """
    if media.kept is None:
        return None
    looks = [(_time_of(media, count), count) for count in (None, *range(1, MOST_VOICES + 1))]
    time, count = max(looks, key=itemgetter(0))
    known = media.kept.read(_KIND, _made_of(media, count)) if time else None
    return Changes(media, count).applied(_persons(known)) if known else None


class Changes:
    """The changes that people made to the persons of a recording, of which the last ones can be undone.

    They stay with the recording: whoever opens the same file finds them, also in the command line. They lie beside what
    is kept of recordings, but are not dropped with it. Where nothing of a recording is kept, they end with the object.

    Args:
        media: recording.
        count: number of voices that was asked for; None where it was found.
    """

    def __init__(self, media: "ClipMedia", count: int | None = None) -> None:
        self._file: Path | None = None
        if media.kept:
            self._file = media.kept.path_of(_KIND, _made_of(media, count), _CHANGES)
        self._states: list[tuple[Person, ...]] = []
        with contextlib.suppress(TypeError, ValueError, AttributeError, KeyError):  # a damaged file counts as absent
            stored = read_json(self._file) if self._file and self._file.is_file() else None
            self._states = [_people(state) for state in (stored or {"states": []})["states"]]

    def applied(self, found: Persons) -> Persons:
        """Return the persons after the last change; changes that do not fit the persons who were found do not count."""
        parts = _parts(found.people)
        fitting = (state for state in reversed(self._states) if _parts(state) == parts)
        return replace(found, people=next(fitting, found.people))

    def add(self, people: Sequence[Person]) -> None:
        """Add a new state of the persons.

        Raises:
            AnnotationError: if it cannot be written.
        """
        self._write([*self._states, tuple(people)][-MOST:])

    def undo(self) -> None:
        """Go back to the state before the last change.

        Raises:
            AnnotationError: if the earlier state cannot be written.
        """
        self._write(self._states[:-1])

    def __len__(self) -> int:
        """Return the number of changes that can be undone."""
        return len(self._states)

    def _write(self, states: list[tuple[Person, ...]]) -> None:
        if self._file:
            with raising(AnnotationError, self._file, name="The change"):
                self._file.parent.mkdir(parents=True, exist_ok=True)
                self._file.parent.chmod(0o700)  # nobody else may read what is known of recordings
                write_json(self._file, {"states": states})
        self._states = states


def _made_of(media: "ClipMedia", count: int | None) -> dict[str, Any]:
    """All that the persons of a recording depend on."""
    of = {"content": media.content, "recording": media.key}
    return {**of, "voices": count, "version": VERSION, "encoder": SPEAKER_ENCODER.sha256}


def _time_of(media: "ClipMedia", count: int | None) -> float:
    """Return when the persons were last looked for or changed with a number of voices, in s; 0 if they never were."""
    assert media.kept is not None
    made_of = _made_of(media, count)
    if not media.kept.holds(_KIND, made_of):
        return 0.0
    files = [media.kept.path_of(_KIND, made_of), media.kept.path_of(_KIND, made_of, _CHANGES)]
    return max((file.stat().st_mtime for file in files if file.is_file()), default=0.0)


def _persons(known: Entry) -> Persons:
    turns = (Turn(start, end, int(voice)) for start, end, voice in np.asarray(known.arrays["turns"]).tolist())
    return Persons(_people(known.about["people"]), tuple(turns), tuple(known.about["notes"]))


def _people(stored: Sequence[Any]) -> tuple[Person, ...]:
    return tuple(Person(str(name), tuple(map(int, voices)), tuple(map(int, faces))) for name, voices, faces in stored)


def _parts(people: Sequence[Person]) -> tuple[list[int], list[int]]:
    """All voices and all faces."""
    return sorted(v for person in people for v in person.voices), sorted(f for p in people for f in p.faces)
