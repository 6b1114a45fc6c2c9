"""What a trained model says of a clip, explained: this package's functions in the windows in which models are applied.

A prediction of a clip is a weighted sum of what a model says in overlapping windows, so its explanation is the same sum
of theirs, and contributions still add up to the difference from the baseline.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.nn import functional

from ..checkpoints.folder import Checkpoint
from ..core.errors import ConfigError, FeatureError
from ..core.progress import Progress, silent
from ..features import FeatureStream
from ..features.align import align
from ..models import Model
from ..models.losses import probabilities
from ..prediction.windows import PICTURES, Windows, channel_table
from .gradcam import FRAMES_AT_ONCE, grad_cam
from .gradients import integrated_gradients
from .occlusion import occlude
from .targets import in_use, output_number, scorer

if TYPE_CHECKING:
    from ..media import ClipMedia, FaceTrack


GRID = 12
"""Places of a film's heat on each side; the network's own are fewer."""
LONGEST_FILM = 1500
"""Frames of a film; of a longer clip every so many are shown."""
MISSED = 0.05
"""Share of the difference from the baseline that integrated gradients may miss without a note."""


class Method(StrEnum):
    """How a model of feature streams is explained."""

    GRADIENTS = "integrated-gradients"
    OCCLUSION = "occlusion"


@dataclass(frozen=True)
class StreamExplanation:
    """What channels and times added to the mean of an output over a stretch of a clip.

    All is in the unit of the output, which is a logit where the model answers classes. Contributions are counted from
    the model's answer to the baseline, the training mean in all channels and frames.

    Attributes:
        output: its name.
        method: how it was explained.
        value: mean of the output over the stretch.
        baseline: the same for the baseline.
        completeness_error: by how much integrated gradients miss the difference of the two; NaN for occlusion, whose
            contributions need not add up.
        channels: ``channel``, ``modality``, ``contribution``, and ``magnitude``, which for integrated gradients also
            counts contributions that cancel over time; the largest magnitude first.
        times: ``time`` (s, middle of a stretch), ``contribution`` and ``magnitude``.
        values: float32 (T, D), contributions by frame of the model's grid and channel; None for occlusion.
        notes: what a reader must know, one sentence each.
    """

    output: str
    method: Method
    value: float
    baseline: float
    completeness_error: float
    channels: pd.DataFrame
    times: pd.DataFrame
    values: np.ndarray | None
    notes: tuple[str, ...]


@dataclass(frozen=True)
class FaceExplanation:
    """Where a network of face pictures looked.

    Attributes:
        times: (N,) seconds of the video's frames.
        values: float32 (N,), probability of the output in each.
        heat: float32 (N, side, side) in [0, 1], see :func:`grad_cam`.
        pictures: uint8 (N, side, side, 3), the face in each frame as the network sees it, in colour.
    """

    times: np.ndarray
    values: np.ndarray
    heat: np.ndarray
    pictures: np.ndarray

    @property
    def probabilities(self) -> pd.DataFrame:
        """``time`` and ``probability`` of the output in each picture."""
        return pd.DataFrame({"time": self.times, "probability": self.values})


@dataclass(frozen=True)
class FaceFilm:
    """Where a network of face pictures looked, over a whole clip.

    Attributes:
        times: (N,) seconds of the video's frames in which the face is seen, or of every so many of them.
        values: float32 (N,), probability of the output in each.
        heat: float32 (N, :data:`GRID`, :data:`GRID`) in [0, 1], 1 being the hottest place of the whole clip.
        squares: (N, 3, 2), corners of the heat in the picture, see :func:`emoviz.media.face_square`.
        hold: seconds that each frame stands for.
        strip: some of them with their pictures, the heat as above.
    """

    times: np.ndarray
    values: np.ndarray
    heat: np.ndarray
    squares: np.ndarray
    hold: float
    strip: FaceExplanation


def explain_streams(
    checkpoint: Checkpoint,
    streams: Mapping[str, FeatureStream],
    duration: float,
    output: str,
    *,
    method: Method = Method.GRADIENTS,
    start: float = 0.0,
    end: float | None = None,
    steps: int = 50,
    stretch: float = 0.5,
    progress: Progress = silent,
) -> StreamExplanation:
    """Explain the mean of an output over some seconds of a clip.

    Args:
        checkpoint: a model of feature streams.
        streams: what it reads, see :func:`emoviz.prediction.windows.streams_of`.
        duration: of the clip in seconds.
        output: name of the output.
        method: how.
        start: of the seconds to explain.
        end: of them; None is the end of the clip.
        steps: of integrated gradients.
        stretch: seconds that are hidden at a time by occlusion.
        progress: told of every window.

    Raises:
        UnknownNameError: the model has no such output.
        ConfigError: the stretch is shorter than a frame of the model.
        FeatureError: nothing of the clip's features is known in these seconds.
    """
    number = output_number(checkpoint.description.outputs, output)
    hop = checkpoint.description.hop
    if stretch < hop:
        raise ConfigError(f"A stretch of time is {hop:g} s or more, not {stretch:g} s.")
    windows = Windows.of(checkpoint.description, duration)
    parts = _Parts(checkpoint, windows, streams, windows.shares(wanted_frames(windows, streams, start, end)), number)
    value, baseline = parts.answers()
    if method == Method.GRADIENTS:
        values = parts.gradients(steps, progress)
        missed = abs(float(values.sum(dtype=float)) - (value - baseline))
        by_channel, by_time = ((values.sum(i, float), np.abs(values).sum(i, float)) for i in (0, 1))
        middles = windows.times
    else:
        values, missed = None, float("nan")
        stretches = np.arange(len(windows.times)) // max(1, round(stretch / hop))
        channels, times = parts.occluded(stretches, progress)
        by_channel, by_time = (channels, np.abs(channels)), (times, np.abs(times))
        middles = pd.Series(windows.times).groupby(stretches).mean().to_numpy()
    table = channel_table(checkpoint).assign(contribution=by_channel[0], magnitude=by_channel[1])
    return StreamExplanation(
        output=output,
        method=method,
        value=value,
        baseline=baseline,
        completeness_error=missed,
        channels=table.sort_values("magnitude", ascending=False, kind="stable", ignore_index=True),
        times=pd.DataFrame({"time": middles, "contribution": by_time[0], "magnitude": by_time[1]}),
        values=values,
        notes=_notes(checkpoint, missed, abs(value - baseline)),
    )


def main_output(checkpoint: Checkpoint, prediction: np.ndarray) -> str:
    """The output that is explained where none is named: the class most probable on the whole, or the first dimension.

    Args:
        checkpoint: the model.
        prediction: (T, K) of a clip, NaN in gaps.

    Raises:
        FeatureError: all is a gap.
    """
    outputs = checkpoint.description.outputs
    if np.isnan(prediction).all():
        raise FeatureError(f"There is nothing to explain: the clip has nothing that '{checkpoint.name}' sees or hears.")
    return (
        outputs[int(np.nanmean(prediction, axis=0).argmax())]
        if checkpoint.description.kind == "emotion"
        else outputs[0]
    )


def window_inputs(
    checkpoint: Checkpoint, windows: Windows, streams: Mapping[str, FeatureStream], numbers: np.ndarray
) -> tuple[dict[str, Tensor], Tensor]:
    """Some windows of a clip as the model sees them, behind its PCA and standardisation.

    Args:
        checkpoint: the model.
        windows: of the clip, see :class:`emoviz.prediction.windows.Windows`.
        streams: what the model reads.
        numbers: of n windows.

    Returns:
        name -> (n, W, D_stream), and the mask (n, W), which is true everywhere: what is missing is zero.
    """
    aligned = windows.aligned(streams, numbers)
    with torch.no_grad():
        inputs = checkpoint.predictor.inputs({name: torch.from_numpy(v) for name, v in aligned.items()})
    return inputs, torch.ones(len(numbers), windows.width, dtype=torch.bool)


def explain_face(
    checkpoint: Checkpoint,
    media: "ClipMedia",
    output: str,
    seconds: Sequence[float],
    *,
    side: int = 240,
    progress: Progress = silent,
) -> FaceExplanation:
    """Grad-CAM of a network of face pictures at some moments of a clip.

    Args:
        checkpoint: a model of face pictures.
        media: the clip.
        output: name of the output.
        seconds: N moments; of each the nearest frame with the speaker's face is taken.
        side: pixels of the pictures and the heat over them.
        progress: told of every stage.

    Raises:
        UnknownNameError: the model has no such output.
        ConfigError: the model has no convolutional network, or no moment is given.
        MediaError: the clip has no picture.
        FeatureError: no face was found in it.
    """
    number = output_number(checkpoint.description.outputs, output)
    if not len(seconds):
        raise ConfigError("Grad-CAM shows one moment of the clip or more: say which, in seconds.")
    times, track = _face(media, progress)
    chosen = np.abs(times[track.frames] - np.asarray(seconds, float)[:, None]).argmin(1)
    inputs, mask = face_inputs(checkpoint, track.seen_crops[chosen])
    heat = grad_cam(checkpoint.predictor.model, inputs, mask, number, progress=progress)
    return FaceExplanation(
        times=times[track.frames[chosen]],
        values=probability_of(checkpoint, inputs, mask, number),
        heat=_resized(heat, side),
        pictures=_pictures(media, track, chosen, side, progress),
    )


def explain_film(
    checkpoint: Checkpoint,
    media: "ClipMedia",
    output: str,
    *,
    pictures: int = 8,
    side: int = 112,
    progress: Progress = silent,
) -> FaceFilm:
    """Grad-CAM of a network of face pictures in every frame with the speaker's face.

    Args:
        checkpoint: a model of face pictures.
        media: the clip.
        output: name of the output.
        pictures: of the strip, evenly over the clip; those in whose share of it no face is seen are left out.
        side: pixels of these.
        progress: told of every stage.

    Raises:
        UnknownNameError: the model has no such output.
        ConfigError: the model has no convolutional network.
        MediaError: the clip has no picture.
        FeatureError: no face was found in it.
    """
    from ..media import face_square

    number = output_number(checkpoint.description.outputs, output)
    times, track = _face(media, progress)
    every = -(-len(track.frames) // LONGEST_FILM)
    chosen = np.arange(0, len(track.frames), every)
    inputs, mask = face_inputs(checkpoint, track.seen_crops[chosen])
    heat = grad_cam(checkpoint.predictor.model, inputs, mask, number, scale="all", progress=progress)
    values = probability_of(checkpoint, inputs, mask, number)
    shown = times[track.frames[chosen]]
    share = media.info.duration / pictures
    middles = (np.arange(pictures) + 0.5) * share
    near = np.abs(shown - middles[:, None]).argmin(1)
    strip = near[np.abs(shown[near] - middles) <= share / 2]
    return FaceFilm(
        times=shown,
        values=values,
        heat=functional.interpolate(torch.from_numpy(heat)[:, None], (GRID, GRID), mode="area")[:, 0].numpy(),
        squares=np.stack([face_square(points * track.unit) for points in track.seen_points[chosen]]),
        hold=every * float(np.median(np.diff(times))) if len(times) > 1 else share,
        strip=FaceExplanation(
            shown[strip], values[strip], _resized(heat[strip], side),
            _pictures(media, track, chosen[strip], side, progress),
        ),
    )  # fmt: skip


def face_inputs(checkpoint: Checkpoint, crops: np.ndarray) -> tuple[dict[str, Tensor], Tensor]:
    """Face crops, uint8 (N, 48, 48), as a network of pictures sees them: its streams, and the mask (N, 1)."""
    values = torch.from_numpy(crops.reshape(len(crops), 1, -1).astype(np.float32) / 255)
    return checkpoint.predictor.inputs({PICTURES: values}), torch.ones(len(crops), 1, dtype=torch.bool)


def _face(media: "ClipMedia", progress: Progress) -> tuple[np.ndarray, "FaceTrack"]:
    """Seconds of the clip's frames, and the speaker's face in them."""
    times, track = media.faces(progress).times, media.face_track()
    if track is None:
        raise FeatureError("There is nothing to explain: no face was found in the clip.")
    return times, track


@torch.no_grad()
def probability_of(checkpoint: Checkpoint, inputs: dict[str, Tensor], mask: Tensor, number: int) -> np.ndarray:
    """Of an output for each input, (N,); some at a time, since activations take much more memory than pictures."""
    parts = [
        probabilities(checkpoint.predictor.model({name: v[some] for name, v in inputs.items()}, mask[some]).prediction)
        for some in torch.arange(len(mask)).split(FRAMES_AT_ONCE)
    ]
    return torch.cat(parts)[:, number].numpy()


def _resized(heat: np.ndarray, side: int) -> np.ndarray:
    """(N, h, w) -> (N, side, side)."""
    return functional.interpolate(torch.from_numpy(heat)[:, None], (side, side), mode="bilinear")[:, 0].numpy()


def _pictures(
    media: "ClipMedia", track: "FaceTrack", chosen: np.ndarray, side: int, progress: Progress
) -> np.ndarray:  # fmt: skip
    """The face in some of a track's frames, uint8 (N, side, side, 3)."""
    from ..media import face_picture

    landmarks = dict(zip(track.frames[chosen], track.seen_points[chosen] * track.unit, strict=True))
    pictures: dict[int, np.ndarray] = {}
    for frame, picture in enumerate(media.pictures(progress)):
        if frame in landmarks:
            pictures[frame] = face_picture(picture.image, landmarks[frame], side)
        if len(pictures) == len(landmarks):
            break
    found = [pictures[frame] for frame in track.frames[chosen]]
    return np.stack(found) if found else np.zeros((0, side, side, 3), np.uint8)


@dataclass(frozen=True)
class _Parts:
    """The windows of a clip that have a say in what is explained, one after the other."""

    checkpoint: Checkpoint
    windows: Windows
    streams: Mapping[str, FeatureStream]
    shares: np.ndarray
    output: int

    def __iter__(self) -> Iterator[tuple[slice, dict[str, Tensor], Tensor, Tensor]]:
        """Its frames in the clip, and its inputs, mask and shares."""
        for number in np.flatnonzero(self.shares.any(1)):
            start = self.windows.starts[number]
            share = torch.from_numpy(self.shares[[number]]).float()
            inputs, mask = window_inputs(self.checkpoint, self.windows, self.streams, np.array([number]))
            yield slice(start, start + self.windows.width), inputs, mask, share

    def reported(self, progress: Progress) -> Iterator[tuple[slice, dict[str, Tensor], Tensor, Tensor]]:
        """The same; told of every window."""
        total = int(self.shares.any(1).sum())
        for number, part in enumerate(self):
            progress("Explaining the prediction", number, total)
            yield part
        progress("Explaining the prediction", total, total)

    @property
    def model(self) -> Model:
        return self.checkpoint.predictor.model

    @torch.no_grad()
    def answers(self) -> tuple[float, float]:
        """What the model says of the clip, and of the baseline."""
        score = scorer(self.model, self.output)
        totals = np.zeros(2)
        with in_use(self.model):
            for _, inputs, *fixed in self:
                nothing = [torch.zeros_like(values) for values in inputs.values()]
                totals += float(score(*inputs.values(), *fixed)), float(score(*nothing, *fixed))
        return float(totals[0]), float(totals[1])

    def gradients(self, steps: int, progress: Progress) -> np.ndarray:
        """Integrated gradients of the clip, float32 (T, D)."""
        values = np.zeros((len(self.windows.times), sum(self.model.config.streams.values())), np.float32)
        for own, inputs, mask, share in self.reported(progress):
            found = integrated_gradients(self.model, inputs, mask, self.output, shares=share, steps=steps)
            values[own] += found.values[0]
        return values

    def occluded(self, stretches: np.ndarray, progress: Progress) -> tuple[np.ndarray, np.ndarray]:
        """What each channel (D,) and each stretch of time adds, given the stretch of each frame (T,)."""
        channels = torch.eye(sum(self.model.config.streams.values()), dtype=torch.bool)[:, None]
        by_channel, by_time = np.zeros(len(channels)), np.zeros(stretches[-1] + 1)
        for own, inputs, mask, share in self.reported(progress):
            by_channel += occlude(self.model, inputs, mask, self.output, channels, shares=share)[0]
            touched = np.unique(stretches[own])
            times = torch.from_numpy(stretches[own] == touched[:, None])[..., None]
            by_time[touched] += occlude(self.model, inputs, mask, self.output, times, shares=share)[0]
        return by_channel, by_time


def wanted_frames(
    windows: Windows, streams: Mapping[str, FeatureStream], start: float, end: float | None
) -> np.ndarray:
    """Frames of the clip to explain, those of which nothing is known left out: bool (T,)."""
    features = windows.description.features
    known = np.any([~np.isnan(align(streams[f.name], windows.times)).all(1) for f in features], axis=0)
    wanted = known & (windows.times >= start) & (windows.times < (np.inf if end is None else end))
    if not wanted.any():
        until = "the end" if end is None else f"{end:g} s"
        raise FeatureError(f"There is nothing to explain: no feature of the clip is known from {start:g} s to {until}.")
    return wanted


def _notes(checkpoint: Checkpoint, missed: float, difference: float) -> tuple[str, ...]:
    notes = []
    plain = [c.feature for c in checkpoint.description.inputs if not c.standardise and c.components is None]
    if plain:
        notes.append(
            f"The baseline of {' and '.join(plain)} is zero, not the training mean, as it is not standardised."
        )
    if missed > MISSED * difference:
        notes.append(f"The contributions miss the difference from the baseline by {missed:.2g} of {difference:.2g}.")
    return tuple(notes)
