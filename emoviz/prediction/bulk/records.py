"""Records of the progress of a run over many recordings, one for each beside the tables, so that a later run goes on.

A record is written after its table, and both are written whole or not at all. However the process ends, recordings with
a record are done, and those without one are predicted anew.
"""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Any

from ...core.configuration import from_dict
from ...core.errors import ConfigError, EmovizError
from ...core.files import LONGEST_NAME, raising, read_json, write_json
from ...media import Choice, content_key
from .listing import Problem, Recording, require_inside, shown

FOLDER = ".emoviz"
"""Folder of the records in the folder of the tables."""
TABLE, PERSONS = ".csv", ".persons.csv"
"""Endings of the table of a recording, and of that of its persons."""


class Standing(StrEnum):
    """The standing of a recording after earlier runs."""

    DONE = "done"
    NEW = "new"
    CHANGED = "changed"
    ASKED_OTHERWISE = "asked otherwise"


@dataclass(frozen=True)
class State:
    """The state of a file by which a change is noticed: its size in bytes, and the time of its last change in ns."""

    size: int
    changed: int

    @classmethod
    def of(cls, path: Path) -> "State | None":
        """Return the state of a file, or None where there is none."""
        try:
            found = path.stat()
        except (OSError, ValueError):
            return None
        return cls(found.st_size, found.st_mtime_ns)


@dataclass(frozen=True)
class Record:
    """The end of a recording's prediction.

    Attributes:
        name: name of the recording, for people.
        asked: all values, except the recording, on which the prediction depends.
        recording: state of the recording when it was read; None where there was none.
        content: key of its content and the choice of tracks, or "" where it was not read.
        table: state of its table, or None where there is none.
        problem: sentence that says why there is no table, or "".
        lasting: whether the recording itself causes the problem, so that the same request meets it again.
    """

    name: str
    asked: Mapping[str, Any]
    recording: State | None = None
    content: str = ""
    table: State | None = None
    problem: str = ""
    lasting: bool = False


class Records:
    """The records and tables of one folder, which several processes may share while each has recordings of its own.

    Args:
        folder: folder of the tables.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def prepare(self) -> None:
        """Make the folder in an existing one.

        Raises:
            ConfigError: if it cannot be made or written.
        """
        with raising(ConfigError, self.folder):
            self.folder.mkdir(exist_ok=True)
            (self.folder / FOLDER).mkdir(exist_ok=True)
        require_inside(self.folder / FOLDER, [self.folder])
        with raising(ConfigError, self.folder):
            if not os.access(self.folder, os.W_OK) or not os.access(self.folder / FOLDER, os.W_OK):
                raise PermissionError(13, "Permission denied")

    def table_of(self, recording: Recording) -> Path:
        """Return the path of a recording's table."""
        return self.folder / _below(recording, TABLE)

    def persons_of(self, recording: Recording) -> Path:
        """Return the path of the table of a recording's persons, beside its own."""
        return self.folder / _below(recording, PERSONS)

    def has_table(self, recording: Recording) -> bool:
        """Return whether a run has predicted a recording, and written its table."""
        record = self.read(recording)
        return record is not None and record.table is not None

    def read(self, recording: Recording) -> Record | None:
        """Return the record of a recording, or None where there is none, or it is damaged."""
        values = read_json(self._path(recording))
        try:
            return from_dict(Record, values, "a record") if values is not None else None
        except EmovizError:
            return None

    def write(self, recording: Recording, record: Record) -> None:
        """Keep the record of a recording in the place of an earlier one.

        Raises:
            ConfigError: if it cannot be written.
        """
        path = self._path(recording)
        with raising(ConfigError, path):
            write_json(path, asdict(record))

    def make_room(self, table: Path) -> None:
        """Make the folder of a table.

        Raises:
            ConfigError: if it cannot be made, or a link leads out of the folder of the tables.
        """
        with raising(ConfigError, table):
            table.parent.mkdir(parents=True, exist_ok=True)
        require_inside(table.parent, [self.folder])

    def standing(self, recording: Recording, asked: Mapping[str, Any], choice: Choice) -> tuple[Standing, list[str]]:
        """Return how far an earlier run came with a recording.

        For a file that was touched or copied, the content decides whether it is the same.

        Args:
            recording: recording.
            asked: all values, except the recording, on which its prediction depends.
            choice: choice of tracks.

        Returns:
            The standing and, where the request differs from the earlier one, the difference.
        """
        record = self.read(recording)
        if record is None or record.problem and not record.lasting:
            return Standing.NEW, []
        if other := [name for name in asked if record.asked.get(name) != asked[name]]:
            return Standing.ASKED_OTHERWISE, other
        now = State.of(recording.path)
        if now is None:
            return Standing.CHANGED, []
        if now != record.recording:
            try:
                if choice.key(content_key(recording.path)) != record.content:
                    return Standing.CHANGED, []
            except OSError:
                return Standing.CHANGED, []
        if not record.problem and State.of(self.table_of(recording)) != record.table:
            return Standing.NEW, []
        if record.table and asked.get("persons") and not self.persons_of(recording).is_file():
            return Standing.NEW, []
        return Standing.DONE, []

    def problem_of(self, recording: Recording) -> Problem | None:
        """Return the problem that the last run had with a recording, or None."""
        record = self.read(recording)
        return Problem(shown(recording.name), record.problem) if record and record.problem else None

    def _path(self, recording: Recording) -> Path:
        return self.folder / FOLDER / f"{sha256(os.fsencode(recording.name)).hexdigest()[:32]}.json"


def _below(recording: Recording, ending: str) -> Path:
    """Return the path of a recording's table of an ending, below the folder of the tables."""
    above, _, name = recording.name.replace("\0", "\\x00").rpartition("/")  # which no file's name may have
    content = os.fsencode(name)
    if len(content) > LONGEST_NAME:
        start = content[: LONGEST_NAME - 9].decode(errors="ignore")
        name = f"{start}~{sha256(content).hexdigest()[:8]}"
    return Path(above) / f"{name}{ending}"
