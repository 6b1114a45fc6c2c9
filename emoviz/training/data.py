"""Samples for training, from a feature store: recordings with their streams, targets and split.

A registered :class:`DataKind` turns a config and a store into :class:`Data`. Four kinds:

- ``pictures``: one face crop per sample, targets are the raters' vote shares.
- ``utterances``: one utterance per sample, its emotion, or ratings of the whole of it, the target; longer ones than the
  window are cropped at random.
- ``sequences``: clips of one speaker, made of utterances with different emotions one after the other, so that
  valence and arousal (derived) change within a clip.
- ``traces``: recordings whose labels change over time.

What is random in a sample depends only on the seed, the epoch and the sample's number, so that an interrupted
and resumed training sees what an uninterrupted one would have.
"""

import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Generic, TypeVar

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.data import Dataset, Sampler

from ..checkpoints.folder import MOST_NAMED, FeatureSpec
from ..core.errors import ConfigError, CorpusError, FeatureError
from ..core.progress import Progress, silent
from ..core.registry import Registry
from ..core.vocabulary import CIRCUMPLEX, DERIVED_AXES, INTENSITIES, Dimension, Emotion, Split, intensity
from ..corpora.inventory import Tables
from ..features.align import align, common_times
from ..features.base import FeatureStream
from ..features.store import WHOLE, FeatureStore, StoredCorpus
from ..models.inputs import Inputs
from .config import TrainingConfig
from .splits import by_speaker, check_disjoint
from .world import World


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
        trace: (M, K) labels at their own rate, M / T a whole number, where the grid is coarser; else None.
        session: the conversation that the recording is part of, or None.
    """

    id: str
    speaker: str | None
    culture: str | None
    label: str
    streams: Mapping[str, Tensor]
    target: Tensor
    trace: Tensor | None = None
    session: str | None = None


@dataclass(frozen=True)
class Batch:
    """Padded samples: streams (B, T, D), mask (B, T), target (B, T, K) or (B, K)."""

    streams: dict[str, Tensor]
    mask: Tensor
    target: Tensor
    samples: tuple[Sample, ...] = ()

    def to(self, device: torch.device) -> "Batch":
        """The same with its tensors on a device; the samples stay where they are."""

        def move(values: Tensor) -> Tensor:
            return values.to(device, non_blocking=True)

        return replace(
            self,
            streams={name: move(values) for name, values in self.streams.items()},
            mask=move(self.mask),
            target=move(self.target),
        )

    def pin_memory(self) -> "Batch":
        """The same in memory that a GPU reads by itself."""
        streams = {name: values.pin_memory() for name, values in self.streams.items()}
        return replace(self, streams=streams, mask=self.mask.pin_memory(), target=self.target.pin_memory())


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
    """Every sample once per epoch in random order, or, given groups, drawn so that groups occur equally often.

    Of processes that share a training, each takes every n-th sample of one order, so that together they see the batches
    that one would.
    """

    def __init__(self, part: Part, seed: int, balanced: bool, world: World = World()) -> None:  # noqa: B008 - frozen
        self.part = part
        self.world = world
        self.seed = seed
        self.balanced = balanced
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Called by Lightning before each epoch."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.part) // self.world.size

    def __iter__(self) -> Iterator[tuple[int, int]]:
        random = np.random.default_rng([self.seed, self.epoch])
        if self.balanced:
            groups = pd.Series(self.part.groups)
            weights = (1 / groups.map(groups.value_counts())).to_numpy(dtype=float)
            order = random.choice(len(self.part), len(self.part), p=weights / weights.sum())
        else:
            order = random.permutation(len(self.part))
        own = order[self.world.rank :: self.world.size][: len(self)]
        return ((self.epoch, int(number)) for number in own)


@dataclass(frozen=True)
class Data:
    """All that a training needs to know of its data.

    Attributes:
        features: what the streams are.
        inputs: transforms of the streams, fitted on the training speakers.
        parts: train, validation and test; training samples may be cropped at random.
        whole: the same without crops, for what looks at each recording once.
        everyone: all recordings of the corpora, for adaptation to a culture or speaker without labels.
        split: part -> its speakers; empty where persons are unknown.
        split_note: how the parts were made, one sentence.
        transformed: whether the samples' streams went through ``inputs`` already.
        frames: whether targets are per frame.
        note: of what a reader must know, for the card.
        licences: of the corpora.
        augment: changes a training batch's streams at random; uses torch's global generator.
        size: bytes of all streams.
        move: puts the streams on a device, where samples are made from then on; None where that cannot be done.
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


S = TypeVar("S")
Partition = Mapping[Split, pd.Index]
"""Part of the split -> ids of its recordings."""


@dataclass(frozen=True)
class DataKind(Generic[S]):
    """A kind of training data: what is read once, and how samples are made of it for one split.

    Attributes:
        load: reads the corpora of a config from a store.
        make: samples of what was read, in a given split or the usual one, with given transforms or fitted ones.
        check: refuses a config that such data cannot serve.
        frames: whether targets are per frame.
    """

    load: Callable[[TrainingConfig, FeatureStore, Progress], S]
    make: Callable[[TrainingConfig, S, Partition | None, Inputs | None], Data]
    check: Callable[[TrainingConfig], None]
    frames: bool

    def __call__(self, config: TrainingConfig, store: FeatureStore, progress: Progress = silent) -> Data:
        """Check, read and make in one."""
        self.check(config)
        return self.make(config, self.load(config, store, progress), None, None)


DATA: Registry[DataKind[Any]] = Registry("kind of training data")


def check_pictures(config: TrainingConfig) -> None:
    """Refuse more than one corpus or stream, and outputs that pictures have no labels for.

    Raises:
        ConfigError: so.
    """
    if len(config.corpora) != 1 or len(config.inputs) != 1:
        raise ConfigError("Training on pictures takes one corpus and one input.")
    if config.kind != "emotion":
        raise ConfigError("Training on pictures predicts emotions.")


def load_pictures(config: TrainingConfig, store: FeatureStore, progress: Progress = silent) -> StoredCorpus:
    """The one corpus of pictures.

    Raises:
        ConfigError: the config asks for more than one corpus or stream.
        CorpusError: the corpus is not in the store or has no pictures.
    """
    check_pictures(config)
    corpus = store.corpus(config.corpora[0])
    if corpus.pictures is None:
        raise CorpusError(f"The corpus '{corpus.name}' has no pictures; train on pictures with ferplus.")
    return corpus


def pictures(
    config: TrainingConfig, corpus: StoredCorpus, partition: Partition | None = None, inputs: Inputs | None = None
) -> Data:
    """Face crops with vote shares, in the published split of the corpus.

    Training takes every picture with a target; validation and test only those with a majority emotion.

    Raises:
        ConfigError: another split is asked for.
    """
    if partition is not None:
        raise ConfigError(f"The persons of '{corpus.name}' are unknown, so its published split is the only one.")
    assert corpus.pictures is not None
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
        whole={part: part_of(part) for part in Split},
        everyone=part_of(Split.TRAIN),
        split={},
        split_note=f"The parts are those that {corpus.title} is published with; persons are unknown.",
        transformed=False,
        frames=False,
        note=corpus.limits,
        licences={corpus.title: corpus.licence},
        augment=lambda streams: {name: augment_crops(streams[name]) for name in streams},
    )


DATA.register("pictures")(DataKind(load_pictures, pictures, check_pictures, frames=False))


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
class Recordings:
    """All recordings of the corpora of a config, on its grid.

    Attributes:
        table: one row per recording: id (index), speaker, culture, session, emotion and, where stated, intensity.
        streams: id -> stream name -> raw features (T, D), float32.
        traces: id -> (T, dimensions) labels over time; empty for corpora with labels per clip.
        features: what the streams are.
        note: what a reader must know.
        licences: of the corpora.
    """

    table: pd.DataFrame
    streams: Mapping[str, Mapping[str, np.ndarray]]
    traces: Mapping[str, pd.DataFrame]
    features: tuple[FeatureSpec, ...]
    note: str
    licences: Mapping[str, str]


def load_recordings(
    config: TrainingConfig,
    store: FeatureStore,
    progress: Progress = silent,
    speakers: Collection[str] | None = None,
) -> Recordings:
    """Read and align the recordings of a config's corpora, and standardise them as it says.

    Args:
        config: what to train.
        store: with the features.
        progress: told of every recording.
        speakers: whose recordings are read and standardised; None is all.

    Raises:
        CorpusError: a corpus is not in the store, or no recording has such a label.
        MissingWeightsError: an encoder's weights are not on this machine.
        FeatureError: a feature was not extracted.
        ConfigError: the grid does not fit the traces, or an extractor has no such setting.
    """
    chosen = {i.feature: i.settings for i in config.inputs}
    identities = {name: store.identity(name, settings) for name, settings in chosen.items()}
    corpora = [store.corpus(name) for name in config.corpora]
    table = labelled(config, corpora, ["key", "speaker", "culture", "session"])
    if speakers is not None:
        table = table[table["speaker"].isin(speakers)]
    traces = {str(i): rows for c in corpora if not c.traces.empty for i, rows in c.traces.groupby("id")}
    shipped = {name: streams for c in corpora for name, streams in c.shipped.items()}
    streams: dict[str, dict[str, np.ndarray]] = {}
    specs: dict[str, FeatureSpec] = {}
    for number, (index, key) in enumerate(table["key"].items()):
        progress("Reading features", number, len(table))
        identity = str(index)
        found = {
            name: shipped[name][identity] if identity in shipped.get(name, {}) else _stored(store, key, name, settings)
            for name, settings in chosen.items()
        }
        times = _trace_times(config, traces[identity]) if identity in traces else _times(config, found.values())
        streams[identity] = {name: align(stream, times, config.resample) for name, stream in found.items()}
        for name, stream in found.items():
            if name not in specs:
                width = len(stream.channels)
                channels = stream.channels if width <= MOST_NAMED else ()
                specs[name] = FeatureSpec(name, *identities[name], channels, width, chosen[name])
    if config.standardise_by != "none":
        progress(f"Standardising by {config.standardise_by}", 0, 1)
        streams = standardise(streams, table, config.standardise_by, config.speaker_weight)
    return Recordings(
        table=table,
        streams=streams,
        traces=traces,
        features=tuple(specs[name] for name in chosen),
        note=" ".join(f"{c.title}: {c.limits}" for c in corpora),
        licences={c.title: c.licence for c in corpora},
    )


def labelled(config: TrainingConfig, corpora: Sequence[Tables], columns: Sequence[str]) -> pd.DataFrame:
    """Recordings with their labels: those that have one of the config's emotions, or a rating that it predicts.

    Args:
        config: what to train.
        corpora: of the config.
        columns: of their recordings.

    Returns:
        Index id; those columns, ``emotion``, ``intensity`` and one per dimension, NaN where unknown.

    Raises:
        CorpusError: there is none.
    """
    labels = ["emotion", "intensity", *Dimension]
    table = pd.concat([c.recordings[list(columns)].join(c.labels.reindex(columns=labels)) for c in corpora])
    if config.kind == "emotion":
        table = table[table["emotion"].isin(config.outputs)]
    elif config.kind == "dimension" and not DATA[config.data].frames:
        table = table.dropna(subset=list(config.outputs), how="all")
    if table.empty:
        raise CorpusError(f"No recording of {', '.join(config.corpora)} has one of the outputs as its label.")
    return table


def _stored(store: FeatureStore, key: str | None, name: str, settings: Mapping[str, Any]) -> FeatureStream:
    if not isinstance(key, str):
        raise FeatureError(f"A recording has no media from which '{name}' could be extracted, and does not bring it.")
    return store.stream(key, name, settings)


def _times(config: TrainingConfig, streams: Iterable[FeatureStream]) -> np.ndarray:
    """The grid of a recording; one frame where its features are known of it as a whole only."""
    timed = [stream for stream in streams if stream.hop < WHOLE]
    return common_times(timed, config.hop) if timed else np.zeros(1)


def _trace_times(config: TrainingConfig, trace: pd.DataFrame) -> np.ndarray:
    """The grid of a recording with traces: their own times, or the middles of as many of them as a hop takes."""
    step = trace_step(config, trace)
    times = trace["time"].to_numpy()
    return times[: len(times) // step * step].reshape(-1, step).mean(1)


def trace_step(config: TrainingConfig, trace: pd.DataFrame) -> int:
    """How many labels a frame of the grid spans.

    Raises:
        ConfigError: not a whole number.
    """
    hop = np.diff(trace["time"]).mean()
    step = round(config.hop / hop)
    if step < 1 or abs(config.hop - step * hop) > 1e-3 * hop:
        raise ConfigError(
            f"The traces have a value every {hop:.3g} s, so 'hop' is a multiple of that, not {config.hop:g}."
        )
    return step


def standardise(
    streams: Mapping[str, Mapping[str, np.ndarray]], table: pd.DataFrame, by: str, speaker_weight: float = 0.0
) -> dict[str, dict[str, np.ndarray]]:
    r"""Bring the recordings of each culture, or speaker, to one level and spread, channel by channel; no label is read.

    What recordings differ in, their means :math:`\mu_u`, and what happens within them are scaled apart, since a room
    or a voice changes both:

    .. math:: x'_t = \frac{\mu_u - m}{s_b} + \frac{x_t - \mu_u}{s_w}

    with m and :math:`s_b` the mean and standard deviation of the group's :math:`\mu_u`, and :math:`s_w^2` the mean of
    its recordings' variances. A speaker's figures are drawn towards the culture's,

    .. math:: m = \frac{n\,m_s + w\,m_c}{n + w}

    and likewise for the mean squares, with n recordings of the speaker and weight w. Missing frames are left out and
    stay missing.

    Args:
        streams: id -> name -> (T, D).
        table: columns ``speaker`` and ``culture``, index id.
        by: ``culture`` or ``speaker``.
        speaker_weight: w.

    Returns:
        The streams in the same form.
    """
    ids = [str(i) for i in table.index]
    result: dict[str, dict[str, np.ndarray]] = {i: {} for i in ids}
    members = {c: np.flatnonzero(table["culture"] == c) for c in table["culture"].unique()}
    for name in next(iter(streams.values())):
        moments = np.stack([_moments(streams[i][name]) for i in ids])
        for rows in members.values():
            whole = np.nanmean(moments[rows], axis=0)
            speakers = table["speaker"].iloc[rows] if by == "speaker" else pd.Series("all", table.index[rows])
            for positions in speakers.reset_index(drop=True).groupby(speakers.to_numpy()).indices.values():
                group = rows[positions]
                weight = speaker_weight if by == "speaker" else 0.0
                own = np.nanmean(moments[group], axis=0)
                level, square, within = (len(group) * own + weight * whole) / (len(group) + weight)
                between = np.sqrt(np.maximum(square - level**2, 1e-8))
                for row in group:
                    mean = moments[row, 0]
                    values = (mean - level) / between + (streams[ids[row]][name] - mean) / np.sqrt(within + 1e-8)
                    result[ids[row]][name] = values.astype(np.float32)
    return result


def _moments(values: np.ndarray) -> np.ndarray:
    """(3, D): mean over the frames, its square, and variance; NaN where nothing is known."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of a recording without a single known frame
        values = values.astype(np.float64)
        mean = np.nanmean(values, axis=0)
        return np.stack([mean, mean**2, np.nanvar(values, axis=0)])


@dataclass(frozen=True)
class Arranged:
    """Recordings split, and their streams transformed by what was fitted on the training part."""

    recordings: Recordings
    inputs: Inputs
    partition: Partition
    transformed: dict[str, Mapping[str, Tensor]] = field(default_factory=dict)

    def of(self, part: Split | None) -> pd.DataFrame:
        """The rows of one part, or all."""
        return self.recordings.table if part is None else self.recordings.table.loc[self.partition[part]]

    def streams(self, identity: str) -> Mapping[str, Tensor]:
        """The transformed streams of a recording."""
        if identity not in self.transformed:
            with torch.no_grad():
                raw = {name: torch.from_numpy(values) for name, values in self.recordings.streams[identity].items()}
                self.transformed[identity] = self.inputs(raw)
        return self.transformed[identity]

    def move(self, device: torch.device) -> None:
        """Put the transformed streams of all recordings on a device."""
        for identity in map(str, self.recordings.table.index):
            streams = self.streams(identity)
            self.transformed[identity] = {name: values.to(device) for name, values in streams.items()}

    @property
    def size(self) -> int:
        """Bytes of the streams, before they are transformed, which makes none of them larger."""
        streams = self.recordings.streams
        return sum(values.nbytes for i in self.recordings.table.index for values in streams[str(i)].values())

    def data(self, part_of: Callable[[Split | None, bool], Part], frames: bool) -> Data:
        """What the loop needs to know; ``part_of(part, cropped)`` makes the samples, of no part those of all."""
        return Data(
            features=self.recordings.features,
            inputs=self.inputs,
            parts={part: part_of(part, part is Split.TRAIN) for part in self.partition},
            whole={part: part_of(part, False) for part in self.partition},
            everyone=part_of(None, False),
            split={part: tuple(sorted(self.of(part)["speaker"].unique())) for part in self.partition},
            split_note="The parts share no speaker; `config.json` lists the speakers of each.",
            transformed=True,
            frames=frames,
            note=self.recordings.note,
            licences=self.recordings.licences,
            size=self.size,
            move=self.move,
        )


def arrange(
    config: TrainingConfig, recordings: Recordings, partition: Partition | None = None, inputs: Inputs | None = None
) -> Arranged:
    """Split recordings and transform their streams.

    Args:
        config: what to train.
        recordings: as :func:`load_recordings` gave them.
        partition: the split; by default that of :func:`~emoviz.training.splits.by_speaker`.
        inputs: transforms that were fitted before, for a model that is trained further.

    Raises:
        SplitError: a speaker stands in two parts, or a culture has too few speakers.
    """
    table = recordings.table
    if partition is None:
        speakers = by_speaker(table, config.validation_share, config.test_share, config.seed)
        partition = {part: table.index[table["speaker"].isin(names)] for part, names in speakers.items()}
    check_disjoint({part: tuple(table["speaker"].loc[ids].unique()) for part, ids in partition.items()})
    return Arranged(recordings, inputs or fit_inputs(config, recordings, partition[Split.TRAIN]), partition)


def fit_inputs(config: TrainingConfig, recordings: Recordings, ids: pd.Index) -> Inputs:
    """The transforms of the inputs (PCA, standardisation), fitted on the frames of some recordings."""
    inputs = Inputs(config.inputs, {spec.name: spec.width for spec in recordings.features})
    for name in inputs:
        inputs[name].fit(np.concatenate([recordings.streams[str(i)][name] for i in ids]))  # type: ignore[operator]
    return inputs


def check_utterances(config: TrainingConfig) -> None:
    """Refuse dimensions that are derived from emotions.

    Raises:
        ConfigError: so.
    """
    if config.outputs[0] in DERIVED_AXES:
        raise ConfigError(
            "Training on utterances predicts emotions, intensities or rated dimensions; for derived ones use "
            "'sequences'."
        )


def utterances(
    config: TrainingConfig, recordings: Recordings, partition: Partition | None = None, inputs: Inputs | None = None
) -> Data:
    """One utterance per sample; its one-hot emotion, the intensity of each emotion, or its ratings are the target.

    Training takes crops of at most a window.

    Raises:
        ConfigError: the outputs are derived dimensions.
        CorpusError: intensities are asked for, and an utterance has none; or ratings, and none has any.
    """
    check_utterances(config)
    arranged = arrange(config, recordings, partition, inputs)
    targets = _clip_targets(config, recordings.table)
    longest = round(config.window / config.hop)

    def part_of(part: Split | None, cropped: bool) -> Part:
        rows = arranged.of(part)

        def make(epoch: int, number: int) -> Sample:
            row = rows.iloc[number]
            streams = arranged.streams(str(row.name))
            length = len(next(iter(streams.values())))
            if cropped and length > longest:
                first = int(np.random.default_rng([config.seed, epoch, number]).integers(0, length - longest + 1))
                streams = {name: values[first : first + longest] for name, values in streams.items()}
            identity, label = str(row.name), row["emotion"] if isinstance(row["emotion"], str) else ""
            return Sample(
                identity, row["speaker"], row["culture"], label, streams, targets[identity], session=row.get("session")
            )

        return Part(len(rows), make, [_group(row, config.balance) for _, row in rows.iterrows()])

    return arranged.data(part_of, frames=False)


def _clip_targets(config: TrainingConfig, table: pd.DataFrame) -> dict[str, Tensor]:
    """Id -> (K,): one-hot emotion; intensities: the stated one of its emotion, 0 of the others; or ratings."""
    if config.kind == "emotion":
        values = (table["emotion"].to_numpy()[:, None] == np.array(config.outputs)).astype(np.float32)
    elif config.kind == "dimension":
        values = table[list(config.outputs)].to_numpy(np.float32)
    else:
        strength = table["intensity"].map(INTENSITIES)
        if strength.isna().any():
            raise CorpusError(f"The recording '{strength.index[strength.isna()][0]}' has no intensity.")
        emotions = np.array([intensity(e) for e in table["emotion"]])
        values = (emotions[:, None] == np.array(config.outputs)) * strength.to_numpy(np.float32)[:, None]
    return dict(zip(map(str, table.index), torch.from_numpy(values.astype(np.float32)), strict=True))


DATA.register("utterances")(DataKind(load_recordings, utterances, check_utterances, frames=False))


def check_traces(config: TrainingConfig) -> None:
    """Refuse outputs that are no traced dimensions.

    Raises:
        ConfigError: so.
    """
    if not set(config.outputs) <= set(Dimension):
        raise ConfigError(f"Training on traces predicts {', '.join(Dimension)}, not {list(config.outputs)}.")


def traces(
    config: TrainingConfig, recordings: Recordings, partition: Partition | None = None, inputs: Inputs | None = None
) -> Data:
    """Recordings with labels over time: windows at random places in training, whole recordings otherwise.

    With a label delay, a training window's labels are those that raters gave that much later. On a grid coarser than
    the traces' own, labels are averaged over each frame; figures count on the traces' own.

    Raises:
        ConfigError: the outputs are no traced dimensions, or the label delay is as long as a recording.
        CorpusError: a recording has no trace.
    """
    check_traces(config)
    missing = [i for i in recordings.table.index if i not in recordings.traces]
    if missing:
        raise CorpusError(f"The recording '{missing[0]}' has no trace of labels; train on corpora that have.")
    arranged = arrange(config, recordings, partition, inputs)
    targets, finer = {}, {}
    for identity in map(str, recordings.table.index):
        trace = recordings.traces[identity]
        step = trace_step(config, trace)
        labels = torch.from_numpy(trace[list(config.outputs)].to_numpy(np.float32, copy=True))
        labels = labels[: len(labels) // step * step]
        targets[identity] = labels.reshape(-1, step, len(config.outputs)).mean(1)
        finer[identity] = labels if step > 1 else None
    window, delay = round(config.window / config.hop), round(config.label_delay / config.hop)
    if delay >= min(map(len, targets.values())):
        raise ConfigError(f"'label_delay' is shorter than each recording, unlike {config.label_delay:g} s.")

    def part_of(part: Split | None, cropped: bool) -> Part:
        rows = arranged.of(part)
        lengths = [len(targets[str(i)]) for i in rows.index]
        clips = [k for k, n in enumerate(lengths) for _ in range(max(1, n // window) if cropped else 1)]

        def make(epoch: int, number: int) -> Sample:
            row = rows.iloc[clips[number]]
            streams, target, trace = arranged.streams(str(row.name)), targets[str(row.name)], finer[str(row.name)]
            if cropped:
                usable = len(target) - delay
                random = np.random.default_rng([config.seed, epoch, number])
                first = int(random.integers(0, max(1, usable - window + 1)))
                last = min(first + window, usable)
                streams = {name: values[first:last] for name, values in streams.items()}
                target, trace = target[first + delay : last + delay], None
            return Sample(str(row.name), row["speaker"], row["culture"], "", streams, target, trace, row.get("session"))

        return Part(len(clips), make, [_group(rows.iloc[k], config.balance) for k in clips])

    return arranged.data(part_of, frames=True)


DATA.register("traces")(DataKind(load_recordings, traces, check_traces, frames=True))


def check_sequences(config: TrainingConfig) -> None:
    """Refuse outputs that are no derived dimensions, and a label delay, which only raters have.

    Raises:
        ConfigError: so.
    """
    if not set(config.outputs) <= set(DERIVED_AXES):
        raise ConfigError(f"Training on sequences predicts {' and '.join(DERIVED_AXES)}, not {list(config.outputs)}.")
    if config.label_delay:
        raise ConfigError("'label_delay' is of raters who follow a recording; labels of sequences have none.")


def sequences(
    config: TrainingConfig, recordings: Recordings, partition: Partition | None = None, inputs: Inputs | None = None
) -> Data:
    """Clips of one speaker with changing emotion; targets are derived dimensions per frame.

    All utterances of a speaker, in a random order in which neighbours differ in emotion where possible,
    make one long series that is cut into windows; each epoch draws another order. In training the last
    window goes on at the start of the series, so that all have full length (recurrent models are four times
    faster without padding); in validation and test it is short, and the order is that of epoch 0.

    Raises:
        ConfigError: the outputs are no derived dimensions, or a label delay is given, which only raters have.
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
            culture = groups[speaker]["culture"].iloc[0]
            label = " ".join(dict.fromkeys(e.value for _, e, _, _ in pieces))
            session = groups[speaker].iloc[0].get("session")
            return Sample(f"{speaker}#{k}", speaker, culture, label, streams, target, session=session)

        return Part(len(clips), make, [_group(groups[s].iloc[0], config.balance) for s, _ in clips])

    return arranged.data(part_of, frames=True)


DATA.register("sequences")(DataKind(load_recordings, sequences, check_sequences, frames=True))


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
