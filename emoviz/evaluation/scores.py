"""Scores of held-out recordings: those by which a kind of outputs is judged, and their table with intervals."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ..core import words
from ..core.binary import dimension_of
from ..core.vocabulary import CLASS_KINDS
from .bootstrap import SumStatistic, clusters_of, percentiles, resample
from .metrics import METRICS, Metric
from .metrics.aggregation import AGGREGATIONS, POOLED
from .metrics.base import is_constant, pairs
from .metrics.ccc import ccc
from .metrics.sums import mean_of_values

ALL = "all"
"""Name of the row over all cultures."""
MEAN = "mean"
"""Name of the output that stands for the mean over all outputs."""


@dataclass(frozen=True)
class Result:
    """The labels and the predictions of one held-out recording.

    Attributes:
        id: name of the recording.
        culture: culture of the speaker, or None.
        speaker: person who is heard or seen, or None.
        label: label for people to read.
        truth: dimensions (T, K) per frame, (1, K) rated dimensions of a clip, or a one-hot class (K,).
        prediction: predicted values (T, K) or (1, K), or class probabilities (K,).
        embedding: embedding (E,).
        channel: channel weights (D,), or None.
        session: conversation that the recording is part of, or None.
    """

    id: str
    culture: str | None
    speaker: str | None
    label: str
    truth: np.ndarray
    prediction: np.ndarray
    embedding: np.ndarray
    channel: np.ndarray | None = None
    session: str | None = None


@dataclass(frozen=True)
class Score:
    """A score, and its computation from the content of results.

    Attributes:
        output: name of the output that is scored.
        metric: name of the metric.
        aggregation: aggregation over recordings, ``pooled`` or ``per_recording``.
        truth: function from a result to the labels that the score reads.
        prediction: function from a result to the predictions that the score reads.
        combine: function from both, each in the order of the results, to the score.
        constant: prediction of the training mean, in the form of ``prediction``.
        prepare: function that makes a quick way to the score of any draw of results; see :meth:`statistic`.
    """

    output: str
    metric: str
    aggregation: str
    truth: Callable[[Result], Any]
    prediction: Callable[[Result], Any]
    combine: Callable[[Any, Any], float]
    constant: Callable[[Result], Any]
    prepare: Callable[[Sequence[Any], Sequence[Any]], SumStatistic] | None = None

    def compute(self, results: Sequence[Result]) -> float:
        """Return the score."""
        return self.combine([self.truth(r) for r in results], [self.prediction(r) for r in results])

    def training_mean(self, results: Sequence[Result]) -> float:
        """Return the same score for always predicting the training mean."""
        return self.combine([self.truth(r) for r in results], [self.constant(r) for r in results])

    def statistic(self, results: Sequence[Result]) -> Callable[[np.ndarray], float]:
        """Return a function, for bootstraps, from the positions of drawn results to their score."""
        truths, predictions = _indexable(self.truth, results), _indexable(self.prediction, results)
        if self.prepare is not None:
            return self.prepare(truths, predictions)
        return lambda drawn: self.combine(_take(truths, drawn), _take(predictions, drawn))


def _indexable(read: Callable[[Result], Any], results: Sequence[Result]) -> Any:
    values = [read(r) for r in results]
    return np.array(values) if np.ndim(values[0]) == 0 else values


def _take(values: Any, drawn: np.ndarray) -> Any:
    return values[drawn] if isinstance(values, np.ndarray) else [values[i] for i in drawn]


def scores_of(kind: str, outputs: Sequence[str], training_mean: np.ndarray) -> list[Score]:
    """Return the scores by which a kind of outputs is judged, in the order of the registered metrics.

    Args:
        kind: kind of the outputs: ``dimension``, ``emotion``, ``binary`` or ``intensity``.
        outputs: names of the K outputs.
        training_mean: mean (K,) of the training targets.
    """
    if kind in CLASS_KINDS:
        return class_scores(training_mean, dimension_of(tuple(outputs)) or "emotion")
    return (frame_scores if kind == "dimension" else intensity_scores)(outputs, training_mean)


def _judging(kind: str) -> list[tuple[str, Metric, str]]:
    """The metrics that judge a kind of outputs, by name, and the aggregations in which they do."""
    return [(name, METRICS[name], how) for name in METRICS for how in METRICS[name].scores.get(kind, ())]


def frame_scores(outputs: Sequence[str], training_mean: np.ndarray) -> list[Score]:
    """Return the scores of each output over time.

    Args:
        outputs: names of the K outputs.
        training_mean: mean (K,) of the training labels.
    """

    def score(k: int, name: str, metric: Metric, aggregation: str) -> Score:
        return Score(
            outputs[k],
            name,
            aggregation,
            truth=lambda r: r.truth[:, k],
            prediction=lambda r: r.prediction[:, k],
            combine=partial(AGGREGATIONS[aggregation], metric.value),
            constant=lambda r: np.full(len(r.truth), training_mean[k]),
            prepare=metric.quick if aggregation == POOLED else partial(mean_of_values, metric.value),
        )

    return [score(k, *judging) for k in range(len(outputs)) for judging in _judging("dimension")]


def class_scores(training_shares: np.ndarray, output: str = "emotion") -> list[Score]:
    """Return the scores of classes; the "training mean" answers the most frequent training class.

    Args:
        training_shares: shares (K,) of the classes among the training targets.
        output: name of the output to which the classes belong.
    """
    return [
        Score(
            output,
            name,
            aggregation,
            truth=lambda r: int(r.truth.argmax()),
            prediction=lambda r: int(r.prediction.argmax()),
            combine=metric.value,
            constant=lambda r: int(training_shares.argmax()),
            prepare=metric.quick,
        )
        for name, metric, aggregation in _judging("emotion")
    ]


def intensity_scores(outputs: Sequence[str], training_mean: np.ndarray) -> list[Score]:
    """Return the scores of intensities over recordings, of each output and as the mean over outputs.

    Args:
        outputs: names of the K outputs.
        training_mean: mean (K,) of the training targets.
    """

    def of(k: int | None, metric: Metric, truths: Sequence[Any], predictions: Sequence[Any]) -> float:
        truth, prediction = np.stack(truths), np.stack(predictions)
        chosen = range(truth.shape[1]) if k is None else [k]
        return float(np.mean([metric.value(truth[:, i], prediction[:, i]) for i in chosen]))

    return [
        Score(
            MEAN if k is None else outputs[k],
            name,
            aggregation,
            truth=lambda r: r.truth,
            prediction=lambda r: r.prediction,
            combine=partial(of, k, metric),
            constant=lambda r: training_mean,
        )
        for k in (None, *range(len(outputs)))
        for name, metric, aggregation in _judging("intensity")
    ]


def caveat(row: Mapping[str, Any]) -> str:
    """Return the warning that a row's interval rests on few people; empty if it rests on enough or does not say."""
    return words.rests_on(row["clusters"], row["unit"]) if "unit" in row else ""


def told_by(results: Sequence[Result], scores: Iterable[Score]) -> list[Score]:
    """Return the scores that results define: with one label per recording, there are none over frames."""
    single = all(len(r.truth) == 1 for r in results)
    return [score for score in scores if score.aggregation == "pooled" or not single]


def score_table(results: Sequence[Result], scores: Iterable[Score]) -> list[dict[str, Any]]:
    """Return rows of scores, per culture and over all.

    Returns:
        One dict per culture and score: culture, output, metric, aggregation, value, low and high (95 % bootstrap
        interval), training_mean (the same score for predicting the training mean), recordings, speakers, unit and
        clusters (the unit that the interval draws, and the number of units), collapsed (whether the model is no better
        than the training mean, or constant).
    """
    cultures = sorted({r.culture for r in results if r.culture})
    groups = {ALL: list(results)} | {c: [r for r in results if r.culture == c] for c in cultures if len(cultures) > 1}
    rows = []
    scores = told_by(results, scores)
    for culture, members in groups.items():
        clusters = clusters_of(members)
        draws = resample([score.statistic(members) for score in scores], clusters)
        for score, values in zip(scores, draws, strict=True):
            value, baseline = score.compute(members), score.training_mean(members)
            low, high = percentiles(values)
            rows.append(
                {
                    "culture": culture,
                    "output": score.output,
                    "metric": score.metric,
                    "aggregation": score.aggregation,
                    "value": value,
                    "low": low,
                    "high": high,
                    "training_mean": baseline,
                    "recordings": len(members),
                    "speakers": len({r.speaker for r in members if r.speaker}),
                    "unit": clusters.unit,
                    "clusters": clusters.count,
                }
            )
    return flag_collapsed(rows, groups)


def flag_collapsed(rows: list[dict[str, Any]], groups: dict[str, list[Result]]) -> list[dict[str, Any]]:
    """Add ``collapsed`` to rows of scores no better than the training mean's, or of predictions that are no signal."""
    outputs = list(dict.fromkeys(r["output"] for r in rows))
    for row in rows:
        value, mean = row["value"], row["training_mean"]
        row["collapsed"] = METRICS[row["metric"]].no_better(value, mean)
        members = groups[row["culture"]]
        if members[0].truth.ndim == 2:
            k = outputs.index(row["output"])
            truth = np.concatenate([r.truth[:, k] for r in members])
            prediction = np.concatenate([r.prediction[:, k] for r in members])
            row["collapsed"] |= is_collapsed(truth, prediction)
    return rows


def is_collapsed(truth: np.ndarray, prediction: np.ndarray, *, spread: float = 0.1, agreement: float = 0.1) -> bool:
    """Return whether predictions over time are nearly constant, or agree with the labels no more than a constant.

    Args:
        truth: labels (N,).
        prediction: predictions (N,).
        spread: least ratio of the predictions' standard deviation to the labels'.
        agreement: least CCC; a constant's is 0.
    """
    truth, prediction = pairs(truth, prediction)
    if truth.size == 0 or is_constant(truth):
        return False
    return bool(prediction.std() < spread * truth.std() or ccc(truth, prediction) < agreement)
