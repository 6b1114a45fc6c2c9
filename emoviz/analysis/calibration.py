"""Calibration of compared models: whether confidence matches accuracy, and predictions match the labels' strength."""

import numpy as np
import pandas as pd

from ..core.vocabulary import CLASS_KINDS
from ..evaluation.confidence import answers, judged_confidence
from ..evaluation.metrics.calibration_error import bin_of
from .comparison import Comparison

BINS = 10
"""Number of bins of confidence on [0, 1], and of predicted dimensions on [-1, 1]."""
SPREAD = (0.1, 0.9)
"""Quantiles of the labels that are shown for each predicted value."""


def reliability(comparison: Comparison) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the accuracy of classifiers by their confidence, and their calibration errors.

    Returns:
        Bins: model, confidence (mean of the bin), accuracy, low and high (95 % Wilson interval), recordings.
        Errors: model, error (expected calibration error), low and high (95 % bootstrap interval), unit and clusters
        (what that interval draws, and how many of them).
    """
    bins, errors = [], []
    for contender in comparison.contenders:
        if contender.kind not in CLASS_KINDS or not contender.results:
            continue
        confidence, right = answers(contender.results)
        place = bin_of(confidence, BINS)
        for b in np.unique(place):
            own = place == b
            share, low, high = wilson(int(right[own].sum()), int(own.sum()))
            bins.append((contender.name, confidence[own].mean(), share, low, high, int(own.sum())))
        found = judged_confidence(contender.results)
        errors.append((contender.name, *(found[key] for key in ("value", "low", "high", "unit", "clusters"))))
    return (
        pd.DataFrame(bins, columns=["model", "confidence", "accuracy", "low", "high", "recordings"]),
        pd.DataFrame(errors, columns=["model", "error", "low", "high", "unit", "clusters"]),
    )


def predicted_and_true(comparison: Comparison) -> pd.DataFrame:
    """Return the labels by the value that a model of dimensions or intensities predicts.

    Returns:
        Columns model, output, predicted (mean of the bin), true (mean of the labels), low and high (quantiles
        :data:`SPREAD` of the labels: their spread, no interval of the mean), frames (or recordings).
    """
    rows = []
    for contender in comparison.contenders:
        if contender.kind in CLASS_KINDS or not contender.results:
            continue
        truth = np.concatenate([np.atleast_2d(r.truth) for r in contender.results])
        prediction = np.concatenate([np.atleast_2d(r.prediction) for r in contender.results])
        for k, output in enumerate(contender.outputs):
            known = ~(np.isnan(truth[:, k]) | np.isnan(prediction[:, k]))
            true, predicted = truth[known, k], prediction[known, k].clip(-1, 1)
            place = bin_of((predicted + 1) / 2, BINS)
            for b in np.unique(place):
                own = place == b
                spread = np.quantile(true[own], SPREAD)
                rows.append((contender.name, output, predicted[own].mean(), true[own].mean(), *spread, int(own.sum())))
    return pd.DataFrame(rows, columns=["model", "output", "predicted", "true", "low", "high", "frames"])


def wilson(hits: int, count: int, z: float = 1.96) -> tuple[float, float, float]:
    """Return a share with its 95 % interval.

    Source: E. B. Wilson, Journal of the American Statistical Association 22 (1927) 209-212.
    """
    share = hits / count
    centre = (share + z**2 / (2 * count)) / (1 + z**2 / count)
    half = z / (1 + z**2 / count) * np.sqrt(share * (1 - share) / count + z**2 / (4 * count**2))
    return share, float(centre - half), float(centre + half)
