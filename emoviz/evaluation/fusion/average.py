"""The average as a fusion, in which all sources count alike."""

import numpy as np

from .base import FUSIONS, Fusion, share, weighted


def average(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the mean over the sources that have a value, all alike whatever their weights."""
    return weighted(values, np.ones(len(values)))


def average_share(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the mean of class probabilities, all sources alike, rescaled to sum to one."""
    return share(values, np.ones(len(values)))


FUSIONS.register("average")(Fusion(average, average_share))
