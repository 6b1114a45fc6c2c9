"""The confidence of classifiers: how far it lies from their accuracy, and the temperature that brings it nearer.

A network that was trained until it made no error on its training people is surer of others than it has a right to be.
Dividing its scores by one number, the temperature, before they become probabilities leaves every answer as it is and
makes all of them less sure, or surer.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from .bootstrap import clusters_of, interval
from .metrics.base import Array
from .metrics.calibration_error import calibration_error
from .scores import Result

HOTTEST = 20.0
"""Highest temperature that is tried, and the reciprocal of the lowest: no network needs such values."""
STEP = 0.02
"""Step of the logarithms of temperatures that are compared."""
FLOOR_DRAWS = 200


def tempered(probabilities: Array, temperature: float) -> Array:
    """Return class probabilities (..., K) at another temperature, in the same type."""
    if temperature == 1.0:
        return probabilities
    scores = np.log(np.maximum(probabilities, np.finfo(np.float32).tiny)) / temperature
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    return np.asarray(powers / powers.sum(-1, keepdims=True), probabilities.dtype)


def at_temperature(results: Sequence[Result], temperature: float) -> list[Result]:
    """Return the results of a classifier at another temperature."""
    return [replace(result, prediction=tempered(result.prediction, temperature)) for result in results]


def fit_temperature(results: Sequence[Result]) -> float:
    """Return the temperature with the lowest log loss of results, in which each person counts the same.

    Source: C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, "On Calibration of Modern Neural Networks", ICML 2017.

    Args:
        results: validation results of a classifier at temperature 1.
    """
    # Imported here, as it takes most of a second, for which pages, which fit nothing, need not wait.
    from scipy.optimize import minimize_scalar

    limit = np.log(HOTTEST)
    losses = _losses(results)
    found = minimize_scalar(
        lambda logarithm: losses(float(np.exp(logarithm))).mean(), bounds=(-limit, limit), method="bounded"
    )
    return float(np.exp(found.x))


def humble_temperature(results: Sequence[Result]) -> float:
    """Return the highest temperature with a log loss within one standard error of the lowest.

    A few validation people cannot tell two temperatures apart, and the epoch of a training was selected on them, so
    that a model looks better there than on others. Of the temperatures that are equally good, the one that makes the
    model least sure is taken.

    Source: L. Breiman, J. Friedman, R. Olshen, C. Stone, "Classification and Regression Trees", 1984, section 3.4.3
    (the rule of one standard error), here over people.

    Args:
        results: validation results of a classifier at temperature 1.
    """
    least, losses = fit_temperature(results), _losses(results)
    found = least
    for temperature in least * np.exp(np.arange(STEP, np.log(HOTTEST), STEP)):
        worse = losses(float(temperature)) - losses(least)
        if len(worse) < 2 or worse.mean() > worse.std(ddof=1) / np.sqrt(len(worse)):
            break
        found = float(temperature)
    return found


def _losses(results: Sequence[Result]) -> Callable[[float], Array]:
    """Return a function from a temperature to the mean log loss of each person."""
    said = np.stack([r.prediction for r in results]).astype(np.float64)
    true = np.stack([r.truth for r in results]).argmax(1)
    codes = clusters_of(results).codes

    def losses(temperature: float) -> Array:
        own = tempered(said, temperature)[np.arange(len(true)), true]
        return np.bincount(codes, -np.log(np.maximum(own, np.finfo(np.float64).tiny))) / np.bincount(codes)

    return losses


def answers(results: Sequence[Result]) -> tuple[Array, Array]:
    """Return the confidence (N,) of the answers of a classifier, and whether each was right, bool (N,)."""
    probabilities = np.stack([r.prediction for r in results])
    right = probabilities.argmax(1) == np.stack([r.truth for r in results]).argmax(1)
    return probabilities.max(1).clip(0, 1), right


def judged_confidence(results: Sequence[Result]) -> dict[str, Any]:
    """Return the calibration error of a classifier with the values that are needed to judge it.

    With few answers, confidence and accuracy differ by chance alone. The error is therefore given with its floor, the
    mean error of an equally confident classifier that is right exactly as often as it says.

    Returns:
        ``value``, ``low`` and ``high`` (its 95 % bootstrap interval), ``floor``, ``confidence`` and ``accuracy`` (their
        means), ``unit`` and ``clusters`` (what the interval draws, and how many of them).
    """
    confidence, right = answers(results)
    clusters = clusters_of(results)

    def error(drawn: Array) -> float:
        return calibration_error(confidence[drawn], right[drawn])

    low, high = interval(error, clusters)
    random = np.random.default_rng(0)
    honest = [calibration_error(confidence, random.random(len(right)) < confidence) for _ in range(FLOOR_DRAWS)]
    return {
        "value": error(np.arange(len(right))),
        "low": low,
        "high": high,
        "floor": float(np.mean(honest)),
        "confidence": float(confidence.mean()),
        "accuracy": float(right.mean()),
        "unit": clusters.unit,
        "clusters": clusters.count,
    }
