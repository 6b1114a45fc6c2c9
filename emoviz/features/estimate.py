"""An estimate of an extraction: which features a corpus lacks, and the time and size of the rest."""

import itertools
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..core.errors import FeatureError
from ..core.keys import key_of_copy
from ..core.progress import Progress, silent
from ..corpora.base import Corpus, clips_of
from ..corpora.inventory import Holding
from .base import EXTRACTORS, make
from .store import FeatureStore

Settings = Mapping[str, Any]
"""Settings of an extractor that are not its defaults."""
TRIED = 4
"""Number of recordings whose features are extracted to estimate the time of all; the first loads the encoders."""


@dataclass(frozen=True)
class Estimate:
    """The expected time and size of an extraction.

    Attributes:
        recordings: number of recordings that are left.
        seconds: time in seconds that they will take, judged by the recordings that were tried.
        size: number of bytes that they will take in the store.
        tried: number of recordings that were extracted for the estimate; they are kept.
    """

    recordings: int
    seconds: float
    size: float
    tried: int


def lacking(one: Holding, wanted: Mapping[str, Settings], store: FeatureStore, copies: int = 0) -> dict[str, int]:
    """Return the number of recordings from which each feature has to be extracted first.

    Args:
        one: corpus.
        wanted: settings of each feature that are not its defaults; with other settings it is another feature.
        store: store that holds the features with settings; those without are counted in the inventory of the corpus.
        copies: number of corrupted copies of each recording that need the features, too.
    """
    if one.tables is None:
        return {}
    keys = [key for key in one.tables.recordings["key"] if isinstance(key, str)] if one.stored else []
    whole = len(one.tables.recordings)
    own = {feature: settings for feature, settings in wanted.items() if feature in EXTRACTORS}
    every = [keys, *([key_of_copy(key, number) for key in keys] for number in range(1, copies + 1))]
    there = {
        feature: min(store.count(some, feature, settings) for some in every)
        if settings or copies
        else one.features.get(feature, 0)
        for feature, settings in own.items()
    }
    return {feature: whole - count for feature, count in there.items() if count < whole}


def estimate(
    corpus: Corpus,
    features: Sequence[str],
    store: FeatureStore,
    progress: Progress = silent,
    settings: Mapping[str, Settings] | None = None,
) -> Estimate:
    """Extract the features of a few recordings that lack them, and estimate from these the time and size of all.

    Args:
        corpus: corpus as its reader returns it.
        features: names of extractors.
        store: store that keeps the features that were extracted.
        progress: listener.
        settings: settings of each extractor that are not its defaults.

    Raises:
        FeatureError: if the corpus has no media files.
        EmovizError: if a recording cannot be decoded, or weights are missing.
    """
    from ..media import ClipMedia  # a training node need not have what reads media

    files = list(clips_of(corpus.recordings).dropna())
    if not files:
        raise FeatureError(f"{corpus.title} comes without clips, so nothing can be extracted from it.")
    extractors = [make(name, (settings or {}).get(name)) for name in features]
    seconds, sizes = [], []
    step = max(1, len(files) // TRIED)
    spread = (
        ClipMedia(one.file) if one.part is None else ClipMedia(one.file).part(*one.part)
        for first in range(step)
        for one in files[first::step]
    )
    fresh = (media for media in spread if not all(store.holds(extractor, media) for extractor in extractors))
    for number, media in enumerate(itertools.islice(fresh, TRIED)):
        progress("Trying a few recordings", number, TRIED)
        began = time.perf_counter()
        sizes.append(sum(store.extract(extractor, media).values.nbytes for extractor in extractors))
        seconds.append(time.perf_counter() - began)
    if not seconds:
        return Estimate(0, 0.0, 0.0, 0)
    typical = sum(seconds[1:]) / len(seconds[1:]) if len(seconds) > 1 else seconds[0]
    rest = len(files) - len(seconds)
    return Estimate(rest, typical * rest, sum(sizes) / len(sizes) * len(files), len(seconds))
