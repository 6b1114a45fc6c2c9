"""Cohen's kappa, the agreement of two raters beyond chance."""

import numpy as np

from .base import METRICS, Array, Metric


def kappa(first: Array, second: Array) -> float:
    r"""Return Cohen's kappa: the agreement of two raters beyond what their class frequencies give by chance.

    .. math:: \kappa = \frac{p_o - p_e}{1 - p_e}

    Source: J. Cohen, Educational and Psychological Measurement 20 (1960) 37-46.

    Args:
        first: classes (N,) that one rater gives.
        second: classes (N,) that the other rater gives.

    Returns:
        The coefficient, at most 1; NaN with no classes, or where both raters give the same constant.
    """
    first, second = np.asarray(first), np.asarray(second)
    if not first.size:
        return float("nan")
    chance = sum(float((first == label).mean() * (second == label).mean()) for label in np.unique(first))
    return float(((first == second).mean() - chance) / (1 - chance)) if chance < 1 else float("nan")


METRICS.register("kappa")(Metric(title="kappa", unit="none, at most 1", direction="higher", value=kappa))
