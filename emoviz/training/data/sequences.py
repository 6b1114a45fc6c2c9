"""Sequences as training data: clips of one speaker that join utterances of different emotions.

Valence and arousal, derived from the emotions, change within such a clip.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from ...core.errors import ConfigError
from ...core.vocabulary import CIRCUMPLEX, DERIVED_AXES, Emotion, Split
from ...models.inputs import Inputs
from ..config import TrainingConfig
from .arranged import Arranged, arrange, group, text
from .base import DATA, Data, DataKind, Part, Partition, Sample, take_no
from .copies import CORRUPTED, require_copies, with_copies
from .recordings import Recordings, extent, load_with_copies

NOTE = (
    "The scores are those of sequences of utterances whose features were computed one by one; in use they are computed "
    "over {extent}. `benchmarks/served.py` measures what that changes."
)


class Piece(NamedTuple):
    """An utterance in a sequence.

    Attributes:
        id: its name.
        emotion: its emotion.
        copy: number of its corrupted copy, or 0 for the utterance as it was recorded.
    """

    id: str
    emotion: Emotion
    copy: int


def check_sequences(config: TrainingConfig) -> None:
    """Refuse outputs that are not derived dimensions, a label delay, and copies of what has none.

    Raises:
        ConfigError: if the config is refused.
    """
    if not set(config.outputs) <= set(DERIVED_AXES):
        raise ConfigError(f"Training on sequences predicts {' and '.join(DERIVED_AXES)}, not {list(config.outputs)}.")
    if config.label_delay:
        raise ConfigError("'label_delay' makes up for raters who lag behind; labels of sequences have no delay.")
    take_no(config, "voices")
    if config.copies:
        require_copies(config)


def sequences(
    config: TrainingConfig, recordings: Recordings, partition: Partition | None = None, inputs: Inputs | None = None
) -> Data:
    """Make clips of one speaker with changing emotion, whose targets are derived dimensions per frame.

    All utterances of a speaker are put into a random order in which neighbours differ in emotion where possible, and
    this series is cut into windows; each epoch draws another order, and anew which utterances are taken from their
    corrupted copies. In training the last window continues at the start of the series, so that all windows have full
    length (recurrent models are four times faster without padding); in validation and test it is short, and the order
    is that of epoch 0.

    Raises:
        ConfigError: if an output is not a derived dimension, or the config has a label delay.
    """
    check_sequences(config)
    columns = [DERIVED_AXES[output] for output in config.outputs]
    values = {e: torch.tensor([CIRCUMPLEX[e][c] for c in columns]) for e in Emotion}
    arranged = arrange(config, recordings, partition, inputs)
    window = round(config.window / config.hop)

    @cache
    def length(piece: Piece) -> int:
        return len(next(iter(arranged.streams(piece.id, piece.copy).values())))

    def part_of(part: Split | None, cropped: bool, copies: int = 0) -> Part:
        groups = {str(speaker): own for speaker, own in arranged.of(part).groupby("speaker", sort=True)}
        who = {s: (s, own["culture"].iloc[0], _only_session(own)) for s, own in groups.items()}
        emotions = {s: ids_by_emotion(own["emotion"]) for s, own in groups.items()}

        @lru_cache(maxsize=4 * len(groups))
        def series(speaker: str, epoch: int, copy: int) -> list[Piece]:
            random = np.random.default_rng([config.seed, epoch + 1 if cropped else 0, *speaker.encode()])
            order = order_by_emotion(emotions[speaker], random)
            if not cropped:
                return [Piece(identity, emotion, copy) for identity, emotion in order]
            drawn = drawn_copies(len(order), arranged.copies, random)
            pieces = [Piece(*one, int(number)) for one, number in zip(order, drawn, strict=True)]
            return pieces * -(-counts[speaker, 0] * window // sum(map(length, pieces)))

        counts = {
            (speaker, copy): -(
                -sum(length(Piece(str(i), Emotion(e), copy)) for i, e in own["emotion"].items()) // window
            )
            for copy in range(copies + 1)
            for speaker, own in groups.items()
        }
        clips = [(speaker, copy, k) for (speaker, copy), count in counts.items() for k in range(count)]

        def make(epoch: int, number: int) -> Sample:
            speaker, copy, k = clips[number]
            cut = list(_cut(series(speaker, epoch, copy), length, k * window, window))
            streams = _joined(arranged, cut)
            target = torch.cat([values[p.emotion].expand(last - first, -1) for p, first, last in cut])
            label = " ".join(dict.fromkeys(p.emotion.value for p, _, _ in cut))
            return Sample(f"{speaker}#{k}", *who[speaker], label, streams, target)

        return Part(len(clips), make, [group(groups[s].iloc[0], config.balance) for s, _, _ in clips])

    data = with_copies(arranged.data(part_of, frames=True), arranged.copies, part_of)
    return replace(data, note=f"{data.note} {NOTE.format(extent=extent(config))}")


DATA.register("sequences")(DataKind(load_with_copies, sequences, check_sequences, frames=True))


def _only_session(recordings: pd.DataFrame) -> str | None:
    """Return the session of recordings, or None where they come from several sessions."""
    return text(recordings["session"].iloc[0]) if recordings["session"].nunique(dropna=False) == 1 else None


def ids_by_emotion(emotions: "pd.Series[Any]") -> dict[Any, np.ndarray]:
    """Return the ids of utterances by their emotion, given with its id as index; emotions in alphabetical order."""
    return {e: emotions.index[emotions == e].to_numpy() for e in sorted(emotions.unique())}


def order_by_emotion(ids: Mapping[Any, np.ndarray], random: np.random.Generator) -> list[tuple[str, Emotion]]:
    """Draw an order of utterances in which neighbours differ in emotion as long as that is possible.

    Args:
        ids: ids of the utterances of each emotion (:func:`ids_by_emotion`).
        random: generator that draws the order.

    Returns:
        The id and the emotion of each utterance.
    """
    left = {emotion: list(random.permutation(own)) for emotion, own in ids.items()}
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


def drawn_copies(count: int, copies: int, random: np.random.Generator) -> np.ndarray:
    """Draw for each utterance the number of one of its copies or, with equal chance, 0 for the utterance itself."""
    if not copies:
        return np.zeros(count, int)
    return np.where(random.random(count) < CORRUPTED, random.integers(1, copies + 1, count), 0)


def _joined(arranged: Arranged, cut: Sequence[tuple[Piece, int, int]]) -> dict[str, Tensor]:
    """Join the frames of pieces, from first frame to last frame + 1."""
    found = [(arranged.streams(piece.id, piece.copy), first, last) for piece, first, last in cut]
    return {name: torch.cat([own[name][first:last] for own, first, last in found]) for name in arranged.inputs}


def _cut(
    series: Sequence[Piece], length: Callable[[Piece], int], start: int, window: int
) -> Iterator[tuple[Piece, int, int]]:
    """Yield the pieces, with first frame and last frame + 1, of a series that lie in a window of frames."""
    position = 0
    for piece in series:
        own = length(piece)
        first, last = max(0, start - position), min(own, start + window - position)
        if first < last:
            yield piece, first, last
        position += own
