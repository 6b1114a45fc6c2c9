"""Familiarity: whether the embedding of a window lies among those of a model's training, or far from all of them.

A network answers whatever it is given, and is often sure of it. Its embedding still tells when the sound or the picture
is unlike all that it was trained on: it then lies far from the training's embeddings, as their own spread measures it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..core.vocabulary import UNLIKE
from .gaps import spans
from .metrics.base import Array

DIRECTIONS = 32
"""Number of directions in which embeddings have a spread of their own; all others share one."""
FLAGGED = 0.05
"""Share of the validation's windows that lie beyond the limit."""
SPAN = 0.5
"""Length in seconds of the shortest stretch that is reported."""
LEAST = 20
"""Smallest number of embeddings from which a spread can be estimated."""


@dataclass(frozen=True)
class Familiarity:
    r"""The embeddings of a model's training as a Gaussian, and how far from it a window of a known length may lie.

    The distance is that of Mahalanobis, with the covariance of probabilistic principal components,

    .. math:: d^2 = (e - \mu)^\top \left( V \Lambda V^\top + \sigma^2 (I - V V^\top) \right)^{-1} (e - \mu)

    Sources: K. Lee, K. Lee, H. Lee, J. Shin, "A simple unified framework for detecting out-of-distribution samples and
    adversarial attacks", NeurIPS 2018 (the distance; here to all classes together, so that models without classes have
    it, too); M. Tipping, C. Bishop, "Probabilistic principal component analysis", J. R. Stat. Soc. B 61 (1999) 611-622.

    Attributes:
        mean: mean (E,) of the embeddings.
        directions: principal directions (R, E), of length 1.
        variances: variances (R + 1,) in these directions, and the mean one in all others.
        seconds: lengths (L,) of windows, increasing.
        limits: largest distances (L,) of familiar windows of these lengths; short windows spread more.
    """

    mean: Array
    directions: Array
    variances: Array
    seconds: Array
    limits: Array

    def unlike(self, embeddings: Array, seconds: Array) -> Array:
        """Return how far windows lie from the training, as shares (N,) of their limits; above 1 they are unlike it.

        Args:
            embeddings: embeddings (N, E).
            seconds: lengths (N,) of the windows.
        """
        limits = np.interp(seconds, self.seconds, self.limits)
        return np.asarray(_distances(self, embeddings) / limits, np.float32)

    def arrays(self) -> dict[str, Array]:
        """Return all parts by their names, float32, as a file keeps them."""
        return {name: np.ascontiguousarray(getattr(self, name), np.float32) for name in NAMES}


NAMES = ("mean", "directions", "variances", "seconds", "limits")


def fit_familiarity(embeddings: Array, validation: Mapping[float, Array]) -> Familiarity | None:
    """Fit the familiarity of a model.

    Args:
        embeddings: embeddings (N, E) of training windows.
        validation: embeddings (M, E) of validation windows by their length in seconds.

    Returns:
        The familiarity; None where there are too few embeddings, or these are all the same.
    """
    if min(map(len, (embeddings, *validation.values())), default=0) < LEAST:
        return None
    mean = embeddings.mean(0, dtype=np.float64)
    variances, directions = np.linalg.eigh(np.cov(embeddings, rowvar=False).reshape(mean.size, mean.size))
    kept = min(DIRECTIONS, mean.size - 1)
    variances, directions = variances[::-1], directions.T[::-1]
    smallest = 1e-6 * variances.sum()
    if smallest <= 0:
        return None
    told = np.maximum([*variances[:kept], variances[kept:].mean()], smallest)
    seconds: Sequence[float] = sorted(validation)
    found = Familiarity(mean, directions[:kept], told, np.array(seconds), np.ones(len(seconds)))
    limits = [np.quantile(_distances(found, validation[length]), 1 - FLAGGED) for length in seconds]
    return Familiarity(mean, directions[:kept], told, np.array(seconds), np.array(limits))


def _distances(familiarity: Familiarity, embeddings: Array) -> Array:
    """Return the distances of Mahalanobis (N,) of embeddings (N, E)."""
    apart = np.asarray(embeddings, np.float64) - familiarity.mean
    along = apart @ familiarity.directions.T
    *told, rest = familiarity.variances
    beside = np.maximum((apart**2).sum(-1) - (along**2).sum(-1), 0)
    return np.asarray(np.sqrt((along**2 / told).sum(-1) + beside / rest))


def unlike_spans(table: pd.DataFrame) -> dict[str, list[tuple[float, float]]]:
    """Return the stretches, start and end in seconds, in which a clip is unlike what each model was trained on.

    Args:
        table: table of a prediction (:class:`emoviz.prediction.assembly.ClipPrediction`).

    Returns:
        The stretches of at least :data:`SPAN` by the name of the model, without models that have none.
    """
    times = table.time.to_numpy()
    told = [str(column) for column in table.columns if str(column).startswith(UNLIKE)]
    found = {column.removeprefix(UNLIKE): spans(times, (table[column] > 1).to_numpy()) for column in told}
    long = {model: [(a, b) for a, b in own if b - a >= SPAN] for model, own in found.items()}
    return {model: own for model, own in long.items() if own}
