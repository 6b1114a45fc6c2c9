"""Which corpora are on this machine, what is extracted of them, and who says what in them?"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from . import corpora
from .corpora import Corpus
from .define import Dimension
from .errors import CorpusError, FeatureError
from .features import EXTRACTORS, make
from .features.store import FeatureStore, StoredCorpus
from .media import ClipMedia
from .progress import Progress, silent

TRIED = 4
"""Recordings whose features are extracted to estimate how long all take; the first one loads the encoders."""
UNKNOWN = "unknown"
"""Culture or speaker of a recording of which it is not told."""
BINS = 20
"""Of a histogram of a dimension over [-1, 1]."""


@dataclass(frozen=True)
class Holding:
    """One corpus, as far as it is here.

    Attributes:
        name: by which it is asked for.
        missing: why its files cannot be read, or "".
        stored: whether its tables are in the store, so that it can be trained on without its files.
        tables: of its recordings and labels, from the store or its files; None when neither is here.
        features: extractor -> recordings of which the store has it; extractors that it has of none are left out.
        imported: whether it is one's own.
    """

    name: str
    missing: str
    stored: bool
    tables: StoredCorpus | Corpus | None
    features: dict[str, int]
    imported: bool = False

    @property
    def state(self) -> str:
        """In a word or two."""
        if self.tables is None:
            return "missing"
        if not self.stored:
            return "not extracted"
        return "ready" if not self.missing else "ready, files missing"


@dataclass(frozen=True)
class Estimate:
    """How long and how large an extraction will be.

    Attributes:
        recordings: that are left.
        seconds: that they take, from those that were tried.
        size: bytes in the store.
        tried: recordings that were extracted to know it; they are kept.
    """

    recordings: int
    seconds: float
    size: float
    tried: int


def holdings(data_folder: Path | None, imports: Path | None, store: FeatureStore) -> list[Holding]:
    """All known corpora, those that are here first."""
    found = [holding(name, data_folder, imports, store) for name in corpora.names(imports)]
    return sorted(found, key=lambda one: one.tables is None)


def holding(name: str, data_folder: Path | None, imports: Path | None, store: FeatureStore) -> Holding:
    """One corpus, as far as it is here."""
    files: Corpus | None = None
    stored: StoredCorpus | None = None
    missing = ""
    try:
        stored = store.corpus(name)
    except CorpusError:
        pass  # it was not extracted, or has to be again
    if stored is None or not _files_are_there(stored):
        try:
            files = corpora.load(name, data_folder, imports)
        except CorpusError as error:
            missing = str(error)
    features: dict[str, int] = {}
    if stored is not None:
        keys = [key for key in stored.recordings["key"] if isinstance(key, str)]
        features = {feature: count for feature in EXTRACTORS if (count := store.count(keys, feature))}
        features |= {feature: len(streams) for feature, streams in stored.shipped.items()}
    return Holding(name, missing, stored is not None, stored or files, features, name in corpora.own.names(imports))


def _files_are_there(stored: StoredCorpus) -> bool:
    """Whether the files are where they were when they were extracted; faster to tell than by reading the corpus."""
    files = stored.recordings["video"].fillna(stored.recordings["audio"]).dropna()
    return all(Path(file).is_file() for file in files)


def table(found: Iterable[Holding]) -> pd.DataFrame:
    """One row per corpus: its name, state, title, cultures, recordings, speakers, labels, features and licence."""
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
                "labels": ", ".join(corpora.label_names(one.tables.labels, one.tables.traces)),
                "features": ", ".join(f"{f} {n}/{len(recordings)}" for f, n in one.features.items()),
                "licence": one.tables.licence,
            }
        rows.append(row | {"missing": one.missing})
    return pd.DataFrame(rows, dtype=object)


def ratings(tables: StoredCorpus | Corpus) -> pd.DataFrame:
    """Labels in dimensions, over time or of whole recordings: index id, one column per dimension that is rated."""
    rated = tables.labels if tables.traces.empty else tables.traces.set_index("id")
    return rated[[str(dimension) for dimension in Dimension if dimension in rated]].astype(float)


def emotions(found: Sequence[Holding]) -> pd.DataFrame:
    """How many recordings have which emotion: ``corpus``, ``culture``, ``speaker``, ``emotion``, ``recordings``."""
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
    """Histograms of rated dimensions: ``corpus``, ``culture``, ``dimension``, ``value`` (a bin's middle), ``share``."""
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
                    pd.DataFrame({"corpus": one.name, "culture": culture, "dimension": dimension, "value": middles,
                                  "share": row.to_numpy()})
                )  # fmt: skip
    columns = ["corpus", "culture", "dimension", "value", "share"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def lacking(one: Holding, features: Iterable[str]) -> dict[str, int]:
    """Feature -> recordings of which the store lacks it."""
    if one.tables is None:
        return {}
    whole = len(one.tables.recordings)
    return {f: whole - one.features.get(f, 0) for f in features if f in EXTRACTORS and one.features.get(f, 0) < whole}


def estimate(corpus: Corpus, features: Sequence[str], store: FeatureStore, progress: Progress = silent) -> Estimate:
    """Extract the features of a few recordings and judge by them how long all will take, and how much room.

    Args:
        corpus: as its reader gave it.
        features: names of extractors.
        store: where what is extracted stays.
        progress: listener.

    Raises:
        FeatureError: the corpus has no media files.
        EmovizError: a recording cannot be decoded, or weights are missing.
    """
    files = list(corpus.recordings["video"].fillna(corpus.recordings["audio"]).dropna())
    if not files:
        raise FeatureError(f"{corpus.title} comes without clips, so nothing can be extracted of it.")
    tried = files[:: max(1, len(files) // TRIED)][:TRIED]
    extractors = [make(name) for name in features]
    seconds, sizes = [], []
    for number, file in enumerate(tried):
        progress("Trying a few recordings", number, len(tried))
        began = time.perf_counter()
        media = ClipMedia(file)
        sizes.append(sum(store.extract(extractor, media).values.nbytes for extractor in extractors))
        seconds.append(time.perf_counter() - began)
    typical = sum(seconds[1:]) / len(seconds[1:]) if len(seconds) > 1 else seconds[0]
    rest = len(files) - len(tried)
    return Estimate(rest, typical * rest, sum(sizes) / len(sizes) * len(files), len(tried))
