"""Sources of labels for a user's own clips: a CSV, an audformat database or a folder of traces.

Each reader gives a :class:`Source`: rows of texts with the line they stand in, and a :class:`Problem` for each line
that is no row. What the texts mean, and whether that is right, :mod:`emoviz.corpora.importing` decides.

Sources
    Traces: the files of F. Ringeval et al., AVEC 2019: ``'name';timestamp;arousal;valence;liking``, one row per step.
    Databases: audEERING's audformat, https://audeering.github.io/audformat/.
"""

import csv
import math
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from ..core.errors import ConfigError, CorpusError
from ..core.vocabulary import Dimension, Split

if TYPE_CHECKING:
    import audformat

SOUND_ENDINGS = (".wav", ".flac", ".mp3", ".m4a", ".ogg")
VIDEO_ENDINGS = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".flv")
"""Endings of clips, in lower case."""
TIME_NAMES = ("timestamp", "time")
EVEN = 0.05
"""Share of a step of a trace by which a time may be off."""
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


@dataclass(frozen=True)
class Material:
    """The clips, the table and the traces of which a corpus is made.

    Attributes:
        source: source of the clips and of the facts about each.
        clips: files of the clips by their path inside the folder; None for traces without media.
        traces: labels over time: ``file`` (the recording's name), ``time`` and one column per dimension; or None.
    """

    source: Source
    clips: Mapping[str, Path] | None
    traces: pd.DataFrame | None = None


def gather(
    clips: Path | None = None, table: Path | None = None, traces: Path | None = None, database: Path | None = None
) -> Material:
    """Read what there is: clips and a table, traces (with a table, clips, both or neither), or an audformat database.

    Args:
        clips: folder of clips.
        table: path of a CSV.
        traces: folder of traces.
        database: folder of an audformat database, which holds its clips.

    Raises:
        ConfigError: if none of the three kinds of sources is given.
        CorpusError: if a file cannot be read.
    """
    if database and not (clips or table or traces):
        return Material(read_audformat(database), find_clips(database))
    if database or not (traces or (clips and table)):
        raise ConfigError(
            "A corpus is imported from a folder of clips and a table, from a folder of traces, or from an audformat "
            "database, which stands alone."
        )
    found = find_clips(clips) if clips else None
    if not traces:
        assert table is not None
        return Material(read_csv(table), found)
    source, labels = read_traces(traces)
    if table:
        listed = read_csv(table)
        source = replace(listed, problems=source.problems + listed.problems)
    return Material(source, found, labels)


def read_csv(path: Path) -> Source:
    """Read a table with a header, whose fields are parted by commas, semicolons or tabs.

    Raises:
        CorpusError: if the table cannot be read, is no UTF-8 text, or has no header with two columns or more.
    """
    header, lines, problems = _read_lines(path)
    if len(header) < 2 or len(set(header)) < len(header):
        raise CorpusError(
            f"'{path.name}' is a table whose first line names two columns or more, each once, parted by commas, "
            f"semicolons or tabs; here it reads: {', '.join(header)[:80] or 'nothing'}."
        )
    rows = pd.DataFrame([values for _, values in lines], [line for line, _ in lines], header, dtype=object)
    return Source(path.name, rows.rename_axis("line"), tuple(problems))


def read_audformat(folder: Path) -> Source:
    """Read the filewise tables of an audformat database; speakers' own fields become columns too.

    Tables of the same files stand side by side. Columns of one name in tables of other files, such as those of a train
    and a test part, become one column; a part that a table's name or split tells becomes the column ``split``.

    Its header is read as plain YAML, and pickled tables are not read, since both could run code.

    Raises:
        CorpusError: if it is no such database, has no filewise table, or has its tables as pickles only.
    """
    import audformat
    import yaml

    path = folder / "db.yaml"
    try:
        header = yaml.safe_load(path.read_text(encoding="utf-8"))
        if not isinstance(header, dict):
            raise ValueError("it is no table of settings")
        with tempfile.TemporaryDirectory(prefix="emoviz-") as place:
            copy = Path(place)
            (copy / path.name).write_text(yaml.safe_dump(header), encoding="utf-8")
            for table in (*(header.get("tables") or {}), *(header.get("misc_tables") or {})):
                _copy_table(folder, copy, table)
            database = audformat.Database.load(place, load_data=True)
            rows = _joined(database)
    except CorpusError:
        raise
    except Exception as error:  # whatever audformat says of a header or table that is none
        reason = str(error).strip().splitlines()[0].rstrip(".") if str(error).strip() else type(error).__name__
        raise CorpusError(
            f"'{folder}' is no readable audformat database ({reason}): it has a header db.yaml and a CSV or Parquet "
            "file for each table."
        ) from error
    if rows.empty:
        raise CorpusError(f"The database in '{folder}' has no table of whole files, only of segments or of no files.")
    rows.index = pd.Index(range(1, len(rows) + 1), name="line")
    return Source(path.name, rows, (), str(database.name), str(database.license or ""))


def read_traces(folder: Path) -> tuple[Source, pd.DataFrame]:
    """Read a folder with one CSV per recording in AVEC's form.

    Each has a header with ``timestamp`` (or ``time``) and one or more dimensions, and a row per step; steps are even.

    Returns:
        A source with the column ``file`` (the recording's name), whose problems are those of all files; and the long
        table ``file``, ``time`` and one column per dimension.

    Raises:
        CorpusError: if the folder has no CSV.
    """
    if not os.path.isdir(folder):  # false for names that no folder can have, too
        raise CorpusError(f"'{folder}' is no folder on this machine; name the one that holds the traces.")
    files = sorted(path for path in folder.glob("*") if path.suffix.lower() == ".csv" and path.name[0] != ".")
    if not files:
        raise CorpusError(f"'{folder}' has no CSV; traces are one CSV per recording with a timestamp and dimensions.")
    problems: list[Problem] = []
    tables = []
    for path in files:
        table, wrong = _read_trace(path)
        problems += wrong
        if not wrong:
            tables.append(table.assign(file=path.stem))
    traces = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=["file", "time"])
    if traces.isna().any(axis=None):
        lacking = traces["file"][traces.isna().any(axis=1)].iloc[0]
        common = ", ".join(c for c in traces if c not in ("file", "time"))
        problems.append(
            Problem(f"{lacking}.csv", 1, f"All recordings have the same dimensions; here are not all of {common}.")
        )
        traces = traces[~traces["file"].isin(traces["file"][traces.isna().any(axis=1)])]
    names = list(dict.fromkeys(traces["file"]))
    rows = pd.DataFrame({"file": names}, pd.RangeIndex(1, len(names) + 1, name="line"), dtype=object)
    return Source(folder.name, rows, tuple(problems)), traces


def find_clips(folder: Path) -> dict[str, Path]:
    """Find every clip under a folder, by its path inside the folder (with ``/``).

    Raises:
        CorpusError: if there is no clip.
    """
    endings = SOUND_ENDINGS + VIDEO_ENDINGS
    if not os.path.isdir(folder):  # false for names that no folder can have, too
        raise CorpusError(f"'{folder}' is no folder on this machine; name the one that holds the clips.")
    found = {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in endings and path.name[0] != "." and path.is_file()
    }
    if not found:
        kinds = ", ".join(ending[1:] for ending in endings)
        raise CorpusError(f"There are no clips in '{folder}'; they end in {kinds}.")
    return found


def _read_lines(path: Path) -> tuple[list[str], list[tuple[int, list[str | None]]], list[Problem]]:
    """Header, rows with their line, and the lines with another number of fields."""
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


def _read_trace(path: Path) -> tuple[pd.DataFrame, list[Problem]]:
    """``time`` and dimensions of one recording, or what is wrong with it."""
    try:
        header, lines, problems = _read_lines(path)
    except CorpusError as error:
        return pd.DataFrame(), [Problem(path.name, 0, str(error))]
    names = [name.lower() for name in header]
    time = next((names.index(name) for name in TIME_NAMES if name in names), None)
    dimensions = {name: names.index(name) for name in Dimension if name in names}
    if time is None or not dimensions:
        accepted = f"{' or '.join(TIME_NAMES)} and one or more of {', '.join(Dimension)}"
        return pd.DataFrame(), [Problem(path.name, 1, f"The header has {accepted}, not {', '.join(header)[:80]}.")]
    rows: list[list[float]] = []
    for line, values in lines:
        numbers = [_number(values[place]) for place in (time, *dimensions.values())]
        for name, number, place in zip(("time", *dimensions), numbers, (time, *dimensions.values()), strict=True):
            if math.isnan(number):
                problems.append(Problem(path.name, line, f"'{values[place]}' is no number; every step has its {name}."))
            elif name != "time" and abs(number) > 1:
                problems.append(Problem(path.name, line, f"{name} lies in [-1, 1], unlike {number:g}."))
        rows.append(numbers)
    table = pd.DataFrame(rows, columns=["time", *dimensions])
    if not problems and len(rows) < 2:
        problems.append(Problem(path.name, 0, f"A trace has two steps or more, not {len(rows)}."))
    if not problems:
        problems += _uneven(path, table["time"], [line for line, _ in lines])
    return table, problems


def _uneven(path: Path, times: pd.Series, lines: Sequence[int]) -> list[Problem]:
    """The first step that differs from the usual one."""
    steps = times.diff().iloc[1:]
    usual = steps.median()
    wrong = steps.index[(steps <= 0) | ((steps - usual).abs() > EVEN * abs(usual))]
    if not len(wrong):
        return []
    row = int(wrong[0])
    sentence = f"The time goes from {times[row - 1]:g} s to {times[row]:g} s; steps are even, here {usual:g} s."
    return [Problem(path.name, lines[row], sentence)]


def _copy_table(folder: Path, copy: Path, table: str) -> None:
    """Copy a table of a database without its pickle.

    Raises:
        CorpusError: if it has nothing else, or its name is none.
    """
    if not re.fullmatch(r"[\w.-]+", table):
        raise CorpusError(f"A table of the database in '{folder}' has the name '{table}', which no file can have.")
    sound = [path for ending in ("csv", "parquet") if (path := folder / f"db.{table}.{ending}").is_file()]
    if not sound:
        raise CorpusError(
            f"The table '{table}' in '{folder}' is not there as CSV or Parquet; pickled tables are not read, as they "
            'could run code: save the database with storage_format="csv".'
        )
    for path in sound:
        shutil.copy(path, copy)


def _joined(database: "audformat.Database") -> pd.DataFrame:
    """The filewise tables as one: ``file``, one text column per column of theirs, and perhaps ``split``."""
    joined, columns = pd.DataFrame(), dict[str, None]()
    for number, name in enumerate((n for n in database.tables if database[n].is_filewise), 1):
        values = _values(database, name)
        clashing = [column for column in values if column in joined and _contradict(joined[column], values[column])]
        values = values.rename(columns={column: f"{column}.{number}" for column in clashing})
        columns |= dict.fromkeys(map(str, values.columns))
        joined = joined.combine_first(values)
    if joined.empty:
        return joined
    return joined[list(columns)].rename_axis("file").reset_index().astype(object).map(text_of)


def _values(database: "audformat.Database", name: str) -> pd.DataFrame:
    """The columns of one filewise table, index the file."""
    import audformat

    table = database[name]
    fields = {
        column: list(_fields(database, table.columns[column].scheme_id))
        for column in table.columns
        if _fields(database, table.columns[column].scheme_id)
    }
    values = table.get(map={c: [c, *names] for c, names in fields.items()}) if fields else table.get()
    values.index = values.index.get_level_values(audformat.define.IndexField.FILE)
    values = values.astype(object)
    part = _part(database, name)
    return values.assign(**{SPLIT: part}) if part and SPLIT not in values else values


def _part(database: "audformat.Database", name: str) -> str:
    """The part of a split that a table's own split tells, or a word of its name; or ""."""
    split = database[name].split_id
    words = [str(database.splits[split].type), split] if split else name.split(".")
    return next((str(PARTS[word.lower()]) for word in words if word.lower() in PARTS), "")


def _contradict(one: "pd.Series[Any]", other: "pd.Series[Any]") -> bool:
    """Whether two columns say different things of one file."""
    both = one.dropna().index.intersection(other.dropna().index)
    return any(text_of(one[file]) != text_of(other[file]) for file in both)


def _fields(database: "audformat.Database", scheme: str | None) -> Iterable[str]:
    """Return the fields that the labels of a scheme have, e.g. a speaker's gender."""
    labels = database.schemes[scheme].labels if scheme else None
    if isinstance(labels, str):  # the labels stand in a misc table
        return tuple(database.misc_tables[labels].columns)
    if isinstance(labels, dict):
        return tuple(dict.fromkeys(key for value in labels.values() if isinstance(value, dict) for key in value))
    return ()


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


def _number(text: str | None) -> float:
    try:
        number = float(text or "nan")
    except ValueError:
        return math.nan
    return number if math.isfinite(number) else math.nan
