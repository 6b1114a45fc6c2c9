"""Grad-CAM of a network of face pictures in a clip: at some moments, or in every frame with a face."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.nn import functional

from ..checkpoints.folder import Checkpoint
from ..core.errors import ConfigError, FeatureError
from ..core.progress import Progress, silent
from ..prediction.inputs import PICTURES
from .gradcam import FRAMES_AT_ONCE, grad_cam
from .targets import output_number

if TYPE_CHECKING:
    from ..media import ClipMedia, FaceTrack

GRID = 12
"""Number of positions of a film's heat on each side; the network itself has fewer."""
LONGEST_FILM = 1500
"""Largest number of frames of a film; of a longer clip, evenly spaced frames are shown."""


@dataclass(frozen=True)
class FaceExplanation:
    """Heat over the places of a face at which a network of face pictures looked.

    Attributes:
        times: seconds (N,) of the video's frames.
        values: probability of the output in each frame, float32 (N,).
        heat: heat, float32 (N, side, side) in [0, 1], see :func:`grad_cam`.
        pictures: face in each frame as the network sees it, in colour, uint8 (N, side, side, 3).
    """

    times: np.ndarray
    values: np.ndarray
    heat: np.ndarray
    pictures: np.ndarray

    @property
    def probabilities(self) -> pd.DataFrame:
        """The probability of the output in each picture, as ``time`` and ``probability``."""
        return pd.DataFrame({"time": self.times, "probability": self.values})


@dataclass(frozen=True)
class FaceFilm:
    """Heat over the places of a face at which a network of face pictures looked, over a whole clip.

    Attributes:
        times: seconds (N,) of the video's frames in which the face is seen, or of evenly spaced ones among them.
        values: probability of the output in each of these frames, float32 (N,).
        heat: heat, float32 (N, :data:`GRID`, :data:`GRID`) in [0, 1], 1 being the hottest place of the whole clip.
        squares: corners (N, 3, 2) of the heat in the picture, see :func:`emoviz.media.face_square`.
        hold: seconds for which each frame is shown.
        strip: some of the frames with their pictures and the same heat.
    """

    times: np.ndarray
    values: np.ndarray
    heat: np.ndarray
    squares: np.ndarray
    hold: float
    strip: FaceExplanation


def explain_face(
    checkpoint: Checkpoint,
    media: "ClipMedia",
    output: str,
    seconds: Sequence[float],
    *,
    side: int = 240,
    progress: Progress = silent,
) -> FaceExplanation:
    """Compute Grad-CAM of a network of face pictures at some moments of a clip.

    Args:
        checkpoint: a model of face pictures.
        media: the clip.
        output: name of the output.
        seconds: N moments; for each, the nearest frame with the speaker's face is taken.
        side: pixels of a side of the pictures and the heat over them.
        progress: listener that hears of every stage.

    Raises:
        UnknownNameError: if the model has no such output.
        ConfigError: if the model has no convolutional network, or no moment is given.
        MediaError: if the clip has no picture.
        FeatureError: if no face was found in it.
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
    """Compute Grad-CAM of a network of face pictures in every frame with the speaker's face.

    Args:
        checkpoint: a model of face pictures.
        media: the clip.
        output: name of the output.
        pictures: number of pictures of the strip, evenly over the clip; pictures from stretches without a face are left
            out.
        side: pixels of a side of these pictures.
        progress: listener that hears of every stage.

    Raises:
        UnknownNameError: if the model has no such output.
        ConfigError: if the model has no convolutional network.
        MediaError: if the clip has no picture.
        FeatureError: if no face was found in it.
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
            shown[strip],
            values[strip],
            _resized(heat[strip], side),
            _pictures(media, track, chosen[strip], side, progress),
        ),
    )


def face_inputs(checkpoint: Checkpoint, crops: np.ndarray) -> tuple[dict[str, Tensor], Tensor]:
    """Return the streams and the mask (N, 1) that a network of pictures reads, from face crops uint8 (N, 48, 48)."""
    values = torch.from_numpy(crops.reshape(len(crops), 1, -1).astype(np.float32) / 255)
    return checkpoint.predictor.inputs({PICTURES: values}), torch.ones(len(crops), 1, dtype=torch.bool)


@torch.no_grad()
def probability_of(checkpoint: Checkpoint, inputs: dict[str, Tensor], mask: Tensor, number: int) -> np.ndarray:
    """Return the probability of an output for each input, (N,).

    Inputs are processed in batches, since activations take much more memory than pictures.
    """
    predictor = checkpoint.predictor
    parts = [
        predictor.probabilities(predictor.model({name: v[some] for name, v in inputs.items()}, mask[some]).prediction)
        for some in torch.split(torch.arange(len(mask)), FRAMES_AT_ONCE)
    ]
    return torch.cat(parts)[:, number].numpy()


def _face(media: "ClipMedia", progress: Progress) -> tuple[np.ndarray, "FaceTrack"]:
    """Seconds of the clip's frames, and the speaker's face in them."""
    times, track = media.faces(progress).times, media.face_track()
    if track is None:
        raise FeatureError("There is nothing to explain: no face was found in the clip.")
    return times, track


def _resized(heat: np.ndarray, side: int) -> np.ndarray:
    """(N, h, w) -> (N, side, side)."""
    resized = functional.interpolate(torch.from_numpy(heat)[:, None], (side, side), mode="bilinear")
    return np.asarray(resized[:, 0])


def _pictures(media: "ClipMedia", track: "FaceTrack", chosen: np.ndarray, side: int, progress: Progress) -> np.ndarray:
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
