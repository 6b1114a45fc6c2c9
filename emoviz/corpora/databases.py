"""audEERING's audformat databases as tables of texts: https://audeering.github.io/audformat/."""

import math
import re
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from ..core.errors import CorpusError
from .roles import LABELS, SPLIT, suggest
from .table import PARTS, Source, text_of

if TYPE_CHECKING:
    import audformat


def read_audformat(folder: Path) -> Source:
    """Read the tables of an audformat database; speakers' own fields become columns too.

    If labels belong to segments of files and not to whole files, the rows are segments with ``start`` and ``end``.

    Tables of the same files are joined side by side. Columns of one name in tables of other files, such as those of a
    train and a test part, become one column; a part that a table's name or split states becomes the column ``split``.

    Its header is read as plain YAML, and pickled tables are not read, since both could run code.

    Raises:
        CorpusError: if the folder is no such database, has no table of files or segments, or only pickled tables.
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
        raise CorpusError(f"The database in '{folder}' has no table of files or of segments of files.")
    rows.index = pd.Index(range(1, len(rows) + 1), name="line")
    return Source(path.name, rows, (), str(database.name), str(database.license or ""))


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
    """The tables as one: ``file``, one text column per column of theirs, and perhaps ``split``.

    Where files have no labels but segments have, the rows are these, with ``start`` and ``end`` in seconds.
    """
    files = _side_by_side(database, [name for name in database.tables if database[name].is_filewise])
    segments = _side_by_side(database, [name for name in database.tables if database[name].is_segmented])
    if segments.empty or set(LABELS) & set(suggest(map(str, files.columns))):
        return files.rename_axis("file").reset_index().map(text_of) if len(files) else files
    others = files[[column for column in files if column not in segments]]
    return segments.join(others, on="file").reset_index().astype(object).map(text_of)


def _side_by_side(database: "audformat.Database", names: Sequence[str]) -> pd.DataFrame:
    """Some tables as one, index the file, or ``file``, ``start`` and ``end``; columns that contradict get a number."""
    joined, columns = pd.DataFrame(), dict[str, None]()
    for number, name in enumerate(names, 1):
        values = _values(database, name)
        clashing = [column for column in values if column in joined and _contradict(joined[column], values[column])]
        values = values.rename(columns={column: f"{column}.{number}" for column in clashing})
        columns |= dict.fromkeys(map(str, values.columns))
        joined = values if number == 1 else joined.combine_first(values)
    return joined[list(columns)].astype(object) if len(joined) else joined


def _values(database: "audformat.Database", name: str) -> pd.DataFrame:
    """The columns of one table, index the file, or the file and the seconds at which a segment starts and ends."""
    import audformat

    table = database[name]
    fields = {
        column: list(_fields(database, table.columns[column].scheme_id))
        for column in table.columns
        if _fields(database, table.columns[column].scheme_id)
    }
    values = table.get(map={c: [c, *names] for c, names in fields.items()}) if fields else table.get()
    files = values.index.get_level_values(audformat.define.IndexField.FILE)
    if table.is_segmented:
        times = [values.index.get_level_values(level).total_seconds() for level in ("start", "end")]
        texts = [["" if math.isnan(time) else f"{time:.6f}" for time in level] for level in times]
        values.index = pd.MultiIndex.from_arrays([files, *texts], names=["file", "start", "end"])
    else:
        values.index = files
    values = values.astype(object)
    part = _part(database, name)
    return values.assign(**{SPLIT: part}) if part and SPLIT not in values else values


def _part(database: "audformat.Database", name: str) -> str:
    """The part of a split that a table's own split tells, or a word of its name; or ""."""
    split = database[name].split_id
    words = [str(database.splits[split].type), split] if split else name.split(".")
    return next((str(PARTS[word.lower()]) for word in words if word.lower() in PARTS), "")


def _contradict(one: "pd.Series[Any]", other: "pd.Series[Any]") -> bool:
    """Whether two columns say different things of one file or segment."""
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
