"""Streams with one hop from values per picture, whatever the clip's timestamps are."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ..core.progress import Progress, silent
from .align import interpolate
from .base import FeatureStream, missing_stream

if TYPE_CHECKING:
    from ..media import ClipMedia, FaceTrack

USUAL_HOP = 0.04
"""Step in seconds between the frames of a stream whose clip does not state its frame rate."""

JITTER = 0.05
"""Share of a frame by which a timestamp may be rounded without moving the frame."""


def face_stream(
    media: "ClipMedia",
    channels: tuple[str, ...],
    values_of: "Callable[[FaceTrack], np.ndarray]",
    progress: Progress = silent,
) -> FeatureStream:
    """Make a stream of the speaker's face at the clip's average frame rate.

    Args:
        media: the clip.
        channels: names of the D channels.
        values_of: function that returns float32 (P, D) for the P frames that have the face.
        progress: listener, told of the decoding.

    Returns:
        The stream; frames without the face are NaN.
    """
    if media.info.video is None:
        return missing_stream(channels, media.info.duration, USUAL_HOP, "The clip has no picture.")
    times = media.faces(progress).times
    track = media.face_track()
    if not len(times):
        return missing_stream(channels, media.info.duration, USUAL_HOP, "The clip's picture has no frames.")
    values = np.full((len(times), len(channels)), np.nan, np.float32)
    if track is not None:
        values[track.frames] = values_of(track)
    start, hop, values = resample(times, values, 1 / media.info.video.fps if media.info.video.fps else USUAL_HOP)
    return FeatureStream(values, start, hop, channels, _notes(1 - (0 if track is None else track.present.mean())))


def resample(times: np.ndarray, values: np.ndarray, usual_hop: float) -> tuple[float, float, np.ndarray]:
    """Put frames with irregular times on a grid of their average rate.

    Between two frames values are interpolated linearly, unless either is missing.

    Args:
        times: increasing times (F,), in seconds.
        values: values float32 (F, D).
        usual_hop: hop of a single frame, in seconds.

    Returns:
        Start and hop in seconds, and float32 (F, D).
    """
    frames = len(times)
    start = float(times[0])
    if frames == 1 or times[-1] <= start:
        return start, usual_hop, values[:1]
    hop = (float(times[-1]) - start) / (frames - 1)
    position = np.interp(start + hop * np.arange(frames), times, np.arange(frames))
    nearest = np.round(position)
    position = np.where(np.abs(position - nearest) < JITTER, nearest, position)
    return start, hop, interpolate(values, position)


def _notes(missing: float) -> tuple[str, ...]:
    if missing == 1:
        return ("No face was found.",)
    return (f"No face in {max(missing, 0.01):.0%} of the frames.",) if missing else ()
