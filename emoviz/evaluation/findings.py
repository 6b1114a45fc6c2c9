"""What a prediction says, in tables and in one line of plain words."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ..core.vocabulary import Dimension, Emotion, Source
from ..core.words import number
from .metrics import METRICS
from .scores import caveat

GAP_REASONS: dict[str, str] = {
    Source.FACE: "no face in the picture",
    Source.SPEECH: "no sound to analyse",
    Source.FUSED: "neither face nor speech",
}
"""Why a source has no value in a frame."""

DISAGREEMENT = 0.5
"""Face and speech disagree where a dimension differs by more than this, a quarter of its range ..."""
SHORTEST = 0.5
"""... for at least this many seconds."""
MAIN_METRICS = ("ccc", "accuracy", "ua")
"""Metrics that say at a glance how good a model is."""
LEAST_PEAK = 0.25
"""Probability below which the peak of an emotion is not worth a word."""
SMOOTHING = 0.5
"""Seconds over which the extremes are averaged, so that one frame is not taken for a moment of the clip."""


def gaps(table: pd.DataFrame, outputs: pd.DataFrame) -> pd.DataFrame:
    """Spans of time in which a source has no value in any of its columns.

    Args:
        table: ``time`` and one column per output, on a regular grid.
        outputs: one row per column (``emoviz.prediction.clip.ClipPrediction.outputs``).

    Returns:
        Columns ``source``, ``start``, ``end`` (s) and ``reason``; one row per span.
    """
    rows = []
    for source, columns in outputs.groupby("source", sort=False).column:
        missing = table[list(columns)].isna().all(axis=1).to_numpy()
        rows += [(source, start, end, GAP_REASONS[source]) for start, end in spans(table.time.to_numpy(), missing)]
    return pd.DataFrame(rows, columns=["source", "start", "end", "reason"])


def spans(times: np.ndarray, chosen: np.ndarray) -> list[tuple[float, float]]:
    """Start and end (s) of every unbroken run of chosen frames.

    Args:
        times: (T,) seconds of the frames' middles, regular.
        chosen: (T,) booleans.
    """
    if not chosen.any():
        return []
    hop = float(times[1] - times[0]) if len(times) > 1 else 0.0
    edges = np.flatnonzero(np.diff(np.concatenate(([False], chosen, [False])).astype(int)))
    return [(float(times[a]) - hop / 2, float(times[b - 1]) + hop / 2) for a, b in edges.reshape(-1, 2)]


def sentence(table: pd.DataFrame, outputs: pd.DataFrame) -> str:
    """One line of plain words: what emotion prevails, where it peaks, where face and speech disagree.

    Args:
        table: ``time`` and one column per output, on a regular grid.
        outputs: one row per column (``emoviz.prediction.clip.ClipPrediction.outputs``).
    """
    parts = [
        part for part in (_emotions(table, outputs), _extremes(table, outputs), _disagreement(table, outputs)) if part
    ]
    if not parts:
        return "Nothing could be predicted for this clip."
    text = "; ".join(parts)
    return text[0].upper() + text[1:] + "."


def leading_source(outputs: pd.DataFrame, kind: str) -> str | None:
    """The source that stands for the whole clip: fused where there is one, else face, else speech."""
    present = set(outputs[outputs.kind == kind].source)
    return next((str(s) for s in (Source.FUSED, Source.FACE, Source.SPEECH) if s in present), None)


def circumplex_source(outputs: pd.DataFrame) -> str | None:
    """The leading source among those that predict both valence and arousal."""
    dimensions = outputs[outputs.kind == "dimension"]
    known = dimensions.output.str.split(" ").str[0].groupby(dimensions.source).agg(set)
    both = [source for source, names in known.items() if {Dimension.VALENCE, Dimension.AROUSAL} <= names]
    return leading_source(dimensions[dimensions.source.isin(both)], "dimension")


def _emotions(table: pd.DataFrame, outputs: pd.DataFrame) -> str | None:
    """E.g. ``mostly neutral; happiest at 6.2 s (face .81, speech .44)``."""
    source = leading_source(outputs, "emotion")
    if source is None:
        return None
    named = outputs[(outputs.kind == "emotion") & (outputs.source == source)].drop_duplicates("output")
    probabilities = _smoothed(table, list(named.column))
    if probabilities.isna().all(axis=None):
        return None
    winners = probabilities.dropna(how="all").idxmax(axis=1)
    share = winners.value_counts(normalize=True)
    name_of = dict(zip(named.column, named.output, strict=True))
    most = name_of[share.index[0]]
    text = f"{'mostly' if share.iloc[0] >= 0.5 else 'most often'} {most}"
    peaks = probabilities.drop(columns=[c for c, name in name_of.items() if name in (most, Emotion.NEUTRAL)]).max()
    if not peaks.max() >= LEAST_PEAK:  # nor where there is none
        return text
    peak = str(peaks.idxmax())
    row = int(probabilities[peak].idxmax())
    return f"{text}; most {name_of[peak]} at {table.time[row]:.1f} s ({_by_source(table, outputs, name_of[peak], row)})"


def _extremes(table: pd.DataFrame, outputs: pd.DataFrame) -> str | None:
    """E.g. ``most pleasant at 6.2 s``; only where no emotion classes say it already."""
    source = leading_source(outputs, "dimension")
    if source is None or leading_source(outputs, "emotion") is not None:
        return None
    found = outputs[(outputs.source == source) & outputs.output.str.startswith(Dimension.VALENCE)]
    if found.empty:
        return None
    valence = _smoothed(table, [found.column.iloc[0]]).iloc[:, 0]
    if valence.isna().all():
        return None
    low, high = int(valence.idxmin()), int(valence.idxmax())
    return (
        f"most pleasant at {table.time[high]:.1f} s (valence {number(valence[high])}), "
        f"least at {table.time[low]:.1f} s ({number(valence[low])})"
    )


def _disagreement(table: pd.DataFrame, outputs: pd.DataFrame) -> str | None:
    """E.g. ``the two disagree from 9.0 to 11.0 s``, the longest such span."""
    first = outputs[outputs.kind == "dimension"].drop_duplicates(["source", "output"])
    face, speech = (first[first.source == source].set_index("output").column for source in (Source.FACE, Source.SPEECH))
    shared = [name for name in face.index if name in speech.index]
    if not shared:
        return None
    smooth = _smoothed(table, [*face[shared], *speech[shared]])
    distance = np.abs(smooth[list(face[shared])].to_numpy() - smooth[list(speech[shared])].to_numpy())
    apart = np.nan_to_num(distance).max(axis=1) > DISAGREEMENT
    long = [(start, end) for start, end in spans(table.time.to_numpy(), apart) if end - start >= SHORTEST]
    if not long:
        return "face and speech agree throughout" if not np.isnan(distance).all() else None
    start, end = max(long, key=lambda span: span[1] - span[0])
    return f"face and speech disagree from {start:.1f} to {end:.1f} s"


def _by_source(table: pd.DataFrame, outputs: pd.DataFrame, emotion: str, row: int) -> str:
    """The emotion's probability from each model that knows it, e.g. ``face .81, speech .44``."""
    known = outputs[(outputs.output == emotion) & (outputs.source != Source.FUSED)]
    smooth = _smoothed(table, list(known.column)).loc[row]
    values = [(source, smooth[column]) for source, column in zip(known.source, known.column, strict=True)]
    return ", ".join(f"{source} {number(value)}" for source, value in values if not np.isnan(value))


def _smoothed(table: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Centred running mean over :data:`SMOOTHING`; gaps stay gaps."""
    hop = float(table.time.iloc[1] - table.time.iloc[0]) if len(table) > 1 else SMOOTHING
    values = table[columns]
    return values.rolling(max(1, round(SMOOTHING / hop)), center=True, min_periods=1).mean().where(values.notna())


class HeldOut(NamedTuple):
    """One held-out score of a checkpoint, as text: e.g. ``CCC, valence (derived)``, ``.61 [.55, .66]`` and ``.00``."""

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
    """The two cultures whose mean channel weights correlate least, in the order of their names; None for fewer.

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
        models: ``metrics.json`` of each.
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
    """Return the outputs in whose main scores a checkpoint is constant, or no better than the training mean."""
    return list(dict.fromkeys(row["output"] for row in _main(metrics) if row.get("collapsed")))
