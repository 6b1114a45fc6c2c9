"""A clip in, emotion over time out: what checkpoints say of it, on one grid of 50 frames per second.

Face and speech are two branches that run at the same time, since decoding and networks release the
interpreter's lock. Each model gets features on its own grid and is applied in windows:

- frame by frame: windows as long as its training clips that overlap by a third, cross-faded linearly;
- per clip: windows as long as its training clips, one every :data:`WINDOW_HOP` seconds; what it says of a
  window counts for the window's centre, and between centres it is interpolated;
- per picture: every frame of the video in which the face is found.

A clip shorter than a window is one window. A source has a gap (NaN) where none of a model's features has a value.
"""

import dataclasses
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from ..checkpoints import folder as checkpoints_on_disk
from ..checkpoints.folder import Checkpoint, Description
from ..core.errors import ConfigError, FeatureError, MediaError
from ..core.progress import Progress, silent, stoppable
from ..core.vocabulary import CIRCUMPLEX, Dimension, Emotion, Source, Task, derived
from ..evaluation.fusion import fuse, fused_outputs
from ..features import EXTRACTORS, FeatureStream
from ..features.align import align, delayed, frame_middles
from ..features.base import make
from ..features.expression import read_faces
from ..models import Output
from ..models.losses import probabilities

if TYPE_CHECKING:
    from ..features.store import FeatureStore
    from ..media import ClipInfo, ClipMedia, FaceTimeline

HOP = 0.02
"""Seconds from one row of a prediction's table to the next; a row stands for the middle of its frame."""

WINDOW_HOP = 0.25
"""Seconds from one window of a clip-level model to the next."""

FRAMES_AT_ONCE = 750
"""What a model sees at a time; bounds the memory that a long clip takes."""

DEFAULT_MODELS = ("face-expression", "speech-cats", "speech-emotion")
"""What is predicted where nothing else is asked for."""

OUTPUT_COLUMNS = ("column", "source", "model", "output", "kind", "derived", "rmse")

PICTURES = "crop"
"""The feature of models that see pictures."""


@dataclass(frozen=True)
class ClipPrediction:
    """What checkpoints say of a clip.

    Attributes:
        info: what the clip holds.
        table: ``time`` (s, middle of the frame) and one float32 column per output, on the grid of :data:`HOP`;
            NaN is a gap.
        outputs: one row per column of the table: ``column``, ``source`` (face, speech or fused), ``model``,
            ``output`` (``valence (derived)``, ``happy`` ...), ``kind`` (dimension or emotion), ``derived`` and
            ``rmse`` (held-out, NaN when unknown).
        faces: all faces of the clip, once they are found.
        channel_weights: model -> columns ``channel``, ``modality``, ``weight``, averaged over the clip.
        notes: what a reader must know, one sentence each.
        branches: what all this is assembled from, so that it can be combined with other predictions of the clip.
    """

    info: "ClipInfo"
    table: pd.DataFrame
    outputs: pd.DataFrame
    faces: "FaceTimeline | None"
    channel_weights: dict[str, pd.DataFrame]
    notes: tuple[str, ...]
    branches: "tuple[Branch, ...]"


@dataclass(frozen=True)
class ModelPrediction:
    """What one checkpoint says of a clip.

    Attributes:
        checkpoint: the model.
        values: float32 (T, K) on the grid of the table, in the order of the model's outputs.
        channel_weights: as in :class:`ClipPrediction`; None where the model has none.
        notes: what a reader must know of the features that it reads.
    """

    checkpoint: Checkpoint
    values: np.ndarray
    channel_weights: pd.DataFrame | None
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Branch:
    """What is ready of one source.

    Attributes:
        models: those that were applied.
        faces: all faces of the clip, where the source is the face.
        notes: what a reader must know of the clip's picture or sound, instead of the models' own notes.
    """

    models: tuple[ModelPrediction, ...]
    faces: "FaceTimeline | None"
    notes: tuple[str, ...]


def load_checkpoints(names: Sequence[str], folders: Sequence[Path]) -> list[Checkpoint]:
    """Load checkpoints by name.

    Args:
        names: of checkpoint folders, those of a group as ``<group>/<name>``; none is :data:`DEFAULT_MODELS`.
        folders: where they are searched.

    Raises:
        UnknownNameError: no such checkpoint.
        CheckpointError: one is damaged.
    """
    chosen = checkpoints_on_disk.named(names or DEFAULT_MODELS, folders)
    return [checkpoints_on_disk.load(folder) for folder in chosen.values()]


def predict_clip(
    media: "ClipMedia",
    checkpoints: Sequence[Checkpoint],
    *,
    store: "FeatureStore | None" = None,
    progress: Progress = silent,
    on_partial: Callable[[ClipPrediction], None] | None = None,
) -> ClipPrediction:
    """Apply checkpoints to a clip.

    Face and speech are fused with the default weights; :func:`emoviz.evaluation.fusion.fuse` does it again with others.

    Args:
        media: the clip.
        checkpoints: to apply, each under its own name.
        store: keeps extracted features; None extracts them anew.
        progress: called from both branches' threads.
        on_partial: called, in this thread, as soon as one source is ready while another is not.

    Raises:
        ConfigError: no checkpoint is given.
        MediaError: the clip cannot be read.
        Cancelled: ``progress`` said so.
    """
    if not checkpoints:
        raise ConfigError("Nothing to predict with: choose at least one trained model.")
    for checkpoint in checkpoints:
        if not reads_clips(checkpoint.description):
            raise ConfigError(
                f"'{checkpoint.name}' cannot be applied to a clip, as it reads features that only its corpus has: "
                "choose another model."
            )
    info = media.info
    times = frame_middles(info.duration, HOP)
    by_source = {
        source: [c for c in checkpoints if c.description.source == source]
        for source in dict.fromkeys(c.description.source for c in checkpoints)
    }
    ready: dict[Source, Branch] = {}
    failed = threading.Event()
    listener = stoppable(progress, failed.is_set)
    # Each branch has its share of the cores: more threads than cores wait for each other most of the time.
    threads = max(1, (os.cpu_count() or 1) // len(by_source))
    with ThreadPoolExecutor(len(by_source), "predict", torch.set_num_threads, (threads,)) as pool:
        futures = {
            pool.submit(predict_source, media, group, times, store, listener): source
            for source, group in by_source.items()
        }
        try:
            for future in as_completed(futures):
                ready[futures[future]] = future.result()
                prediction = assemble(info, [ready[s] for s in by_source if s in ready])
                if on_partial and len(ready) < len(futures):
                    on_partial(prediction)
        except BaseException:
            failed.set()  # the other branch ends at its next report
            raise
    return prediction


def predict_source(
    media: "ClipMedia",
    checkpoints: Sequence[Checkpoint],
    times: np.ndarray,
    store: "FeatureStore | None",
    progress: Progress,
) -> Branch:
    """Apply all checkpoints that listen to one source; each feature is extracted once."""
    streams: dict[str, FeatureStream] = {}
    predictions = []
    for checkpoint in checkpoints:
        description = checkpoint.description
        notes: dict[str, None] = {}
        if any(feature.name == PICTURES for feature in description.features):
            values, weights = predict_pictures(checkpoint, media, times, progress), None
        else:
            for feature in description.features:
                if feature.name not in streams:
                    streams[feature.name] = extract(feature, media, store, progress)
                notes |= dict.fromkeys(streams[feature.name].notes)
            progress(f"Predicting with {checkpoint.name}", 0, 1)
            values, weights = predict_streams(checkpoint, streams, times)
        predictions.append(ModelPrediction(checkpoint, values, weights, tuple(notes)))
    uses_picture = checkpoints[0].description.source == Source.FACE
    faces = media.faces(progress) if uses_picture and media.info.video else None
    own_notes = picture_notes(media, faces) if uses_picture else sound_notes(media)
    return Branch(tuple(predictions), faces, tuple(own_notes))


def streams_of(
    checkpoint: Checkpoint, media: "ClipMedia", *, store: "FeatureStore | None" = None, progress: Progress = silent
) -> dict[str, FeatureStream]:
    """All feature streams of a clip that a model reads, by name.

    Raises:
        FeatureError: one is extracted in another way today.
    """
    return {f.name: extract(f, media, store, progress) for f in checkpoint.description.features}


def extract(
    feature: checkpoints_on_disk.FeatureSpec, media: "ClipMedia", store: "FeatureStore | None", progress: Progress
) -> FeatureStream:
    """The feature stream that a checkpoint reads, as it was extracted for its training.

    Raises:
        MissingWeightsError: the weights that it needs are not on this machine.
        FeatureError: it is extracted in another way today.
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
        streams: at least what it reads.
        times: (T,) seconds of the clip at which predictions are wanted, regular.

    Returns:
        (T, K) predictions, probabilities where the outputs are emotions; and the channel weights, if the model has any.
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


def channel_table(checkpoint: Checkpoint) -> pd.DataFrame:
    """The channels of all streams of a model side by side: ``channel`` and ``modality``."""
    features = [
        c.feature for c in checkpoint.description.inputs for _ in range(checkpoint.predictor.inputs.widths[c.feature])
    ]
    modalities = [str(EXTRACTORS[feature].modality) for feature in features]
    return pd.DataFrame({"channel": checkpoint.channels, "modality": modalities})


class ClipEmbedding(NamedTuple):
    """Where a model sees a clip.

    Attributes:
        times: (N,) seconds, the middles of the windows or pictures that it was applied to.
        values: (N, E).
    """

    times: np.ndarray
    values: np.ndarray


def reads_clips(description: Description) -> bool:
    """Whether a model can be applied to any clip.

    Some corpora ship features that nobody can extract, and a model whose inputs are standardised by culture or
    speaker needs more than one clip of them.
    """
    extracted = all(feature.name == PICTURES or feature.name in EXTRACTORS for feature in description.features)
    return extracted and description.training.get("standardise_by", "none") == "none"


def embed_clip(
    checkpoint: Checkpoint, media: "ClipMedia", *, store: "FeatureStore | None" = None, progress: Progress = silent
) -> ClipEmbedding:
    """The embeddings of a clip: of every window in which :func:`predict_streams` applies the model, or of every face.

    Raises:
        FeatureError: a feature is extracted in another way today.
        MediaError: the clip cannot be read, or holds nothing that the model reads.
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


@dataclass(frozen=True)
class Windows:
    """The windows in which a model of feature streams is applied to a clip.

    Attributes:
        description: of the model.
        times: (T,) seconds of the clip, the middles of the model's own frames.
        starts: (N,) the first frame of each window.
        width: W, frames of a window.
    """

    description: Description
    times: np.ndarray
    starts: np.ndarray
    width: int

    @classmethod
    def of(cls, description: Description, duration: float) -> "Windows":
        """The windows of a clip of so many seconds."""
        times = frame_middles(duration, description.hop)
        width = min(len(times), round(description.window / description.hop))
        framewise = description.task == Task.FRAMES
        hop = max(1, width - width // 3) if framewise else max(1, round(WINDOW_HOP / description.hop))
        return cls(description, times, window_starts(len(times), width, hop), width)

    def batches(self) -> Iterator[np.ndarray]:
        """Numbers of the windows, so many at a time as bound the memory that a long clip takes."""
        at_once = max(1, FRAMES_AT_ONCE // self.width)
        numbers = np.arange(len(self.starts))
        return (numbers[i : i + at_once] for i in range(0, len(numbers), at_once))

    def frames(self, numbers: np.ndarray) -> np.ndarray:
        """Frames of the clip in some windows, (n, W)."""
        return self.starts[numbers, None] + np.arange(self.width)

    def aligned(self, streams: Mapping[str, FeatureStream], numbers: np.ndarray) -> dict[str, np.ndarray]:
        """Features in some windows, name -> (n, W, D). Window by window: a long clip's are not held twice."""
        return {
            f.name: np.stack([align(streams[f.name], self.times[own]) for own in self.frames(numbers)])
            for f in self.description.features
        }

    def join(self, values: np.ndarray) -> np.ndarray:
        """What a model says of the windows, (N, W, K) or (N, K), as one series for the clip (T, K)."""
        if values.ndim == 3:
            return cross_fade(values, self.starts, len(self.times))
        return interpolate(self.times, self.centres, values)

    def shares(self, wanted: np.ndarray) -> np.ndarray:
        """How much each prediction counts in the mean of the joined series over some of its frames.

        Args:
            wanted: bool (T,), true on those frames, at least one.

        Returns:
            (N, W) frame-wise and (N, 1) per clip, with the sum 1.
        """
        if self.description.task == Task.CLIP:
            return interpolate(self.times, self.centres, np.eye(len(self.starts)))[wanted].mean(0)[:, None]
        near = _nearness(self.width)
        frames = self.frames(np.arange(len(self.starts)))
        total = np.bincount(frames.ravel(), np.tile(near, len(frames)))
        return (wanted / total)[frames] * near / wanted.sum()

    @property
    def centres(self) -> np.ndarray:
        """(N,) seconds of the clip."""
        return self.times[self.starts] + (self.width - 1) / 2 * self.description.hop


def predict_pictures(checkpoint: Checkpoint, media: "ClipMedia", times: np.ndarray, progress: Progress) -> np.ndarray:
    """Apply a model of face pictures to every frame with a face.

    Returns:
        (T, K): between two video frames interpolated, NaN while the shown frame has no face.
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


@torch.inference_mode()
def apply(checkpoint: Checkpoint, streams: Mapping[str, np.ndarray]) -> Output:
    """Predict a batch of windows of one length: name -> (B, T, D). Class scores become probabilities."""
    tensors = {name: torch.from_numpy(np.ascontiguousarray(values)) for name, values in streams.items()}
    shape = next(iter(tensors.values())).shape[:2]
    predictor = checkpoint.predictor
    output = predictor.model(predictor.inputs(tensors), torch.ones(shape, dtype=torch.bool))
    if checkpoint.description.kind == "emotion":
        return dataclasses.replace(output, prediction=probabilities(output.prediction))
    return output


def window_starts(length: int, window: int, hop: int) -> np.ndarray:
    """First frames of windows that cover ``length`` frames: one every ``hop``, the last flush with the end."""
    return np.unique(np.append(np.arange(0, length - window, hop), length - window))


def cross_fade(windows: np.ndarray, starts: np.ndarray, length: int) -> np.ndarray:
    """Join overlapping windows (N, W, K) to (length, K); each counts the more, the nearer its own middle is."""
    width = windows.shape[1]
    nearness = _nearness(width)[:, None]
    total, weight = np.zeros((length, windows.shape[2])), np.zeros((length, 1))
    for start, values in zip(starts, windows, strict=True):
        total[start : start + width] += nearness * values
        weight[start : start + width] += nearness
    return total / weight


def _nearness(width: int) -> np.ndarray:
    """How much each frame of a window counts where windows overlap, (W,)."""
    return np.minimum(np.arange(1, width + 1), np.arange(width, 0, -1)).astype(float)


def interpolate(times: np.ndarray, known_times: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Linear between known values (N, K), constant before the first and after the last: (T, K)."""
    return np.stack([np.interp(times, known_times, column) for column in values.T], axis=1)


def with_derived(
    checkpoint: Checkpoint, values: np.ndarray, together: Sequence[Checkpoint]
) -> tuple[tuple[str, ...], np.ndarray]:
    """Add valence and arousal, derived from emotion probabilities by ``define.CIRCUMPLEX``.

    Only where no model among ``together`` (those of the same source) predicts dimensions itself.

    Returns:
        Names of the outputs and their values, each (T,).
    """
    outputs = checkpoint.description.outputs
    if checkpoint.description.kind != "emotion" or any(c.description.kind == "dimension" for c in together):
        return outputs, values.T
    positions = np.array([CIRCUMPLEX[Emotion(output)] for output in outputs])
    names = (derived(Dimension.VALENCE), derived(Dimension.AROUSAL))
    return (*outputs, *names), np.concatenate([values, values @ positions], axis=1).T


def combine(predictions: Sequence[ClipPrediction], checkpoints: Sequence[Checkpoint]) -> ClipPrediction | None:
    """Combine predictions of one clip into that by some checkpoints, as :func:`predict_clip` gives it.

    Args:
        predictions: of the same clip and face.
        checkpoints: the models that are wanted; those that no prediction is by are left out.

    Returns:
        None where no prediction is by any of them.
    """
    known = {id(m.checkpoint): (branch, m) for p in predictions for branch in p.branches for m in branch.models}
    branches = []
    for source in dict.fromkeys(checkpoint.description.source for checkpoint in checkpoints):
        found = [known[id(c)] for c in checkpoints if c.description.source == source and id(c) in known]
        if found:
            branches.append(dataclasses.replace(found[0][0], models=tuple(model for _, model in found)))
    return assemble(predictions[0].info, branches) if branches else None


def assemble(info: "ClipInfo", branches: Sequence[Branch]) -> ClipPrediction:
    """Assemble one table of all that is ready, fused where both sources are."""
    columns: dict[str, np.ndarray] = {"time": frame_middles(info.duration, HOP)}
    rows = []
    for branch, prediction in ((b, p) for b in branches for p in b.models):
        description = prediction.checkpoint.description
        together = [p.checkpoint for p in branch.models]
        for output, values in zip(*with_derived(prediction.checkpoint, prediction.values, together), strict=True):
            column = f"{description.source}.{output}"
            if column in columns:
                column = f"{description.name}.{output}"
            columns[column] = values.astype(np.float32)
            kind = "emotion" if output in list(Emotion) else "dimension"
            is_derived = description.derived or output not in description.outputs
            error = held_out_rmse(prediction.checkpoint, output)
            rows.append((column, str(description.source), description.name, str(output), kind, is_derived, error))
    outputs = pd.DataFrame(rows, columns=list(OUTPUT_COLUMNS))
    return ClipPrediction(
        info=info,
        table=fuse(pd.DataFrame(columns), outputs),
        outputs=pd.concat([outputs, fused_outputs(outputs)], ignore_index=True),
        faces=next((b.faces for b in branches if b.faces is not None), None),
        channel_weights={
            p.checkpoint.name: p.channel_weights for b in branches for p in b.models if p.channel_weights is not None
        },
        notes=tuple(dict.fromkeys(note for branch in branches for note in _notes(branch))),
        branches=tuple(branches),
    )


def _notes(branch: Branch) -> tuple[str, ...]:
    """What a reader must know of a source: of the clip, or else of the features that its models read."""
    return branch.notes or tuple(note for model in branch.models for note in model.notes)


def held_out_rmse(checkpoint: Checkpoint, output: str) -> float:
    """RMSE of an output on all held-out recordings, NaN when the checkpoint does not state it."""
    rows = checkpoint.metrics.get("test", ())
    values = [r["value"] for r in rows if (r["culture"], r["output"], r["metric"]) == ("all", output, "rmse")]
    return float(values[0]) if values and values[0] is not None else float("nan")


def picture_notes(media: "ClipMedia", faces: "FaceTimeline | None") -> list[str]:
    """What a reader must know of the clip's faces."""
    if faces is None:
        return ["The clip has no picture, so there is no prediction from the face."]
    track = media.face_track()
    if track is None:
        return ["No face was found in the clip, so there is no prediction from the face."]
    notes = []
    missing = 1 - float(track.present.mean())
    if missing > 0:
        notes.append(f"No face in {_percent(missing)} of the frames.")
    if len(faces.tracks) > 1:
        notes.append(f"{len(faces.tracks)} faces were found; the prediction is of face {track.id}.")
    return notes


def sound_notes(media: "ClipMedia") -> list[str]:
    """What a reader must know of the clip's sound."""
    if media.info.audio is None:
        return ["The clip has no sound, so there is no prediction from speech."]
    sound = media.waveform()
    if not len(sound.samples) or not sound.samples.any():
        return ["The clip's sound is silence, so what is said of speech means nothing."]
    if len(sound.samples) < sound.rate:
        return [f"The clip has {len(sound.samples) / sound.rate:.2g} s of sound; under one second speech says little."]
    return []


def require_size(path: Path, limit_mb: int) -> None:
    """Refuse a clip that is larger than the setting allows.

    Raises:
        MediaError: it is.
    """
    if path.is_file() and path.stat().st_size > limit_mb * 1_000_000:
        raise MediaError(
            f"'{path.name}' has {path.stat().st_size / 1e6:.0f} MB; clips up to {limit_mb} MB are accepted "
            "(setting EMOVIZ_UPLOAD_LIMIT_MB)."
        )


def _resample(values: np.ndarray, known_times: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Interpolate (N, K) with gaps: a row is a gap where the nearest known one is."""
    nearest = np.clip(np.round((times - known_times[0]) / (known_times[1] - known_times[0])), 0, len(known_times) - 1)
    gap = np.isnan(values).all(1)
    resampled = interpolate(times, known_times[~gap], values[~gap])
    resampled[gap[nearest.astype(int)]] = np.nan
    return resampled


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.01 else "under 1 %"
