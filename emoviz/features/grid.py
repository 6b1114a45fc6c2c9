"""The frames of a recording that a model reads: one function for training, evaluation, pages and jobs.

All streams come onto one grid. Frames that no stream has (nobody speaks, no face, a gap of the recording) are left out:
a model never reads a zero or a mean in their place, and no prediction is made for them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..core.errors import FeatureError
from .align import Method, align, frame_middles
from .base import FeatureStream
from .stored_corpus import WHOLE


@dataclass(frozen=True)
class Frames:
    """Streams of a recording on one grid.

    Attributes:
        times: middles of the frames, float64 (T,), in seconds of the recording.
        values: features, float32 (T, D), by the name of their stream; NaN where only this stream lacks the frame.
    """

    times: np.ndarray
    values: Mapping[str, np.ndarray]


def own_hop(streams: Mapping[str, FeatureStream]) -> float:
    """Return the seconds of a frame of streams that cut each recording into the same number of parts.

    Raises:
        FeatureError: if the streams have other numbers or lengths of frames.
    """
    timed = {name: stream for name, stream in streams.items() if stream.hop < WHOLE}
    parts = {(len(stream.values), round(stream.hop, 9)) for stream in timed.values()}
    if len(parts) != 1:
        told = ", ".join(f"{name} {len(s.values)} of {s.hop:.3g} s" for name, s in timed.items()) or "none"
        raise FeatureError(f"Streams that are not resampled have as many frames of the same length; here: {told}.")
    return next(iter(timed.values())).hop


def on_grid(streams: Mapping[str, FeatureStream], hop: float, method: Method) -> Frames:
    """Bring the streams of a recording onto one grid, up to where the first of them ends, without absent frames.

    With the method ``none`` the grid is the streams' own (:func:`own_hop`), and nothing is interpolated.

    Args:
        streams: streams of the recording, at least one; of those that hold one value for the whole recording there is a
            single frame.
        hop: seconds from one frame of the grid to the next.
        method: method by which streams come onto the grid (:func:`emoviz.features.align.align`).

    Returns:
        The frames; where all are absent a single one of NaN, so that a recording is never empty.
    """
    hop = own_hop(streams) if method == "none" else hop
    timed = [stream for stream in streams.values() if stream.hop < WHOLE]
    times = common_times(timed, hop) if timed else np.zeros(1)
    values = {
        name: align(stream, times, method, hop if stream.hop < WHOLE else None) for name, stream in streams.items()
    }
    present = is_present(values)
    if not present.any():
        present[:1] = True
    return Frames(times[present], {name: own[present] for name, own in values.items()})


def common_times(streams: list[FeatureStream], hop: float) -> np.ndarray:
    """Return the middles of the frames, in seconds, up to where the first of a recording's streams ends."""
    return frame_middles(min(map(end_of, streams)), hop)


def end_of(stream: FeatureStream) -> float:
    """Return the second at which the last frame of a stream ends."""
    return stream.start + stream.hop * (len(stream.values) - 0.5)


def is_present(values: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return a mask, bool (..., T), of the frames that at least one stream (..., T, D) has."""
    return np.asarray(np.any([~np.isnan(own).all(-1) for own in values.values()], axis=0))
