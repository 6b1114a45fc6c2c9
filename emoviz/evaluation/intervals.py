r"""Intervals of predicted dimensions, which hold the labels of 90 % of the moments of a new person.

Conformal prediction (V. Vovk, A. Gammerman, G. Shafer, *Algorithmic Learning in a Random World*, 2005) asks how far
labels of other data lay outside of guessed intervals, and widens these by as much. The guess here is the spread of the
labels around what was predicted, which is not the same for each value: the quantiles of the residuals, in groups of
similar predictions (Y. Romano, E. Patterson, E. Candès, "Conformalized quantile regression", NeurIPS 2019).

Moments of one person are alike, so that people are what is left out and counted: each person's residuals are set
against a guess from all others (R. Barber, E. Candès, A. Ramdas, R. Tibshirani, "Predictive inference with the
jackknife+", Ann. Statist. 49 (2021) 486-507), and each of the M people counts 1 / (M + 1), as one of them could be the
next (R. Dunn, L. Wasserman, A. Ramdas, "Distribution-free prediction sets for two-layer hierarchical models", JASA 118
(2023) 2491-2502).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .metrics.base import Array, pairs
from .scores import Result

LEVEL = 0.9
"""Share of the moments whose label an interval should hold."""
GROUPS = 4
"""Number of groups of similar predictions, each with its own spread of residuals."""
LEAST = 9
"""Smallest number of people for whom an interval within the scale can hold that share."""

Pair = tuple[Array, Array]
"""Predictions (N,) and labels (N,) of one person."""


@dataclass(frozen=True)
class Band:
    """The interval around each predicted value.

    Attributes:
        at: predicted values, increasing, between which the interval is interpolated.
        low: distances from these to the lower end, 0 or less.
        high: distances to the upper end, 0 or more.
    """

    at: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]

    def ends(self, values: Array) -> tuple[Array, Array]:
        """Return the lower and the upper ends (T,) around predictions (T,), within the scale of dimensions."""
        low, high = (np.clip(values + np.interp(values, self.at, own), -1, 1) for own in (self.low, self.high))
        return low, high


def fit_bands(results: Sequence[Result], outputs: Sequence[str]) -> dict[str, Band]:
    """Return the interval of each dimension, fitted to validation results.

    Args:
        results: results per frame or of rated clips.
        outputs: names of the dimensions.

    Returns:
        Intervals by output; none with fewer than :data:`LEAST` people.
    """
    bands = {output: fit_band(people_of(results, k)) for k, output in enumerate(outputs)}
    return {output: band for output, band in bands.items() if band is not None}


def people_of(results: Sequence[Result], k: int) -> list[Pair]:
    """Gather the predictions of one output and its labels by person, or by recording where people are unknown."""
    own: dict[str, list[Pair]] = {}
    for result in results:
        truth, prediction = pairs(result.truth[:, k], result.prediction[:, k])
        own.setdefault(result.speaker or result.id, []).append((prediction, truth))
    joined = [(np.concatenate(p), np.concatenate(t)) for p, t in (zip(*parts, strict=True) for parts in own.values())]
    return [pair for pair in joined if len(pair[0])]


def fit_band(people: Sequence[Pair]) -> Band | None:
    """Return the interval that holds the share :data:`LEVEL` of the labels of the next person.

    Args:
        people: predictions and labels of each person.

    Returns:
        The interval; None with fewer than :data:`LEAST` people.
    """
    if len(people) < LEAST:
        return None
    outside = []
    for number, (prediction, truth) in enumerate(people):
        low, high = _ends(_guess([pair for other, pair in enumerate(people) if other != number]), prediction)
        outside.append(np.maximum(low - truth, truth - high))
    wider = _quantile_over_people(outside)
    at, low, high = _guess(people)
    parts = at, np.minimum(low - wider, 0), np.maximum(high + wider, 0)  # the prediction itself is always inside
    return Band(*(tuple(np.round(own, 4).tolist()) for own in parts))


def _guess(people: Sequence[Pair]) -> tuple[Array, Array, Array]:
    """Return the middles of groups of similar predictions, and the quantiles of the residuals in each."""
    prediction, truth = (np.concatenate(parts) for parts in zip(*people, strict=True))
    groups = np.array_split(np.argsort(prediction, kind="stable"), GROUPS)
    at = np.array([np.median(prediction[group]) for group in groups])
    if not (np.diff(at) > 0).all():  # nearly constant predictions have no groups
        groups, at = [np.arange(len(prediction))], np.array([np.median(prediction)])
    tails = (1 - LEVEL) / 2, (1 + LEVEL) / 2
    low, high = np.array([np.quantile(truth[group] - prediction[group], tails) for group in groups]).T
    return at, low, high


def _ends(guess: tuple[Array, Array, Array], values: Array) -> tuple[Array, Array]:
    at, low, high = guess
    return values + np.interp(values, at, low), values + np.interp(values, at, high)


def _quantile_over_people(values: Sequence[Array]) -> float:
    """Return the least value that the share :data:`LEVEL` of a next person's does not exceed."""
    joined = np.concatenate(values)
    weights = np.concatenate([np.full(len(own), 1 / (len(own) * (len(values) + 1))) for own in values])
    order = np.argsort(joined)
    place = int(np.searchsorted(np.cumsum(weights[order]), LEVEL - 1e-9))
    return float(joined[order][min(place, len(joined) - 1)])


def coverage(band: Band, people: Sequence[Pair]) -> dict[str, float]:
    """Return how often an interval holds the label, and how wide it is.

    Args:
        band: interval.
        people: predictions and labels of people to whom it was not fitted.

    Returns:
        ``frames`` and ``people`` (the share over all moments, and the mean of the people's shares) and ``width`` (mean
        over all moments).
    """
    held, widths = [], []
    for prediction, truth in people:
        low, high = band.ends(prediction)
        held.append((low - 1e-6 <= truth) & (truth <= high + 1e-6))
        widths.append(high - low)
    return {
        "frames": float(np.concatenate(held).mean()),
        "people": float(np.mean([own.mean() for own in held])),
        "width": float(np.concatenate(widths).mean()),
    }
