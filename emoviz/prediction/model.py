"""The predictions of one model for a clip, in windows or on pictures, and its embeddings.

A model of features gets them on its own grid and is applied in windows (:mod:`emoviz.prediction.windows`). A model of
pictures is applied to every frame of the video in which the face is found.
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import torch

from ..checkpoints.folder import Checkpoint
from ..core.errors import MediaError
from ..core.growing import GrowingArray, blocks
from ..core.progress import Progress, silent
from ..core.vocabulary import CLASS_KINDS, Task
from ..evaluation.confidence import tempered
from ..features import EXTRACTORS, FeatureStream
from ..features.align import delayed
from ..features.expression import read_faces
from ..models import Output
from .inputs import PICTURES, require_people, streams_of
from .windows import Windows, interpolate

if TYPE_CHECKING:
    from ..features.store import FeatureStore
    from ..media import ClipMedia, FaceTimeline

HOP = 0.02
"""Step in seconds between the rows of a prediction's table; a row stands for the middle of its frame."""


class Predicted(NamedTuple):
    """The prediction of a clip by one model.

    Attributes:
        values: predictions, float32 (T, K), which are probabilities where the outputs are emotions.
        channel_weights: a row per channel with its mean weight; None where the model has none.
        unlike: values, float32 (T,), above 1 where the clip is unlike what the model was trained on
            (:class:`emoviz.evaluation.familiarity.Familiarity`); None where the model cannot tell.
    """

    values: np.ndarray
    channel_weights: pd.DataFrame | None = None
    unlike: np.ndarray | None = None


def predict_streams(
    checkpoint: Checkpoint, streams: Mapping[str, FeatureStream], times: np.ndarray, progress: Progress = silent
) -> Predicted:
    """Apply a model of feature streams in windows.

    Args:
        checkpoint: the model.
        streams: feature streams of the clip, at least those that the model reads.
        times: regular times (T,) of the predictions, in seconds of the clip.
        progress: listener, told of every batch of windows.
    """
    description = checkpoint.description
    duration = float(times[-1] + times[0])
    windows = Windows.over(description, streams, duration)
    own, weights, unlike = _joined(checkpoint, windows, lambda numbers: windows.aligned(streams, numbers), progress)

    def on_grid(series: np.ndarray) -> np.ndarray:
        return (series if len(series) == len(times) else _resample(series, windows.times, times)).astype(np.float32)

    return Predicted(on_grid(own), weights, None if unlike is None else on_grid(unlike[:, None])[:, 0])


def predict_frames(checkpoint: Checkpoint, values: Mapping[str, np.ndarray]) -> np.ndarray:
    """Apply a model that predicts per frame to a recording whose features are already on the model's grid.

    Args:
        checkpoint: the model.
        values: features, float32 (T, D), by the name of the stream, without absent frames.

    Returns:
        Predictions (T, K).
    """
    count = len(next(iter(values.values())))
    windows = Windows.of(checkpoint.description, count * checkpoint.description.hop)
    own, *_ = _joined(checkpoint, windows, lambda numbers: {n: v[windows.frames(numbers)] for n, v in values.items()})
    return own.astype(np.float32)


def _joined(
    checkpoint: Checkpoint,
    windows: Windows,
    read: Callable[[np.ndarray], dict[str, np.ndarray]],
    progress: Progress = silent,
) -> Predicted:
    """Apply a model to all windows, and join what it says of them on its own grid."""
    about, familiarity = checkpoint.description, checkpoint.familiarity
    if not len(windows.starts):
        nothing = np.full((len(windows.times), len(about.outputs)), np.nan)
        return Predicted(nothing, unlike=nothing[:, 0] if familiarity else None)
    # Small results that stay while large ones come and go would keep the allocator from using its memory again.
    values = GrowingArray((windows.width,) * (about.task == Task.FRAMES) + (len(about.outputs),), np.float32)
    unlike = GrowingArray((), np.float32)
    weights: torch.Tensor | None = None
    for numbers in windows.batches():
        progress(f"Predicting with {checkpoint.name}", int(numbers[0]), len(windows.starts))
        output = apply(checkpoint, read(numbers), windows.mask(numbers))
        values.extend(output.prediction.numpy())
        if output.channel_weights is not None:
            own_weights = output.channel_weights.sum(0)
            weights = own_weights if weights is None else weights + own_weights
        if familiarity is not None:
            unlike.extend(familiarity.unlike(output.embedding.numpy(), windows.lengths[numbers] * about.hop))
    own = windows.join(values.array)
    if about.delay:
        moved = delayed(own, about.delay)
        own = np.where(np.isnan(own), np.nan, np.where(np.isnan(moved), own, moved))
    table = None
    if weights is not None:
        table = channel_table(checkpoint).assign(weight=(weights / len(windows.starts)).numpy())
    return Predicted(own, table, windows.join_scores(unlike.array) if familiarity else None)


def _resample(values: np.ndarray, known_times: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Interpolate values (N, K) with gaps; a new row is a gap where the nearest known row is one."""
    gap = np.isnan(values).all(1)
    if gap.all():
        return np.full((len(times), values.shape[1]), np.nan)
    hop = known_times[1] - known_times[0] if len(known_times) > 1 else 1.0
    nearest = np.clip(np.round((times - known_times[0]) / hop), 0, len(known_times) - 1)
    resampled = interpolate(times, known_times[~gap], values[~gap])
    resampled[gap[nearest.astype(int)]] = np.nan
    return resampled


def predict_pictures(
    checkpoint: Checkpoint,
    media: "ClipMedia",
    times: np.ndarray,
    progress: Progress,
    known: "FaceTimeline | None" = None,
) -> Predicted:
    """Apply a model of face pictures to every frame with a face.

    Args:
        checkpoint: the model.
        media: the clip.
        times: regular times (T,) of the predictions, in seconds of the clip.
        progress: listener.
        known: faces of the clip as far as they are known, by default all of them.

    Returns:
        The prediction, interpolated between two video frames, and NaN while the shown frame has no face.
    """
    familiarity = checkpoint.familiarity
    values = np.full((len(times), len(checkpoint.description.outputs)), np.nan, np.float32)
    unlike = values[:, :1].copy()
    if media.info.video is None:
        return Predicted(values, unlike=unlike[:, 0] if familiarity else None)
    timeline = known or media.faces(progress)
    track = media.track_in(timeline) if known else media.face_track()
    if track is None:
        return Predicted(values, unlike=unlike[:, 0] if familiarity else None)
    reading = read_faces(checkpoint, media, track, progress)
    shown = np.searchsorted(timeline.times, times, side="right") - 1
    last = timeline.times[-1] + (np.median(np.diff(timeline.times)) if len(timeline.times) > 1 else HOP)
    seen = (shown >= 0) & (times < last) & track.present[shown]
    said = tempered(reading.probabilities, checkpoint.predictor.temperature)
    values[seen] = interpolate(times[seen], timeline.times[track.frames], said)
    if familiarity is None:
        return Predicted(values)
    own = [familiarity.unlike(block, np.zeros(len(block))) for block in blocks(reading.embedding)]
    unlike[seen] = interpolate(times[seen], timeline.times[track.frames], np.concatenate(own)[:, None])
    return Predicted(values, unlike=unlike[:, 0])


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
        CalibrationError: if the model has to be calibrated to the people first.
    """
    require_people(checkpoint)
    description = checkpoint.description
    if any(feature.name == PICTURES for feature in description.features):
        track = media.face_track() if media.info.video else None
        if track is None:
            raise MediaError(f"No face was found in the clip, so '{checkpoint.name}' has no embedding of it.")
        times = media.faces(progress).times[track.frames]
        return ClipEmbedding(times, read_faces(checkpoint, media, track, progress).embedding)
    streams = streams_of(checkpoint, media, store=store, progress=progress)
    windows = Windows.over(description, streams, media.info.duration)
    if not len(windows.starts):
        raise MediaError(f"The clip holds nothing that '{checkpoint.name}' reads, so there is no embedding of it.")
    embeddings = [
        apply(checkpoint, windows.aligned(streams, numbers), windows.mask(numbers)).embedding.numpy()
        for numbers in windows.batches()
    ]
    return ClipEmbedding(windows.centres, np.concatenate(embeddings))


@torch.inference_mode()
def apply(checkpoint: Checkpoint, streams: Mapping[str, np.ndarray], mask: np.ndarray | None = None) -> Output:
    """Apply a model to a batch of windows; class scores become probabilities.

    Args:
        checkpoint: the model.
        streams: features (B, T, D) by the name of their stream.
        mask: mask, bool (B, T), true on the frames of each window; by default all are.
    """
    tensors = {name: torch.from_numpy(np.ascontiguousarray(values)) for name, values in streams.items()}
    shape = next(iter(tensors.values())).shape[:2]
    predictor = checkpoint.predictor
    frames = torch.ones(shape, dtype=torch.bool) if mask is None else torch.from_numpy(mask)
    output: Output = predictor.model(predictor.inputs(tensors), frames)
    if checkpoint.description.kind in CLASS_KINDS:
        return dataclasses.replace(output, prediction=predictor.probabilities(output.prediction))
    return output
