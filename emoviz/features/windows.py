"""Sound of any length through an encoder that reads a limited time at once.

Conditioned sound is encoded stretch by stretch: an encoder attends to all its input, so its states of an utterance
depend on the rest of the recording, unless the utterance is encoded by itself as in training. A stretch
that is longer than the encoder's window is encoded in overlapping windows, cross-faded.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from ..core.growing import GrowingArray, blocks
from ..core.progress import Progress, silent
from .base import Sound, sound_setting, within

if TYPE_CHECKING:
    from ..media import Waveform

PAUSE = 0.3
"""Seconds without speech that separate two stretches; across a shorter pause they are encoded as one."""


def stretches(times: np.ndarray, sound: "Waveform") -> list[tuple[int, int]]:
    """Return the stretches of frames that are each encoded by themselves; sound as it was recorded is a single one.

    Args:
        times: regular times (T,) of the frames, in seconds of the clip.
        sound: sound, whose pauses separate the stretches if speech was looked for.

    Returns:
        The first frame and the exclusive end of each stretch.
    """
    spoken = np.flatnonzero(~within(times, sound.unspoken))
    if not len(spoken):
        return []
    parted = np.diff(times[spoken]) > PAUSE + 1e-6
    return list(zip(spoken[np.r_[True, parted]].tolist(), (spoken[np.r_[parted, True]] + 1).tolist(), strict=True))


def encoded_apart(
    times: np.ndarray,
    sound: "Waveform",
    width: int,
    encode: Callable[[int, int, Progress], np.ndarray],
    progress: Progress = silent,
) -> np.ndarray:
    """Encode each stretch of a sound by itself.

    Args:
        times: regular times (T,) of the frames, in seconds of the clip.
        sound: sound, as in :func:`stretches`.
        width: number D of channels.
        encode: function from the first frame and the exclusive end of a stretch, and a listener, to its features.
        progress: listener, told of the work as a whole.

    Returns:
        Features float32 (T, D), NaN outside of the stretches.
    """
    values = GrowingArray((width,), np.float32)

    def leave_out(until: int) -> None:
        values.extend(np.broadcast_to(np.float32(np.nan), (until - len(values), width)))

    for first, end in stretches(times, sound):
        leave_out(first)

        def listen(stage: str, done: float, total: float, first: int = first, end: int = end) -> None:
            progress(stage, first + (end - first) * done / max(total, 1), len(times))

        for block in blocks(encode(first, end, listen)):
            values.extend(block)
    leave_out(len(times))
    return values.array


def apart_setting(sound: Sound) -> dict[str, str | int | float]:
    """Return the settings of a feature that encodes each stretch of conditioned sound by itself."""
    return sound_setting(sound) | ({} if sound == "recorded" else {"pause": PAUSE})


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
