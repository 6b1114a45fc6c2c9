"""The spectrogram of a clip for people, small enough for a screen."""

from typing import NamedTuple

import numpy as np

from .waveform import Waveform

WINDOW = 0.032
"""Seconds of sound in a column: words blur in longer ones, pitch in shorter ones."""
RANGE = 80.0
"""Decibels below the loudest place at which silence begins."""


class Spectrogram(NamedTuple):
    """A spectrogram, the loudness over time and frequency.

    Attributes:
        times: middles (T,) of the columns in seconds.
        frequencies: middles (F,) of the rows in hertz.
        decibels: loudness, float32 (F, T), at most 0 (the loudest place) and at least -:data:`RANGE`.
    """

    times: np.ndarray
    frequencies: np.ndarray
    decibels: np.ndarray


def spectrogram(sound: Waveform, *, columns: int = 600, rows: int = 96) -> Spectrogram:
    """Compute the power in Hann windows of :data:`WINDOW`, averaged to a largest number of columns and rows.

    Args:
        sound: sound of the clip.
        columns: largest number of columns.
        rows: largest number of rows.
    """
    from scipy.signal import ShortTimeFFT
    from scipy.signal.windows import hann

    width = round(WINDOW * sound.rate)
    samples = np.pad(sound.samples, (0, max(0, width - len(sound.samples))))
    transform = ShortTimeFFT(hann(width, sym=False), width // 2, sound.rate)
    power = transform.spectrogram(samples, p0=0, p1=max(1, -(-len(samples) // transform.hop)))
    times = sound.start + np.arange(power.shape[1]) * transform.delta_t
    parts = np.array_split(np.arange(power.shape[1]), min(columns, power.shape[1]))
    bands = np.array_split(np.arange(power.shape[0]), min(rows, power.shape[0]))
    small = np.stack([power[:, own].mean(1) for own in parts], axis=1)
    small = np.stack([small[own].mean(0) for own in bands])
    loudest = max(float(small.max()), np.finfo(np.float32).tiny)
    decibels = 10 * np.log10(np.maximum(small / loudest, 10 ** (-RANGE / 10)))
    return Spectrogram(
        np.array([times[own].mean() for own in parts]),
        np.array([transform.f[own].mean() for own in bands]),
        decibels.astype(np.float32),
    )
