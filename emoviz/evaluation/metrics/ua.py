"""Unweighted average recall (UA), which counts every class alike."""

from functools import partial

import numpy as np

from .aggregation import POOLED
from .base import METRICS, Array, Metric
from .sums import of_counts


def unweighted_average_recall(truth: Array, prediction: Array) -> float:
    """Return UA: the mean recall of the classes that occur in ``truth``.

    Source: B. Schuller, S. Steidl, A. Batliner, "The INTERSPEECH 2009 Emotion Challenge", section 4.

    Args:
        truth: true classes (N,).
        prediction: predicted classes (N,).

    Returns:
        The recall in [0, 1]; NaN with no classes.
    """
    truth, prediction = np.asarray(truth), np.asarray(prediction)
    recalls = [float((prediction[truth == label] == label).mean()) for label in np.unique(truth)]
    return float(np.mean(recalls)) if recalls else float("nan")


def _of_counts(counts: Array) -> Array:
    total = counts.sum(-1)
    recalls = counts.diagonal(axis1=-2, axis2=-1) / np.maximum(total, 1)
    return np.asarray(recalls.sum(-1) / (total > 0).sum(-1))


METRICS.register("ua")(
    Metric(
        title="UA",
        unit="mean share over classes",
        direction="higher",
        value=unweighted_average_recall,
        scores={"emotion": (POOLED,)},
        quick=partial(of_counts, _of_counts),
    )
)
