"""Fusion whose weights are learned from data: of dimensions by CCC or error, of classes by likelihood."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ...core.errors import ConfigError
from .base import share, weighted

ITERATIONS = 100_000
"""Largest number of iterations of :func:`learn_share`; the worst of 900 made-up cases of 2 to 5 sources took 5,000."""


@dataclass(frozen=True)
class LearnedFusion:
    r"""A fusion of dimensions that was fitted to data, see :func:`learn`.

    .. math:: y_{tk} = b_k + g_k \frac{\sum_s w_{sk}\, (v_{stk} - m_{sk})}{\sum_s w_{sk}}
        \quad \text{over the s without a gap}

    Its fields are plain values: ``dataclasses.asdict`` and ``configuration.from_dict`` take it to JSON and back.

    Attributes:
        weights: w (S, K), not negative; those of an output sum to one.
        centres: m (S, K), the mean of each source.
        gain: g (K,), not negative.
        bias: b (K,), the mean of the targets.
    """

    weights: tuple[tuple[float, ...], ...]
    centres: tuple[tuple[float, ...], ...]
    gain: tuple[float, ...]
    bias: tuple[float, ...]

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """Fuse new values of the same sources and outputs: (S, T, K) -> (T, K)."""
        centred = values - np.array(self.centres)[:, None]
        return np.asarray(np.array(self.bias) + np.array(self.gain) * weighted(centred, np.array(self.weights)))


@dataclass(frozen=True)
class LearnedShare:
    """A fusion of class probabilities that was fitted to data, see :func:`learn_share`.

    Attributes:
        weights: weights (S,) of the sources, not negative, of sum one.
    """

    weights: tuple[float, ...]

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """Fuse new probabilities of the same sources and classes: (S, T, K) -> (T, K)."""
        return share(values, np.array(self.weights))


def learn(values: np.ndarray, targets: np.ndarray, objective: Literal["ccc", "rmse"] = "ccc") -> LearnedFusion:
    r"""Fit the fusion of dimensions: one weight per source and output, not negative, and a bias.

    With ``rmse`` it is least squares with g_k at most 1, so that agreeing sources are never exaggerated
    (L. Breiman, "Stacked regressions", Machine Learning 24 (1996) 49-64).

    With ``ccc`` it is the combination of the highest CCC. That is Pearson's r times a factor which is 1 just
    where means and spreads agree, and below 1 elsewhere (Lin 1989, see ``emoviz.evaluation.metrics.ccc``). Bias and
    gain do not touch r, so the weights are free to maximise it, which those of least squares do; then bias and gain
    make means and spreads agree. The fit reaches CCC = r, where least squares alone, whose spread is r
    times the targets', has :math:`2 r^2 / (1 + r^2)`.

    Args:
        values: predictions (S, T, K) of the sources, on recordings that none of them was trained on.
        targets: labels (T, K).
        objective: objective of the fit, the CCC or the error.

    Returns:
        The fusion. An output that no source follows gets a gain of zero, and so a constant. A source that
        has no values of an output gets a weight of zero there.

    Raises:
        ConfigError: if an output has fewer than two frames in which its target and all its sources are known.
    """
    fits = [_learn_output(values[..., k], targets[:, k], objective) for k in range(targets.shape[1])]
    weights, centres = (np.column_stack([fit[i] for fit in fits]).tolist() for i in (0, 1))
    gain, bias = (tuple(float(fit[i]) for fit in fits) for i in (2, 3))
    return LearnedFusion(tuple(map(tuple, weights)), tuple(map(tuple, centres)), gain, bias)


def learn_share(values: np.ndarray, targets: np.ndarray) -> LearnedShare:
    r"""Fit the fusion of class probabilities: the mean of highest likelihood, one weight per source.

    .. math:: \max_w \sum_{tk} y_{tk} \log \sum_s w_s v_{stk}, \qquad w \ge 0, \quad \textstyle\sum_s w_s = 1

    Source: P. Smyth, D. Wolpert, "Linearly combining density estimators via stacking", Machine Learning 36
    (1999) 59-83, by expectation maximisation. It stops within 1e-6 of the highest mean log likelihood: no
    weights exceed those at hand by more than the logarithm of the largest growth (T. Cover, "An algorithm for
    maximizing expected log investment return", IEEE Transactions on Information Theory 30 (1984) 369-373).

    Args:
        values: probabilities (S, T, K) of the sources, on recordings that none of them was trained on.
        targets: shares (T, K) of the classes, e.g. 1 for the true one and 0 for the others. Labels for which a source
            has no probability are left out.

    Raises:
        ConfigError: if there are no labels for which all sources have a probability.
    """
    known = (targets > 0) & ~np.isnan(values).any(0)
    if not known.any():
        raise ConfigError("A fusion is learned from at least one label for which all sources have a probability.")
    likelihood = values[:, known].clip(1e-12)
    label = targets[known] / targets[known].sum()
    weights = np.full(len(values), 1 / len(values))
    for _ in range(ITERATIONS):
        growth = (likelihood / (weights @ likelihood)) @ label
        if growth.max() <= 1 + 1e-6:
            break
        weights = weights * growth
    return LearnedShare(tuple((weights / weights.sum()).tolist()))


def _learn_output(
    values: np.ndarray, target: np.ndarray, objective: Literal["ccc", "rmse"]
) -> tuple[np.ndarray, np.ndarray, float, float]:
    """Weights (S,), centres (S,), gain and bias of one output, from values (S, T) and targets (T,)."""
    from scipy.optimize import nnls  # takes most of a second, for which pages, which learn nothing, should not wait

    sources = ~np.isnan(values).all(1)
    frames = ~np.isnan(values[sources]).any(0) & ~np.isnan(target) & sources.any()
    if frames.sum() < 2:
        raise ConfigError(
            "A fusion is learned from at least two frames in which the target and all sources are known, "
            f"not {frames.sum()}."
        )
    weights, centres = np.zeros(len(values)), np.zeros(len(values))
    centres[sources], bias = values[sources][:, frames].mean(1), target[frames].mean()
    deviations = (values[sources][:, frames] - centres[sources, None]).T
    truth = target[frames] - bias
    solution = nnls(deviations, truth)[0]
    gain = solution.sum()
    if gain > 1 and objective == "rmse":
        # The best weights of sum one: up to their sum, those of least squares from the sources' errors to 0 with a
        # further row that asks for a sum of one, as for any sum the same weights are best.
        errors = (deviations - truth[:, None]) / np.sqrt(len(truth))
        solution, gain = nnls(np.vstack([errors, np.ones(errors.shape[1])]), np.append(np.zeros(len(truth)), 1))[0], 1.0
    weights[sources] = solution / solution.sum() if gain > 0 else 1 / sources.sum()
    if gain > 0 and objective == "ccc":
        gain = truth.std() / (deviations @ weights[sources]).std()
    return weights, centres, gain, bias
