"""Inventory of the corpora on this machine: their files, stored features, people and labels."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from ..core.errors import CorpusError
from ..core.vocabulary import Dimension
from . import own
from .reading import label_names, load, names

UNKNOWN = "unknown"
"""Word for an unknown culture or speaker of a recording."""
BINS = 20
"""Number of bins of a histogram of a dimension over [-1, 1]."""


class Tables(Protocol):
    """The tables of a corpus that the inventory reads, whether its reader or the store gave them."""

    @property
    def title(self) -> str:
        """The full name for people."""
        ...

    @property
    def licence(self) -> str:
        """The licence as its distributors state it."""
        ...

    @property
    def limits(self) -> str:
        """The limits that a reader of results must know."""
        ...

    @property
    def recordings(self) -> pd.DataFrame:
        """The recordings, one row each."""
        ...

    @property
    def labels(self) -> pd.DataFrame:
        """The labels, one row per recording; empty where there are none."""
        ...

    @property
    def traces(self) -> pd.DataFrame:
        """The labels over time as a long table; empty where there are none."""
        ...

    @property
    def shipped(self) -> Mapping[str, Any]:
        """The features that came with the corpus, by name."""
        ...

    @property
    def pictures(self) -> Any:
        """The pictures of a corpus of pictures, else None."""
        ...


class Store(Protocol):
    """The part of a feature store that the inventory needs."""

    def corpus(self, name: str) -> Tables:
        """Return the tables of a stored corpus."""
        ...

    def held(self, name: str) -> Mapping[str, int]:
        """Return the number of the corpus's recordings with each feature in the store."""
        ...


@dataclass(frozen=True)
class Holding:
    """A corpus, as far as it is on this machine.

    Attributes:
        name: name by which the corpus is asked for.
        missing: reason why its files cannot be read, or "".
        stored: whether its tables are in the store, so that it can be trained on without its files.
        tables: tables of its recordings and labels, from the store or its files; None when neither is here.
        features: number of recordings with features in the store, by extractor; extractors with none are left
            out.
        imported: whether the corpus was imported by a user.
    """

    name: str
    missing: str
    stored: bool
    tables: Tables | None
    features: dict[str, int]
    imported: bool = False

    @property
    def state(self) -> str:
        """The state of the corpus in one or two words."""
        if self.tables is None:
            return "missing"
        if not self.stored:
            return "not extracted"
        return "ready" if not self.missing else "ready, files missing"


def holdings(data_folder: Path | None, imports: Path | None, store: Store) -> list[Holding]:
    """Return all known corpora, first those on this machine."""
    found = [holding(name, data_folder, imports, store) for name in names(imports)]
    return sorted(found, key=lambda one: one.tables is None)


def holding(name: str, data_folder: Path | None, imports: Path | None, store: Store) -> Holding:
    """Return a corpus, as far as it is on this machine."""
    files: Tables | None = None
    stored: Tables | None = None
    missing = ""
    try:
        stored = store.corpus(name)
    except CorpusError:
        pass  # it was not extracted, or has to be again
    if stored is None or not _files_are_there(stored):
        try:
            files = load(name, data_folder, imports)
        except CorpusError as error:
            missing = str(error)
    features: dict[str, int] = {}
    if stored is not None:
        features = dict(store.held(name))
    return Holding(name, missing, stored is not None, stored or files, features, name in own.names(imports))


def _files_are_there(stored: Tables) -> bool:
    """Whether the files are where they were when they were extracted; faster to tell than by reading the corpus."""
    files = stored.recordings["video"].fillna(stored.recordings["audio"]).dropna()
    return all(Path(file).is_file() for file in files)


def table(found: Iterable[Holding]) -> pd.DataFrame:
    """Tabulate corpora: name, state, title, cultures, recordings, speakers, labels, features and licence of each."""
    rows = []
    for one in found:
        row: dict[str, object] = {"corpus": one.name, "state": one.state}
        if one.tables is not None:
            recordings = one.tables.recordings
            row |= {
                "title": one.tables.title,
                "cultures": ", ".join(sorted(recordings["culture"].dropna().unique())),
                "recordings": len(recordings),
                "speakers": recordings["speaker"].nunique() or None,
                "labels": ", ".join(label_names(one.tables.labels, one.tables.traces)),
                "features": ", ".join(f"{f} {n}/{len(recordings)}" for f, n in one.features.items()),
                "licence": one.tables.licence,
            }
        rows.append(row | {"missing": one.missing})
    return pd.DataFrame(rows, dtype=object)


def in_words(found: Iterable[Holding]) -> str:
    """Say how much can be learnt from on this machine, and what a training would still have to do."""
    here = [one for one in found if one.tables is not None]
    if not here:
        return "**There is nothing to learn from yet.**"
    tables = [one.tables.recordings for one in here if one.tables is not None]
    recordings, people = sum(map(len, tables)), sum(table["speaker"].nunique() for table in tables)
    ready = sum(one.stored for one in here)
    corpora = "one corpus is" if len(here) == 1 else f"{len(here)} corpora are"
    said = f"**{corpora.capitalize()} here**, with {recordings:,} recordings of {people:,} people"
    if ready == len(here):
        return f"{said}, ready to be learnt from."
    rest = "none is prepared yet" if ready == 0 else f"{ready} {'is' if ready == 1 else 'are'} prepared"
    return f"{said}; {rest}. A training first prepares what it needs: minutes to hours."


def ratings(tables: Tables) -> pd.DataFrame:
    """Return the ratings of dimensions, over time or per recording: index id, and one column per rated dimension."""
    rated = tables.labels if tables.traces.empty else tables.traces.set_index("id")
    return rated[[str(dimension) for dimension in Dimension if dimension in rated]].astype(float)


def emotions(found: Sequence[Holding]) -> pd.DataFrame:
    """Count recordings by emotion: ``corpus``, ``culture``, ``speaker``, ``emotion``, ``recordings``."""
    parts, keys = [], ["corpus", "culture", "speaker", "emotion"]
    for one in found:
        if one.tables is None or "emotion" not in one.tables.labels:
            continue
        labelled = one.tables.recordings[["culture", "speaker"]].join(one.tables.labels["emotion"])
        labelled = labelled.astype(object).where(labelled.notna(), None).dropna(subset="emotion")
        labelled = labelled.fillna(UNKNOWN).assign(corpus=one.name)
        parts.append(labelled.groupby(keys).size().reset_index(name="recordings"))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=[*keys, "recordings"])


def dimensions(found: Sequence[Holding]) -> pd.DataFrame:
    """Return histograms of rated dimensions: corpus, culture, dimension, value (the middle of a bin) and share."""
    parts = []
    edges = pd.interval_range(-1, 1, BINS)
    for one in found:
        if one.tables is None:
            continue
        rated = ratings(one.tables)
        cultures = rated.index.map(one.tables.recordings["culture"]).fillna(UNKNOWN)
        for dimension in rated:
            bins = pd.cut(rated[dimension].clip(-1 + 1e-9, 1), edges)
            shares = pd.crosstab(cultures, bins, normalize="index", dropna=False)
            for culture, row in shares.iterrows():
                middles = [round(interval.mid, 6) for interval in row.index]
                parts.append(
                    pd.DataFrame(
                        {
                            "corpus": one.name,
                            "culture": culture,
                            "dimension": dimension,
                            "value": middles,
                            "share": row.to_numpy(),
                        }
                    )
                )
    columns = ["corpus", "culture", "dimension", "value", "share"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
