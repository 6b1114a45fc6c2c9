"""The share of right classes."""

from functools import partial

import numpy as np

from .aggregation import POOLED
from .base import METRICS, Array, Metric
from .sums import of_counts


def accuracy(truth: Array, prediction: Array) -> float:
    """Return the share of right classes in [0, 1]; NaN without any labels."""
    truth, prediction = np.asarray(truth), np.asarray(prediction)
    return float((truth == prediction).mean()) if truth.size else float("nan")


def _of_counts(counts: Array) -> Array:
    return np.asarray(counts.trace(axis1=-2, axis2=-1) / counts.sum((-2, -1)))


METRICS.register("accuracy")(
    Metric(
        title="accuracy",
        unit="share of the recordings",
        direction="higher",
        value=accuracy,
        scores={"emotion": (POOLED,)},
        quick=partial(of_counts, _of_counts),
    )
)
