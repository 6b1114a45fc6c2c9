"""``channel-mean``: the plain mean of the channels that predict a dimension."""

from dataclasses import dataclass

import numpy as np

from ...core.configuration import from_dict
from ..config import TrainingConfig
from ..data import Data
from .base import FLOORS, Predict, columns_of, frames_of, result_of


@dataclass(frozen=True)
class ChannelMean:
    """Options of ``channel-mean``.

    Attributes:
        only: prefix of the names of the channels that are averaged.
    """

    only: str = ""


@FLOORS.register("channel-mean")
def channel_mean(config: TrainingConfig, data: Data) -> Predict:
    """Average the channels that predict the same dimension, whose names end in ``.<dimension>``.

    Nothing is fitted. Its channels must come as they are (``standardise`` off).

    Raises:
        ConfigError: if an option is wrong, or no channel predicts a dimension.
    """
    options = from_dict(ChannelMean, config.options, "the options of 'channel-mean'")
    columns = [columns_of(config, data, output, options.only) for output in config.outputs]
    return lambda part: [result_of(s, np.stack([frames_of(s)[:, c].mean(1) for c in columns], axis=1)) for s in part]
