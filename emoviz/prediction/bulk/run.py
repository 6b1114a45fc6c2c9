"""The run over many recordings, which goes on where an earlier one ended and which no single recording stops."""

import errno
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from ...core.errors import (
    AnnotationError,
    CalibrationError,
    Cancelled,
    CheckpointError,
    ConfigError,
    EmovizError,
    MediaError,
    MissingWeightsError,
)
from ...core.progress import Progress, silent, topic_of
from ...media import content_key
from ..export import write_prediction, write_table
from ..library.known import Library
from ..persons.export import person_table
from ..request import Answer, Request
from ..segmented import require_known
from .listing import Listing, Problem, Recording, shown
from .records import FOLDER, Record, Records, Standing, State
from .tables import PERSONS, SEGMENTS, write_problems, write_together

if TYPE_CHECKING:
    from ...features.store import FeatureStore

STAGE = "Predicting recordings"
NAMED = 5
"""Largest number of recordings that a sentence on failed predictions names."""
OFTEN = 0.5
"""Seconds between two reports of the progress on one recording."""
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
LASTING = (AnnotationError, CalibrationError)
"""Errors that a recording itself causes, so that reading it again meets them again."""

Tell = Callable[[str, Sequence[str]], None]
"""Listener, called with the name of a recording and sentences on it; with the name "" for sentences on all."""


def untold(name: str, sentences: Sequence[str]) -> None:
    """Do nothing with sentences."""


@dataclass(frozen=True)
class Outcome:
    """The outcome of a run.

    Attributes:
        found: number of recordings that were found, with what was refused among them.
        predicted: number of recordings that this run predicted.
        problems: problems of all recordings, also those that an earlier run told.
    """

    found: int
    predicted: int
    problems: tuple[Problem, ...]

    def require_all(self) -> None:
        """Raise an error if a run lacks recordings.

        Raises:
            MediaError: if a recording could not be predicted.
        """
        if self.problems:
            names = [problem.file.rpartition("/")[2] for problem in self.problems]
            named = ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")
            raise MediaError(f"{len(self.problems)} of {self.found} recordings could not be predicted: {named}.")


def predict_all(
    listing: Listing,
    request: Request,
    folder: Path,
    *,
    limit_mb: int,
    store: "FeatureStore | None" = None,
    library: Library | None = None,
    progress: Progress = silent,
    tell: Tell = untold,
    share: tuple[int, int] = (0, 1),
) -> Outcome:
    """Predict recordings, write a table for each, and one of all segments and one of all problems.

    Recordings that an earlier run predicted for the same request are left as they are.

    Args:
        listing: the recordings.
        request: request for all recordings, in which a recording may have segments of its own.
        folder: folder of the tables, made in one that exists.
        limit_mb: largest file that is accepted, in MB.
        store: store that keeps extracted features; None extracts them anew.
        library: library in which predictions and problems are noted, and beside which persons are kept.
        progress: listener.
        tell: listener to sentences.
        share: number of this process, from 0, and the number of processes that share the recordings.

    Raises:
        ConfigError: if the folder cannot be written, the disk is full, or no recording can be answered.
        Cancelled: if ``progress`` raises it.
    """
    records = Records(folder)
    records.prepare()
    run = _Run(records, request, limit_mb, store, library, tell)
    number, of = share
    todo = run.open(listing.recordings[number::of])
    for place, recording in enumerate(todo):
        run.predict(recording, _within(progress, recording, place, len(todo)))
    if todo:
        progress(STAGE, len(todo), len(todo))
    with FileLock(folder / FOLDER / "tables.lock"):  # the last one of several processes sees what all others did
        found = [problem for one in listing.recordings if (problem := records.problem_of(one))]
        problems = (*listing.problems, *found)
        write_problems(problems, folder)
        made = {one for one in listing.recordings if records.has_table(one)}
        summed = [one for one in listing.recordings if one.segments or request.segments or request.persons]
        tables = [(one, records.table_of(one)) for one in summed if one in made] if summed else None
        write_together(folder / SEGMENTS, tables)
        tables = [(one, records.persons_of(one)) for one in listing.recordings if one in made]
        write_together(folder / PERSONS, tables if request.persons else None)
    return Outcome(len(listing.recordings) + len(listing.problems), run.predicted, problems)


class _Run:
    """One run: the records that it goes on from, and what is asked of each recording."""

    def __init__(
        self,
        records: Records,
        request: Request,
        limit_mb: int,
        store: "FeatureStore | None",
        library: Library | None,
        tell: Tell,
    ) -> None:
        self._records, self._request = records, request
        self._limit_mb, self._store, self._library, self._tell = limit_mb, store, library, tell
        self._facts: dict[str | None, Mapping[str, Any]] = {}
        self.predicted = 0

    def open(self, recordings: Sequence[Recording]) -> list[Recording]:
        """Return the recordings that are not done, and say how many are and why others are done anew."""
        todo, otherwise = [], Counter[str]()
        count = Counter[Standing]()
        for one in recordings:
            standing, other = self._standing(one)
            count[standing] += 1
            otherwise.update(other)
            if standing is not Standing.DONE:
                todo.append(one)
        said = []
        if count[Standing.DONE]:
            said.append(f"{count[Standing.DONE]} of {len(recordings)} recordings are done already.")
        if count[Standing.CHANGED]:
            said.append(f"{count[Standing.CHANGED]} recordings changed since they were predicted and are done anew.")
        if anew := count[Standing.ASKED_OTHERWISE]:
            said.append(f"{anew} recordings are predicted anew, as something else is asked: {', '.join(otherwise)}.")
        if said:
            self._tell("", said)
        return todo

    def predict(self, recording: Recording, progress: Progress) -> None:
        """Predict a recording and write its table, or what its problem is, and a record of either.

        Raises:
            EmovizError: if no other recording could be predicted either.
        """
        table = self._records.table_of(recording)
        state = State.of(recording.path)
        facts: Mapping[str, Any] = {}
        try:
            facts = self._facts_of(recording)
            request = self._request_of(recording)
            kept = self._library.kept if self._library else None
            answer = request.answer(
                recording.path, limit_mb=self._limit_mb, store=self._store, kept=kept, progress=progress
            )
            if State.of(recording.path) != state:
                raise MediaError("It changed while it was read; run again once it is whole.")
            self._write(answer, recording)
        except Exception as error:
            if _concerns_all(error):
                raise
            self._refuse(recording, state, facts, error)
            return
        self._records.write(recording, Record(shown(recording.name), facts, state, answer.content, State.of(table)))
        if self._library:
            self._library.note_prediction(content_key(recording.path), answer.prediction, recording.path)
        self.predicted += 1
        self._tell(shown(recording.name), answer.said)

    def _write(self, answer: Answer, recording: Recording) -> None:
        """Write the table of a recording, and that of its persons before it.

        Raises:
            MediaError: if it cannot be written.
        """
        try:
            table, persons = self._records.table_of(recording), self._records.persons_of(recording)
            self._records.make_room(table)
            if answer.persons is None:
                persons.unlink(missing_ok=True)  # that of an earlier run
            else:
                write_table(person_table(answer.persons), persons)
            if answer.segments is None:
                write_prediction(answer.prediction, table)
            else:
                write_table(answer.segments, table)
        except ConfigError as error:
            raise MediaError(str(error)) from error

    def _refuse(self, recording: Recording, state: State | None, facts: Mapping[str, Any], error: Exception) -> None:
        """Keep the problem of a recording, and no table of it; without facts nothing of it was known yet."""
        sentence = str(error)
        if not isinstance(error, EmovizError):
            sentence = f"It could not be predicted for a reason inside emoviz ({type(error).__name__}: {error})."
        if self._library:
            self._library.note_problem(recording.path, sentence)
        before = self._records.read(recording)
        if before is not None and before.table is not None:
            self._records.table_of(recording).unlink(missing_ok=True)
            self._records.persons_of(recording).unlink(missing_ok=True)
        lasting = isinstance(error, LASTING) and state is not None and bool(facts)
        asked = facts if lasting else {}
        content = self._request.choice.key(content_key(recording.path)) if lasting else ""
        self._records.write(recording, Record(shown(recording.name), asked, state, content, None, sentence, lasting))
        self._tell(shown(recording.name), [sentence])

    def _standing(self, recording: Recording) -> tuple[Standing, list[str]]:
        try:
            facts = self._facts_of(recording)
        except (EmovizError, OSError):
            return Standing.NEW, []
        return self._records.standing(recording, facts, self._request.choice)

    def _request_of(self, recording: Recording) -> Request:
        return self._request if recording.segments is None else replace(self._request, segments=recording.segments)

    def _facts_of(self, recording: Recording) -> Mapping[str, Any]:
        """Return all that a recording's prediction depends on beside it.

        Raises:
            AnnotationError: if its own segments cannot be.
        """
        if recording.segments not in self._facts:
            if recording.segments is not None:
                require_known(recording.segments)
            self._facts[recording.segments] = self._request_of(recording).facts()
        return self._facts[recording.segments]


def _within(progress: Progress, recording: Recording, place: int, count: int) -> Progress:
    """Return a listener to the work on one recording, which reports that of all now and then."""
    due = 0.0
    lock = threading.Lock()  # face and speech report from threads of their own

    def report(stage: str, done: float, total: float) -> None:
        nonlocal due
        with lock:
            if time.monotonic() < due:
                return
            due = time.monotonic() + OFTEN
        progress(f"{STAGE} ({shown(recording.name)}: {topic_of(stage)})", place, count)

    report("Opening", 0, 0)
    return report


def _concerns_all(error: BaseException) -> bool:
    """Return whether an error is not of the recording that met it, so that the others would meet it, too."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno is not None:
            return cause.errno in _FULL
        cause = cause.__cause__
    return isinstance(error, Cancelled | ConfigError | CheckpointError | MissingWeightsError)
