"""Pearson's correlation coefficient."""

from .aggregation import POOLED
from .base import METRICS, Array, Metric, is_constant, pairs


def pearson(truth: Array, prediction: Array) -> float:
    """Return Pearson's correlation coefficient r of two series.

    Args:
        truth: labels (N,). Pairs in which either value is NaN are left out.
        prediction: predictions (N,).

    Returns:
        The coefficient, or NaN with no pairs, or when either series is constant.
    """
    truth, prediction = pairs(truth, prediction)
    if truth.size == 0 or is_constant(truth) or is_constant(prediction):
        return float("nan")
    return float(((truth - truth.mean()) * (prediction - prediction.mean())).mean() / truth.std() / prediction.std())


METRICS.register("pearson")(
    Metric(
        title="Pearson's r",
        unit="none, at most 1",
        direction="higher",
        value=pearson,
        scores={"intensity": (POOLED,)},
    )
)
