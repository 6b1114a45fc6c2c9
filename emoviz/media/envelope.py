"""The envelope of a sound: how far its samples reach in each short stretch, for drawings over time."""

from typing import NamedTuple

import numpy as np

from ..core.growing import blocks
from .waveform import Waveform

FINEST, COARSEST = 0.002, 0.02
"""Seconds of a stretch in short and in long recordings."""
STRETCHES = 20_000
"""Number of stretches from which on they become coarser."""


class Envelope(NamedTuple):
    """The reach of a sound over time.

    Attributes:
        start: middle of the first stretch in seconds of the recording.
        step: seconds of a stretch.
        low: least sample of each stretch, float32 (T,).
        high: largest sample of each stretch, float32 (T,).
    """

    start: float
    step: float
    low: np.ndarray
    high: np.ndarray


def envelope(sound: Waveform) -> Envelope:
    """Return the least and the largest sample of each stretch; long sound is read in blocks."""
    seconds = min(max(sound.duration / STRETCHES, FINEST), COARSEST)
    width = max(1, round(seconds * sound.rate))
    low, high, rest = [], [], np.zeros(0, np.float32)
    for block in blocks(sound.samples):
        samples = np.concatenate([rest, block])
        whole = len(samples) - len(samples) % width
        rest = samples[whole:]
        stretches = samples[:whole].reshape(-1, width)
        low.append(stretches.min(axis=1))
        high.append(stretches.max(axis=1))
    if len(rest):
        low.append(rest.min(keepdims=True))
        high.append(rest.max(keepdims=True))
    step = width / sound.rate
    ends = [np.concatenate(side or [np.zeros(0)]).astype(np.float32) for side in (low, high)]
    return Envelope(sound.start + step / 2, step, *ends)
