"""Windows as training data: what a model of utterances is given where it is applied to a recording.

A recording is longer than its utterances, so a window in it may reach into the next one, or end within one. Validation
and test take single utterances, as :mod:`emoviz.training.data.utterances` does, so that scores can be compared.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from ...core.vocabulary import Split
from ...models.inputs import Inputs
from ..config import TrainingConfig
from .arranged import Arranged, arrange, group, text
from .base import DATA, Data, DataKind, Part, Partition, Sample
from .recordings import Recordings, extent, load_recordings
from .utterances import check_utterances, clip_targets, crop

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
    """Make training samples of at most a window, half of which lie around a moment of a series of utterances.

    Such a series is an utterance between two others of its speaker, drawn anew each epoch; the target of a window is
    the mean target of its frames.

    Raises:
        ConfigError: if the outputs are derived dimensions.
        CorpusError: if the config predicts intensities, and an utterance has none.
    """
    check_utterances(config)
    arranged = arrange(config, recordings, partition, inputs)
    targets = clip_targets(config, recordings.table)
    longest = round(config.window / config.hop)

    def part_of(part: Split | None, cropped: bool) -> Part:
        rows = arranged.of(part)
        others = {speaker: list(map(str, own.index)) for speaker, own in rows.groupby("speaker")}

        def make(epoch: int, number: int) -> Sample:
            row = rows.iloc[number]
            identity = str(row.name)
            streams, target = arranged.streams(identity), targets[identity]
            if cropped:
                random = np.random.default_rng([config.seed, epoch, number])
                if random.random() < CHAINED:
                    before, after = (str(i) for i in random.choice(others[row["speaker"]], 2))
                    streams, target = around(arranged, (before, identity, after), targets, longest, random)
                else:
                    streams = crop(streams, longest, random)
            who = row["speaker"], row["culture"], text(row["session"])
            return Sample(identity, *who, text(row["emotion"]) or "", streams, target)

        return Part(len(rows), make, [group(row, config.balance) for _, row in rows.iterrows()])

    data = arranged.data(part_of, frames=False)
    return replace(data, note=f"{data.note} {NOTE.format(window=config.window, extent=extent(config))}")


def around(
    arranged: Arranged,
    series: tuple[str, str, str],
    targets: Mapping[str, Tensor],
    longest: int,
    random: np.random.Generator,
) -> tuple[dict[str, Tensor], Tensor]:
    """Cut a window around a random frame of the middle one of three utterances.

    Args:
        arranged: recordings.
        series: ids of the utterances in their order.
        targets: target (K,) of each utterance.
        longest: frames of the window, which is shorter where the series is.
        random: generator that draws the frame.

    Returns:
        The streams of the window, and the mean target (K,) of its frames.
    """
    found = [arranged.streams(identity) for identity in series]
    counts = [len(next(iter(streams.values()))) for streams in found]
    middle = counts[0] + int(random.integers(0, counts[1]))
    first = max(0, min(middle - longest // 2, sum(counts) - longest))
    joined = {name: torch.cat([streams[name] for streams in found])[first : first + longest] for name in found[0]}
    owners = torch.repeat_interleave(torch.arange(len(series)), torch.tensor(counts))[first : first + longest]
    return joined, torch.stack([targets[identity] for identity in series])[owners].mean(0)


DATA.register("windows")(DataKind(load_recordings, windows, check_utterances, frames=False))
