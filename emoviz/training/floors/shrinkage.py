"""``shrinkage``: linear regression drawn towards the plain mean of the channels."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...core.configuration import from_dict
from ...evaluation.metrics.ccc import ccc
from ...evaluation.scores import Result
from ..config import TrainingConfig
from ..data import Data, Part, Sample
from .base import FLOORS, Predict, columns_of, frames_of, require_positive, result_of, training_samples


@dataclass(frozen=True)
class Shrinkage:
    """Options of ``shrinkage``.

    Attributes:
        strengths: values of lambda that are tried, in multiples of the channels' mean variance.
    """

    strengths: tuple[float, ...] = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)

    def __post_init__(self) -> None:
        require_positive("strengths", self.strengths)


@FLOORS.register("shrinkage")
def shrinkage(config: TrainingConfig, data: Data) -> Predict:
    r"""Fit linear regression drawn towards the plain mean of the channels, spread out as the labels are.

    With n centred labels y, and X the D centred channels that predict the same dimension,

    .. math:: w = \tfrac{1}{D} 1 + (X^\top X + \lambda n I)^{-1} X^\top (y - \tfrac{1}{D} X 1)

    and the prediction :math:`X w` is scaled to the spread of y, which among all scales of a prediction that correlates
    well is close to the best for the CCC. :math:`\lambda` is the one with the best pooled CCC when each training
    recording is predicted from the others.

    Raises:
        ConfigError: if an option is wrong, or no channel predicts a dimension.
    """
    options = from_dict(Shrinkage, config.options, "the options of 'shrinkage'")
    columns = [columns_of(config, data, output) for output in config.outputs]
    samples = training_samples(data)
    fits = [_shrink(samples, k, own, options.strengths) for k, own in enumerate(columns)]

    def predict(part: Part) -> list[Result]:
        return [
            result_of(
                s, np.stack([frames_of(s)[:, own] @ w + b for own, (w, b) in zip(columns, fits, strict=True)], axis=1)
            )
            for s in part
        ]

    return predict


def _shrink(
    samples: Sequence[Sample], k: int, columns: list[int], strengths: Sequence[float]
) -> tuple[np.ndarray, float]:
    """Weights (D,) and bias of one output, with the strength that predicts left-out recordings best."""
    inputs = [frames_of(s)[:, columns].astype(np.float64) for s in samples]
    truths = [s.target[:, k].numpy().astype(np.float64) for s in samples]

    def fit(used: Sequence[int], strength: float) -> tuple[np.ndarray, float]:
        x, y = np.concatenate([inputs[i] for i in used]), np.concatenate([truths[i] for i in used])
        centre, level = x.mean(0), y.mean()
        plain = np.full(x.shape[1], 1 / x.shape[1])
        x = x - centre
        scale = x.var(0).mean()
        gram = x.T @ x + strength * scale * len(x) * np.eye(len(plain))
        weights = plain + np.linalg.solve(gram, x.T @ (y - level - x @ plain))
        weights = weights * (y.std() / (x @ weights).std())
        return weights, float(level - centre @ weights)

    def left_out(strength: float) -> float:
        everyone = range(len(samples))
        fitted = [fit([j for j in everyone if j != i], strength) for i in everyone]
        return ccc(
            np.concatenate(truths), np.concatenate([x @ w + b for x, (w, b) in zip(inputs, fitted, strict=True)])
        )

    return fit(range(len(samples)), max(strengths, key=left_out))
