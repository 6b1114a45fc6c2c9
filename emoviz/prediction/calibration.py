"""Calibration: a model is fitted to the people who are heard, from recordings of them without labels.

A voice, a language or a room moves features away from the level and the spread that they had in the training, and a
model takes that for an emotion. A profile holds level and spread of each channel of some people's recordings; a model
that is calibrated by it reads features at the level and the spread of its training. No weight is learnt and no label is
read.

Statistics of little sound are drawn towards those of the training: of S seconds of frames, channel by channel,

    level = S m / (S + w),    spread^2 = (S v + w) / (S + w)

with mean m and variance v in units of the training (0 and 1 there) and the weight w, :data:`TRUST`. Emotions that the
recordings do not hold are missing from the statistics, too: a single utterance calibrates away its own emotion.

A model whose training standardised recordings by speaker or culture (:mod:`emoviz.models.groups`) has no level and
spread of its training to be drawn to: its profile is what that standardisation measures of these people. It compares
recordings, so longer ones count as pieces as long as the windows in which the model reads them.
"""

import copy
import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np
import torch

from ..checkpoints.description import Description
from ..checkpoints.folder import Checkpoint, Predictor
from ..core.errors import CalibrationError
from ..core.progress import Progress, silent
from ..core.words import counted
from ..features.store import FeatureStore
from ..models.groups import Group, group_of, moments
from ..models.inputs import Inputs, InputTransform
from .inputs import PICTURES, frames_of, standardised_by, stored_streams, streams_of

if TYPE_CHECKING:
    from ..media import ClipMedia

TRUST = 10.0
"""Seconds of sound or pictures that weigh as much as the training; few utterances hold few emotions."""
LEAST = 1.5
"""Smallest number of seconds of frames from which a model can be calibrated."""
FEWEST = 3
"""Smallest number of recordings, or pieces of them, from which a model that compares them can be calibrated."""
FLATTEST = 0.1
"""Smallest spread, as a share of that of the training: a channel that stood still is not blown up."""


@dataclass(frozen=True)
class Profile:
    """Level and spread of the features of some people, as one model reads them.

    Attributes:
        model: name of the model.
        fingerprint: sha256 of the model, hex; another version of it reads other features.
        people: words that name the people, e.g. the name of a folder or corpus.
        recordings: number of the recordings.
        seconds: length in seconds of all frames with known features.
        levels: level (W,) of each channel by the name of its stream, in units of the training: 0 is the training's.
        spreads: spread (W,) of each channel likewise; 1 is the training's.
        within: spread (D,) within a recording, by the name of the stream, for a model whose training standardised
            recordings; levels and spreads are then those (D,) of the means of recordings, as they were extracted.
    """

    model: str
    fingerprint: str
    people: str
    recordings: int
    seconds: float
    levels: Mapping[str, np.ndarray]
    spreads: Mapping[str, np.ndarray]
    within: Mapping[str, np.ndarray] = field(default_factory=dict)

    @property
    def amount(self) -> str:
        """The recordings and seconds that were measured, in words."""
        return f"{counted(self.recordings, 'recordings')} of {self.seconds:.0f} s"

    @property
    def digest(self) -> str:
        """The sha256, hex, of all that changes predictions."""
        parts = [self.fingerprint.encode()]
        for values in (self.levels, self.spreads, self.within):
            parts += [part for name in sorted(values) for part in (name.encode(), values[name].tobytes())]
        return sha256(b"".join(parts)).hexdigest()


def can_be_calibrated(checkpoint: Checkpoint) -> bool:
    """Return whether a model reads features over time, whose level and spread a profile can hold."""
    return all(f.name != PICTURES for f in checkpoint.description.features)


def require_calibration(checkpoint: Checkpoint) -> None:
    """Refuse a model that cannot be calibrated.

    Raises:
        CalibrationError: if the model reads pictures.
    """
    if not can_be_calibrated(checkpoint):
        raise CalibrationError(
            f"The model '{checkpoint.name}' reads pictures; only models of features can be calibrated."
        )


def measure(
    checkpoint: Checkpoint,
    recordings: Iterable[Mapping[str, np.ndarray]],
    people: str,
    *,
    trust: float = TRUST,
    fewest: int = FEWEST,
    larger: Mapping[str, np.ndarray] | None = None,
) -> Profile:
    """Measure level and spread of recordings that are on the model's grid.

    Args:
        checkpoint: the model.
        recordings: recordings, each as features (T, D) by the name of their stream; NaN where they are missing.
        people: words that name the people.
        trust: seconds of frames that weigh as much as the training.
        fewest: least number of recordings, where the model's training standardised recordings.
        larger: mean moments (3, D) of the recordings of the culture by the name of their stream, towards which such a
            training drew each speaker.

    Raises:
        CalibrationError: if the model reads pictures, or the recordings hold less than :data:`LEAST` seconds that it
            reads, or are too few.
    """
    require_calibration(checkpoint)
    about, grouped = checkpoint.description, bool(standardised_by(checkpoint.description))
    each: dict[str, list[np.ndarray]] = {name: [] for name in checkpoint.predictor.inputs}
    frames = dict.fromkeys(each, 0)
    for streams in recordings:
        for name, own in each.items():
            known = _known(streams[name])
            frames[name] += len(known)
            own.append(moments(streams[name]) if grouped else _sums(checkpoint.predictor.inputs, name, known))
    count, seconds = max(map(len, each.values()), default=0), max(frames.values(), default=0) * about.hop
    if seconds < LEAST:
        raise CalibrationError(
            f"{people} holds {seconds:.1f} s that '{about.name}' reads; calibration needs at least {LEAST:g} s."
        )
    if grouped and count < fewest:
        raise CalibrationError(
            f"{people} holds too little for '{about.name}', which compares recordings: it needs {FEWEST} of them, or "
            f"{FEWEST * about.window:g} s of one."
        )
    found = Profile(about.name, checkpoint.fingerprint, people, count, seconds, {}, {})
    if grouped:
        return _of_group(found, each, larger, float(about.training.get("speaker_weight", 0.0)))
    drawn = {name: level_and_spread(np.sum(own, axis=0), about.hop, trust) for name, own in each.items()}
    levels, spreads = ({name: pair[place] for name, pair in drawn.items()} for place in (0, 1))
    return dataclasses.replace(found, levels=levels, spreads=spreads)


def _sums(inputs: Inputs, name: str, known: np.ndarray) -> np.ndarray:
    """Return number, sum and sum of squares (3, W) of frames (N, D) of a stream, as a model reads them."""
    with torch.inference_mode():
        return sums_of(inputs[name](torch.from_numpy(np.asarray(known, np.float32))))


def sums_of(values: torch.Tensor) -> np.ndarray:
    """Return number, sum and sum of squares (3, W) of the known frames of a stream (T, W) behind its transform."""
    read = _known(values.double().numpy())
    return np.stack([np.full(read.shape[1], len(read)), read.sum(0), (read**2).sum(0)])


def _known(values: np.ndarray) -> np.ndarray:
    """Return the frames of a stream (T, D) without any missing value."""
    known: np.ndarray = values[~np.isnan(values).any(-1)]
    return known


def inputs_for(
    inputs: Inputs, recordings: Iterable[Mapping[str, np.ndarray]], hop: float, trust: float = TRUST
) -> Inputs:
    """Return transforms that read features of some people at the level and the spread of the training.

    They are the transforms of a model that is calibrated to these people. It is for models whose training did not
    standardise recordings.

    Args:
        inputs: transforms of the model.
        recordings: recordings of the people, each as features (T, D) by the name of their stream, NaN where missing.
        hop: seconds between frames.
        trust: seconds of frames that weigh as much as the training.

    Raises:
        CalibrationError: if the recordings hold less than :data:`LEAST` seconds that the model reads.
    """
    sums = {name: np.zeros((3, width)) for name, width in inputs.widths.items()}
    for streams in recordings:
        for name in sums:
            sums[name] += _sums(inputs, name, _known(streams[name]))
    seconds = max(float(own[0, 0]) for own in sums.values()) * hop
    if seconds < LEAST:
        raise CalibrationError(f"The recordings hold {seconds:.1f} s; calibration needs at least {LEAST:g} s.")
    moved = copy.deepcopy(inputs)
    for name, own in sums.items():
        _transform(moved, name).move(*map(torch.from_numpy, level_and_spread(own, hop, trust)))
    return moved


def _transform(inputs: Inputs, name: str) -> InputTransform:
    transform = inputs[name]
    assert isinstance(transform, InputTransform)
    return transform


def _of_group(
    profile: Profile, each: Mapping[str, list[np.ndarray]], larger: Mapping[str, np.ndarray] | None, weight: float
) -> Profile:
    """Return a profile with the statistics by which a training standardised recordings, from the moments of each."""
    groups = {
        name: group_of(np.stack(own), larger[name], weight) if larger else group_of(np.stack(own))
        for name, own in each.items()
    }
    return dataclasses.replace(
        profile,
        levels={name: group.level for name, group in groups.items()},
        spreads={name: group.between for name, group in groups.items()},
        within={name: group.within for name, group in groups.items()},
    )


def _too_few(checkpoint: Checkpoint, people: str) -> str:
    return (
        f"{people} holds fewer than {FEWEST} recordings, or pieces of {checkpoint.description.window:g} s of one, "
        f"which '{checkpoint.name}' has to compare."
    )


def level_and_spread(sums: np.ndarray, hop: float, trust: float = TRUST) -> tuple[np.ndarray, np.ndarray]:
    """Return level and spread, float32 (W,), from number, sum and sum of squares (3, W) of the frames of a stream."""
    number, total, square = sums
    mean = total / np.maximum(number, 1)
    variance = np.maximum(square / np.maximum(number, 1) - mean**2, 0)
    seconds = number * hop
    level = seconds * mean / (seconds + trust)
    spread = np.maximum(np.sqrt((seconds * variance + trust) / (seconds + trust)), FLATTEST)
    return level.astype(np.float32), spread.astype(np.float32)


def calibrated(checkpoint: Checkpoint, profile: Profile) -> Checkpoint:
    """Return a model that reads features of a profile's people at the level and the spread of its training.

    Raises:
        CalibrationError: if the profile was measured for another model, or another version of it, or is damaged.
    """
    if profile.fingerprint != checkpoint.fingerprint:
        other = "another version of it" if profile.model == checkpoint.name else f"'{profile.model}'"
        raise CalibrationError(
            f"The profile of {profile.people} does not fit the model '{checkpoint.name}': it was measured for {other}."
        )
    about, inputs = checkpoint.description, copy.deepcopy(checkpoint.predictor.inputs)
    grouped = bool(standardised_by(about))
    widths = {f.name: (f.width,) for f in about.features} if grouped else {n: (w,) for n, w in inputs.widths.items()}
    for values in (profile.levels, profile.spreads, *([profile.within] if grouped else [])):
        if {name: own.shape for name, own in values.items()} != widths:
            raise CalibrationError(f"The profile of {profile.people} is damaged: measure it again.")
    for name in inputs:
        transform = _transform(inputs, name)
        if grouped:
            transform.group = Group(profile.levels[name], profile.spreads[name], profile.within[name])
        else:
            transform.move(torch.from_numpy(profile.levels[name]), torch.from_numpy(profile.spreads[name]))
    predictor = Predictor(inputs, checkpoint.predictor.model, checkpoint.predictor.temperature).eval()
    told = f"{profile.people} calibrates {checkpoint.name} by {profile.amount}."
    return dataclasses.replace(checkpoint, predictor=predictor, calibration=profile.digest, calibrated_by=told)


def profile_of_clips(
    checkpoint: Checkpoint,
    clips: Sequence["ClipMedia"],
    people: str,
    *,
    span: tuple[float, float] | None = None,
    store: FeatureStore | None = None,
    progress: Progress = silent,
) -> Profile:
    """Measure a profile of the people in some clips.

    Args:
        checkpoint: the model.
        clips: clips of these people.
        people: words that name them.
        span: start and end in seconds of the stretch of each clip that counts; by default all of it.
        store: store that keeps features.
        progress: listener.

    Raises:
        CalibrationError: if the model reads pictures, or too little of the people is there.
        MediaError: if a clip cannot be read.
        FeatureError: if a feature is extracted in another way today.
    """
    about = checkpoint.description

    def recordings() -> Iterable[Mapping[str, np.ndarray]]:
        for media in clips:
            frames = frames_of(about, streams_of(checkpoint, media, store=store, progress=progress))
            first, last = span or (0.0, np.inf)
            inside = np.flatnonzero((frames.times >= first) & (frames.times < last))
            for piece in _pieces(inside, about):
                yield {name: values[piece] for name, values in frames.values.items()}

    return dataclasses.replace(measure(checkpoint, recordings(), people), recordings=len(clips))


def _pieces(frames: np.ndarray, about: Description) -> list[np.ndarray]:
    """Cut frames (T,) into pieces of about a window each, where a model compares recordings."""
    if not standardised_by(about):
        return [frames]
    return np.array_split(frames, max(1, round(len(frames) * about.hop / about.window)))


def profile_of_corpus(checkpoint: Checkpoint, store: FeatureStore, name: str, progress: Progress = silent) -> Profile:
    """Measure a profile of all recordings of a corpus in the store, whose labels are not read.

    Raises:
        CalibrationError: if the model reads pictures, or too little of the people is there.
        CorpusError: if the corpus is not in the store.
        FeatureError: if a feature of the corpus was not extracted.
    """
    about, corpus = checkpoint.description, store.corpus(name)
    keys = corpus.recordings["key"]

    def recordings() -> Iterable[Mapping[str, np.ndarray]]:
        for number, key in enumerate(keys):
            progress(f"Calibrating to {corpus.title}", number, len(keys))
            yield frames_of(about, stored_streams(about, store, key)).values

    return measure(checkpoint, recordings(), corpus.title)
