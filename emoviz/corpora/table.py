"""A table that says what clips are: texts with their line, and a problem for each line that is no row."""

import csv
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from ..core.errors import CorpusError
from ..core.vocabulary import Split

STARTS = frozenset({"start", "starts", "begin", "begins", "beginning", "onset", "from", "tmin", "xmin"})
ENDS = frozenset({"end", "ends", "stop", "offset", "to", "tmax", "xmax", "duration", "length"})
"""Words in the names of columns that say which part of a file a row means."""
SPLIT = "split"
"""Column that says in which part of a published split a recording stands."""
PARTS = {
    **dict.fromkeys(("train", "training"), Split.TRAIN),
    **dict.fromkeys(("validation", "valid", "val", "dev", "devel", "development"), Split.VALIDATION),
    **dict.fromkeys(("test", "testing", "eval", "evaluation"), Split.TEST),
}
"""Names of the parts of a split that are in use, in lower case."""


@dataclass(frozen=True)
class Problem:
    """A problem in a line of a table or in a file.

    Attributes:
        file: name of the table.
        line: line of the table, from 1, the header being the first; 0 for the file as a whole.
        sentence: the error and the accepted values in one sentence.
    """

    file: str
    line: int
    sentence: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.sentence}" if self.line else f"{self.file}: {self.sentence}"


@dataclass(frozen=True)
class Source:
    """A table that says what clips are, with its problems.

    Attributes:
        file: name of the table, for people.
        rows: rows of texts (None where empty), whose index is the line in the file.
        problems: lines that are no rows.
        title: title of the database, where it has one.
        licence: licence of the database, where it has one.
    """

    file: str
    rows: pd.DataFrame
    problems: tuple[Problem, ...] = ()
    title: str = ""
    licence: str = ""


def read_csv(path: Path) -> Source:
    """Read a table with a header, whose fields are parted by commas, semicolons or tabs.

    Raises:
        CorpusError: if the table cannot be read, is no UTF-8 text, or has no header with two columns or more.
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
    """Read the header of a table, its rows with their line, and the lines with another number of fields."""
    try:
        text = path.read_text(encoding="utf-8-sig")
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


def spans_of(source: Source, mapped: Iterable[str] = ()) -> tuple[str, str] | None:
    """Find the two columns that make rows parts of files, their start and their end or length; None without them.

    Args:
        source: source with the table.
        mapped: columns of which it is known that they mean something else.
    """
    found: list[str] = []
    for names in (STARTS, ENDS):
        columns = [column for column in source.rows if column not in {*mapped, *found}]
        words = {
            column: re.findall("[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column).lower()) for column in columns
        }
        plain = [column for column in columns if set(words[column]) & names and _are_times(source.rows[column])]
        if not plain:
            return None
        found.append(plain[0])
    return found[0], found[1]


def _are_times(column: "pd.Series[Any]") -> bool:
    """Whether a column holds numbers or times of day, and nothing else."""
    texts = [str(value) for value in column.dropna()]
    return bool(texts) and all(re.fullmatch(r"(\d+:){0,2}\d+([.,]\d+)?(e[+-]?\d+)?( ?m?s)?", text) for text in texts)


def text_of(value: Any) -> str | None:
    """Return the text of a cell, None where it is empty."""
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return None
    return str(value).strip() or None
