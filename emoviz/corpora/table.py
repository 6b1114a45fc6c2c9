"""A user's table of texts: its rows with their line numbers, and the lines that are not rows."""

import codecs
import csv
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from ..core.errors import CorpusError
from ..core.vocabulary import Split

IMPORTED = "Imported; nothing is known of how it was recorded."
"""Limits of an import that states none."""
PARTS = {
    **dict.fromkeys(("train", "training"), Split.TRAIN),
    **dict.fromkeys(("validation", "valid", "val", "dev", "devel", "development"), Split.VALIDATION),
    **dict.fromkeys(("test", "testing", "eval", "evaluation"), Split.TEST),
}
"""Usual names of the parts of a split, in lower case."""


@dataclass(frozen=True)
class Problem:
    """One problem of a table.

    Attributes:
        file: the table's name.
        line: number of the line in it, from 1, the header being the first; 0 for the file as a whole.
        sentence: the error and the accepted values in one sentence.
    """

    file: str
    line: int
    sentence: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.sentence}" if self.line else f"{self.file}: {self.sentence}"


@dataclass(frozen=True)
class Source:
    """A table of facts about clips.

    Attributes:
        file: name of its file, for people.
        rows: texts (None where empty), index the line in the file.
        problems: problems of the lines that are not rows.
        title: title of the database, where it has one.
        licence: licence of the database, where it states one.
        limits: facts that a reader of results must know.
    """

    file: str
    rows: pd.DataFrame
    problems: tuple[Problem, ...] = ()
    title: str = ""
    licence: str = ""
    limits: str = IMPORTED


def read_csv(path: Path) -> Source:
    """Read a table with a header; fields are separated by commas, semicolons or tabs.

    Raises:
        CorpusError: if the file cannot be read, is no UTF-8 text, or has no header of at least two columns.
    """
    header, lines, problems = read_lines(path)
    if len(header) < 2 or len(set(header)) < len(header):
        raise CorpusError(
            f"'{path.name}' is a table whose first line names two columns or more, each once, parted by commas, "
            f"semicolons or tabs; here it reads: {', '.join(header)[:80] or 'nothing'}."
        )
    rows = pd.DataFrame([values for _, values in lines], [line for line, _ in lines], header, dtype=object)
    return Source(path.name, rows.rename_axis("line"), tuple(problems))


def read_lines(path: Path) -> tuple[list[str], list[tuple[int, list[str | None]]], list[Problem]]:
    """Read the header, the rows with their line numbers, and the lines with another number of fields."""
    try:
        content = path.read_bytes()
        encoding = "utf-16" if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise CorpusError(f"'{path.name}' cannot be read: it is no UTF-8 text.") from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no file can have this name"
        raise CorpusError(f"'{path.name}' cannot be read: {reason}.") from error
    first = text.partition("\n")[0]
    delimiter = max(";\t,", key=first.count)
    quote = (
        "'" if first.startswith("'") or re.search(r"[;,\t]'", first) or re.match(r"'", text.partition("\n")[2]) else '"'
    )
    lines: list[tuple[int, list[str | None]]] = []
    header: list[str] = []
    problems = []
    reader = csv.reader(text.splitlines(keepends=True), delimiter=delimiter, quotechar=quote)
    last = 0
    try:
        for values in reader:
            line, last = last + 1, reader.line_num
            if not values:
                continue
            if not header:
                header = [value.strip() for value in values]
            elif len(values) != len(header):
                problems.append(Problem(path.name, line, f"The row has {len(values)} fields, not {len(header)}."))
            else:
                lines.append((line, [value.strip() or None for value in values]))
    except csv.Error as error:
        raise CorpusError(f"'{path.name}' is no readable table: line {last + 1}: {error}.") from error
    return header, lines, problems


def text_of(value: Any) -> str | None:
    """Return the text of a cell, or None where it is empty."""
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return None
    return str(value).strip() or None
