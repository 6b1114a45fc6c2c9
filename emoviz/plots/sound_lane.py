"""The lane of a spectrogram, with heat over it where a network that sees the sound looked."""

import numpy as np
from plotly.colors import sequential

from ..core.vocabulary import MARKS
from .lanes import Lane, picture_lane

Spectrogram = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Times (s), frequencies (Hz) and the values (F, T) at them, middles of regular cells."""
RANGE = 80.0
"""Decibels from dark to bright."""
OPACITY = 0.8
"""Opacity of the hottest place."""


def spectrogram_lane(spectrogram: Spectrogram, heat: Spectrogram | None = None) -> Lane:
    """Return the lane of a spectrogram.

    Args:
        spectrogram: loudness in decibels, at most 0.
        heat: heat in [0, 1], NaN where there is none; None where there is none anywhere.
    """
    times, frequencies, decibels = spectrogram
    share = np.clip(decibels / RANGE + 1, 0, 1)[..., None]
    picture = 255 * share.repeat(3, axis=2) if heat else _coloured(share[..., 0])
    if heat is not None:
        layer = OPACITY * np.nan_to_num(_at(heat, times, frequencies))[..., None]
        picture = (1 - layer) * picture + layer * _rgb(MARKS["higher"])
    half = (times[-1] - times[0]) / max(1, len(times) - 1) / 2
    return picture_lane(
        "spectrogram",
        "Spectrogram",
        "kHz",
        picture[::-1].round().astype(np.uint8),
        float(times[0] - half),
        float(times[-1] + half),
        round(float(frequencies[-1]) / 1000, 1),
    )


def _at(heat: Spectrogram, times: np.ndarray, frequencies: np.ndarray) -> np.ndarray:
    """The heat at the nearest cells of other times and frequencies."""
    columns, rows = (
        np.abs(np.interp(wanted, own, np.arange(len(own)))).round().astype(int)
        for wanted, own in ((times, heat[0]), (frequencies, heat[1]))
    )
    return np.asarray(heat[2][np.ix_(rows, columns)])


def _coloured(share: np.ndarray) -> np.ndarray:
    """Colours of cividis, (F, T, 3), of values in [0, 1]."""
    colours = np.array([_rgb(colour) for colour in sequential.Cividis])
    stops = np.linspace(0, 1, len(colours))
    return np.stack([np.interp(share, stops, channel) for channel in colours.T], axis=-1)


def _rgb(colour: str) -> np.ndarray:
    return np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)], float)
