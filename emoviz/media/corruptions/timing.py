"""Corruptions of time: silence around what is said, and another speed."""

import numpy as np

from .base import RATE, Scene, corruption, within_scale


@corruption("silence", "{level:g} s of silence on either side", 1, 3)
def silence(samples: np.ndarray, level: float, scene: Scene) -> np.ndarray:
    """Put silence before and after sound."""
    return np.pad(samples, round(level * RATE))


@corruption("speed", "{level:g} times as fast", 1.1, 0.9)
def speed(samples: np.ndarray, level: float, scene: Scene) -> np.ndarray:
    """Play sound faster or slower, so that its pitch rises or falls."""
    from scipy.signal import resample

    return within_scale(resample(samples, max(1, round(len(samples) / level))))
