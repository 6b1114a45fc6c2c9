"""Corrupted copies of recordings (:mod:`emoviz.media.corruptions`), on which models are trained beside the recordings.

They are read when a training asks for them, so that nothing is read of those that are only tested.
"""

import dataclasses
from collections.abc import Mapping

import numpy as np

from ...core.errors import ConfigError, FeatureError
from ...core.keys import key_of_copy
from ...core.progress import Progress, silent
from ...core.vocabulary import Modality
from ...features.base import EXTRACTORS, described, extraction_command
from ...features.grid import on_grid
from ...features.store import FeatureStore
from ..config import TrainingConfig
from .recordings import Recordings, load_recordings

CORRUPTED = 0.5
"""Share of the training samples that are taken from copies."""
NOTE = (
    "Half of the training samples, and so many copies of each recording in the selection of the epoch, were corrupted "
    "by what practice does to sound ({count} copies per recording); the scores are those of the recordings as they are."
)


def load_with_copies(config: TrainingConfig, store: FeatureStore, progress: Progress = silent) -> Recordings:
    """Read the recordings of a config's corpora, with as many corrupted copies as it says.

    Raises:
        FeatureError: if copies were not extracted.
        EmovizError: if the recordings cannot be read (:func:`load_recordings`).
    """
    recordings = load_recordings(config, store, progress)
    if not config.copies:
        return recordings
    for number in range(1, config.copies + 1):
        keys = [key_of_copy(key, number) for key in recordings.table["key"]]
        for choice in config.inputs:
            if store.count(keys, choice.feature, choice.settings) < len(keys):
                own = {choice.feature: choice.settings}
                commands = [extraction_command(corpus, own, config.copies) for corpus in config.corpora]
                raise FeatureError(
                    f"The store {store.root} lacks {described(*own.popitem())} of corrupted copies; extract them with "
                    f"{' and '.join(commands)}."
                )
    keys_of = recordings.table["key"]

    def read(identity: str, number: int) -> Mapping[str, np.ndarray]:
        key = key_of_copy(keys_of[identity], number)
        found = {c.feature: store.stream(key, c.feature, c.settings) for c in config.inputs}
        frames = on_grid(found, config.hop, config.resample).values
        heard = any(not np.isnan(values).all() for values in frames.values())
        return frames if heard else recordings.streams[identity]  # in which no speech is found any more

    return dataclasses.replace(recordings, copies=config.copies, copy=read)


def refuse_copies(config: TrainingConfig) -> None:
    """Refuse corrupted copies in kinds of data that have none.

    Raises:
        ConfigError: if the config asks for copies.
    """
    if config.copies:
        raise ConfigError(f"Only utterances and windows have corrupted copies, so '{config.data}' take no 'copies'.")


def require_copies(config: TrainingConfig) -> None:
    """Refuse copies of what has none.

    Raises:
        ConfigError: if a feature is not computed from sound, or recordings are standardised by those around them.
    """
    for choice in config.inputs:
        if choice.feature not in EXTRACTORS or EXTRACTORS[choice.feature].modality is not Modality.AUDIO:
            raise ConfigError(f"Only features of sound have corrupted copies, so '{choice.feature}' takes no 'copies'.")
    if config.standardise_by != "none":
        raise ConfigError(
            f"Corrupted copies are not standardised by {config.standardise_by}; choose 'copies' or 'standardise_by'."
        )
