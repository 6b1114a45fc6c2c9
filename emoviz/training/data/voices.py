r"""Training samples at the level and the spread of other people's features, so that a model does not rely on these.

A sample of a speaker is read in one of two ways, with equal chance:

- as a model reads it that is calibrated (:mod:`emoviz.prediction.calibration`) to 1, 3, 10 or all recordings of the
  speaker, which are drawn anew each time;
- as if somebody on the way from the speaker to another one, who is drawn, had spoken it. With level and spread
  :math:`l, s` of the speaker, :math:`l', s'` of the other, and a share :math:`\lambda` of the way,

.. math:: x' = \frac{x - l}{s} (s + \lambda (s' - s)) + l + \lambda (l' - l), \quad \lambda \sim B(.5, .5)

Source of the second: K. Zhou, Y. Yang, Y. Qiao, T. Xiang, "Domain generalization with MixStyle", ICLR 2021, which mixes
the statistics of channels within a network; here they are those of its inputs, and of a whole speaker.
"""

from collections.abc import Mapping
from functools import cache

import numpy as np
import torch
from torch import Tensor

from ...core.errors import ConfigError
from ...prediction.calibration import level_and_spread, sums_of
from ..config import TrainingConfig
from .arranged import Arranged

COUNTS = (1, 3, 10)
"""Numbers of a speaker's recordings to which samples are calibrated; all of them is as likely as each number."""
SHAPE = 0.5
"""Both parameters of the beta distribution of the share of the way to another speaker."""
Statistics = Mapping[str, tuple[Tensor, Tensor]]
"""Level and spread (W,) by the name of a stream."""


class Voices:
    """The level and the spread of the features of the training speakers.

    Args:
        arranged: recordings and their transforms.
        ids: ids of the recordings of each speaker who trains.
        hop: seconds between frames.
    """

    def __init__(self, arranged: Arranged, ids: Mapping[str, list[str]], hop: float) -> None:
        self.arranged, self.ids, self.hop = arranged, ids, hop
        self.of_recording = cache(self._of_recording)
        self.of_speaker = cache(lambda speaker: self.statistics(self.ids[speaker]))

    def __call__(self, streams: Mapping[str, Tensor], speaker: str, random: np.random.Generator) -> dict[str, Tensor]:
        """Return the streams (T, W) of a speaker's sample in one of the two ways."""
        if random.random() < 0.5:
            own = self.ids[speaker]
            count = min(int(random.choice([*COUNTS, len(own)])), len(own))
            heard = self.statistics([str(i) for i in random.choice(own, count, replace=False)])
            return {name: (values - heard[name][0]) / heard[name][1] for name, values in streams.items()}
        other, share = str(random.choice(list(self.ids))), float(random.beta(SHAPE, SHAPE))
        return between(streams, self.of_speaker(speaker), self.of_speaker(other), share)

    def statistics(self, ids: list[str]) -> Statistics:
        """Return level and spread of some recordings, as calibration measures them."""
        each = [self.of_recording(identity) for identity in ids]
        found = {name: level_and_spread(np.sum([sums[name] for sums in each], axis=0), self.hop) for name in each[0]}
        return {name: (torch.from_numpy(level), torch.from_numpy(spread)) for name, (level, spread) in found.items()}

    def _of_recording(self, identity: str) -> dict[str, np.ndarray]:
        return {name: sums_of(values) for name, values in self.arranged.streams(identity).items()}


def between(streams: Mapping[str, Tensor], speaker: Statistics, other: Statistics, share: float) -> dict[str, Tensor]:
    """Return the streams (T, W) of a speaker as if somebody on the way to another one had spoken."""
    moved = {}
    for name, values in streams.items():
        (level, spread), (theirs, wider) = speaker[name], other[name]
        moved[name] = (values - level) / spread * torch.lerp(spread, wider, share) + torch.lerp(level, theirs, share)
    return moved


def require_voices(config: TrainingConfig) -> None:
    """Refuse the setting ``voices`` for recordings that are standardised by others of their group.

    Raises:
        ConfigError: if the recordings are standardised so.
    """
    if config.standardise_by != "none":
        raise ConfigError(
            f"Recordings that are standardised by {config.standardise_by} have one level; choose 'voices' or "
            "'standardise_by'."
        )
