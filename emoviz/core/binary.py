"""High or low: two classes that are derived from a rated dimension, as paper 1's three binary tasks are.

Source: the CATS-Transformer paper, section 4.1: arousal high or low, valence high or low, like or dislike. It does not
print its thresholds, so they are settings here.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from .vocabulary import BINARY

EDGE = 1e-9
"""Distance beyond the band that still counts as its edge, as .3 + .1 is slightly more than .4 in floating point."""


def dimension_of(classes: tuple[str, ...]) -> str | None:
    """Return the dimension to which a pair of classes belongs, low before high; None if it is not such a pair."""
    return next((str(dimension) for dimension, pair in BINARY.items() if tuple(classes) == pair), None)


def shares_of(ratings: np.ndarray, threshold: float, neutral: float) -> np.ndarray:
    """Return the class of each rating as one-hot vectors.

    Args:
        ratings: ratings (N,), NaN where there is none.
        threshold: rating that separates low from high.
        neutral: half the width of the band around the threshold in which a rating is neither.

    Returns:
        One-hot classes (N, 2), float32, low before high; NaN for a rating that is missing, in the band or at its edge.
    """
    away = np.asarray(ratings, float) - threshold
    high = np.where(np.abs(away) > neutral + EDGE, away > 0, np.nan)
    return np.stack([1 - high, high], axis=1).astype(np.float32)


def settings_of(training: Mapping[str, Any]) -> tuple[float, float]:
    """Return the threshold and the half width of the band that a training states, or their defaults."""
    return float(training.get("threshold", 0.0)), float(training.get("neutral", 0.0))
