"""The contract of training data: samples, batches, the parts of a split, and the registry of kinds of data."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.data import Dataset

from ...checkpoints.description import FeatureSpec
from ...core.errors import ConfigError
from ...core.progress import Progress, silent
from ...core.registry import Registry
from ...core.vocabulary import Split
from ...features.store import FeatureStore
from ...models.inputs import Inputs
from ..config import TrainingConfig

TAKEN_BY = {"copies": "Utterances, windows, sequences and pictures", "voices": "Utterances and windows"}
"""Name of a setting -> the only kinds of data that take it."""


@dataclass(frozen=True)
class Sample:
    """One training sample or held-out recording.

    Attributes:
        id: name of the recording.
        speaker: speaker of the recording, or None where the speaker is unknown.
        culture: culture of the speaker, or None where it is unknown.
        session: conversation that the recording is part of, under a name that no other corpus has, or None.
        label: emotion for people to read, or "".
        streams: tensors (T, D) by the name of their stream.
        target: labels, (T, K) per frame or (K,) of the whole sample.
        trace: labels (M, K) at their own rate, M / T a whole number, where the grid is coarser; else None.
    """

    id: str
    speaker: str | None
    culture: str | None
    session: str | None
    label: str
    streams: Mapping[str, Tensor]
    target: Tensor
    trace: Tensor | None = None


@dataclass(frozen=True)
class Batch:
    """Samples that are padded to one length.

    Attributes:
        streams: tensors (B, T, D) by the name of their stream.
        mask: mask (B, T), true on real frames.
        target: labels, (B, T, K) per frame or (B, K).
        samples: the samples before they were padded.
    """

    streams: dict[str, Tensor]
    mask: Tensor
    target: Tensor
    samples: tuple[Sample, ...] = ()

    def to(self, device: torch.device) -> "Batch":
        """Return the batch with its tensors on a device; the samples stay where they are."""

        def move(values: Tensor) -> Tensor:
            return values.to(device, non_blocking=True)

        return replace(
            self,
            streams={name: move(values) for name, values in self.streams.items()},
            mask=move(self.mask),
            target=move(self.target),
        )

    def pin_memory(self) -> "Batch":
        """Return the batch in pinned memory, which a GPU can read directly."""
        streams = {name: values.pin_memory() for name, values in self.streams.items()}
        return replace(self, streams=streams, mask=self.mask.pin_memory(), target=self.target.pin_memory())


def collate(samples: Sequence[Sample]) -> Batch:
    """Pad samples at their end to the length of the longest, and stack them."""
    lengths = torch.tensor([next(iter(s.streams.values())).shape[0] for s in samples])
    longest = int(lengths.max())

    def pad(values: Tensor) -> Tensor:
        return functional.pad(values, (0, 0, 0, longest - values.shape[0]))

    streams = {name: torch.stack([pad(s.streams[name]) for s in samples]) for name in samples[0].streams}
    framewise = samples[0].target.ndim == 2
    target = torch.stack([pad(s.target) if framewise else s.target for s in samples])
    return Batch(streams, torch.arange(longest) < lengths[:, None], target, tuple(samples))


class Part(Dataset[Sample]):
    """The samples of one part of the split, indexed by ``(epoch, number)``.

    Args:
        count: number of samples.
        make: function that makes a sample from its epoch and number.
        groups: group of each sample, for balanced sampling.
        targets: target of each sample, where they are known without its streams.
    """

    def __init__(
        self,
        count: int,
        make: Callable[[int, int], Sample],
        groups: Sequence[str] = (),
        targets: Sequence[Tensor] = (),
    ) -> None:
        self.count = count
        self.make = make
        self.groups = groups or [""] * count
        self.targets = targets

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: tuple[int, int]) -> Sample:
        return self.make(*index)

    def __iter__(self) -> Iterator[Sample]:
        """Yield the samples of epoch 0 in order, as validation and test take them."""
        return (self.make(0, number) for number in range(self.count))


def training_mean(part: Part) -> np.ndarray:
    """Return the mean (K,) of the training targets over all frames, or over the class shares of all samples."""
    frames = [np.atleast_2d(t.numpy()) for t in part.targets or (sample.target for sample in part)]
    mean: np.ndarray = np.nanmean(np.concatenate(frames), axis=0)
    return mean


@dataclass(frozen=True)
class Data:
    """Everything that a training needs to know about its data.

    Attributes:
        features: description of each stream.
        inputs: transforms of the streams, fitted on the training speakers.
        parts: samples of train, validation and test; training samples may be cropped at random.
        whole: the same parts without crops, for code that looks at each recording once.
        everyone: all recordings of the corpora, for adaptation to a culture or speaker without labels.
        split: speakers of each part; empty where persons are unknown.
        split_note: one sentence that says how the parts were made.
        transformed: whether the samples' streams went through ``inputs`` already.
        frames: whether targets are per frame.
        note: limits of the corpora, for the model card.
        licences: licence of each corpus, by its title.
        augment: function that changes a training batch's streams at random, by torch's global generator.
        size: bytes of all streams.
        move: function that puts the streams on a device, where samples are made from then on; None where that cannot
            be done.
        people: people of each culture and language, as :func:`~emoviz.training.data.people.people_in` counts them.
        votes: shares of the raters' votes for each output, a row per recording; None where several raters did not vote.
    """

    features: tuple[FeatureSpec, ...]
    inputs: Inputs
    parts: Mapping[Split, Part]
    whole: Mapping[Split, Part]
    everyone: Part
    split: Mapping[Split, tuple[str, ...]]
    split_note: str
    transformed: bool
    frames: bool
    note: str
    licences: Mapping[str, str] = field(default_factory=dict)
    augment: Callable[[dict[str, Tensor]], dict[str, Tensor]] = dict
    size: int = 0
    move: Callable[[torch.device], None] | None = None
    people: tuple[dict[str, Any], ...] = ()
    votes: pd.DataFrame | None = None


S = TypeVar("S")
Partition = Mapping[Split, pd.Index]
"""The ids of the recordings of each part of the split."""


@dataclass(frozen=True)
class DataKind(Generic[S]):
    """A kind of training data: corpora are read once, and samples are made of them for each split.

    Attributes:
        load: function that reads the corpora of a config from a store.
        make: function that makes samples of these, in a given split or the usual one, with given transforms or newly
            fitted ones.
        check: function that refuses a config for which this kind has no samples.
        frames: whether targets are per frame.
        windows: whether a training sample is a window of several frames; otherwise it is a single frame.
        traced: whether targets are made of labels over time; otherwise of those of each recording as a whole.
        cut: function from recordings as they were read to the parts that are samples, where these are not whole ones;
            its argument ``some_classes`` says whether a class may be missing.
    """

    load: Callable[[TrainingConfig, FeatureStore, Progress], S]
    make: Callable[[TrainingConfig, S, Partition | None, Inputs | None], Data]
    check: Callable[[TrainingConfig], None]
    frames: bool
    windows: bool = True
    traced: bool = False
    cut: Callable[..., S] | None = None

    def __call__(self, config: TrainingConfig, store: FeatureStore, progress: Progress = silent) -> Data:
        """Check a config, read its corpora, and make its samples."""
        self.check(config)
        return self.make(config, self.load(config, store, progress), None, None)


DATA: Registry[DataKind[Any]] = Registry("kind of training data", home="emoviz.training.data")


def take_no(config: TrainingConfig, *settings: str) -> None:
    """Refuse settings of :data:`TAKEN_BY` in a kind of data that does not take them.

    Raises:
        ConfigError: if the config has such a setting.
    """
    for setting in settings:
        if getattr(config, setting):
            raise ConfigError(f"{TAKEN_BY[setting]} alone take '{setting}', not '{config.data}'.")
