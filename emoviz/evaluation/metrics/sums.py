"""Quick statistics for bootstraps, with metrics as functions of sums over the recordings drawn."""

from collections.abc import Callable, Sequence

import numpy as np

from ..bootstrap import SumStatistic

Array = np.ndarray
OfSums = Callable[[Array], Array]
"""Function from sums (..., F) to values (...)."""


def of_moments(value: OfSums, truths: Sequence[Array], predictions: Sequence[Array]) -> SumStatistic:
    """Return a score of pooled frames from each recording's number, sums, squares and product."""

    def sums(truth: Array, prediction: Array) -> list[float]:
        known = ~(np.isnan(truth) | np.isnan(prediction))
        x, y = truth[known].astype(np.float64), prediction[known].astype(np.float64)
        return [len(x), x.sum(), y.sum(), x @ x, y @ y, x @ y]

    return SumStatistic(np.array([sums(t, p) for t, p in zip(truths, predictions, strict=True)]), value)


def of_counts(value: OfSums, truths: Sequence[int], predictions: Sequence[int]) -> SumStatistic:
    """Return a score of classes from confusion counts; ``value`` reads counts (..., C, C)."""
    truth, prediction = np.asarray(truths), np.asarray(predictions)
    classes = 1 + max(truth.max(), prediction.max())
    cells = np.eye(classes**2)[truth * classes + prediction]
    return SumStatistic(cells, lambda sums: value(sums.reshape(*sums.shape[:-1], classes, classes)))


def mean_of_values(
    metric: Callable[[Array, Array], float], truths: Sequence[Array], predictions: Sequence[Array]
) -> SumStatistic:
    """Return the mean of the recordings' own values, leaving out undefined ones."""
    values = np.array([metric(t, p) for t, p in zip(truths, predictions, strict=True)])
    addends = np.stack([np.nan_to_num(values), ~np.isnan(values)], axis=1)
    return SumStatistic(addends, lambda sums: divided(sums[..., 0], sums[..., 1]))


def divided(above: Array, below: Array, least: float = 0.0) -> Array:
    """Return a quotient that is NaN where the divisor is no larger than ``least``."""
    return np.where(below > least, above / np.where(below > least, below, 1.0), np.nan)
