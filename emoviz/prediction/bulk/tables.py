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

SEGMENTS, PERSONS, PROBLEMS = "segments.csv", "persons.csv", "problems.csv"
"""Names of the tables."""
RECORDING = "recording"
"""First column of the tables of segments and of persons."""


def write_problems(problems: Iterable[Problem], folder: Path) -> None:
    """Write the table of problems, which has no row where there are none.

    Raises:
        ConfigError: if it cannot be written.
    """
    write_table(pd.DataFrame(problems, columns=list(Problem._fields)), folder / PROBLEMS)


def write_together(path: Path, tables: Sequence[tuple[Recording, Path]] | None) -> None:
    """Write one table from the tables of recordings, row by row as they stand there.

    Args:
        path: file to write; where no table is asked for, that of an earlier run is deleted.
        tables: recordings with their tables, of which those that are not there are left out; None asks for none.

    Raises:
        ConfigError: if it cannot be written.
    """
    if tables is None:
        path.unlink(missing_ok=True)
        return
    there = [(shown(one.name), table) for one, table in tables if table.is_file()]
    columns: dict[str, None] = {}
    for _, table in there:  # voices alone have no columns of faces
        columns |= dict.fromkeys(_header(table))
    with raising(ConfigError, path), replacing(path) as draft, draft.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [RECORDING, *columns], restval="", lineterminator=os.linesep)
        writer.writeheader()
        for name, table in there:
            with table.open(encoding="utf-8", newline="") as source:
                for row in csv.DictReader(source):
                    writer.writerow({RECORDING: defused_text(name), **row})


def _header(table: Path) -> list[str]:
    with table.open(encoding="utf-8", newline="") as source:
        return next(csv.reader(source), [])
