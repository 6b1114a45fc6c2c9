"""The way into all corpora: their names, and the function that reads one."""

from pathlib import Path

import pandas as pd

from ..core.errors import CorpusError, UnknownNameError
from ..core.vocabulary import Dimension
from . import own
from .base import READERS, Corpus


def names(imports: Path | None = None) -> tuple[str, ...]:
    """Return the names of all corpora: the published ones, and those in a folder of imports."""
    return (*READERS, *own.names(imports))


def load(name: str, data_folder: Path | None, imports: Path | None = None) -> Corpus:
    """Read the corpus ``name``.

    Args:
        name: name of a published or an imported corpus.
        data_folder: folder of the published corpora (setting ``EMOVIZ_DATA``).
        imports: folder of the imported corpora.

    Raises:
        UnknownNameError: if there is no such corpus.
        CorpusError: if there is no data folder, or the corpus is missing, incomplete or not in its
            published layout.
    """
    if imports is not None and name in own.names(imports):
        return own.read(name, imports)
    if name not in READERS:
        raise UnknownNameError("corpus", name, names(imports))
    if data_folder is None:
        raise CorpusError("No data folder is set: EMOVIZ_DATA names the folder that holds the corpora.")
    return READERS[name](data_folder.absolute())


def describe(data_folder: Path | None, imports: Path | None = None) -> pd.DataFrame:
    """Describe the known corpora, one row each.

    Returns:
        Columns ``name``, ``present``, ``missing`` (why a corpus cannot be read, else None), and for
        corpora that are present ``title``, ``cultures``, ``languages``, ``recordings``, ``speakers``
        (None where unknown), ``labels`` (emotions or dimensions, joined by commas) and ``licence``.
    """
    return pd.DataFrame([_row(name, data_folder, imports) for name in names(imports)], dtype=object)


def _row(name: str, data_folder: Path | None, imports: Path | None) -> dict[str, object]:
    try:
        corpus = load(name, data_folder, imports)
    except CorpusError as error:
        absent = dict.fromkeys(("title", "cultures", "languages", "recordings", "speakers", "labels", "licence"))
        return {"name": name, "present": False, "missing": str(error), **absent}
    recordings = corpus.recordings
    return {
        "name": name,
        "present": True,
        "missing": None,
        "title": corpus.title,
        "cultures": ", ".join(sorted(recordings["culture"].dropna().unique())),
        "languages": ", ".join(sorted(recordings["language"].dropna().unique())),
        "recordings": len(recordings),
        "speakers": recordings["speaker"].nunique() or None,
        "labels": ", ".join(label_names(corpus.labels, corpus.traces)),
        "licence": corpus.licence,
    }


def label_names(labels: pd.DataFrame, traces: pd.DataFrame) -> list[str]:
    """Return the emotions and the rated dimensions of a corpus's tables."""
    emotions = sorted(labels["emotion"].dropna().unique()) if "emotion" in labels else []
    return [*emotions, *(str(d) for d in Dimension if d in labels or d in traces)]
