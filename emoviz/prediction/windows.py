"""One model on one clip: its features, the windows in which it is applied, its predictions and its embeddings.

A model of features gets them on its own grid and is applied in windows:

- frame by frame: windows as long as its training clips that overlap by a third, cross-faded linearly;
- per clip: windows as long as its training clips, one every :data:`WINDOW_HOP` seconds; the prediction of a window
  counts for the window's centre, and between centres predictions are interpolated.

Windows hold frames that are there: they never reach beyond a stream, into a gap or over a long silence. A stretch of
frames that is shorter than a window is one window of its own length, and one shorter than :data:`SHORTEST` says
nothing. A model of pictures is applied to every frame of the video in which the face is found.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import torch

from ..checkpoints.folder import Checkpoint, Description, FeatureSpec
from ..core.errors import FeatureError, MediaError
from ..core.growing import blocks
from ..core.progress import Progress, silent
from ..core.vocabulary import Modality, Task
from ..features import EXTRACTORS, FeatureStream, make
from ..features.align import align, delayed, frame_middles
from ..features.base import unspoken, without
from ..features.expression import read_faces
from ..features.store import WHOLE
from ..models import Output
from ..models.losses import probabilities

if TYPE_CHECKING:
    from ..features.store import FeatureStore
    from ..media import ClipMedia, FaceTimeline

HOP = 0.02
"""Seconds from one row of a prediction's table to the next; a row stands for the middle of its frame."""

WINDOW_HOP = 0.25
"""Seconds from one window of a clip-level model to the next."""

SHORTEST = 0.5
"""Seconds of frames that a model needs to say anything."""

LONGEST_HOLE = {Task.FRAMES: 1.0, Task.CLIP: 0.3}
"""Seconds; frames on both sides of a longer absence stand in different windows.

A model of clips learns from utterances, which a pause parts; one that predicts frame by frame gains from what was said
before the pause (``benchmarks/served.py``)."""

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
    stream = store.extract(extractor, media, progress) if store else extractor.extract(media, progress)
    return stream if extractor.modality == Modality.VIDEO else only_spoken(stream, media, progress)


def only_spoken(stream: FeatureStream, media: "ClipMedia", progress: Progress = silent) -> FeatureStream:
    """Return features of a clip's sound without those of moments at which nobody speaks, as speech models take them.

    Args:
        stream: features of sound or words.
        media: the clip.
        progress: told while the sound is read.
    """
    if media.info.audio is None:
        return stream
    sound = media.speech(progress)
    if stream.hop >= WHOLE:  # one value for the clip, which stands as long as anybody speaks at all
        silent_seconds = sum(end - begin for begin, end in (*sound.gaps, *sound.unspoken))
        absent = np.full(len(stream.values), silent_seconds >= sound.duration - 1 / sound.rate)
    else:
        absent = unspoken(stream.times, sound)
    return dataclasses.replace(stream, values=without(stream.values, absent)) if absent.any() else stream


def predict_streams(
    checkpoint: Checkpoint, streams: Mapping[str, FeatureStream], times: np.ndarray, progress: Progress = silent
) -> tuple[np.ndarray, pd.DataFrame | None]:
    """Apply a model of feature streams in windows.

    Args:
        checkpoint: the model.
        streams: feature streams of the clip, at least those that the model reads.
        times: regular times (T,) of the predictions, in seconds of the clip.
        progress: listener, told of every batch of windows.

    Returns:
        Predictions (T, K), which are probabilities where the outputs are emotions; and a row per channel with its mean
        weight, or None where the model has no channel weights.
    """
    description = checkpoint.description
    duration = float(times[-1] + times[0])
    windows = Windows.over(description, streams, duration)
    own, weights = _joined(checkpoint, windows, lambda numbers: windows.aligned(streams, numbers), progress)
    on_grid = own if len(own) == len(times) else _resample(own, windows.times, times)
    return on_grid.astype(np.float32), weights


def predict_frames(checkpoint: Checkpoint, values: Mapping[str, np.ndarray]) -> np.ndarray:
    """Apply a model that predicts per frame to a recording that is on its grid already.

    Args:
        checkpoint: the model.
        values: float32 (T, D) by the name of the stream, without absent frames.

    Returns:
        Predictions (T, K).
    """
    count = len(next(iter(values.values())))
    windows = Windows.of(checkpoint.description, count * checkpoint.description.hop)
    own, _ = _joined(checkpoint, windows, lambda numbers: {n: v[windows.frames(numbers)] for n, v in values.items()})
    return own.astype(np.float32)


def _joined(
    checkpoint: Checkpoint,
    windows: "Windows",
    read: Callable[[np.ndarray], dict[str, np.ndarray]],
    progress: Progress = silent,
) -> tuple[np.ndarray, pd.DataFrame | None]:
    """Apply a model to all windows: its predictions (T, K) of the clip, and the mean weights of its channels."""
    delay, count = checkpoint.description.delay, len(checkpoint.description.outputs)
    if not len(windows.starts):
        return np.full((len(windows.times), count), np.nan), None
    values, weights = [], []
    for numbers in windows.batches():
        progress(f"Predicting with {checkpoint.name}", int(numbers[0]), len(windows.starts))
        output = apply(checkpoint, read(numbers), windows.mask(numbers))
        values.append(output.prediction.numpy())
        if output.channel_weights is not None:
            weights.append(output.channel_weights)
    own = windows.join(np.concatenate(values))
    if delay:
        moved = delayed(own, delay)
        own = np.where(np.isnan(own), np.nan, np.where(np.isnan(moved), own, moved))
    if not weights:
        return own, None
    return own, channel_table(checkpoint).assign(weight=torch.cat(weights).mean(0).numpy())


def predict_pictures(
    checkpoint: Checkpoint,
    media: "ClipMedia",
    times: np.ndarray,
    progress: Progress,
    known: "FaceTimeline | None" = None,
) -> np.ndarray:
    """Apply a model of face pictures to every frame with a face.

    Args:
        checkpoint: the model.
        media: the clip.
        times: regular times (T,) of the predictions, in seconds of the clip.
        progress: listener.
        known: faces of the clip as far as they are known, by default all of them.

    Returns:
        Predictions (T, K), interpolated between two video frames, and NaN while the shown frame has no face.
    """
    values = np.full((len(times), len(checkpoint.description.outputs)), np.nan, np.float32)
    if media.info.video is None:
        return values
    timeline = known or media.faces(progress)
    track = media.track_in(timeline) if known else media.face_track()
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
        mask: bool (B, T), true on the frames of each window; by default all are.
    """
    tensors = {name: torch.from_numpy(np.ascontiguousarray(values)) for name, values in streams.items()}
    shape = next(iter(tensors.values())).shape[:2]
    predictor = checkpoint.predictor
    frames = torch.ones(shape, dtype=torch.bool) if mask is None else torch.from_numpy(mask)
    output: Output = predictor.model(predictor.inputs(tensors), frames)
    if checkpoint.description.kind == "emotion":
        return dataclasses.replace(output, prediction=probabilities(output.prediction))
    return output


@dataclass(frozen=True)
class Windows:
    """The windows in which a model of feature streams is applied to a clip.

    Attributes:
        description: description of the model.
        times: middles (T,) of the model's own frames, in seconds of the clip.
        kept: numbers (P,) of the frames that are there, in stretches.
        starts: place (N,) in ``kept`` of the first frame of each window.
        lengths: number (N,) of frames of each window.
        stretches: place in ``kept`` behind the last frame of each stretch, in order.
    """

    description: Description
    times: np.ndarray
    kept: np.ndarray
    starts: np.ndarray
    lengths: np.ndarray
    stretches: tuple[int, ...]

    @classmethod
    def of(cls, description: Description, duration: float) -> "Windows":
        """Lay windows over a clip of so many seconds of which every frame is there."""
        times = frame_middles(duration, description.hop)
        return cls._over(description, times, np.ones(len(times), bool), shortest=1)

    @classmethod
    def over(cls, description: Description, streams: Mapping[str, FeatureStream], duration: float) -> "Windows":
        """Lay windows over the frames of a clip that at least one stream of a model has.

        Args:
            description: description of the model.
            streams: feature streams of the clip, at least those that the model reads.
            duration: seconds of the clip.
        """
        times = frame_middles(duration, description.hop)
        there = [_presence(streams[f.name], times, description) for f in description.features]
        shortest = max(1, round(SHORTEST / description.hop))
        return cls._over(description, times, np.any(there, axis=0), shortest)

    @classmethod
    def _over(cls, description: Description, times: np.ndarray, there: np.ndarray, shortest: int) -> "Windows":
        frames = np.flatnonzero(there)
        hole = LONGEST_HOLE[description.task] + description.hop
        parted = np.flatnonzero(np.diff(frames) * description.hop > hole) + 1
        parts = [part for part in np.split(frames, parted) if len(part) >= shortest]
        longest = max(1, round(description.window / description.hop))
        starts, lengths, ends, done = [], [], [], 0
        for part in parts:
            width = min(len(part), longest)
            framewise = description.task == Task.FRAMES
            hop = max(1, width - width // 3) if framewise else max(1, round(WINDOW_HOP / description.hop))
            own = window_starts(len(part), width, hop)
            starts.append(done + own)
            lengths.append(np.full(len(own), width))
            done += len(part)
            ends.append(done)
        nothing = np.zeros(0, int)
        return cls(
            description,
            times,
            np.concatenate([nothing, *parts]),
            np.concatenate([nothing, *starts]),
            np.concatenate([nothing, *lengths]),
            tuple(ends),
        )

    @property
    def width(self) -> int:
        """The number W of frames in the longest window."""
        return int(self.lengths.max(initial=1))

    def batches(self) -> Iterator[np.ndarray]:
        """Yield the numbers of the windows in batches that bound the memory which a long clip takes."""
        at_once = max(1, FRAMES_AT_ONCE // self.width)
        numbers = np.arange(len(self.starts))
        return (numbers[i : i + at_once] for i in range(0, len(numbers), at_once))

    def mask(self, numbers: np.ndarray) -> np.ndarray:
        """Return which frames of some windows are there, bool (n, W); shorter windows are padded at their ends."""
        return np.arange(self.width) < self.lengths[numbers, None]

    def frames(self, numbers: np.ndarray) -> np.ndarray:
        """Return the frames (n, W) of the clip in some windows; shorter windows repeat their last one at the end."""
        within = np.minimum(np.arange(self.width), self.lengths[numbers, None] - 1)
        return np.asarray(self.kept[self.starts[numbers, None] + within])

    def of_window(self, number: int) -> np.ndarray:
        """Return the frames of the clip in one window, without padding."""
        return np.asarray(self.kept[self.starts[number] : self.starts[number] + self.lengths[number]])

    def aligned(self, streams: Mapping[str, FeatureStream], numbers: np.ndarray) -> dict[str, np.ndarray]:
        """Align the features in some windows: (n, W, D) by name, so that those of a long clip are never held twice."""
        found = {
            f.name: np.full((len(numbers), self.width, f.width), np.nan, np.float32) for f in self.description.features
        }
        for row, number in enumerate(numbers):
            times = self.times[self.of_window(number)]
            for name, values in found.items():
                values[row, : len(times)] = align(streams[name], times, self.description.resample, self.description.hop)
        return found

    def join(self, values: np.ndarray) -> np.ndarray:
        """Join a model's predictions of the windows, (N, W, K) or (N, K), to one series for the clip.

        Returns:
            Predictions (T, K), NaN in the frames that are not there.
        """
        series = np.full((len(self.times), values.shape[-1]), np.nan)
        if values.ndim == 3:
            series[self.kept] = cross_fade(values, self.starts, len(self.kept), self.lengths)
        else:
            for frames, windows in self._parts():
                series[frames] = interpolate(self.times[frames], self.centres[windows], values[windows])
        return series

    def shares(self, wanted: np.ndarray) -> np.ndarray:
        """Return how much each prediction counts in the mean of the joined series over some of its frames.

        Args:
            wanted: bool (T,), true on these frames, of which at least one is there.

        Returns:
            Shares with the sum 1: (N, W) for a model that predicts per frame, (N, 1) for one that predicts per clip.
        """
        wanted = wanted[self.kept]
        if self.description.task == Task.CLIP:
            shares = np.zeros((len(self.starts), 1))
            first = 0
            for frames, windows in self._parts():
                own = wanted[first : first + len(frames)]
                centres = self.centres[windows]
                if own.any():
                    shares[windows, 0] = interpolate(self.times[frames][own], centres, np.eye(len(centres))).sum(0)
                first += len(frames)
            return np.asarray(shares / wanted.sum())
        near = np.stack([_nearness(length, self.width) for length in self.lengths])
        places = self.starts[:, None] + np.minimum(np.arange(self.width), self.lengths[:, None] - 1)
        total = np.bincount(places.ravel(), near.ravel(), len(self.kept))
        return np.asarray((wanted / total)[places] * near / wanted.sum())

    @property
    def centres(self) -> np.ndarray:
        """The middles (N,) of the windows, in seconds of the clip."""
        first, last = self.kept[self.starts], self.kept[self.starts + self.lengths - 1]
        return np.asarray((self.times[first] + self.times[last]) / 2)

    def _parts(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the frames of each stretch and the numbers of its windows."""
        first = 0
        for end in self.stretches:
            yield self.kept[first:end], np.flatnonzero((self.starts >= first) & (self.starts < end))
            first = end


def _presence(stream: FeatureStream, times: np.ndarray, description: Description) -> np.ndarray:
    """Return at which times a stream has a value once it is aligned: bool (T,)."""
    absent = [np.isnan(block).all(1) for block in blocks(stream.values)]
    there = np.where(np.concatenate([np.zeros(0, bool), *absent]), np.nan, 1)[:, None].astype(np.float32)
    one = FeatureStream(there, stream.start, stream.hop, ("there",))
    return np.asarray(~np.isnan(align(one, times, description.resample, description.hop)[:, 0]))


def window_starts(length: int, window: int, hop: int) -> np.ndarray:
    """Return the first frames of windows, one every ``hop``, that cover ``length`` frames up to their very end."""
    return np.unique(np.append(np.arange(0, length - window, hop), length - window))


def cross_fade(windows: np.ndarray, starts: np.ndarray, length: int, lengths: np.ndarray | None = None) -> np.ndarray:
    """Join overlapping windows (N, W, K) to (length, K), where a window counts more towards its own middle.

    Args:
        windows: values of each window.
        starts: first frame (N,) of each.
        length: number of frames of the whole.
        lengths: number (N,) of frames of each window, where some are padded at their ends.
    """
    total, weight = np.zeros((length, windows.shape[2])), np.zeros((length, 1))
    own = np.full(len(starts), windows.shape[1]) if lengths is None else lengths
    for start, count, values in zip(starts, own, windows, strict=True):
        nearness = _nearness(count, count)[:, None]
        total[start : start + count] += nearness * values[:count]
        weight[start : start + count] += nearness
    return total / weight


def _nearness(length: int, width: int) -> np.ndarray:
    """Return how much each frame of a window counts where windows overlap: (width,), 0 behind its end."""
    near = np.minimum(np.arange(1, width + 1), np.arange(length, length - width, -1))
    return np.maximum(near, 0).astype(float)


def interpolate(times: np.ndarray, known_times: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Interpolate between known values (N, K), which stay constant before the first and after the last: (T, K)."""
    return np.stack([np.interp(times, known_times, column) for column in values.T], axis=1)


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
