"""Corrupted copies of recordings (:mod:`emoviz.media.corruptions`), on which models are trained beside the recordings.

They are read when a training asks for them, so that nothing is read of those that are only tested.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from ...core.errors import ConfigError, FeatureError
from ...core.keys import key_of_copy
from ...core.vocabulary import Modality, Split
from ...features.base import EXTRACTORS, described, extraction_command
from ...features.grid import on_grid
from ...features.store import FeatureStore
from ..config import TrainingConfig
from .base import Data, Part

CORRUPTED = 0.5
"""Share of the training samples that are taken from copies."""
NOTE = (
    "Half of the training samples were corrupted as practice does it (noise, voices, rooms, telephones, codecs, wrong "
    "levels, silence, another speed), and the epoch was selected on recordings as they are and {count} so corrupted "
    "of each; the scores are those of recordings as they are, and `benchmarks/corruptions.py` measures the others."
)


@dataclass(frozen=True)
class Copies:
    """The corrupted copies of the recordings of a config.

    Attributes:
        config: config of the training.
        store: store that holds their features.
        keys: key of each recording by its id.
    """

    config: TrainingConfig
    store: FeatureStore
    keys: "pd.Series[Any]"

    @property
    def count(self) -> int:
        """The number of copies of each recording."""
        return self.config.copies

    def require(self, ids: pd.Index) -> None:
        """Refuse recordings whose copies were not extracted.

        Raises:
            FeatureError: if a copy is not in the store.
        """
        keys = [key_of_copy(key, number) for key in self.keys.loc[ids] for number in range(1, self.count + 1)]
        for choice in self.config.inputs:
            if self.store.count(keys, choice.feature, choice.settings) < len(keys):
                own = {choice.feature: choice.settings}
                commands = [extraction_command(corpus, own, self.count) for corpus in self.config.corpora]
                raise FeatureError(
                    f"The store {self.store.root} lacks {described(*own.popitem())} of corrupted copies; extract them "
                    f"with {' and '.join(commands)}."
                )

    def read(self, identity: str, number: int) -> Mapping[str, np.ndarray] | None:
        """Return the raw features of a copy of a recording, or None where no speech is found in it any more."""
        key = key_of_copy(self.keys[identity], number)
        found = {c.feature: self.store.stream(key, c.feature, c.settings) for c in self.config.inputs}
        frames = on_grid(found, self.config.hop, self.config.resample).values
        return None if all(np.isnan(values).all() for values in frames.values()) else frames


def require_copies(config: TrainingConfig) -> None:
    """Refuse corrupted copies of features or recordings that have none.

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


def with_copies(data: Data, copies: int, part_of: Callable[[Split | None, bool, int], Part]) -> Data:
    """Let the epoch of a training be selected on the validation recordings and their corrupted copies.

    Args:
        data: data without copies in validation.
        copies: number of copies of each recording; with none, or without a validation part, the data stay as they are.
        part_of: function that makes the samples of a part, cropped or not, with a number of copies.
    """
    if not copies or Split.VALIDATION not in data.parts:
        return data
    selecting = {Split.VALIDATION: part_of(Split.VALIDATION, False, copies)}
    return replace(data, parts={**data.parts, **selecting}, note=f"{data.note} {NOTE.format(count=copies)}")
