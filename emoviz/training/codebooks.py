"""Codebooks of bags of words, fitted on the frames of a config's training speakers alone."""

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
    """Fit the codebooks that the features of a config read.

    Args:
        config: config with the corpora, the split and the seed.
        store: store that holds the features from which words are made, e.g. ``egemaps`` for ``egemaps-words``.
        words: number of words of each codebook.
        progress: listener, told of the reading and of every codebook.

    Returns:
        The folders of the codebooks.

    Raises:
        ConfigError: if no feature of the config reads a codebook.
        FeatureError: if a feature was not extracted, or a codebook cannot be written.
        CorpusError: if a corpus is not in the store.
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
