"""Findings in words: held-out scores, the leading source of a prediction, and collapsed models."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ..core.vocabulary import Dimension, Source
from ..core.words import number
from .metrics import METRICS
from .scores import caveat

MAIN_METRICS = ("ccc", "accuracy", "ua")
"""Metrics that say at a glance how good a model is."""


def leading_source(outputs: pd.DataFrame, kind: str) -> str | None:
    """Return the source that stands for the whole clip: fused where there is one, else face, else speech."""
    present = set(outputs[outputs.kind == kind].source)
    return next((str(s) for s in (Source.FUSED, Source.FACE, Source.SPEECH) if s in present), None)


def circumplex_source(outputs: pd.DataFrame) -> str | None:
    """Return the leading source among those that predict both valence and arousal."""
    dimensions = outputs[outputs.kind == "dimension"]
    known = dimensions.output.str.split(" ").str[0].groupby(dimensions.source).agg(set)
    both = [source for source, names in known.items() if {Dimension.VALENCE, Dimension.AROUSAL} <= names]
    return leading_source(dimensions[dimensions.source.isin(both)], "dimension")


class HeldOut(NamedTuple):
    """One held-out score of a checkpoint as text, e.g. ``CCC, valence (derived)``, ``.61 [.55, .66]`` and ``.00``."""

    label: str
    value: str
    training_mean: str


def held_out(metrics: Mapping[str, Any]) -> list[HeldOut]:
    """Return the main held-out scores of a checkpoint over all cultures, each with its 95 % interval.

    Args:
        metrics: ``metrics.json`` of a checkpoint.
    """
    return [
        HeldOut(
            _label(row),
            _with_interval(row),
            number(row.get("training_mean")),
        )
        for row in _main(metrics)
    ]


def _with_interval(row: Mapping[str, Any]) -> str:
    """A main score with its interval and the warning where this rests on few people."""
    written = METRICS[row["metric"]].written(row["value"], row.get("low"), row.get("high"))
    return f"{written} ({warning})" if (warning := caveat(row)) else written


def _label(row: Mapping[str, Any]) -> str:
    """Metric and output of a main score; classes are scored as one output, which needs no name."""
    metric = METRICS[row["metric"]].heading
    return metric if row["output"] == "emotion" else f"{metric}, {row['output']}"


def _main(metrics: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The rows of the main scores over all cultures."""
    return [
        row
        for row in metrics.get("test", [])
        if (row.get("culture"), row.get("aggregation")) == ("all", "pooled")
        and row.get("metric") in MAIN_METRICS
        and row.get("value") is not None
    ]


def least_alike(weights: pd.DataFrame) -> tuple[str, str] | None:
    """Return the two cultures whose mean channel weights correlate least, by name; None where there are fewer.

    Args:
        weights: one row per recording: ``culture``, and a column per channel among others that are not numbers.
    """
    means = weights.groupby("culture", observed=True).mean(numeric_only=True).astype(float).sort_index()
    if len(means) < 2:
        return None
    correlation = np.corrcoef(means)
    rows, columns = np.triu_indices(len(means), k=1)
    least = int(np.argmin(np.nan_to_num(correlation[rows, columns], nan=1.0)))
    return str(means.index[rows[least]]), str(means.index[columns[least]])


def spread(models: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the least and the greatest main score over several checkpoints, e.g. ``CCC, valence: .01 to .56``.

    Args:
        models: content of the ``metrics.json`` of each checkpoint.
    """
    values: dict[str, list[float]] = {}
    for metrics in models:
        for row in _main(metrics):
            values.setdefault(_label(row), []).append(row["value"])
    return [f"{label}: {number(min(found))} to {number(max(found))}" for label, found in values.items()]


def evaluated_on(metrics: Mapping[str, Any]) -> str:
    """Return what the main scores of a checkpoint count, e.g. ``155 recordings of 19 speakers``; empty if none."""
    row = next(iter(_main(metrics)), {})
    if not row.get("recordings"):
        return ""
    speakers = f" of {row['speakers']} speakers" if row.get("speakers") else ""
    return f"{row['recordings']} recordings{speakers}"


def collapsed(metrics: Mapping[str, Any]) -> list[str]:
    """Return the outputs for which a checkpoint is constant or no better than the training mean."""
    return list(dict.fromkeys(row["output"] for row in _main(metrics) if row.get("collapsed")))
