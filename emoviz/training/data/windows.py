"""Windows as training data: the stretches that a model of utterances reads when it is applied to a recording.

A recording is longer than its utterances, so a window in it may reach into the next one, or end within one. Validation
and test take single utterances, as :mod:`emoviz.training.data.utterances` does, so that scores can be compared.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from ...models.inputs import Inputs
from ..config import TrainingConfig
from .base import DATA, Data, DataKind, Partition
from .recordings import Recordings, extent, load_with_copies
from .utterances import Cut, Utterances, check_utterances, crop, samples_of

CHAINED = 0.5
"""Share of the training samples that are cut from several utterances of one speaker."""


NOTE = (
    "The scores are those of whole utterances. In a longer recording the model reads windows of at most {window:g} s, "
    "which may reach into the next utterance where the pause before it is short, and its features are computed over "
    "{extent}; `benchmarks/served.py` measures what that changes."
)


def windows(
    config: TrainingConfig, recordings: Recordings, partition: Partition | None = None, inputs: Inputs | None = None
) -> Data:
    """Make training samples of at most a window; half of them are cut from a series of utterances.

    Such a series is an utterance between two others of its speaker, drawn anew each epoch; the target of a window is
    the mean target of its frames.

    Raises:
        ConfigError: if the outputs are derived dimensions.
        CorpusError: if the config predicts intensities, and an utterance has none.
    """

    def cutting(utterances: Utterances, rows: pd.DataFrame) -> Cut:
        others = {speaker: list(map(str, own.index)) for speaker, own in rows.groupby("speaker")}

        def cut(row: "pd.Series[Any]", random: np.random.Generator) -> tuple[Mapping[str, Tensor], Tensor]:
            identity = str(row.name)
            if random.random() < CHAINED:
                before, after = (str(i) for i in random.choice(others[row["speaker"]], 2))
                return around(utterances, (before, identity, after), random)
            streams, target = utterances.drawn(identity, random)
            return crop(streams, utterances.longest, random), target

        return cut

    data = samples_of(config, recordings, partition, inputs, cutting)
    return replace(data, note=f"{data.note} {NOTE.format(window=config.window, extent=extent(config))}")


def around(
    utterances: Utterances, series: tuple[str, str, str], random: np.random.Generator
) -> tuple[dict[str, Tensor], Tensor]:
    """Cut a window around a random frame of the middle one of three utterances.

    Args:
        utterances: utterances, whose longest sample is the window, which is shorter where the series is.
        series: ids of the three in their order.
        random: generator that draws the frame.

    Returns:
        The streams of the window, and the mean target (K,) of its frames.
    """
    longest = utterances.longest
    found, targets = zip(*(utterances.drawn(identity, random) for identity in series), strict=True)
    counts = [len(next(iter(streams.values()))) for streams in found]
    middle = counts[0] + int(random.integers(0, counts[1]))
    first = max(0, min(middle - longest // 2, sum(counts) - longest))
    joined = {name: torch.cat([streams[name] for streams in found])[first : first + longest] for name in found[0]}
    owners = torch.repeat_interleave(torch.arange(len(series)), torch.tensor(counts))[first : first + longest]
    return joined, torch.stack(targets)[owners].mean(0)


DATA.register("windows")(DataKind(load_with_copies, windows, check_utterances, frames=False))
