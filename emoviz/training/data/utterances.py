"""Utterances as training data: one per sample, with an emotion, intensities or ratings of all of it as the target."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from ...core.errors import ConfigError
from ...core.vocabulary import DERIVED_AXES, INTENSITIES, Split, intensity
from ...features import make
from ...features.snippets import Snippets
from ...models.av_attention import augment_snippets
from ...models.inputs import Inputs
from ..config import TrainingConfig
from .arranged import Arranged, arrange, group, text
from .base import DATA, Data, DataKind, Part, Partition, Sample
from .copies import CORRUPTED, require_copies, with_copies
from .recordings import Recordings, binary_shares, load_with_copies
from .voices import Voices, require_voices


def check_utterances(config: TrainingConfig) -> None:
    """Refuse dimensions that are derived from emotions, and copies of what has none.

    Raises:
        ConfigError: if the outputs are derived dimensions, or an input has no corrupted copies.
    """
    if config.outputs[0] in DERIVED_AXES:
        raise ConfigError(
            "Training on utterances predicts emotions, intensities, rated dimensions or high and low of one; for "
            "derived ones use 'sequences'."
        )
    if config.copies:
        require_copies(config)
    if config.voices:
        require_voices(config)


WHOLE = 10**9
"""Number of frames that no utterance reaches, so that it is never cropped."""
Cut = Callable[["pd.Series[Any]", np.random.Generator], tuple[Mapping[str, Tensor], Tensor]]
"""Function that cuts a training sample: a row and a random generator give streams and a target (K,)."""


@dataclass(frozen=True)
class Utterances:
    """Utterances from which samples are made.

    Attributes:
        arranged: recordings.
        targets: target (K,) of each recording by its id.
        longest: largest number of frames of a training sample.
    """

    arranged: Arranged
    targets: Mapping[str, Tensor]
    longest: int

    def whole(self, identity: str, copy: int = 0) -> tuple[Mapping[str, Tensor], Tensor]:
        """Return the streams and the target of an utterance, or of its corrupted copy with a number."""
        return self.arranged.streams(identity, copy), self.targets[identity]

    def drawn(self, identity: str, random: np.random.Generator) -> tuple[Mapping[str, Tensor], Tensor]:
        """Return an utterance for training or, with equal chance, one of its copies, if there are any."""
        copies = self.arranged.copies
        corrupted = copies > 0 and random.random() < CORRUPTED
        return self.whole(identity, int(random.integers(1, copies + 1)) if corrupted else 0)


def utterances(
    config: TrainingConfig, recordings: Recordings, partition: Partition | None = None, inputs: Inputs | None = None
) -> Data:
    """Make one sample per utterance; its target is its one-hot class, the intensity of each emotion, or its ratings.

    Training takes crops of at most a window.

    Raises:
        ConfigError: if the outputs are derived dimensions.
    """

    def cutting(utterances: Utterances, rows: pd.DataFrame) -> Cut:
        def cut(row: "pd.Series[Any]", random: np.random.Generator) -> tuple[Mapping[str, Tensor], Tensor]:
            streams, target = utterances.drawn(str(row.name), random)
            return crop(streams, utterances.longest, random), target

        return cut

    return samples_of(config, recordings, partition, inputs, cutting)


def samples_of(
    config: TrainingConfig,
    recordings: Recordings,
    partition: Partition | None,
    inputs: Inputs | None,
    cutting: Callable[[Utterances, pd.DataFrame], Cut],
) -> Data:
    """Make a sample per utterance, which is cut in training and whole otherwise.

    Args:
        config: config of the training.
        recordings: recordings.
        partition: ids of the recordings of each part; None splits them by the config.
        inputs: fitted transforms; None fits them.
        cutting: function from the utterances and the rows of a part to the way in which its samples are cut.

    Raises:
        ConfigError: if the outputs are derived dimensions.
    """
    check_utterances(config)
    arranged = arrange(config, recordings, partition, inputs)
    longest = WHOLE if config.resample == "none" else round(config.window / config.hop)
    utterances = Utterances(arranged, clip_targets(config, recordings.table), longest)

    def part_of(part: Split | None, cropped: bool, copies: int = 0) -> Part:
        rows = arranged.of(part)
        cut = cutting(utterances, rows) if cropped else None
        if cut and config.voices:
            cut = in_voices(cut, Voices(arranged, _ids_by_speaker(rows), config.hop), config.voices)
        each = [row for _, row in rows.iterrows()]  # read once, as every epoch asks for them again
        facts = [(str(r.name), r["speaker"], r["culture"], text(r["session"]), text(r["emotion"]) or "") for r in each]

        def make(epoch: int, number: int) -> Sample:
            copy, place = divmod(number, len(each))
            if cut:
                streams, target = cut(each[place], np.random.default_rng([config.seed, epoch, number]))
            else:
                streams, target = utterances.whole(facts[place][0], copy)
            return Sample(*facts[place], streams, target)

        groups = [group(row, config.balance) for row in each]
        known = [] if cropped else [utterances.targets[str(i)] for i in rows.index] * (copies + 1)
        return Part(len(rows) * (copies + 1), make, groups * (copies + 1), known)

    data = replace(arranged.data(part_of, frames=False), augment=partial(augmented, pictures_of(config)))
    return with_copies(data, arranged.copies, part_of)


def pictures_of(config: TrainingConfig) -> dict[str, tuple[int, int, int, int]]:
    """Return colours, frames, height and width of each stream of a config that holds snippets of raw pictures."""
    plain = [one for one in config.inputs if one.feature == "snippets" and not (one.standardise or one.components)]
    shapes = [make(one.feature, one.settings) for one in plain]
    return {one.name: (3, one.frames, one.side, one.side) for one in shapes if isinstance(one, Snippets)}


def augmented(pictures: Mapping[str, tuple[int, int, int, int]], streams: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return a training batch's streams (B, T, D), with pictures cropped, mirrored and brightened at random."""
    changed = {name: augment_snippets(streams[name], shape) for name, shape in pictures.items()}
    return {**streams, **changed}


def _ids_by_speaker(rows: pd.DataFrame) -> dict[str, list[str]]:
    return {str(speaker): list(map(str, own.index)) for speaker, own in rows.groupby("speaker")}


def in_voices(cut: Cut, voices: Voices, share: float) -> Cut:
    """Cut samples, and read a share of them at the level and the spread of other people's features."""

    def moved(row: "pd.Series[Any]", random: np.random.Generator) -> tuple[Mapping[str, Tensor], Tensor]:
        streams, target = cut(row, random)
        known = text(row["speaker"]) is not None and random.random() < share
        return voices(streams, row["speaker"], random) if known else streams, target

    return moved


def crop(streams: Mapping[str, Tensor], longest: int, random: np.random.Generator) -> dict[str, Tensor]:
    """Cut a random piece of a largest number of frames out of an utterance."""
    length = len(next(iter(streams.values())))
    first = int(random.integers(0, max(0, length - longest) + 1))
    return {name: values[first : first + longest] for name, values in streams.items()}


def clip_targets(config: TrainingConfig, table: pd.DataFrame) -> dict[str, Tensor]:
    """Return the target (K,) of each recording by its id.

    It is a one-hot emotion, high or low of a rating, the ratings, or the stated intensity of the recording's emotion
    and 0 for the others.
    """
    if config.kind == "emotion":
        values = (table["emotion"].to_numpy()[:, None] == np.array(config.outputs)).astype(np.float32)
    elif config.kind == "binary":
        values = binary_shares(config, table)
    elif config.kind == "dimension":
        values = table[list(config.outputs)].to_numpy(np.float32)
    else:
        strength = table["intensity"].map(INTENSITIES).fillna(0.0)  # of emotions that are not predicted
        emotions = np.array([intensity(e) for e in table["emotion"]])
        values = (emotions[:, None] == np.array(config.outputs)) * strength.to_numpy(np.float32)[:, None]
    return dict(zip(map(str, table.index), torch.from_numpy(values.astype(np.float32)), strict=True))


DATA.register("utterances")(DataKind(load_with_copies, utterances, check_utterances, frames=False))
