"""The contract of a fusion rule, and the means that rules share."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ...core.registry import Registry

VIDEO_WEIGHT = 0.6
"""Weight of the face; the speech has the rest of 1."""

Rule = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""``rule(values (S, T, K), weights (S,))`` -> (T, K)."""


@dataclass(frozen=True)
class Fusion:
    """A rule of fusion: its functions for dimensions and for the probabilities of emotion classes."""

    dimensions: Rule
    emotions: Rule


FUSIONS: Registry[Fusion] = Registry("fusion", home="emoviz.evaluation.fusion")


def weighted(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    r"""Return the weighted mean over the sources that have a value.

    .. math:: y_{tk} = \frac{\sum_s w_s\, y_{stk}}{\sum_s w_s} \quad \text{over the s without a gap}

    A source of weight 0 is left out altogether, even if it is the only one. Weights (S, K) may
    differ between outputs.
    """
    weight = np.where(np.isnan(values), 0.0, weights.reshape(len(values), 1, -1))
    total = weight.sum(0)
    known = total > 0
    return np.where(known, (weight * np.nan_to_num(values)).sum(0) / np.where(known, total, 1.0), np.nan)


def share(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the weighted mean of class probabilities, rescaled to sum to one.

    The plain mean does not sum to one where a source knows fewer classes than another.
    """
    mean = weighted(values, weights)
    total = np.nansum(mean, axis=1, keepdims=True)
    return np.where(total > 0, mean / np.where(total > 0, total, 1.0), np.nan)
