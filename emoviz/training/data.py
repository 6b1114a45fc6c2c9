"""Samples for training, from a feature store: recordings with their streams, targets and split.

A registered function turns a config and a store into :class:`Data`. Three kinds:

- ``pictures``: one face crop per sample, targets are the raters' vote shares.
- ``utterances``: one utterance per sample, its emotion the target; longer ones than the window are cropped at random.
- ``sequences``: clips of one speaker, made of utterances with different emotions one after the other, so that
  valence and arousal (derived) change within a clip.

What is random in a sample depends only on the seed, the epoch and the sample's number, so that an interrupted
and resumed training sees what an uninterrupted one would have.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.data import Dataset, Sampler

from ..checkpoint import FeatureSpec
from ..define import CIRCUMPLEX, DERIVED_AXES, Emotion, Split
from ..errors import ConfigError, CorpusError
from ..features.align import align, common_times
from ..features.store import FeatureStore
from ..inputs import Inputs
from ..progress import Progress, silent
from ..registry import Registry
from .config import TrainingConfig
from .splits import by_speaker, check_disjoint


@dataclass(frozen=True)
class Sample:
    """One training sample or held-out recording.

    Attributes:
        id: of the recording.
        speaker: or None.
        culture: or None.
        label: emotion for people to read, or "".
        streams: name -> (T, D) tensor.
        target: (T, K) per frame or (K,).
    """

    id: str
    speaker: str | None
    culture: str | None
    label: str
    streams: Mapping[str, Tensor]
    target: Tensor


@dataclass(frozen=True)
class Batch:
    """Padded samples: streams (B, T, D), mask (B, T), target (B, T, K) or (B, K)."""

    streams: dict[str, Tensor]
    mask: Tensor
    target: Tensor
    samples: tuple[Sample, ...] = ()


def collate(samples: Sequence[Sample]) -> Batch:
    """Pad samples at their end to the longest."""
    lengths = torch.tensor([next(iter(s.streams.values())).shape[0] for s in samples])
    longest = int(lengths.max())

    def pad(values: Tensor) -> Tensor:
        return functional.pad(values, (0, 0, 0, longest - values.shape[0]))

    streams = {name: torch.stack([pad(s.streams[name]) for s in samples]) for name in samples[0].streams}
    framewise = samples[0].target.ndim == 2
    target = torch.stack([pad(s.target) if framewise else s.target for s in samples])
    return Batch(streams, torch.arange(longest) < lengths[:, None], target, tuple(samples))


class Part(Dataset[Sample]):
    """The samples of one part of the split; indexed by ``(epoch, number)``."""

    def __init__(self, count: int, make: Callable[[int, int], Sample], groups: Sequence[str] = ()) -> None:
        self.count = count
        self.make = make
        self.groups = groups or [""] * count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: tuple[int, int]) -> Sample:
        return self.make(*index)

    def __iter__(self) -> Iterator[Sample]:
        """The samples of epoch 0 in order, as validation and test take them."""
        return (self.make(0, number) for number in range(self.count))


class EpochSampler(Sampler[tuple[int, int]]):
    """Every sample once per epoch in random order, or, given groups, drawn so that groups occur equally often."""

    def __init__(self, part: Part, seed: int, balanced: bool) -> None:
        self.part = part
        self.seed = seed
        self.balanced = balanced
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Called by Lightning before each epoch."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.part)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        random = np.random.default_rng([self.seed, self.epoch])
        if self.balanced:
            groups = pd.Series(self.part.groups)
            weights = (1 / groups.map(groups.value_counts())).to_numpy(dtype=float)
            order = random.choice(len(self.part), len(self.part), p=weights / weights.sum())
        else:
            order = random.permutation(len(self.part))
        return ((self.epoch, int(number)) for number in order)


@dataclass(frozen=True)
class Data:
    """All that a training needs to know of its data.

    Attributes:
        features: what the streams are.
        inputs: transforms of the streams, fitted on the training speakers.
        parts: train, validation and test.
        split: part -> its speakers; empty where persons are unknown.
        split_note: how the parts were made, one sentence.
        transformed: whether the samples' streams went through ``inputs`` already.
        frames: whether targets are per frame.
        note: of what a reader must know, for the card.
        licences: of the corpora.
        augment: changes a training batch's streams at random; uses torch's global generator.
    """

    features: tuple[FeatureSpec, ...]
    inputs: Inputs
    parts: Mapping[Split, Part]
    split: Mapping[Split, tuple[str, ...]]
    split_note: str
    transformed: bool
    frames: bool
    note: str
    licences: Mapping[str, str] = field(default_factory=dict)
    augment: Callable[[dict[str, Tensor]], dict[str, Tensor]] = dict


class DataMaker(Protocol):
    """Makes the data of a training from its config and a feature store."""

    def __call__(self, config: TrainingConfig, store: FeatureStore, progress: Progress = silent) -> Data:
        """See the protocol."""
        ...


DATA: Registry[DataMaker] = Registry("kind of training data")


@DATA.register("pictures")
def pictures(config: TrainingConfig, store: FeatureStore, progress: Progress = silent) -> Data:
    """Face crops with vote shares, in the published split of the corpus.

    Training takes every picture with a target; validation and test only those with a majority emotion.

    Raises:
        ConfigError: the config asks for more than one corpus or stream.
        CorpusError: the corpus is not in the store or has no pictures.
    """
    if len(config.corpora) != 1 or len(config.inputs) != 1:
        raise ConfigError("Training on pictures takes one corpus and one input.")
    corpus = store.corpus(config.corpora[0])
    if corpus.pictures is None:
        raise CorpusError(f"The corpus '{corpus.name}' has no pictures; train on pictures with ferplus.")
    grey = torch.from_numpy(corpus.pictures.reshape(len(corpus.pictures), 1, -1))
    shares = torch.from_numpy(
        corpus.labels[[f"share.{e}" for e in config.outputs]].to_numpy(dtype=np.float32, copy=True)
    )
    majority = corpus.labels["emotion"]
    usable = {part: majority.notna().to_numpy() for part in Split} | {Split.TRAIN: ~shares.isnan().any(1).numpy()}
    name = config.inputs[0].feature

    def part_of(part: Split) -> Part:
        rows = np.flatnonzero((corpus.recordings["session"] == part).to_numpy() & usable[part])
        one_hot = torch.eye(len(config.outputs))
        classes = [str(c) for c in config.outputs]

        def make(epoch: int, number: int) -> Sample:
            row = rows[number]
            label = majority.iloc[row]
            target = shares[row] if part is Split.TRAIN else one_hot[classes.index(label)]
            label = label if isinstance(label, str) else ""
            crop = grey[row].float() / 255
            return Sample(str(corpus.recordings.index[row]), None, None, label, {name: crop}, target)

        return Part(len(rows), make)

    width = grey.shape[-1]
    return Data(
        features=(FeatureSpec(name, "1", {}, (), width),),
        inputs=Inputs(config.inputs, {name: width}),
        parts={part: part_of(part) for part in Split},
        split={},
        split_note=f"The parts are those that {corpus.title} is published with; persons are unknown.",
        transformed=False,
        frames=False,
        note=corpus.limits,
        licences={corpus.title: corpus.licence},
        augment=lambda streams: {name: augment_crops(streams[name]) for name in streams},
    )


def augment_crops(crops: Tensor) -> Tensor:
    """Change face crops as our own cropping of a video changes them against FER2013's.

    Mirror; turn, scale, shift and stretch (another framing); blur and noise (another camera, compression);
    contrast curve (another light); a rectangle erased in some (a hand, a microphone).

    Args:
        crops: (B, 1, side * side) in [0, 1].

    Returns:
        The same shape; values may leave [0, 1] slightly.
    """
    count, side = len(crops), round(crops.shape[-1] ** 0.5)
    pictures = crops.reshape(count, 1, side, side)

    def uniform(low: float, high: float) -> Tensor:
        return torch.empty(count, device=crops.device).uniform_(low, high)

    angle, scale, stretch = uniform(-0.3, 0.3), uniform(0.8, 1.2), uniform(0.92, 1.08)
    mirror = torch.where(uniform(0, 1) < 0.5, -1.0, 1.0)
    cosine, sine = torch.cos(angle) / scale, torch.sin(angle) / scale
    rows = [torch.stack([cosine * mirror * stretch, -sine, uniform(-0.16, 0.16)], 1),
            torch.stack([sine * mirror, cosine / stretch, uniform(-0.16, 0.16)], 1)]  # fmt: skip
    grid = functional.affine_grid(torch.stack(rows, 1), list(pictures.shape), align_corners=False)
    pictures = functional.grid_sample(pictures, grid, padding_mode="border", align_corners=False)
    blurred = functional.avg_pool2d(functional.pad(pictures, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
    pictures = torch.lerp(pictures, blurred, (uniform(-1, 1).clamp(min=0) * 0.9)[:, None, None, None])
    pictures = pictures.clamp(min=1e-3) ** torch.exp(uniform(-0.5, 0.5))[:, None, None, None]
    pictures = pictures + torch.randn_like(pictures) * (uniform(-1, 1).clamp(min=0) * 0.06)[:, None, None, None]
    place = torch.arange(side, device=crops.device)
    top, left = uniform(-1, 1) * side, uniform(-1, 1) * side
    high, wide = uniform(0.1, 0.4) * side, uniform(0.1, 0.4) * side
    inside_rows = (place >= top[:, None]) & (place < (top + high)[:, None])
    inside_columns = (place >= left[:, None]) & (place < (left + wide)[:, None])
    erased = (inside_rows[:, :, None] & inside_columns[:, None, :])[:, None]
    pictures = torch.where(erased, pictures.mean((2, 3), keepdim=True), pictures)
    return pictures.reshape(crops.shape)


@dataclass(frozen=True)
class Utterances:
    """Transformed utterances of all corpora of a config.

    Attributes:
        table: one row per utterance: id (index), speaker, culture, emotion.
        streams: id -> stream name -> (T, D) tensor on the grid.
        data: features, inputs, split, note and licences; its parts are empty.
    """

    table: pd.DataFrame
    streams: Mapping[str, Mapping[str, Tensor]]
    features: tuple[FeatureSpec, ...]
    inputs: Inputs
    split: Mapping[Split, tuple[str, ...]]
    note: str
    licences: Mapping[str, str]

    def of(self, part: Split) -> pd.DataFrame:
        """The rows of one part."""
        return self.table[self.table["speaker"].isin(self.split[part])]


def load_utterances(config: TrainingConfig, store: FeatureStore, progress: Progress = silent) -> Utterances:
    """Read, align, split and transform the utterances of a config's corpora.

    Raises:
        CorpusError: a corpus is not in the store.
        FeatureError: a feature was not extracted.
        SplitError: a culture has too few speakers.
    """
    corpora = [store.corpus(name) for name in config.corpora]
    columns = ["key", "speaker", "culture"]
    table = pd.concat([c.recordings[columns].join(c.labels["emotion"]) for c in corpora])
    if config.kind == "emotion":
        table = table[table["emotion"].isin(config.outputs)]
    split = by_speaker(table, config.validation_share, config.test_share, config.seed)
    check_disjoint(split)
    names = [i.feature for i in config.inputs]
    raw: dict[str, dict[str, np.ndarray]] = {}
    specs: dict[str, FeatureSpec] = {}
    for number, (identity, key) in enumerate(table["key"].items()):
        progress("Reading features", number, len(table))
        found = {name: store.stream(key, name) for name in names}
        times = common_times(found.values(), config.hop)
        raw[str(identity)] = {name: align(stream, times, "linear") for name, stream in found.items()}
        for name, stream in found.items():
            if name not in specs:
                version, settings = store.identity(name)
                specs[name] = FeatureSpec(name, version, settings, stream.channels, len(stream.channels))
    inputs = Inputs(config.inputs, {name: spec.width for name, spec in specs.items()})
    training = table.index[table["speaker"].isin(split[Split.TRAIN])]
    for name in names:
        progress(f"Fitting the transform of {name}", 0, 1)
        inputs[name].fit(np.concatenate([raw[str(i)][name] for i in training]))  # type: ignore[operator]
    with torch.no_grad():
        streams = {i: inputs({n: torch.from_numpy(v) for n, v in found.items()}) for i, found in raw.items()}
    return Utterances(
        table=table,
        streams=streams,
        features=tuple(specs[name] for name in names),
        inputs=inputs,
        split=split,
        note=" ".join(f"{c.title}: {c.limits}" for c in corpora),
        licences={c.title: c.licence for c in corpora},
    )


@DATA.register("utterances")
def utterances(config: TrainingConfig, store: FeatureStore, progress: Progress = silent) -> Data:
    """One utterance per sample, one-hot emotion as target; training crops of at most a window.

    Raises:
        ConfigError: the outputs are no emotions.
    """
    if config.kind != "emotion":
        raise ConfigError("Training on utterances predicts emotions; for dimensions use 'sequences'.")
    loaded = load_utterances(config, store, progress)
    longest = round(config.window / config.hop)
    one_hot = torch.eye(len(config.outputs))

    def part_of(part: Split) -> Part:
        rows = loaded.of(part)

        def make(epoch: int, number: int) -> Sample:
            row = rows.iloc[number]
            streams = loaded.streams[str(row.name)]
            length = len(next(iter(streams.values())))
            if part is Split.TRAIN and length > longest:
                first = int(np.random.default_rng([config.seed, epoch, number]).integers(0, length - longest + 1))
                streams = {name: values[first : first + longest] for name, values in streams.items()}
            target = one_hot[list(config.outputs).index(row["emotion"])]
            return Sample(str(row.name), row["speaker"], row["culture"], row["emotion"], streams, target)

        return Part(len(rows), make, [_group(row, config.balance) for _, row in rows.iterrows()])

    return _speech_data(loaded, {part: part_of(part) for part in Split}, frames=False)


@DATA.register("sequences")
def sequences(config: TrainingConfig, store: FeatureStore, progress: Progress = silent) -> Data:
    """Clips of one speaker with changing emotion; targets are derived dimensions per frame.

    All utterances of a speaker, in a random order in which neighbours differ in emotion where possible,
    make one long series that is cut into windows; each epoch draws another order. In training the last
    window goes on at the start of the series, so that all have full length (recurrent models are four times
    faster without padding); in validation and test it is short, and the order is that of epoch 0.

    Raises:
        ConfigError: the outputs are no derived dimensions.
    """
    if not set(config.outputs) <= set(DERIVED_AXES):
        raise ConfigError(f"Training on sequences predicts {' and '.join(DERIVED_AXES)}, not {list(config.outputs)}.")
    columns = [DERIVED_AXES[output] for output in config.outputs]
    values = {e: torch.tensor([CIRCUMPLEX[e][c] for c in columns]) for e in Emotion}
    loaded = load_utterances(config, store, progress)
    window = round(config.window / config.hop)
    lengths = {i: len(next(iter(streams.values()))) for i, streams in loaded.streams.items()}

    def part_of(part: Split) -> Part:
        rows = loaded.of(part)
        speakers = [(str(s), g) for s, g in rows.groupby("speaker", sort=True)]
        clips = [(s, k) for s, g in speakers for k in range(-(-sum(lengths[str(i)] for i in g.index) // window))]
        groups = dict(speakers)
        fixed = part is not Split.TRAIN

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
                name: torch.cat([loaded.streams[i][name][first:last] for i, _, first, last in pieces])
                for name in loaded.inputs
            }
            target = torch.cat([values[e].expand(last - first, -1) for _, e, first, last in pieces])
            culture = groups[speaker]["culture"].iloc[0]
            label = " ".join(dict.fromkeys(e.value for _, e, _, _ in pieces))
            return Sample(f"{speaker}#{k}", speaker, culture, label, streams, target)

        return Part(len(clips), make, [_group(groups[s].iloc[0], config.balance) for s, _ in clips])

    return _speech_data(loaded, {part: part_of(part) for part in Split}, frames=True)


def order_by_emotion(emotions: pd.Series, random: np.random.Generator) -> list[tuple[str, Emotion]]:
    """A random order of utterances in which neighbours differ in emotion as long as that is possible.

    Args:
        emotions: id -> emotion.
        random: what draws it.

    Returns:
        (id, emotion) of each utterance once.
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
    """The pieces (id, emotion, first frame, last frame + 1) of ``series`` that lie in a window of frames."""
    position = 0
    for identity, emotion in series:
        first, last = max(0, start - position), min(lengths[identity], start + length - position)
        if first < last:
            yield identity, emotion, first, last
        position += lengths[identity]


def _group(row: pd.Series, columns: Sequence[str]) -> str:
    """The group of a sample for balanced sampling: the values of the columns."""
    return "/".join(str(row[column]) for column in columns)


def _speech_data(loaded: Utterances, parts: Mapping[Split, Part], frames: bool) -> Data:
    return Data(
        features=loaded.features,
        inputs=loaded.inputs,
        parts=parts,
        split=loaded.split,
        split_note="The parts share no speaker; `config.json` lists the speakers of each.",
        transformed=True,
        frames=frames,
        note=loaded.note,
        licences=loaded.licences,
    )
