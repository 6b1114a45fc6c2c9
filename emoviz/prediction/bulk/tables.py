"""The tables of many recordings together: all segments, and all problems."""

import csv
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from ...core.errors import ConfigError
from ...core.files import raising, replacing
from ..export import write_table
from ..formats.cells import defused_text
from .listing import Problem, Recording, shown
from .records import Records

SEGMENTS, PROBLEMS = "segments.csv", "problems.csv"
"""Names of the tables."""
RECORDING = "recording"
"""First column of the table of segments."""


def write_problems(problems: Iterable[Problem], folder: Path) -> None:
    """Write the table of problems, which has no row where there are none.

    Raises:
        ConfigError: if it cannot be written.
    """
    write_table(pd.DataFrame(problems, columns=list(Problem._fields)), folder / PROBLEMS)


def write_segments(recordings: Sequence[Recording], records: Records) -> None:
    """Write one table of the segments of recordings from the tables of each, row by row as they stand there.

    Without recordings no table is written, and the table of an earlier run is deleted.

    Raises:
        ConfigError: if it cannot be written.
    """
    if not recordings:
        (records.folder / SEGMENTS).unlink(missing_ok=True)
        return
    made = ((one, records.read(one)) for one in recordings)
    tables = [(shown(one.name), records.table_of(one)) for one, record in made if record and record.table]
    columns: dict[str, None] = {}
    for _, table in tables:  # voices alone have no columns of faces
        columns |= dict.fromkeys(_header(table))
    path = records.folder / SEGMENTS
    with raising(ConfigError, path), replacing(path) as draft, draft.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [RECORDING, *columns], restval="", lineterminator=os.linesep)
        writer.writeheader()
        for name, table in tables:
            with table.open(encoding="utf-8", newline="") as source:
                for row in csv.DictReader(source):
                    writer.writerow({RECORDING: defused_text(name), **row})


def _header(table: Path) -> list[str]:
    with table.open(encoding="utf-8", newline="") as source:
        return next(csv.reader(source), [])
