"""The concordance correlation coefficient, with population moments (Lin 1989)."""

from functools import partial

import numpy as np

from .aggregation import PER_RECORDING, POOLED
from .base import METRICS, Array, Metric, is_constant, pairs
from .sums import divided, of_moments


def ccc(truth: Array, prediction: Array) -> float:
    r"""Return the concordance correlation coefficient of two series.

    .. math:: \rho_c = \frac{2\,\sigma_{xy}}{\sigma_x^2 + \sigma_y^2 + (\mu_x - \mu_y)^2}

    Source: L. I.-K. Lin, Biometrics 45 (1989) 255-268.

    Args:
        truth: labels (N,). Pairs in which either value is NaN are left out.
        prediction: predictions (N,).

    Returns:
        The coefficient, or NaN with no pairs, or when both series are the same constant.

    Examples:
        >>> truth = np.array([0.0, 0.5, 1.0])
        >>> ccc(truth, truth), round(ccc(truth, truth + 0.5), 2), ccc(truth, np.full(3, 0.5))
        (1.0, 0.57, 0.0)
    """
    truth, prediction = pairs(truth, prediction)
    if truth.size == 0 or is_constant(np.append(truth, prediction)):
        return float("nan")
    mean_truth, mean_prediction = truth.mean(), prediction.mean()
    covariance = ((truth - mean_truth) * (prediction - mean_prediction)).mean()
    spread = truth.var() + prediction.var() + (mean_truth - mean_prediction) ** 2
    return float(2 * covariance / spread)


def _of_sums(sums: Array) -> Array:
    count, x, y, xx, yy, xy = np.moveaxis(sums, -1, 0)
    count = np.where(count > 0, count, np.nan)
    spread = (xx + yy) / count - 2 * x * y / count**2  # both variances and the squared difference of the means
    return divided(2 * (xy / count - x * y / count**2), spread, 1e-12)


METRICS.register("ccc")(
    Metric(
        title="CCC",
        unit="none, at most 1",
        direction="higher",
        value=ccc,
        scores={"dimension": (POOLED, PER_RECORDING)},
        quick=partial(of_moments, _of_sums),
    )
)
