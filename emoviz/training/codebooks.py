"""Codebooks of bags of words, from the training speakers of a config and nobody else's frames."""

import dataclasses
from pathlib import Path

import numpy as np

from ..core.errors import ConfigError
from ..core.progress import Progress, silent
from ..core.vocabulary import Split
from ..features import bag_of_words, make
from ..features.store import FeatureStore
from ..models.inputs import InputConfig
from .config import TrainingConfig
from .data import arrange, load_recordings


def fit_codebooks(
    config: TrainingConfig, store: FeatureStore, words: int = 100, progress: Progress = silent
) -> list[Path]:
    """Make the codebooks that a config's features read.

    Args:
        config: whose corpora, split and seed count.
        store: with what the words are made of, e.g. ``egemaps`` for ``egemaps-words``.
        words: of each codebook.
        progress: told of the reading and of every codebook.

    Returns:
        Their folders.

    Raises:
        ConfigError: no feature of the config reads a codebook.
        FeatureError: a feature was not extracted, or a codebook cannot be written.
        CorpusError: a corpus is not in the store.
    """
    extractors = (make(entry.feature, entry.settings) for entry in config.inputs)
    bags = [extractor for extractor in extractors if isinstance(extractor, bag_of_words.BagOfWords)]
    if not bags:
        raise ConfigError(f"No feature of '{config.name}' reads a codebook; bags of words do, e.g. 'egemaps-words'.")
    folders = []
    for number, bag in enumerate(bags):
        alone = dataclasses.replace(config, inputs=(InputConfig(bag.base),))
        arranged = arrange(alone, load_recordings(alone, store, progress))
        ids = arranged.partition[Split.TRAIN]
        frames = np.concatenate([arranged.recordings.streams[str(i)][bag.base] for i in ids])
        progress("Finding words", number, len(bags))
        folders.append(bag_of_words.save(bag_of_words.fit(frames, words, config.seed), bag.needs[0].name))
    progress("Finding words", len(bags), len(bags))
    return folders
