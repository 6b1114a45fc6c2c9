"""The root mean squared error."""

from functools import partial

import numpy as np

from .aggregation import POOLED
from .base import METRICS, Array, Metric, pairs
from .sums import divided, of_moments


def rmse(truth: Array, prediction: Array) -> float:
    """Return the root mean squared error, in the unit of the labels; NaN with no pairs."""
    truth, prediction = pairs(truth, prediction)
    return float(np.sqrt(((truth - prediction) ** 2).mean())) if truth.size else float("nan")


def _of_sums(sums: Array) -> Array:
    count, _, _, xx, yy, xy = np.moveaxis(sums, -1, 0)
    return np.asarray(np.sqrt(divided(np.maximum(0.0, xx + yy - 2 * xy), count)))


METRICS.register("rmse")(
    Metric(
        title="RMSE",
        unit="that of the labels",
        direction="lower",
        value=rmse,
        scores={"dimension": (POOLED,), "intensity": (POOLED,)},
        quick=partial(of_moments, _of_sums),
    )
)
