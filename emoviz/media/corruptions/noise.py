"""Corruptions by other sounds: noise, and other people.

The level is the ratio of the mean power of the recording to that of what is added, in decibels.
"""

import numpy as np

from .base import Scene, corruption, within_scale

TALKERS = 6
"""Number of voices in a babble."""


@corruption("noise", "white noise at {level:g} dB", 20, 5)
def noise(samples: np.ndarray, level: float, scene: Scene) -> np.ndarray:
    """Add white noise."""
    return added(samples, scene.random.standard_normal(len(samples)), level)


@corruption("babble", "babble at {level:g} dB", 20, 5)
def babble(samples: np.ndarray, level: float, scene: Scene) -> np.ndarray:
    """Add the voices of other recordings, each of which runs backwards so that no word of it is understood.

    Where there are no other recordings, the recording itself gives the voices.
    """
    others = scene.others or [lambda: samples]
    voices = np.zeros(len(samples))
    for _ in range(TALKERS):
        voice = others[int(scene.random.integers(len(others)))]()[::-1]
        if len(voice) and voice.any():
            voices += np.resize(np.roll(voice, int(scene.random.integers(len(voice)))), len(samples)) / power(voice)
    return added(samples, voices, level)


def power(samples: np.ndarray) -> float:
    """Return the root of the mean square of samples."""
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))) if len(samples) else 0.0


def added(samples: np.ndarray, other: np.ndarray, level: float) -> np.ndarray:
    """Add another sound at a ratio of powers in decibels; silence stays as it is."""
    strength = power(other)
    share = power(samples) / strength * 10 ** (-level / 20) if strength else 0.0
    return within_scale(samples + share * other)
