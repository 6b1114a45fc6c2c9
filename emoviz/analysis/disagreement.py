"""Shared recordings on which compared models disagree, and the predictions for one of them."""

from itertools import combinations

import numpy as np
import pandas as pd

from ..core.vocabulary import CLASS_KINDS
from ..core.words import number
from ..evaluation.scores import Result
from .comparison import Comparison, Contender, recording_table

TRUTH = "labels"
"""Name of the labels among the models."""


def disagreements(comparison: Comparison) -> pd.DataFrame:
    """Return the shared recordings, sorted by the disagreement of the models, the largest first.

    Returns:
        Columns id, culture, speaker, label, distance (the largest between two models: half the sum of the
        differences of probabilities, else their root mean square difference), per model what it said (the class
        with its probability, or its RMSE) and ``error of <model>``: 1 less the probability of the label's class, or its
        RMSE.
    """
    shared = comparison.shared
    if not comparison.recordings:
        return pd.DataFrame()
    table = recording_table(shared[0].results).reset_index()
    pairs = list(combinations(shared, 2))
    table["distance"] = [
        max(_distance(a.results[i].prediction, b.results[i].prediction, a.kind) for a, b in pairs)
        for i in range(comparison.recordings)
    ]
    for contender in shared:
        table[contender.name] = [_said(r, contender) for r in contender.results]
        table[error_of(contender.name)] = [_error(r, contender.kind) for r in contender.results]
    return table.sort_values("distance", ascending=False, kind="stable", ignore_index=True)


def error_of(model: str) -> str:
    """Return the column of :func:`disagreements` that holds the errors of a model."""
    return f"error of {model}"


def said_of(comparison: Comparison, identity: str) -> pd.DataFrame:
    """Return all models' predictions for one shared recording, and its labels.

    Returns:
        Columns model (:data:`TRUTH` for the labels), output, frame (0 where the recording has one label), value.
    """
    found = [next(r for r in c.results if r.id == identity) for c in comparison.shared]
    series = {TRUTH: found[0].truth} | dict(zip(comparison.paired, (r.prediction for r in found), strict=True))
    outputs = comparison.shared[0].outputs
    tables: list[pd.DataFrame] = []
    for name, values in series.items():
        frames: np.ndarray = np.atleast_2d(values)
        columns = {"model": name, "frame": np.arange(len(frames))}
        tables += [pd.DataFrame({**columns, "output": o, "value": frames[:, k]}) for k, o in enumerate(outputs)]
    return pd.concat(tables, ignore_index=True)


def _distance(first: np.ndarray, second: np.ndarray, kind: str) -> float:
    if kind in CLASS_KINDS:
        return float(np.abs(first - second).sum() / 2)
    return float(np.sqrt(np.nanmean((first - second) ** 2)))


def _said(result: Result, contender: Contender) -> str:
    if contender.kind in CLASS_KINDS:
        best = int(result.prediction.argmax())
        return f"{contender.outputs[best]} {number(float(result.prediction[best]))}"
    return f"RMSE {number(_error(result, contender.kind))}"


def _error(result: Result, kind: str) -> float:
    if kind in CLASS_KINDS:
        return float(1 - (result.prediction * result.truth).sum())
    return float(np.sqrt(np.nanmean((result.prediction - result.truth) ** 2)))
