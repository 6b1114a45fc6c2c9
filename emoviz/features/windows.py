"""Overlapping, cross-faded windows of long sound for an encoder that sees a limited time."""

from collections.abc import Callable

import numpy as np
from torch import Tensor

from ..core.growing import GrowingArray
from ..core.progress import Progress, silent


def window_starts(frames: int, width: int, overlap: int) -> range:
    """Return the first frames of windows over ``frames``, each ``overlap`` frames before the last one's end."""
    return range(0, max(frames - overlap, 1), width - overlap)


def cross_faded(
    frames: int,
    width: int,
    overlap: int,
    encode: Callable[[list[int]], list[Tensor]],
    *,
    batch: int = 1,
    progress: Progress = silent,
) -> np.ndarray:
    """Encode window by window; where two overlap, one fades out linearly while the other fades in.

    Args:
        frames: number T of frames of the whole.
        width: number of frames of a window.
        overlap: number of frames that two windows share.
        encode: function from the first frames of some windows of one length to the states of each, (at most width, D).
        batch: number of windows that are encoded together.
        progress: listener that hears of every batch.

    Returns:
        States, float32 (T, D).
    """
    starts = list(window_starts(frames, width, overlap))
    whole = [start for start in starts if start + width <= frames]
    # The last window may be shorter than the others, which are encoded together.
    batches = [whole[i : i + batch] for i in range(0, len(whole), batch)] + [[s] for s in starts if s not in whole]
    fade = (np.arange(overlap, dtype=np.float32)[:, None] + 0.5) / max(overlap, 1)
    values: GrowingArray | None = None
    fading: np.ndarray = np.zeros((0, 1), np.float32)
    done = 0
    for some in batches:
        progress("Encoding speech", done, len(starts))
        for start, encoded in zip(some, encode(some), strict=True):
            part = encoded.float().cpu().numpy().copy()
            values = values or GrowingArray(part.shape[1:], np.float32)
            if start > 0:
                part[:overlap] = part[:overlap] * fade + fading
            end = len(part) if start == starts[-1] else len(part) - overlap
            values.extend(part[:end])
            fading = part[end:] * (1 - fade[: len(part) - end])
        done += len(some)
    progress("Encoding speech", len(starts), len(starts))
    assert values is not None
    return values.array
