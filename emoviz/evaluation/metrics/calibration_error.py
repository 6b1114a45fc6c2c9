"""The expected calibration error: the distance between confidence and accuracy."""

import numpy as np

from .base import METRICS, Array, Metric


def calibration_error(confidence: Array, right: Array, bins: int = 10) -> float:
    r"""Return the expected calibration error: how far confidence and accuracy lie apart, in bins of equal width.

    .. math:: ECE = \sum_b \frac{n_b}{N} \left| acc_b - conf_b \right|

    Source: C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, "On Calibration of Modern Neural Networks", ICML 2017.

    Args:
        confidence: probability (N,) of the class that is answered, in [0, 1].
        right: booleans (N,), true where the answer was right.
        bins: number of bins.

    Returns:
        The error in [0, 1]; NaN with no answers.
    """
    confidence, right = np.asarray(confidence, np.float64), np.asarray(right, np.float64)
    if not confidence.size:
        return float("nan")
    gaps = np.bincount(bin_of(confidence, bins), right - confidence, minlength=bins)
    return float(np.abs(gaps).sum() / confidence.size)


def bin_of(values: Array, bins: int) -> Array:
    """Return the number of the bin, of so many of equal width on [0, 1], of each value; 1 falls into the last."""
    return np.asarray(np.minimum((np.asarray(values) * bins).astype(int), bins - 1))


METRICS.register("calibration_error")(
    Metric(title="calibration error", unit="share of the recordings", direction="lower", value=calibration_error)
)
