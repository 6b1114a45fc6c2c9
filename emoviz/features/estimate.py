"""The extraction of a corpus beforehand: which features it lacks, and how long and how large the rest will be."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..core.errors import FeatureError
from ..core.progress import Progress, silent
from ..corpora.base import Corpus, clips_of
from ..corpora.inventory import Holding
from .base import EXTRACTORS, make
from .store import FeatureStore

TRIED = 4
"""Recordings whose features are extracted to estimate how long all take; the first one loads the encoders."""


@dataclass(frozen=True)
class Estimate:
    """The expected time and size of an extraction.

    Attributes:
        recordings: number of recordings that are left.
        seconds: time that they take in seconds, judged by those that were tried.
        size: number of bytes that they take in the store.
        tried: number of recordings that were extracted for the estimate; they are kept.
    """

    recordings: int
    seconds: float
    size: float
    tried: int


def lacking(one: Holding, features: Iterable[str]) -> dict[str, int]:
    """Return the number of recordings from which each feature has to be extracted first."""
    if one.tables is None:
        return {}
    whole = len(one.tables.recordings)
    return {f: whole - one.features.get(f, 0) for f in features if f in EXTRACTORS and one.features.get(f, 0) < whole}


def estimate(corpus: Corpus, features: Sequence[str], store: FeatureStore, progress: Progress = silent) -> Estimate:
    """Extract the features of a few recordings and judge by them how long all will take, and how much room.

    Args:
        corpus: corpus as its reader returns it.
        features: names of extractors.
        store: store that keeps the features that were extracted.
        progress: listener.

    Raises:
        FeatureError: if the corpus has no media files.
        EmovizError: if a recording cannot be decoded, or weights are missing.
    """
    from ..media import ClipMedia  # a training node need not have what reads media

    files = list(clips_of(corpus.recordings).dropna())
    if not files:
        raise FeatureError(f"{corpus.title} comes without clips, so nothing can be extracted of it.")
    tried = files[:: max(1, len(files) // TRIED)][:TRIED]
    extractors = [make(name) for name in features]
    seconds, sizes = [], []
    for number, file in enumerate(tried):
        progress("Trying a few recordings", number, len(tried))
        began = time.perf_counter()
        media = ClipMedia(file.file) if file.part is None else ClipMedia(file.file).part(*file.part)
        sizes.append(sum(store.extract(extractor, media).values.nbytes for extractor in extractors))
        seconds.append(time.perf_counter() - began)
    typical = sum(seconds[1:]) / len(seconds[1:]) if len(seconds) > 1 else seconds[0]
    rest = len(files) - len(tried)
    return Estimate(rest, typical * rest, sum(sizes) / len(sizes) * len(files), len(tried))
