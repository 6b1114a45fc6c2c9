"""One time grid for streams that were extracted at different rates.

A frame of a stream stands for one hop around its centre; a stream's span is that of all its frames. Outside
of it, and where neighbours are missing, the aligned values are NaN.
"""

from dataclasses import replace
from typing import Literal, get_args

import numpy as np

from ..core.errors import FeatureError
from .base import FeatureStream

Method = Literal["linear", "mean", "none"]


def grid(duration: float, hop: float) -> np.ndarray:
    """Return the times 0, hop, 2 hop, ... before ``duration`` seconds; at least one."""
    return np.arange(max(int(np.ceil(duration / hop - 1e-6)), 1)) * hop


def frame_middles(duration: float, hop: float) -> np.ndarray:
    """Return the middles of the frames of a clip in seconds; at least one."""
    return (np.arange(max(1, int(duration / hop + 1e-6))) + 0.5) * hop


def refined(values: np.ndarray, frames: int) -> np.ndarray:
    """Interpolate values (T, D) between frame middles at ``frames`` times, evenly spaced over the same span."""
    position = (np.arange(frames) + 0.5) * len(values) / frames - 0.5
    return interpolate(values, position.clip(0, len(values) - 1))


def delayed(values: np.ndarray, frames: int) -> np.ndarray:
    """Move values (T, ...) later by a number of frames, or earlier if it is negative; the end's value repeats."""
    return values[np.clip(np.arange(len(values)) - frames, 0, len(values) - 1)]


def align(stream: FeatureStream, times: np.ndarray, method: Method = "linear", cell: float | None = None) -> np.ndarray:
    """Return the values of a stream at given times.

    Args:
        stream: stream with T frames of D channels.
        times: increasing times (M,), in seconds.
        method: ``linear`` interpolates between the two neighbouring frames, and is NaN when either is missing
            (within half a hop of the stream's ends, the last frame counts alone). ``mean`` averages the stream over the
            cell of each time; missing frames are left out, and a cell of which less than half is known is NaN. ``none``
            takes the frame within which a time lies.
        cell: seconds around each time that ``mean`` averages over; by default it reaches halfway to its neighbours.

    Returns:
        Values, float32 (M, D).

    Raises:
        FeatureError: if the times do not increase, or there is no such method.
    """
    times = np.asarray(times, dtype=np.float64)
    if times.ndim != 1 or (np.diff(times) <= 0).any():
        raise FeatureError("The times to which a stream is aligned are one increasing series of seconds.")
    if method not in get_args(Method):
        raise FeatureError(f"Streams are aligned by 'linear', 'mean' or 'none', not '{method}'.")
    if not len(times) or not len(stream.values):
        return np.full((len(times), stream.values.shape[1]), np.nan, np.float32)
    near = _cut(stream, times, cell or 0.0)
    if method == "mean":
        return _average(near, times, cell)
    return _interpolate(near, times) if method == "linear" else _taken(near, times)


def _cut(stream: FeatureStream, times: np.ndarray, cell: float) -> FeatureStream:
    """Return the part of a stream that some times need, so that the cost of a window is not that of the recording."""
    margin = max(cell, float(np.diff(times).max(initial=0.0)), stream.hop) + 2 * stream.hop
    first = max(0, int((times[0] - margin - stream.start) / stream.hop))
    last = max(first + 1, int((times[-1] + margin - stream.start) / stream.hop) + 2)
    first = min(first, len(stream.values) - 1)
    return replace(stream, values=stream.values[first:last], start=stream.start + first * stream.hop)


def interpolate(values: np.ndarray, position: np.ndarray) -> np.ndarray:
    """Interpolate linearly between frames; exactly on a frame, its neighbours do not count, even if they are NaN.

    Args:
        values: values float32 (T, D).
        position: positions (M,) in [0, T - 1].

    Returns:
        Values float32 (M, D).
    """
    before = np.floor(position).astype(int)
    share = (position - before).astype(np.float32)[:, None]
    left, right = values[before], values[np.minimum(before + 1, len(values) - 1)]
    values_between: np.ndarray = np.where(share == 0, left, left + (right - left) * share)
    return values_between


def _interpolate(stream: FeatureStream, times: np.ndarray) -> np.ndarray:
    last = len(stream.values) - 1
    position = _tidy((times - stream.start) / stream.hop)
    values = interpolate(stream.values, position.clip(0, last))
    values[(position < -0.5) | (position > last + 0.5)] = np.nan
    return values


def _taken(stream: FeatureStream, times: np.ndarray) -> np.ndarray:
    position = _tidy((times - stream.start) / stream.hop)
    last = len(stream.values) - 1
    values = np.asarray(stream.values[np.floor(position + 0.5).astype(int).clip(0, last)])
    values[(position < -0.5) | (position > last + 0.5)] = np.nan
    return values


def _average(stream: FeatureStream, times: np.ndarray, cell: float | None) -> np.ndarray:
    if cell is not None:
        return _means(stream, times - cell / 2, times + cell / 2)
    step = np.diff(times) if len(times) > 1 else np.array([stream.hop])
    middles = (times[:-1] + times[1:]) / 2
    edges = np.concatenate([times[:1] - step[0] / 2, middles, times[-1:] + step[-1] / 2])
    return _means(stream, edges[:-1], edges[1:])


def _means(stream: FeatureStream, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Mean of a stream over cells from ``starts`` to ``ends``, seconds (M,): float32 (M, D)."""
    # In frames: frame k of the stream fills [k, k + 1].
    begin, end = (_tidy((edges - stream.start) / stream.hop + 0.5) for edges in (starts, ends))
    missing = np.isnan(stream.values)
    total = _integral(np.where(missing, 0, stream.values), begin, end)
    known = _integral(~missing, begin, end)
    enough = known > 0.5 * (end - begin)[:, None] * (1 - 1e-6)
    return np.where(enough, total / np.where(enough, known, 1), np.nan).astype(np.float32)


def _integral(values: np.ndarray, begin: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Integrate the piecewise constant ``values`` (T, D) from ``begin`` to ``end`` (M,): (M, D)."""
    running = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0, dtype=np.float64)])

    def until(position: np.ndarray) -> np.ndarray:
        position = position.clip(0, len(values))
        whole = np.minimum(position.astype(int), len(values) - 1)
        part = (position - whole)[:, None]
        integral: np.ndarray = running[whole] * (1 - part) + running[whole + 1] * part
        return integral

    between: np.ndarray = until(end) - until(begin)
    return between


def _tidy(position: np.ndarray) -> np.ndarray:
    """Free positions in frames from rounding errors of the times, up to a millionth of a frame."""
    nearest = np.round(2 * position) / 2
    return np.where(np.abs(position - nearest) < 1e-6, nearest, position)


def nearest(values: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return the index of the entry of increasing ``values`` nearest to each wanted one; the first of two as near."""
    if len(values) == 1:
        return np.zeros(len(wanted), int)
    after = np.searchsorted(values, wanted).clip(1, len(values) - 1)
    return np.where(wanted - values[after - 1] <= values[after] - wanted, after - 1, after)
