"""The contract of a metric, and the registry from which titles, directions and scores are read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from ...core import words
from ...core.registry import Registry
from ..bootstrap import SumStatistic
from .aggregation import titled

Array = np.ndarray


@dataclass(frozen=True)
class Metric:
    """One way to judge predictions, and how its values are written.

    Attributes:
        title: the name that people read, as it stands within a sentence.
        unit: the unit of a value, in words.
        direction: whether a higher or a lower value is better.
        value: function ``value(truth, prediction)`` of two series.
        scores: aggregations in which outputs of each kind (``dimension``, ``emotion``, ``intensity``) are judged by the
            metric; by default it judges none.
        quick: function ``quick(truths, predictions)`` of N recordings, a statistic that is pooled over those that a
            bootstrap draws; None where there is only the slow way.
        written: function ``written(value, low, high, digits)``, which returns a value with its interval as text.
    """

    title: str
    unit: str
    direction: Literal["higher", "lower"]
    value: Callable[..., float]
    scores: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    quick: Callable[[Sequence[Any], Sequence[Any]], SumStatistic] | None = None
    written: Callable[..., str] = words.interval

    @property
    def lower_is_better(self) -> bool:
        """Whether the metric is an error."""
        return self.direction == "lower"

    @property
    def several(self) -> bool:
        """Whether outputs of one kind are judged by it in several aggregations, so that a score must say which."""
        return any(len(aggregations) > 1 for aggregations in self.scores.values())

    @property
    def heading(self) -> str:
        """The title at the beginning of a line, e.g. ``Accuracy``."""
        return self.title[0].upper() + self.title[1:]

    @property
    def error_title(self) -> str:
        """The title of the error that belongs to the metric: ``RMSE``, or ``1 - CCC`` if higher values are better."""
        return self.title if self.lower_is_better else f"1 - {self.title}"

    def error(self, value: float) -> float:
        """Return the error that belongs to a value: the value itself, or its distance from 1."""
        return value if self.lower_is_better else 1 - value

    def no_better(self, value: float, floor: float) -> bool:
        """Return whether a value is no better than a floor, such as that of the training mean.

        The undefined correlation of a constant counts as 0; no error is worse than an unknown floor.
        """
        return bool(value >= floor if self.lower_is_better else value <= np.nan_to_num(floor))


METRICS: Registry[Metric] = Registry("metric", "emoviz.evaluation.metrics")


def score_title(metric: str, aggregation: str) -> str:
    """Return a metric and how it was aggregated in words, e.g. ``CCC`` or ``CCC per recording``."""
    return titled(METRICS[metric].title, aggregation)


def pairs(truth: Array, prediction: Array) -> tuple[Array, Array]:
    """Return two series as float64 without the places where either is NaN.

    Raises:
        ValueError: if the series differ in length.
    """
    truth = np.asarray(truth, dtype=np.float64).ravel()
    prediction = np.asarray(prediction, dtype=np.float64).ravel()
    if truth.shape != prediction.shape:
        raise ValueError(f"Labels and predictions differ in length: {truth.size} and {prediction.size}.")
    known = ~(np.isnan(truth) | np.isnan(prediction))
    return truth[known], prediction[known]


def is_constant(series: Array) -> bool:
    """Return whether all values of a non-empty series are equal."""
    # Their variance need not be 0: in floating point, the mean of three 0.1s is not 0.1.
    return bool((series == series[0]).all())
