"""The errors of compared models: which classes they confuse, and which cultures, emotions and speakers are hard."""

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd

from ..core.vocabulary import CIRCUMPLEX, CLASS_KINDS, DERIVED_AXES, Emotion
from ..core.words import number
from ..evaluation import bootstrap
from ..evaluation.metrics import METRICS
from ..evaluation.metrics.calibration_error import bin_of
from ..evaluation.scores import MEAN, Result
from ..evaluation.tables import confusion_table
from .comparison import Comparison, Contender

ERRORS: dict[str, tuple[str, str]] = {
    **dict.fromkeys(CLASS_KINDS, ("accuracy", "share of wrong answers")),
    "dimension": ("rmse", METRICS["rmse"].title),
    "intensity": ("rmse", METRICS["rmse"].title),
}
"""Kind of outputs -> the metric from which their error comes, and what the error is called."""
RANGES: dict[str, tuple[int, int]] = {"dimension": (-1, 1), "intensity": (0, 1)}
"""Kind of outputs that are values -> the range that is cut into :data:`LEVELS` equal levels."""
LEVELS = 10


def confusions(comparison: Comparison) -> pd.DataFrame:
    """Return the confusions of classifiers: model, truth, prediction, count and share (of that truth)."""
    tables = []
    for contender in comparison.contenders:
        if contender.kind not in CLASS_KINDS:
            continue
        stated = contender.metrics.get("confusion", {})
        if contender.results:
            classes = contender.outputs
            counts = np.array(confusion_table(contender.results, classes))
        elif stated:
            classes, counts = tuple(stated["classes"]), np.array(stated["counts"])
        else:
            continue
        shares = counts / np.maximum(1, counts.sum(1, keepdims=True))
        cells = [
            (contender.name, truth, prediction, int(counts[i, j]), float(shares[i, j]))
            for i, truth in enumerate(classes)
            for j, prediction in enumerate(classes)
        ]
        tables.append(pd.DataFrame(cells, columns=["model", "truth", "prediction", "count", "share"]))
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def taken_for(contender: Contender, truth: str, prediction: str) -> list[str]:
    """Return the ids of the recordings of one class that a classifier took for another, or for the same.

    Args:
        contender: model of a comparison.
        truth: class of the recordings.
        prediction: class to which the model gives the highest probability.
    """
    cell = tuple(contender.outputs.index(one) for one in (truth, prediction))
    return [r.id for r in contender.results if (int(r.truth.argmax()), int(r.prediction.argmax())) == cell]


def of_slice(contender: Contender, column: str, name: str) -> list[str]:
    """Return the ids of a model's recordings in one slice of :func:`slice_errors`."""
    return [r.id for r in _slices(contender, column).get(name, ())]


def level_confusions(comparison: Comparison) -> pd.DataFrame:
    """Return how often values of each level are predicted at each level, by models of dimensions or intensities.

    Values beyond the range are counted at its ends; values without a label or a prediction are not counted.

    Returns:
        Columns model, output, truth and prediction (names of levels, from low to high), count, and share (of the values
        with that truth; NaN where there are none).

    Source: L. Vaiani et al., "ViPER: Video-based Perceiver for Emotion Recognition", MuSe 2022, figures 2 and 3.
    """
    rows = []
    for contender in comparison.contenders:
        if contender.kind not in RANGES or not contender.results:
            continue
        low, high = RANGES[contender.kind]
        edges = [low + (high - low) * k / LEVELS for k in range(LEVELS + 1)]
        names = [f"{number(a, 1)} to {number(b, 1)}" for a, b in itertools.pairwise(edges)]
        truth, prediction = (
            np.concatenate([np.atleast_2d(values) for values in both])
            for both in zip(*((r.truth, r.prediction) for r in contender.results), strict=True)
        )
        for k, output in enumerate(contender.outputs):
            known = ~(np.isnan(truth[:, k]) | np.isnan(prediction[:, k]))
            shares = [(values[known, k].clip(low, high) - low) / (high - low) for values in (truth, prediction)]
            counts = np.zeros((LEVELS, LEVELS), int)
            np.add.at(counts, tuple(bin_of(share, LEVELS) for share in shares), 1)
            for i, j in np.ndindex(counts.shape):
                share = counts[i, j] / counts[i].sum() if counts[i].any() else np.nan
                rows.append((contender.name, output, names[i], names[j], int(counts[i, j]), share))
    return pd.DataFrame(rows, columns=["model", "output", "truth", "prediction", "count", "share"])


def slice_columns(comparison: Comparison) -> list[str]:
    """Return the columns with several values, by which errors can be grouped."""
    everyone = [c for c in comparison.contenders if c.results]
    return [column for column in ("culture", "label", "speaker") if any(len(_slices(c, column)) > 1 for c in everyone)]


def slice_errors(comparison: Comparison, column: str) -> pd.DataFrame:
    """Return the errors by culture, emotion or speaker: shares of wrong answers, or RMSE.

    Returns:
        Columns slice, model, output, metric, error, low and high (95 % bootstrap interval), recordings, unit and
        clusters (what the interval draws, and how many of them).
    """
    rows = []
    for contender in comparison.contenders:
        if not contender.results:
            continue
        wanted, title = ERRORS[contender.kind]
        metric = METRICS[wanted]
        errors = [s for s in contender.scores if s.metric == wanted]
        errors = [s for s in errors if s.output == MEAN] or errors
        for name, members in _slices(contender, column).items():
            clusters = bootstrap.clusters_of(members)
            draws = bootstrap.resample([error.statistic(members) for error in errors], clusters)
            for error, values in zip(errors, draws, strict=True):
                value = error.compute(members)
                low, high = bootstrap.percentiles(values)
                bounds = sorted((metric.error(low), metric.error(high)))
                drawn = (len(members), clusters.unit, clusters.count)
                rows.append((name, contender.name, error.output, title, metric.error(value), *bounds, *drawn))
    columns = ["slice", "model", "output", "metric", "error", "low", "high", "recordings", "unit", "clusters"]
    return pd.DataFrame(rows, columns=columns).sort_values("slice", kind="stable", ignore_index=True)


def _slices(contender: Contender, column: str) -> dict[str, list[Result]]:
    """Recordings by the values of a column; where the emotion changes within them, their frames by emotion."""
    if column == "label" and contender.results[0].truth.ndim == 2:
        return _frames_by_emotion(contender)
    found: dict[str, list[Result]] = {}
    for result in contender.results:
        if value := getattr(result, column):
            found.setdefault(value, []).append(result)
    return found


def _frames_by_emotion(contender: Contender) -> dict[str, list[Result]]:
    """Frames whose labels are those of an emotion, the others missing; nothing where labels do not tell emotions."""
    if not contender.derived or not set(contender.outputs) <= set(DERIVED_AXES):
        return {}
    axes = [DERIVED_AXES[o] for o in contender.outputs]
    found: dict[str, list[Result]] = {}
    for emotion in Emotion:
        place = np.array(CIRCUMPLEX[emotion])[axes]
        alike = [e for e in Emotion if np.allclose(np.array(CIRCUMPLEX[e])[axes], place)]
        if alike[0] != emotion:
            continue
        own = [(r, np.isclose(r.truth, place, atol=1e-3).all(1)) for r in contender.results]
        members = [replace(r, truth=np.where(mask[:, None], r.truth, np.nan)) for r, mask in own if mask.any()]
        if members:
            found[" or ".join(alike)] = members
    return found
