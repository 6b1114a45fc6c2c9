"""Held-out figures of a model: per culture, with bootstrap intervals and the training-mean row beside each."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from . import metrics

ALL = "all"
"""Name of the row over all cultures."""
DRAWS = 1000
"""Bootstrap samples behind an interval."""


@dataclass(frozen=True)
class Result:
    """What a model said of one held-out recording.

    Attributes:
        id: of the recording.
        culture: or None.
        speaker: or None.
        label: for people to read.
        truth: (T, K) per frame, or (K,) one-hot.
        prediction: (T, K) values, or (K,) class probabilities.
        embedding: (E,).
        channel: (D,) channel weights, or None.
    """

    id: str
    culture: str | None
    speaker: str | None
    label: str
    truth: np.ndarray
    prediction: np.ndarray
    embedding: np.ndarray
    channel: np.ndarray | None = None


@dataclass(frozen=True)
class Score:
    """One figure: how it is computed from results, and what the training mean would get."""

    output: str
    metric: str
    aggregation: str
    compute: Callable[[Sequence[Result]], float]
    training_mean: Callable[[Sequence[Result]], float]


def frame_scores(outputs: Sequence[str], training_mean: np.ndarray) -> list[Score]:
    """CCC pooled, CCC per recording and RMSE of each output.

    Args:
        outputs: K names.
        training_mean: (K,) mean of the training labels.
    """

    def score(
        k: int, name: str, aggregation: str, combine: Callable[..., float], metric: Callable[..., float]
    ) -> Score:
        def truths(results: Sequence[Result]) -> list[np.ndarray]:
            return [r.truth[:, k] for r in results]

        return Score(
            outputs[k],
            name,
            aggregation,
            lambda rs: combine(metric, truths(rs), [r.prediction[:, k] for r in rs]),
            lambda rs: combine(metric, truths(rs), [np.full(len(r.truth), training_mean[k]) for r in rs]),
        )

    return [
        score(k, *rest)
        for k in range(len(outputs))
        for rest in (
            ("ccc", "pooled", metrics.pooled, metrics.ccc),
            ("ccc", "per_recording", metrics.per_recording, metrics.ccc),
            ("rmse", "pooled", metrics.pooled, metrics.rmse),
        )
    ]


def class_scores(training_shares: np.ndarray) -> list[Score]:
    """Accuracy and UA; the "training mean" answers the most frequent training class.

    Args:
        training_shares: (K,) shares of the classes among the training targets.
    """

    def score(name: str, metric: Callable[..., float]) -> Score:
        def truth(results: Sequence[Result]) -> np.ndarray:
            return np.array([r.truth.argmax() for r in results])

        return Score(
            "emotion",
            name,
            "pooled",
            lambda rs: metric(truth(rs), np.array([r.prediction.argmax() for r in rs])),
            lambda rs: metric(truth(rs), np.full(len(rs), training_shares.argmax())),
        )

    return [score("accuracy", metrics.accuracy), score("ua", metrics.unweighted_average_recall)]


def score_table(results: Sequence[Result], scores: Iterable[Score]) -> list[dict[str, Any]]:
    """Rows of figures, per culture and over all.

    Returns:
        One dict per culture and score: culture, output, metric, aggregation, value, low and high (95 %
        bootstrap interval over recordings), training_mean (the same figure for predicting the training
        mean), recordings, speakers, collapsed (whether the model is no better than that, or constant).
    """
    cultures = sorted({r.culture for r in results if r.culture})
    groups = {ALL: list(results)} | {c: [r for r in results if r.culture == c] for c in cultures if len(cultures) > 1}
    rows = []
    for culture, members in groups.items():
        for score in scores:
            value, baseline = score.compute(members), score.training_mean(members)
            low, high = _interval(score, members)
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
                }
            )
    return flag_collapsed(rows, groups)


def _interval(score: Score, results: Sequence[Result]) -> tuple[float, float]:
    return metrics.interval(lambda drawn: score.compute([results[i] for i in drawn]), len(results), draws=DRAWS)


def flag_collapsed(rows: list[dict[str, Any]], groups: dict[str, list[Result]]) -> list[dict[str, Any]]:
    """Add ``collapsed``: constant predictions, or an RMSE or class figure no better than the training mean's."""
    outputs = list(dict.fromkeys(r["output"] for r in rows))
    for row in rows:
        members = groups[row["culture"]]
        if members[0].truth.ndim == 1:
            row["collapsed"] = bool(row["value"] <= row["training_mean"])
            continue
        k = outputs.index(row["output"])
        baseline = next(
            r["training_mean"]
            for r in rows
            if (r["culture"], r["output"], r["metric"]) == (row["culture"], row["output"], "rmse")
        )
        truth = np.concatenate([r.truth[:, k] for r in members])
        prediction = np.concatenate([r.prediction[:, k] for r in members])
        row["collapsed"] = metrics.is_collapsed(truth, prediction, baseline)
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


def _ids(results: Sequence[Result]) -> pd.Index:
    return pd.Index([r.id for r in results], name="id")


def _who(results: Sequence[Result]) -> pd.DataFrame:
    columns = {"culture": [r.culture for r in results], "speaker": [r.speaker for r in results]}
    return pd.DataFrame({**columns, "label": [r.label for r in results]}, index=_ids(results))
