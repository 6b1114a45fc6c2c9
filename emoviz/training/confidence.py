"""The confidence of a trained model: fitted on the people of the validation part, and judged on those of the test."""

from collections.abc import Sequence
from typing import Any

from ..checkpoints.folder import Predictor
from ..core.words import counted
from ..evaluation.bootstrap import clusters_of
from ..evaluation.confidence import at_temperature, fit_temperature, judged_confidence
from ..evaluation.scores import Result

KEY = "confidence"
"""Name under which ``metrics.json`` states how sure a model is, and of what that was fitted."""


def fit_confidence(predictor: Predictor, kind: str, validation: Sequence[Result]) -> None:
    """Give a trained network of emotions the temperature that fits its validation people.

    Args:
        predictor: trained network at temperature 1.
        kind: kind of its outputs.
        validation: its results of the validation part; with none, the network stays as it is.
    """
    if kind == "emotion" and validation:
        predictor.temperature = round(fit_temperature(validation), 4)  # as a person reads it in config.json


def judge_confidence(
    predictor: Predictor, kind: str, validation: Sequence[Result], test: Sequence[Result]
) -> dict[str, Any]:
    """Judge how sure a network is of its test people, before and after :func:`fit_confidence`.

    Returns:
        ``fitted_on`` in words, e.g. ``14 people``, and ``before`` and ``after`` as
        :func:`emoviz.evaluation.confidence.judged_confidence` returns them; empty where nothing was fitted.
    """
    if kind != "emotion" or not validation:
        return {}
    clusters = clusters_of(validation)
    return {
        "fitted_on": counted(clusters.count, clusters.unit),
        "before": judged_confidence(at_temperature(test, 1 / predictor.temperature)),
        "after": judged_confidence(test),
    }
