"""Corruptions by a wrongly set recorder: an offset, a level that is too low, or one that is too high."""

import numpy as np

from .base import Scene, corruption


@corruption("offset", "an offset of {level:.0%} of full scale", 0.02, 0.05)
def offset(samples: np.ndarray, level: float, scene: Scene) -> np.ndarray:
    """Move every sample by a share of full scale."""
    return np.clip(samples + np.float32(level), -1, 1)


@corruption("quiet", "{level:g} dB weaker, at 16 bit", 20, 40)
def quiet(samples: np.ndarray, level: float, scene: Scene) -> np.ndarray:
    """Lower sound by a number of decibels and round it to 16 bits."""
    return (np.round(samples * 10 ** (-level / 20) * 32767) / 32767).astype(np.float32)


@corruption("clipped", "clipped in {level:.0%} of the samples", 0.05, 0.2)
def clipped(samples: np.ndarray, level: float, scene: Scene) -> np.ndarray:
    """Make sound so strong that a share of its samples reaches full scale."""
    limit = max(float(np.quantile(np.abs(samples), 1 - level)), 1e-6)
    return np.clip(samples / np.float32(limit), -1, 1)
