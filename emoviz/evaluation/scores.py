"""Held-out figures of a model: per culture, with bootstrap intervals and the training-mean row beside each."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from . import metrics
from .bootstrap import SumStatistic, clusters_of, percentiles, resample

ALL = "all"
"""Name of the row over all cultures."""
NOTHING = np.empty(0)


@dataclass(frozen=True)
class Result:
    """What a model said of one held-out recording.

    Attributes:
        id: of the recording.
        culture: or None.
        speaker: or None.
        label: for people to read.
        truth: (T, K) dimensions per frame, (1, K) rated dimensions of a clip, or (K,) one-hot.
        prediction: (T, K) or (1, K) values, or (K,) class probabilities.
        embedding: (E,).
        channel: (D,) channel weights, or None.
        session: the conversation that the recording is part of, or None.
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
    """One figure, and how it is computed from what a result holds.

    Attributes:
        output: what is scored.
        metric: its name.
        aggregation: ``pooled`` or ``per_recording``.
        truth: what the figure reads of a result's truth.
        prediction: what it reads of its prediction.
        combine: the figure from both, each in the order of the results.
        constant: what the training mean predicts, in the form of ``prediction``.
        prepare: a quick way to the figure of any draw of results, where there is one; see :meth:`statistic`.
    """

    output: str
    metric: str
    aggregation: str
    truth: Callable[[Result], Any]
    prediction: Callable[[Result], Any]
    combine: Callable[[Any, Any], float]
    constant: Callable[[Result], Any]
    prepare: Callable[[Sequence[Any], Sequence[Any]], Callable[[np.ndarray], float]] | None = None

    def compute(self, results: Sequence[Result]) -> float:
        """The figure."""
        return self.combine([self.truth(r) for r in results], [self.prediction(r) for r in results])

    def training_mean(self, results: Sequence[Result]) -> float:
        """The same figure for always predicting the training mean."""
        return self.combine([self.truth(r) for r in results], [self.constant(r) for r in results])

    def statistic(self, results: Sequence[Result]) -> Callable[[np.ndarray], float]:
        """The figure of any draw of the results, given by their positions: for bootstraps."""
        truths, predictions = _indexable(self.truth, results), _indexable(self.prediction, results)
        if self.prepare is not None:
            return self.prepare(truths, predictions)
        return lambda drawn: self.combine(_take(truths, drawn), _take(predictions, drawn))


def _indexable(read: Callable[[Result], Any], results: Sequence[Result]) -> Any:
    values = [read(r) for r in results]
    return np.array(values) if np.ndim(values[0]) == 0 else values


def _take(values: Any, drawn: np.ndarray) -> Any:
    return values[drawn] if isinstance(values, np.ndarray) else [values[i] for i in drawn]


def frame_scores(outputs: Sequence[str], training_mean: np.ndarray) -> list[Score]:
    """CCC pooled, CCC per recording and RMSE of each output.

    Args:
        outputs: K names.
        training_mean: (K,) mean of the training labels.
    """

    def score(
        k: int,
        name: str,
        aggregation: str,
        combine: Callable[..., float],
        metric: Callable[..., float],
        prepare: Callable[..., SumStatistic],
    ) -> Score:
        return Score(
            outputs[k],
            name,
            aggregation,
            truth=lambda r: r.truth[:, k],
            prediction=lambda r: r.prediction[:, k],
            combine=partial(combine, metric),
            constant=lambda r: np.full(len(r.truth), training_mean[k]),
            prepare=prepare,
        )

    return [
        score(k, *rest)
        for k in range(len(outputs))
        for rest in (
            ("ccc", "pooled", metrics.pooled, metrics.ccc, partial(_of_moments, _ccc_of)),
            ("ccc", "per_recording", metrics.per_recording, metrics.ccc, _of_values),
            ("rmse", "pooled", metrics.pooled, metrics.rmse, partial(_of_moments, _rmse_of)),
        )
    ]


def _of_values(truths: Sequence[np.ndarray], predictions: Sequence[np.ndarray]) -> SumStatistic:
    """The mean of each recording's own CCC."""
    values = np.array([metrics.ccc(t, p) for t, p in zip(truths, predictions, strict=True)])
    return SumStatistic(np.stack([np.nan_to_num(values), ~np.isnan(values)], axis=1), _mean_of)


def _of_moments(
    figure: Callable[[np.ndarray], np.ndarray], truths: Sequence[np.ndarray], predictions: Sequence[np.ndarray]
) -> SumStatistic:
    """A figure of pooled frames from each recording's number, sums, squares and product."""

    def sums(truth: np.ndarray, prediction: np.ndarray) -> list[float]:
        known = ~(np.isnan(truth) | np.isnan(prediction))
        x, y = truth[known].astype(np.float64), prediction[known].astype(np.float64)
        return [len(x), x.sum(), y.sum(), x @ x, y @ y, x @ y]

    return SumStatistic(np.array([sums(t, p) for t, p in zip(truths, predictions, strict=True)]), figure)


def _divided(above: np.ndarray, below: np.ndarray, least: float = 0.0) -> np.ndarray:
    """NaN where the divisor is no larger than ``least``."""
    return np.where(below > least, above / np.where(below > least, below, 1.0), np.nan)


def _mean_of(sums: np.ndarray) -> np.ndarray:
    return _divided(sums[..., 0], sums[..., 1])


def _ccc_of(sums: np.ndarray) -> np.ndarray:
    count, x, y, xx, yy, xy = np.moveaxis(sums, -1, 0)
    count = np.where(count > 0, count, np.nan)
    spread = (xx + yy) / count - 2 * x * y / count**2  # both variances and the squared difference of the means
    return _divided(2 * (xy / count - x * y / count**2), spread, 1e-12)


def _rmse_of(sums: np.ndarray) -> np.ndarray:
    count, _, _, xx, yy, xy = np.moveaxis(sums, -1, 0)
    return np.sqrt(_divided(np.maximum(0.0, xx + yy - 2 * xy), count))


def class_scores(training_shares: np.ndarray) -> list[Score]:
    """Accuracy and UA; the "training mean" answers the most frequent training class.

    Args:
        training_shares: (K,) shares of the classes among the training targets.
    """
    return [
        Score(
            "emotion",
            name,
            "pooled",
            truth=lambda r: int(r.truth.argmax()),
            prediction=lambda r: int(r.prediction.argmax()),
            combine=metric,
            constant=lambda r: int(training_shares.argmax()),
            prepare=partial(_of_counts, figure),
        )
        for name, metric, figure in (
            ("accuracy", metrics.accuracy, _accuracy_of),
            ("ua", metrics.unweighted_average_recall, _ua_of),
        )
    ]


def _of_counts(
    figure: Callable[[np.ndarray], np.ndarray], truths: Sequence[int], predictions: Sequence[int]
) -> SumStatistic:
    """A figure of classes from how often each was taken for each."""
    truth, prediction = np.asarray(truths), np.asarray(predictions)
    classes = 1 + max(truth.max(), prediction.max())
    cells = np.eye(classes**2)[truth * classes + prediction]
    return SumStatistic(cells, lambda sums: figure(sums.reshape(*sums.shape[:-1], classes, classes)))


def _accuracy_of(counts: np.ndarray) -> np.ndarray:
    return counts.trace(axis1=-2, axis2=-1) / counts.sum((-2, -1))


def _ua_of(counts: np.ndarray) -> np.ndarray:
    total = counts.sum(-1)
    recalls = counts.diagonal(axis1=-2, axis2=-1) / np.maximum(total, 1)
    return recalls.sum(-1) / (total > 0).sum(-1)


MEAN = "mean"
"""Name of the output that stands for the mean over all outputs."""


def intensity_scores(outputs: Sequence[str], training_mean: np.ndarray) -> list[Score]:
    """Pearson's r and RMSE over recordings, of each output and as the mean over outputs.

    Args:
        outputs: K names.
        training_mean: (K,) mean of the training targets.
    """

    def of(k: int | None, metric: Callable[..., float], truths: Sequence[Any], predictions: Sequence[Any]) -> float:
        truth, prediction = np.stack(truths), np.stack(predictions)
        values = [metric(truth[:, i], prediction[:, i]) for i in (range(truth.shape[1]) if k is None else [k])]
        return float(np.mean(values))

    return [
        Score(
            MEAN if k is None else outputs[k],
            name,
            "pooled",
            truth=lambda r: r.truth,
            prediction=lambda r: r.prediction,
            combine=partial(of, k, metric),
            constant=lambda r: training_mean,
        )
        for k in (None, *range(len(outputs)))
        for name, metric in (("pearson", metrics.pearson), ("rmse", metrics.rmse))
    ]


def scores_of(kind: str, outputs: Sequence[str], training_mean: np.ndarray) -> list[Score]:
    """The figures that a kind of outputs is judged by.

    Args:
        kind: of the outputs: ``dimension``, ``emotion`` or ``intensity``.
        outputs: K names.
        training_mean: (K,) mean of the training targets.
    """
    if kind == "emotion":
        return class_scores(training_mean)
    return (frame_scores if kind == "dimension" else intensity_scores)(outputs, training_mean)


def score_table(results: Sequence[Result], scores: Iterable[Score]) -> list[dict[str, Any]]:
    """Rows of figures, per culture and over all.

    Returns:
        One dict per culture and score: culture, output, metric, aggregation, value, low and high (95 %
        bootstrap interval), training_mean (the same score for predicting the training mean), recordings, speakers,
        unit and clusters (what the interval draws, and how many of them), collapsed (whether the model is no better
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


def told_by(results: Sequence[Result], scores: Iterable[Score]) -> list[Score]:
    """The figures that results define: none over the frames of a recording where each has but one label."""
    single = all(len(r.truth) == 1 for r in results)
    return [score for score in scores if score.aggregation == "pooled" or not single]


def flag_collapsed(rows: list[dict[str, Any]], groups: dict[str, list[Result]]) -> list[dict[str, Any]]:
    """Add ``collapsed``: a figure no better than the training mean's, or predictions over time that are no signal."""
    outputs = list(dict.fromkeys(r["output"] for r in rows))
    for row in rows:
        value, mean = row["value"], row["training_mean"]
        # a constant's correlation is undefined and counts as none; its RMSE is undefined where the mean is unknown
        row["collapsed"] = bool(value >= mean if row["metric"] == "rmse" else value <= np.nan_to_num(mean))
        members = groups[row["culture"]]
        if members[0].truth.ndim == 2:
            k = outputs.index(row["output"])
            truth = np.concatenate([r.truth[:, k] for r in members])
            prediction = np.concatenate([r.prediction[:, k] for r in members])
            row["collapsed"] |= metrics.is_collapsed(truth, prediction)
    return rows


def confusion_table(results: Sequence[Result], outputs: Sequence[str]) -> list[list[int]]:
    """Counts of true (rows) against predicted (columns) classes in the order of ``outputs``."""
    truth = [r.truth.argmax() for r in results]
    prediction = [r.prediction.argmax() for r in results]
    return metrics.confusion(np.array(truth), np.array(prediction), range(len(outputs))).tolist()


def attention_table(results: Sequence[Result], channels: Sequence[str]) -> pd.DataFrame | None:
    """Channel weights per recording: culture, speaker, label, then one float16 column per channel."""
    if not results or results[0].channel is None:
        return None
    weights = np.stack([r.channel for r in results if r.channel is not None]).astype(np.float16)
    return pd.concat([_who(results), pd.DataFrame(weights, columns=list(channels), index=_ids(results))], axis=1)


def embedding_table(results: Sequence[Result], most: int = 1000) -> pd.DataFrame:
    """Embeddings of at most ``most`` recordings, evenly spaced, float16 columns ``e000`` onwards."""
    kept = [results[i] for i in np.unique(np.linspace(0, len(results) - 1, min(most, len(results))).astype(int))]
    values = np.stack([r.embedding for r in kept]).astype(np.float16)
    columns = [f"e{i:03d}" for i in range(values.shape[1])]
    return pd.concat([_who(kept), pd.DataFrame(values, columns=columns, index=_ids(kept))], axis=1)


def prediction_table(results: Sequence[Result], outputs: Sequence[str]) -> pd.DataFrame:
    """Truth and prediction of each recording, or of each of its frames in their order.

    Returns:
        Index id; columns culture, speaker, session where one is known, label, and per output ``truth.<output>``
        (float32) and ``prediction.<output>`` (float16).
    """
    lengths = [np.atleast_2d(r.truth).shape[0] for r in results]
    truth = np.concatenate([np.atleast_2d(r.truth) for r in results]).astype(np.float32)
    prediction = np.concatenate([np.atleast_2d(r.prediction) for r in results]).astype(np.float16)
    table = _who(results).astype("category")
    table = table.iloc[np.repeat(np.arange(len(table)), lengths)]
    for kind, values in (("truth", truth), ("prediction", prediction)):
        table[[f"{kind}.{output}" for output in outputs]] = values
    return table


def results_of(table: pd.DataFrame, outputs: Sequence[str], *, frames: bool) -> list[Result]:
    """The inverse of :func:`prediction_table`, without embeddings and channel weights.

    Args:
        table: as it gave it.
        outputs: of the model.
        frames: whether each recording has a row per frame, a rated clip being one.
    """
    truth = table[[f"truth.{o}" for o in outputs]].to_numpy(np.float32)
    prediction = table[[f"prediction.{o}" for o in outputs]].to_numpy(np.float32)
    ids = table.index.to_numpy()
    starts = np.flatnonzero(np.r_[True, ids[1:] != ids[:-1]])
    who = table.reindex(columns=["culture", "speaker", "label", "session"]).iloc[starts].astype(object).to_numpy()
    parts = zip(np.split(truth, starts[1:]), np.split(prediction, starts[1:]), strict=True)
    return [
        Result(
            str(i),
            _known(culture),
            _known(speaker),
            label,
            t if frames else t[0],
            p if frames else p[0],
            NOTHING,
            session=_known(session),
        )
        for i, (culture, speaker, label, session), (t, p) in zip(ids[starts], who, parts, strict=True)
    ]


def _known(value: Any) -> Any:
    """None for what is missing in a table."""
    return None if value is None or value != value else value


def _ids(results: Sequence[Result]) -> pd.Index:
    return pd.Index([r.id for r in results], name="id")


def _who(results: Sequence[Result]) -> pd.DataFrame:
    columns: dict[str, list[str | None]] = {
        "culture": [r.culture for r in results],
        "speaker": [r.speaker for r in results],
    }
    if any(r.session for r in results):
        columns["session"] = [r.session for r in results]
    return pd.DataFrame({**columns, "label": [r.label for r in results]}, index=_ids(results))
