"""Steps that all readers share: find the folder, match the names, count, and build the tables."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from ..core.errors import CorpusError
from ..core.vocabulary import Emotion
from .base import PART_COLUMNS, RECORDING_COLUMNS

AUDIO_ENDINGS = (".flac", ".wav")
NAMED_AT_MOST = 5
"""Largest number of missing things that an error names; it only counts the rest."""


def locate(data_folder: Path, title: str, *places: str) -> Path:
    """Return the first of ``places`` under the data folder that exists.

    Raises:
        CorpusError: if none of them exists.
    """
    for place in places:
        if (data_folder / place).exists():
            return data_folder / place
    raise CorpusError(f"{title} is not in {data_folder}; it is looked for in {' and '.join(places)} there.")


def matching(
    folder: Path, pattern: re.Pattern[str], endings: Sequence[str] = AUDIO_ENDINGS
) -> list[tuple[re.Match[str], Path]]:
    """Find the files anywhere under ``folder`` whose name without ending matches, each name once, sorted.

    Other files there (read-me files, hidden copies, other material) are ignored.
    """
    files = {p.stem: p for p in sorted(folder.rglob("*")) if p.suffix.lower() in endings and pattern.fullmatch(p.stem)}
    return [(match, files[stem]) for stem in sorted(files) if (match := pattern.fullmatch(stem))]


def decode(title: str, path: Path, code: str, emotions: Mapping[str, Emotion]) -> str:
    """Return the emotion that a corpus means by its own code.

    Raises:
        CorpusError: if the corpus has no such code.
    """
    if code not in emotions:
        known = ", ".join(sorted(emotions))
        raise CorpusError(f"{title}: '{path.name}' has the emotion code '{code}'; accepted are {known}.")
    return emotions[code].value


def require_counts(title: str, folder: Path, unit: str, found: Iterable[str], expected: Mapping[str, int]) -> None:
    """Check that every speaker or folder has all its recordings.

    Args:
        title: title of the corpus.
        folder: folder in which the recordings were looked for.
        unit: name of the unit by which recordings are counted, e.g. ``speaker``.
        found: name of the unit of each recording that was found.
        expected: smallest number of recordings of each unit.

    Raises:
        CorpusError: if some recordings are missing; the message names their units.
    """
    counts = Counter(found)
    require_none_missing(
        title,
        folder,
        [f"{unit} {key} has {counts[key]} of {n} recordings" for key, n in expected.items() if counts[key] < n],
    )


def require_none_missing(title: str, folder: Path, missing: Sequence[str]) -> None:
    """Refuse a corpus from which something is missing.

    Raises:
        CorpusError: if ``missing`` is not empty; the message names the first of them.
    """
    if missing:
        rest = len(missing) - NAMED_AT_MOST
        named = "; ".join(missing[:NAMED_AT_MOST]) + (f"; and {rest} more" if rest > 0 else "")
        raise CorpusError(f"{title} in {folder} is incomplete: {named}.")


def read_table(title: str, path: Path, columns: Sequence[str], **options: Any) -> pd.DataFrame:
    """Read a delimited text file with at least ``columns``; ``options`` go to :func:`pandas.read_csv`.

    Raises:
        CorpusError: if the file is missing, is no table, or lacks columns.
    """
    if not path.is_file():
        require_none_missing(title, path.parent, [f"the file {path.name} is not there"])
    try:
        table = pd.read_csv(path, **options)
    except (ValueError, OSError) as error:
        raise CorpusError(f"{title}: {path} is not a readable table.") from error
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise CorpusError(f"{title}: {path} lacks the columns {', '.join(missing)}.")
    return table


def recordings_table(name: str, rows: Sequence[Mapping[str, object]], **common: object) -> pd.DataFrame:
    """Build the table of recordings from rows with ``id``; columns without values are None.

    The columns ``split``, ``sentence``, ``start`` and ``end`` exist only if rows have them.

    Ids and speakers get the corpus's name as a prefix, so that both are unique across corpora.
    """
    given = pd.DataFrame([{**common, **row} for row in rows], dtype=object)
    further = [column for column in ("split", "sentence", *PART_COLUMNS) if column in given]
    table = given.reindex(columns=["id", *RECORDING_COLUMNS, *further])
    table = table.astype(object).where(table.notna(), None)
    for column in ("id", "speaker"):
        table[column] = [None if value is None else f"{name}/{value}" for value in table[column]]
    return table.set_index("id")


def labels_table(name: str, rows: Sequence[Mapping[str, object]], *columns: str) -> pd.DataFrame:
    """Build the table of labels from the same rows as :func:`recordings_table`."""
    index = pd.Index([f"{name}/{row['id']}" for row in rows], name="id", dtype=object)
    return pd.DataFrame({column: [row[column] for row in rows] for column in columns}, index=index, dtype=object)
