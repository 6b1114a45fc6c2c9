"""Aggregation of a metric over several recordings, pooled or per recording, and its name."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

Array = np.ndarray
Values = Callable[[Array, Array], float]
POOLED, PER_RECORDING = "pooled", "per_recording"


def pooled(metric: Values, truths: Sequence[Array], predictions: Sequence[Array]) -> float:
    """Return the metric over the concatenation of all recordings, as AVEC's official score is computed."""
    if not truths:
        return float("nan")
    return metric(np.concatenate(truths), np.concatenate(predictions))


def per_recording(metric: Values, truths: Sequence[Array], predictions: Sequence[Array]) -> float:
    """Return the mean of the metric over recordings, leaving out undefined values (constant labels)."""
    values = np.array([metric(t, p) for t, p in zip(truths, predictions, strict=True)])
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if defined.size else float("nan")


AGGREGATIONS: Mapping[str, Callable[[Values, Sequence[Array], Sequence[Array]], float]] = {
    POOLED: pooled,
    PER_RECORDING: per_recording,
}


def titled(title: str, aggregation: str) -> str:
    """Return a metric's title with its aggregation; pooled needs no word, as it is the usual one."""
    return title if aggregation == POOLED else f"{title} {aggregation.replace('_', ' ')}"
