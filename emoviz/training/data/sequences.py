"""Sequences as training data: clips of one speaker that join utterances of different emotions.

Valence and arousal, derived from the emotions, change within such a clip.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
import torch

from ...core.errors import ConfigError
from ...core.vocabulary import CIRCUMPLEX, DERIVED_AXES, Emotion, Split
from ...models.inputs import Inputs
from ..config import TrainingConfig
from .arranged import arrange, group, text
from .base import DATA, Data, DataKind, Part, Partition, Sample
from .copies import refuse_copies
from .recordings import Recordings, extent, load_recordings

NOTE = (
    "The scores are those of sequences of utterances whose features were computed one by one; in use they are computed "
    "over {extent}. `benchmarks/served.py` measures what that changes."
)


def check_sequences(config: TrainingConfig) -> None:
    """Refuse outputs that are not derived dimensions, and a label delay, which only raters have.

    Raises:
        ConfigError: if the config is refused.
    """
    if not set(config.outputs) <= set(DERIVED_AXES):
        raise ConfigError(f"Training on sequences predicts {' and '.join(DERIVED_AXES)}, not {list(config.outputs)}.")
    if config.label_delay:
        raise ConfigError("'label_delay' makes up for raters who lag behind; labels of sequences have no delay.")
    refuse_copies(config)


def sequences(
    config: TrainingConfig, recordings: Recordings, partition: Partition | None = None, inputs: Inputs | None = None
) -> Data:
    """Make clips of one speaker with changing emotion, whose targets are derived dimensions per frame.

    All utterances of a speaker are put into a random order in which neighbours differ in emotion where possible, and
    this series is cut into windows; each epoch draws another order. In training the last window continues at the
    start of the series, so that all windows have full length (recurrent models are four times faster without
    padding); in validation and test it is short, and the order is that of epoch 0.

    Raises:
        ConfigError: if an output is not a derived dimension, or the config has a label delay.
    """
    check_sequences(config)
    columns = [DERIVED_AXES[output] for output in config.outputs]
    values = {e: torch.tensor([CIRCUMPLEX[e][c] for c in columns]) for e in Emotion}
    arranged = arrange(config, recordings, partition, inputs)
    window = round(config.window / config.hop)
    lengths = {i: len(next(iter(streams.values()))) for i, streams in recordings.streams.items()}

    def part_of(part: Split | None, cropped: bool) -> Part:
        rows = arranged.of(part)
        speakers = [(str(s), g) for s, g in rows.groupby("speaker", sort=True)]
        clips = [(s, k) for s, g in speakers for k in range(-(-sum(lengths[str(i)] for i in g.index) // window))]
        groups = dict(speakers)
        fixed = not cropped

        @lru_cache(maxsize=4 * len(speakers))
        def series(speaker: str, epoch: int) -> list[tuple[str, Emotion]]:
            seed = [config.seed, 0 if fixed else epoch + 1, *speaker.encode()]
            order = order_by_emotion(groups[speaker]["emotion"], np.random.default_rng(seed))
            if fixed:
                return order
            return order * (1 + -(-window // sum(lengths[i] for i, _ in order)))

        def make(epoch: int, number: int) -> Sample:
            speaker, k = clips[number]
            pieces = list(_cut(series(speaker, epoch), lengths, k * window, window))
            streams = {
                name: torch.cat([arranged.streams(i)[name][first:last] for i, _, first, last in pieces])
                for name in arranged.inputs
            }
            target = torch.cat([values[e].expand(last - first, -1) for _, e, first, last in pieces])
            who = speaker, groups[speaker]["culture"].iloc[0], _only_session(groups[speaker])
            label = " ".join(dict.fromkeys(e.value for _, e, _, _ in pieces))
            return Sample(f"{speaker}#{k}", *who, label, streams, target)

        return Part(len(clips), make, [group(groups[s].iloc[0], config.balance) for s, _ in clips])

    data = arranged.data(part_of, frames=True)
    return replace(data, note=f"{data.note} {NOTE.format(extent=extent(config))}")


DATA.register("sequences")(DataKind(load_recordings, sequences, check_sequences, frames=True))


def _only_session(recordings: pd.DataFrame) -> str | None:
    """Return the session of recordings, or None where they come from several sessions."""
    return text(recordings["session"].iloc[0]) if recordings["session"].nunique(dropna=False) == 1 else None


def order_by_emotion(emotions: "pd.Series[Any]", random: np.random.Generator) -> list[tuple[str, Emotion]]:
    """Draw an order of utterances in which neighbours differ in emotion as long as that is possible.

    Args:
        emotions: emotion of each utterance, with its id as index.
        random: generator that draws the order.

    Returns:
        The id and the emotion of each utterance.
    """
    left = {e: list(random.permutation(emotions.index[emotions == e])) for e in sorted(emotions.unique())}
    order: list[tuple[str, Emotion]] = []
    last = None
    while left:
        choices = [e for e in left if e != last] or list(left)
        counts = np.array([len(left[e]) for e in choices], dtype=float)
        last = choices[int(random.choice(len(choices), p=counts / counts.sum()))]
        order.append((str(left[last].pop()), Emotion(last)))
        if not left[last]:
            del left[last]
    return order


def _cut(
    series: Sequence[tuple[str, Emotion]], lengths: Mapping[str, int], start: int, length: int
) -> Iterator[tuple[str, Emotion, int, int]]:
    """Yield the pieces (id, emotion, first frame, last frame + 1) of a series that lie in a window of frames."""
    position = 0
    for identity, emotion in series:
        first, last = max(0, start - position), min(lengths[identity], start + length - position)
        if first < last:
            yield identity, emotion, first, last
        position += lengths[identity]
