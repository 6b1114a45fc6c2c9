"""One model on one clip: its features, the windows in which it is applied, its predictions and its embeddings.

A model of features gets them on its own grid and is applied in windows:

- frame by frame: windows as long as its training clips that overlap by a third, cross-faded linearly;
- per clip: windows as long as its training clips, one every :data:`WINDOW_HOP` seconds; the prediction of a window
  counts for the window's centre, and between centres predictions are interpolated.

A clip shorter than a window is one window. A model of pictures is applied to every frame of the video in which the
face is found.
"""

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from ..checkpoints.folder import Checkpoint, Description, FeatureSpec
from ..core.errors import FeatureError, MediaError
from ..core.progress import Progress, silent
from ..core.vocabulary import Task
from ..features import EXTRACTORS, FeatureStream, make
from ..features.align import align, delayed, frame_middles
from ..features.expression import read_faces
from ..models import Output
from ..models.losses import probabilities

if TYPE_CHECKING:
    from ..features.store import FeatureStore
    from ..media import ClipMedia

HOP = 0.02
"""Seconds from one row of a prediction's table to the next; a row stands for the middle of its frame."""

WINDOW_HOP = 0.25
"""Seconds from one window of a clip-level model to the next."""

FRAMES_AT_ONCE = 750
"""Frames that a model reads at a time, which bounds the memory that a long clip takes."""

PICTURES = "crop"
"""The feature of models that read pictures."""


def reads_clips(description: Description) -> bool:
    """Return whether a model can be applied to any clip.

    Some corpora ship features that nobody can extract, and a model whose inputs are standardised by culture or
    speaker needs more than one clip of them.
    """
    extracted = all(feature.name == PICTURES or feature.name in EXTRACTORS for feature in description.features)
    return extracted and description.training.get("standardise_by", "none") == "none"


def streams_of(
    checkpoint: Checkpoint, media: "ClipMedia", *, store: "FeatureStore | None" = None, progress: Progress = silent
) -> dict[str, FeatureStream]:
    """Extract all feature streams of a clip that a model reads, by their name.

    Raises:
        FeatureError: if a feature is extracted in another way today.
    """
    return {f.name: extract(f, media, store, progress) for f in checkpoint.description.features}


def extract(
    feature: FeatureSpec, media: "ClipMedia", store: "FeatureStore | None", progress: Progress
) -> FeatureStream:
    """Extract a feature stream as it was extracted for the training of a model.

    Raises:
        MissingWeightsError: if the weights that it needs are not on this machine.
        FeatureError: if it is extracted in another way today.
    """
    extractor = make(feature.name, feature.chosen)
    if (extractor.version, extractor.settings) != (feature.version, feature.settings):
        raise FeatureError(
            f"The model was trained on the feature '{feature.name}' as version {feature.version} with "
            f"{dict(feature.settings)}; this emoviz extracts version {extractor.version} with {extractor.settings}: "
            "train the model again."
        )
    return store.extract(extractor, media, progress) if store else extractor.extract(media, progress)


def predict_streams(
    checkpoint: Checkpoint, streams: Mapping[str, FeatureStream], times: np.ndarray
) -> tuple[np.ndarray, pd.DataFrame | None]:
    """Apply a model of feature streams in windows.

    Args:
        checkpoint: the model.
        streams: feature streams of the clip, at least those that the model reads.
        times: regular times (T,) of the predictions, in seconds of the clip.

    Returns:
        Predictions (T, K), which are probabilities where the outputs are emotions; and a row per channel with its mean
        weight, or None where the model has no channel weights.
    """
    description = checkpoint.description
    if all(np.isnan(streams[f.name].values).all() for f in description.features):
        return np.full((len(times), len(description.outputs)), np.nan, np.float32), None
    windows = Windows.of(description, times[-1] + times[0])
    gap = np.zeros(len(windows.times), bool)
    values = []
    weights: list[Tensor] = []
    for batch in windows.batches():
        aligned = windows.aligned(streams, batch)
        missing = np.all([np.isnan(w).all(2) for w in aligned.values()], axis=0)
        gap[windows.frames(batch)[missing]] = True
        output = apply(checkpoint, aligned)
        values.append(output.prediction.numpy())
        if output.channel_weights is not None:
            weights.append(output.channel_weights)
    own = delayed(windows.join(np.concatenate(values)), description.delay)
    own[gap] = np.nan
    on_grid = own if len(own) == len(times) else _resample(own, windows.times, times)
    if not weights:
        return on_grid.astype(np.float32), None
    return on_grid.astype(np.float32), channel_table(checkpoint).assign(weight=torch.cat(weights).mean(0).numpy())


def predict_pictures(checkpoint: Checkpoint, media: "ClipMedia", times: np.ndarray, progress: Progress) -> np.ndarray:
    """Apply a model of face pictures to every frame with a face.

    Returns:
        Predictions (T, K), interpolated between two video frames, and NaN while the shown frame has no face.
    """
    values = np.full((len(times), len(checkpoint.description.outputs)), np.nan, np.float32)
    if media.info.video is None:
        return values
    timeline, track = media.faces(progress), media.face_track()
    if track is None:
        return values
    reading = read_faces(checkpoint, media, track, progress)
    shown = np.searchsorted(timeline.times, times, side="right") - 1
    last = timeline.times[-1] + (np.median(np.diff(timeline.times)) if len(timeline.times) > 1 else HOP)
    seen = (shown >= 0) & (times < last) & track.present[shown]
    values[seen] = interpolate(times[seen], timeline.times[track.frames], reading.probabilities)
    return values


def channel_table(checkpoint: Checkpoint) -> pd.DataFrame:
    """Return a row per channel of all streams of a model, with the columns ``channel`` and ``modality``."""
    features = [
        c.feature for c in checkpoint.description.inputs for _ in range(checkpoint.predictor.inputs.widths[c.feature])
    ]
    modalities = [str(EXTRACTORS[feature].modality) for feature in features]
    return pd.DataFrame({"channel": checkpoint.channels, "modality": modalities})


class ClipEmbedding(NamedTuple):
    """The embeddings of a clip by one model.

    Attributes:
        times: middles (N,) of the windows, or times of the pictures, in seconds of the clip.
        values: embeddings (N, E).
    """

    times: np.ndarray
    values: np.ndarray


def embed_clip(
    checkpoint: Checkpoint, media: "ClipMedia", *, store: "FeatureStore | None" = None, progress: Progress = silent
) -> ClipEmbedding:
    """Embed a clip: every window in which :func:`predict_streams` applies the model, or every face.

    Raises:
        FeatureError: if a feature is extracted in another way today.
        MediaError: if the clip cannot be read, or holds nothing that the model reads.
    """
    description = checkpoint.description
    if any(feature.name == PICTURES for feature in description.features):
        track = media.face_track() if media.info.video else None
        if track is None:
            raise MediaError(f"No face was found in the clip, so '{checkpoint.name}' has no embedding of it.")
        times = media.faces(progress).times[track.frames]
        return ClipEmbedding(times, read_faces(checkpoint, media, track, progress).embedding)
    streams = streams_of(checkpoint, media, store=store, progress=progress)
    windows = Windows.of(description, media.info.duration)
    embeddings, centres = [], []
    for batch in windows.batches():
        aligned = windows.aligned(streams, batch)
        present = ~np.all([np.isnan(values).all((1, 2)) for values in aligned.values()], axis=0)
        if present.any():
            output = apply(checkpoint, {name: values[present] for name, values in aligned.items()})
            embeddings.append(output.embedding.numpy())
            centres.append(windows.centres[batch[present]])
    if not embeddings:
        raise MediaError(f"The clip holds nothing that '{checkpoint.name}' reads, so there is no embedding of it.")
    return ClipEmbedding(np.concatenate(centres), np.concatenate(embeddings))


@torch.inference_mode()
def apply(checkpoint: Checkpoint, streams: Mapping[str, np.ndarray]) -> Output:
    """Apply a model to a batch of windows of one length; class scores become probabilities.

    Args:
        checkpoint: the model.
        streams: features (B, T, D) by the name of their stream.
    """
    tensors = {name: torch.from_numpy(np.ascontiguousarray(values)) for name, values in streams.items()}
    shape = next(iter(tensors.values())).shape[:2]
    predictor = checkpoint.predictor
    output: Output = predictor.model(predictor.inputs(tensors), torch.ones(shape, dtype=torch.bool))
    if checkpoint.description.kind == "emotion":
        return dataclasses.replace(output, prediction=probabilities(output.prediction))
    return output


@dataclass(frozen=True)
class Windows:
    """The windows in which a model of feature streams is applied to a clip.

    Attributes:
        description: description of the model.
        times: middles (T,) of the model's own frames, in seconds of the clip.
        starts: first frame (N,) of each window.
        width: number W of frames in a window.
    """

    description: Description
    times: np.ndarray
    starts: np.ndarray
    width: int

    @classmethod
    def of(cls, description: Description, duration: float) -> "Windows":
        """Lay windows over a clip of so many seconds."""
        times = frame_middles(duration, description.hop)
        width = min(len(times), round(description.window / description.hop))
        framewise = description.task == Task.FRAMES
        hop = max(1, width - width // 3) if framewise else max(1, round(WINDOW_HOP / description.hop))
        return cls(description, times, window_starts(len(times), width, hop), width)

    def batches(self) -> Iterator[np.ndarray]:
        """Yield the numbers of the windows in batches that bound the memory which a long clip takes."""
        at_once = max(1, FRAMES_AT_ONCE // self.width)
        numbers = np.arange(len(self.starts))
        return (numbers[i : i + at_once] for i in range(0, len(numbers), at_once))

    def frames(self, numbers: np.ndarray) -> np.ndarray:
        """Return the frames (n, W) of the clip in some windows."""
        return self.starts[numbers, None] + np.arange(self.width)

    def aligned(self, streams: Mapping[str, FeatureStream], numbers: np.ndarray) -> dict[str, np.ndarray]:
        """Align the features in some windows: (n, W, D) by name, so that those of a long clip are never held twice."""
        return {
            f.name: np.stack([align(streams[f.name], self.times[own]) for own in self.frames(numbers)])
            for f in self.description.features
        }

    def join(self, values: np.ndarray) -> np.ndarray:
        """Join a model's predictions of the windows, (N, W, K) or (N, K), to one series for the clip (T, K)."""
        if values.ndim == 3:
            return cross_fade(values, self.starts, len(self.times))
        return interpolate(self.times, self.centres, values)

    def shares(self, wanted: np.ndarray) -> np.ndarray:
        """Return how much each prediction counts in the mean of the joined series over some of its frames.

        Args:
            wanted: bool (T,), true on these frames, of which there is at least one.

        Returns:
            Shares with the sum 1: (N, W) for a model that predicts per frame, (N, 1) for one that predicts per clip.
        """
        if self.description.task == Task.CLIP:
            series = interpolate(self.times, self.centres, np.eye(len(self.starts)))
            shares: np.ndarray = series[wanted].mean(0)[:, None]
        else:
            near = _nearness(self.width)
            frames = self.frames(np.arange(len(self.starts)))
            total = np.bincount(frames.ravel(), np.tile(near, len(frames)))
            shares = (wanted / total)[frames] * near / wanted.sum()
        return shares

    @property
    def centres(self) -> np.ndarray:
        """The middles (N,) of the windows, in seconds of the clip."""
        centres: np.ndarray = self.times[self.starts] + (self.width - 1) / 2 * self.description.hop
        return centres


def window_starts(length: int, window: int, hop: int) -> np.ndarray:
    """Return the first frames of windows, one every ``hop``, that cover ``length`` frames up to their very end."""
    return np.unique(np.append(np.arange(0, length - window, hop), length - window))


def cross_fade(windows: np.ndarray, starts: np.ndarray, length: int) -> np.ndarray:
    """Join overlapping windows (N, W, K) to (length, K), where a window counts more towards its own middle."""
    width = windows.shape[1]
    nearness = _nearness(width)[:, None]
    total, weight = np.zeros((length, windows.shape[2])), np.zeros((length, 1))
    for start, values in zip(starts, windows, strict=True):
        total[start : start + width] += nearness * values
        weight[start : start + width] += nearness
    return total / weight


def _nearness(width: int) -> np.ndarray:
    """Return how much each frame (W,) of a window counts where windows overlap."""
    return np.minimum(np.arange(1, width + 1), np.arange(width, 0, -1)).astype(float)


def interpolate(times: np.ndarray, known_times: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Interpolate between known values (N, K), which stay constant before the first and after the last: (T, K)."""
    return np.stack([np.interp(times, known_times, column) for column in values.T], axis=1)


def _resample(values: np.ndarray, known_times: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Interpolate values (N, K) with gaps; a new row is a gap where the nearest known row is one."""
    nearest = np.clip(np.round((times - known_times[0]) / (known_times[1] - known_times[0])), 0, len(known_times) - 1)
    gap = np.isnan(values).all(1)
    resampled = interpolate(times, known_times[~gap], values[~gap])
    resampled[gap[nearest.astype(int)]] = np.nan
    return resampled
