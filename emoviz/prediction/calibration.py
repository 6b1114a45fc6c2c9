"""Calibration fits a model to the people who are heard, from recordings of them without labels.

A voice, a language or a room moves features away from the level and the spread that they had in the training, and a
model takes that for an emotion. A profile holds level and spread of each channel of some people's recordings; a model
that is calibrated by it reads features at the level and the spread of its training. No weight is learnt and no label is
read.

Statistics of little sound are drawn towards those of the training: of S seconds of frames, channel by channel,

    level = S m / (S + w),    spread^2 = (S v + w) / (S + w)

with mean m and variance v in units of the training (0 and 1 there) and the weight w, :data:`TRUST`. Emotions that the
recordings do not hold are missing from the statistics, too: a single utterance calibrates away its own emotion.
"""

import copy
import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np
import torch

from ..checkpoints.folder import Checkpoint, Predictor
from ..core.errors import CalibrationError
from ..core.progress import Progress, silent
from ..core.words import counted
from ..features.store import FeatureStore
from ..models.inputs import InputTransform
from .inputs import PICTURES, frames_of, stored_streams, streams_of

if TYPE_CHECKING:
    from ..media import ClipMedia

TRUST = 10.0
"""Seconds of sound or pictures that weigh as much as the training; few utterances hold few emotions."""
LEAST = 1.5
"""Seconds of frames below which nobody can be calibrated to."""
FLATTEST = 0.1
"""Smallest spread, as a share of that of the training: a channel that stood still is not blown up."""


@dataclass(frozen=True)
class Profile:
    """Level and spread of the features of some people, as one model reads them.

    Attributes:
        model: name of the model.
        fingerprint: sha256 of the model, hex; another version of it reads other features.
        people: words for whose recordings they are, e.g. the name of a folder or corpus.
        recordings: number of the recordings.
        seconds: length of all frames of which features were known.
        levels: level (W,) of each channel by the name of its stream, in units of the training: 0 is the training's.
        spreads: spread (W,) of each channel likewise; 1 is the training's.
    """

    model: str
    fingerprint: str
    people: str
    recordings: int
    seconds: float
    levels: Mapping[str, np.ndarray]
    spreads: Mapping[str, np.ndarray]

    @property
    def amount(self) -> str:
        """The recordings and seconds that were measured, in words."""
        return f"{counted(self.recordings, 'recordings')} of {self.seconds:.0f} s"

    @property
    def digest(self) -> str:
        """The sha256, hex, of all that changes predictions."""
        parts = [self.fingerprint.encode()]
        for values in (self.levels, self.spreads):
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


def measure(checkpoint: Checkpoint, recordings: Iterable[Mapping[str, np.ndarray]], people: str) -> Profile:
    """Measure level and spread of recordings that are on the model's grid.

    Args:
        checkpoint: the model.
        recordings: recordings, each as features (T, D) by the name of their stream; NaN where they are missing.
        people: words for whose recordings they are.

    Raises:
        CalibrationError: if the model reads pictures, or the recordings hold less than :data:`LEAST` seconds that it
            reads.
    """
    require_calibration(checkpoint)
    transforms: dict[str, InputTransform] = dict(checkpoint.predictor.inputs.items())  # type: ignore[arg-type]
    moments = {name: np.zeros((3, width)) for name, width in checkpoint.predictor.inputs.widths.items()}
    count = 0
    for streams in recordings:
        count += 1
        for name, transform in transforms.items():
            values = streams[name][~np.isnan(streams[name]).any(-1)]
            with torch.inference_mode():
                known = transform(torch.from_numpy(np.asarray(values, np.float32))).double().numpy()
            moments[name] += np.stack([np.full(known.shape[1], len(known)), known.sum(0), (known**2).sum(0)])
    hop = checkpoint.description.hop
    seconds = max((sums[0, 0] * hop for sums in moments.values()), default=0.0)
    if seconds < LEAST:
        raise CalibrationError(
            f"{people} holds {seconds:.1f} s that '{checkpoint.name}' reads; calibration needs at least {LEAST:g} s."
        )
    statistics = {name: _drawn(sums, hop) for name, sums in moments.items()}
    return Profile(
        checkpoint.name,
        checkpoint.fingerprint,
        people,
        count,
        float(seconds),
        {name: level for name, (level, _) in statistics.items()},
        {name: spread for name, (_, spread) in statistics.items()},
    )


def _drawn(sums: np.ndarray, hop: float) -> tuple[np.ndarray, np.ndarray]:
    """Return level and spread, float32 (W,), from number, sum and sum of squares (3, W) of the frames of a stream."""
    number, total, square = sums
    mean = total / np.maximum(number, 1)
    variance = np.maximum(square / np.maximum(number, 1) - mean**2, 0)
    seconds = number * hop
    level = seconds * mean / (seconds + TRUST)
    spread = np.maximum(np.sqrt((seconds * variance + TRUST) / (seconds + TRUST)), FLATTEST)
    return level.astype(np.float32), spread.astype(np.float32)


def calibrated(checkpoint: Checkpoint, profile: Profile) -> Checkpoint:
    """Return a model that reads features of a profile's people at the level and the spread of its training.

    Raises:
        CalibrationError: if the profile was measured for another model, or another version of it.
    """
    if profile.fingerprint != checkpoint.fingerprint:
        other = "another version of it" if profile.model == checkpoint.name else f"'{profile.model}'"
        raise CalibrationError(
            f"The profile of {profile.people} does not fit the model '{checkpoint.name}': it was measured for {other}."
        )
    inputs = copy.deepcopy(checkpoint.predictor.inputs)
    for name, transform in inputs.items():
        assert isinstance(transform, InputTransform)
        transform.move(torch.from_numpy(profile.levels[name]), torch.from_numpy(profile.spreads[name]))
    predictor = Predictor(inputs, checkpoint.predictor.model, checkpoint.predictor.temperature).eval()
    return dataclasses.replace(checkpoint, predictor=predictor, calibration=profile.digest)


def profile_of_clips(
    checkpoint: Checkpoint,
    clips: Iterable["ClipMedia"],
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
        people: words for them.
        span: seconds of each clip from which and up to which frames count; by default all do.
        store: store that keeps features.
        progress: listener.

    Raises:
        CalibrationError: if the model reads pictures, or too little of the people is there.
        MediaError: if a clip cannot be read.
        FeatureError: if a feature is extracted in another way today.
    """

    def on_its_grid(media: "ClipMedia") -> Mapping[str, np.ndarray]:
        frames = frames_of(checkpoint.description, streams_of(checkpoint, media, store=store, progress=progress))
        if span is None:
            return frames.values
        inside = (frames.times >= span[0]) & (frames.times < span[1])
        return {name: values[inside] for name, values in frames.values.items()}

    return measure(checkpoint, map(on_its_grid, clips), people)


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
