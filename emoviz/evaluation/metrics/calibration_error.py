"""The expected calibration error: the distance between confidence and accuracy."""

import numpy as np

from .base import METRICS, Array, Metric

BINS = 15
"""Number of bins that the field uses (Guo et al. 2017)."""


def calibration_error(confidence: Array, right: Array, bins: int = BINS, *, equal_mass: bool = True) -> float:
    r"""Return the expected calibration error: how far confidence and accuracy lie apart, in bins of confidence.

    .. math:: ECE = \sum_b \frac{n_b}{N} \left| acc_b - conf_b \right|

    Bins that hold equally many answers are as precise in each other's place; of bins of equal width, most are empty
    where a model is sure of nearly everything.

    Sources: C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, "On Calibration of Modern Neural Networks", ICML 2017 (the
    error and its number of bins); K. Nguyen, B. O'Connor, "Posterior calibration and exploratory analysis for natural
    language processing models", EMNLP 2015 (bins of equal mass).

    Args:
        confidence: probability (N,) of the class that is answered, in [0, 1].
        right: booleans (N,), true where the answer was right.
        bins: number of bins, at most the number of answers.
        equal_mass: whether the bins hold equally many answers, as far as their number allows; otherwise they have equal
            widths.

    Returns:
        The error in [0, 1]; NaN with no answers.
    """
    confidence, right = np.asarray(confidence, np.float64), np.asarray(right, np.float64)
    if not confidence.size:
        return float("nan")
    place = _equally_filled(confidence, bins) if equal_mass else bin_of(confidence, bins)
    gaps = np.bincount(place, right - confidence)
    return float(np.abs(gaps).sum() / confidence.size)


def bin_of(values: Array, bins: int) -> Array:
    """Return the index of each value's bin, among bins of equal width on [0, 1]; 1 falls into the last one."""
    return np.asarray(np.minimum((np.asarray(values) * bins).astype(int), bins - 1))


def _equally_filled(values: Array, bins: int) -> Array:
    """Return the index of each value's bin, among bins that are filled equally; equal values share a bin."""
    rank = np.searchsorted(np.sort(values), values)
    return np.asarray(rank * bins // values.size)


METRICS.register("calibration_error")(
    Metric(title="calibration error", unit="share of the recordings", direction="lower", value=calibration_error)
)
