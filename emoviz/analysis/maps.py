"""Maps of embeddings: facts about each point, maps of several models beside each other, and what a map separates."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.linalg import orthogonal_procrustes

from ..core.vocabulary import CIRCUMPLEX, DERIVED_AXES, Emotion
from ..core.words import counted, interval, listed
from ..evaluation.slices import correctness
from .projection import Projection
from .projection_methods import PCA

Array = np.ndarray

EMOTION, CULTURE, SPEAKER = "emotion", "culture", "speaker"
PREDICTED, CORRECT = "predicted emotion", "correct"
GROUPINGS = (EMOTION, CULTURE, SPEAKER)
"""Columns of :func:`recordings` whose values an embedding may tell apart."""
AXES = ("x", "y", "z")
MOST_WINDOWS = 60
"""Largest number of windows of a new clip that a map shows."""
WEAK = 0.25
"""Silhouette below which there is no substantial structure (L. Kaufman, P. Rousseeuw, Finding Groups in Data, 1990)."""
LEAST_COMMON = 10
"""Smallest number of recordings that two maps share before one is turned to fit the other."""


def recordings(
    embeddings: pd.DataFrame, predictions: pd.DataFrame | None, kind: str, outputs: Sequence[str]
) -> pd.DataFrame:
    """Return the facts about each recording of a table of embeddings.

    Args:
        embeddings: embeddings with index id and the columns culture, speaker and label.
        predictions: truth and prediction of the same recordings, or of each of their frames
            (:func:`emoviz.evaluation.tables.prediction_table`).
        kind: kind of the model's outputs.
        outputs: names of the model's outputs.

    Returns:
        Index id; columns ``label``; ``culture``, ``speaker`` and ``emotion`` where they are known; ``predicted
        emotion`` and ``correct`` of classifiers; each dimension and ``predicted <dimension>``, means over the
        recording. Valence and arousal are derived from the emotions that a label names if there are no others.
    """
    table = pd.DataFrame({"label": embeddings["label"].astype(str)})
    for column in (CULTURE, SPEAKER):
        if embeddings[column].notna().any():
            table[column] = embeddings[column].astype(object).where(embeddings[column].notna(), None)
    if table["label"].isin(list(Emotion)).all():
        table[EMOTION] = table["label"]
    if predictions is not None and kind == "emotion":
        scores = predictions[[f"prediction.{output}" for output in outputs]].to_numpy()
        table[PREDICTED] = pd.Series(np.array(outputs)[scores.argmax(1)], predictions.index)
        table[CORRECT] = correctness(predictions)
    elif predictions is not None:
        means = predictions.filter(regex=r"^(truth|prediction)\.").astype(np.float64).groupby(level=0).mean()
        for output in outputs:
            table[output] = means[f"truth.{output}"]
            table[f"predicted {output}"] = means[f"prediction.{output}"]
    if kind == "emotion" or predictions is None:
        named = [
            [CIRCUMPLEX[Emotion(word)] for word in label.split() if word in CIRCUMPLEX] for label in table["label"]
        ]
        positions = np.array([np.mean(places, axis=0) if places else (np.nan, np.nan) for places in named])
        for name, axis in DERIVED_AXES.items():
            table[name] = positions[:, axis]
    return table


class Placement(NamedTuple):
    """The place of a map on the page: ``(points - centre) @ turn + target``.

    Attributes:
        centre: centre (D,) of the points.
        turn: matrix (D, D), a rotation or reflection times a scale.
        target: place (D,) of the centre on the page.
    """

    centre: Array
    turn: Array
    target: Array

    def __call__(self, points: Array) -> Array:
        """Place points (N, D) of the map."""
        return np.asarray((points - self.centre) @ self.turn + self.target)


def standard(points: Array) -> Placement:
    """Place a map with its centre at 0 and a mean squared distance of 1 between its points and the centre."""
    return Placement(points.mean(0), np.eye(points.shape[1]) / (_radius(points) or 1.0), np.zeros(points.shape[1]))


def beside(points: Array, ids: pd.Index, first: Array, first_ids: pd.Index) -> Placement:
    """Place a map turned and scaled so that recordings lie as near as possible to their places in another map.

    Only for maps whose axes and unit mean nothing, as those of t-SNE and UMAP. Maps with too few common recordings
    are only centred and scaled.

    Source: P. H. Schönemann, "A generalized solution of the orthogonal Procrustes problem", Psychometrika 31 (1966).

    Args:
        points: points (N, D) of the map.
        ids: ids (N,) of its recordings.
        first: points (M, D) of the other map as it lies on the page.
        first_ids: ids (M,) of its recordings.
    """
    common = ids.intersection(first_ids)
    if len(common) < LEAST_COMMON:
        return standard(points)
    own, other = points[ids.get_indexer(common)], first[first_ids.get_indexer(common)]
    turn, _ = orthogonal_procrustes(own - own.mean(0), other - other.mean(0))
    return Placement(own.mean(0), turn * _radius(other) / (_radius(own) or 1.0), other.mean(0))


def _radius(points: Array) -> float:
    return float(np.sqrt(np.square(points - points.mean(0)).sum(1).mean()))


def axis_titles(projection: Projection) -> tuple[str, ...]:
    """Return the titles of the axes of a map."""
    if isinstance(projection.method, PCA):
        shares = enumerate(projection.explained, 1)
        return tuple(f"component {place} ({100 * share:.0f} % of the variance)" for place, share in shares)
    return tuple(f"{projection.method.title} {place} (no unit)" for place in range(1, projection.method.dimensions + 1))


def in_words(name: str, found: pd.DataFrame) -> str:
    """Say in plain words which groups a model tells apart, as far as intervals allow.

    Args:
        name: name of the model.
        found: scores of one map (:func:`emoviz.analysis.separation.scores`).
    """
    rows = {row.column: row for row in found[found["space"] == "embedding"].itertuples() if row.figure == "silhouette"}
    if not rows:
        return f"**{name}**: its recordings have no groups that could be told apart."
    first, *second = _pair(rows)
    told = [group for group in (first, *second) if rows[group].low > 0]
    if told:
        said = f"**{name} tells {listed(f'{group}s' for group in told)} apart**"
        said += ", but only weakly" if rows[told[0]].value < WEAK else ""
    elif all(rows[group].high <= 0 for group in (first, *second)):
        groups = f"tells neither {first}s nor {second[0]}s" if second else f"does not tell {first}s"
        said = f"**{name} {groups} apart**"
    else:
        said = f"**Whether {name} tells {' or '.join(f'{group}s' for group in (first, *second))} apart cannot be told**"
    if second and told:
        clear = rows[first].low > rows[second[0]].high
        said += f", {first}s more than {second[0]}s" if clear else f"; which of {first}s and {second[0]}s more is open"
    return f"{said}. It rests on {counted(int(rows[first].clips), 'recordings')}."


def verdict(found: pd.DataFrame) -> str:
    """Say which groups an embedding and its map separate more, and whether the map can be trusted.

    Args:
        found: scores of one map (:func:`emoviz.analysis.separation.scores`).
    """
    silhouettes = found[found["figure"] == "silhouette"]
    spaces = {space: {row.column: row for row in rows.itertuples()} for space, rows in silhouettes.groupby("space")}
    trust = next(found[found["figure"] == "trustworthiness"].itertuples())
    if not spaces:
        said = "its recordings have no groups that could be told apart"
    else:
        said = f"the embedding separates {_separated(spaces['embedding'])}, the map {_separated(spaces['map'])}"
    return f"{said}; trustworthiness of the map {interval(trust.value, trust.low, trust.high)}."


def _separated(rows: Mapping[str, Any]) -> str:
    """E.g. ``emotions (silhouette .30 [.25, .35]) more than cultures (.10 [.05, .15])``."""
    first, *second = _pair(rows)
    words = [
        f"{first}s (silhouette {interval(rows[first].value, rows[first].low, rows[first].high)})",
        *(f"{c}s ({interval(rows[c].value, rows[c].low, rows[c].high)})" for c in second),
    ]
    if not second:
        return words[0] if rows[first].low > 0 else f"no {words[0]}"
    if rows[first].high <= 0:
        return f"neither {words[0]} nor {words[1]}"
    if rows[first].low > rows[second[0]].high:
        return f"{words[0]} more than {words[1]}"
    return f"{words[0]} and {words[1]} with no clear order"


def _pair(rows: Mapping[str, Any]) -> list[str]:
    """The one or two columns that a verdict compares, the one with the larger silhouette first."""
    others = [column for column in (CULTURE, SPEAKER) if column in rows]
    pair = [EMOTION, *others][:2] if EMOTION in rows else others[:1]
    return sorted(pair, key=lambda column: -rows[column].value)


def side_by_side(
    parts: Mapping[str, tuple[pd.DataFrame, Array]], *, turn: bool
) -> tuple[pd.DataFrame, dict[str, Placement]]:
    """Place maps of several models beside each other.

    Args:
        parts: facts about the recordings of each model (:func:`recordings`) and their places (N, D) in its map.
        turn: whether maps are brought to one scale and turned to fit the first (:func:`beside`).

    Returns:
        One row per model and recording (``model``, ``id``, ``x``, ``y``, ``z`` in three dimensions, and the facts about
        it), and the placement of each model's map, for further points.
    """
    tables, placements = [], {}
    first: tuple[pd.Index, Array] | None = None
    for model, (known, points) in parts.items():
        if not turn:
            placement = Placement(np.zeros(points.shape[1]), np.eye(points.shape[1]), np.zeros(points.shape[1]))
        elif first is None:
            placement = standard(points)
        else:
            placement = beside(points, known.index, first[1], first[0])
        laid = placement(points)
        first = first or (known.index, laid)
        placements[model] = placement
        places = pd.DataFrame(laid, known.index, list(AXES[: laid.shape[1]]))
        tables.append(pd.concat([places, known], axis=1).rename_axis("id").reset_index().assign(model=model))
    table = pd.concat(tables, ignore_index=True)
    return table[["model", "id", *table.columns.drop(["model", "id"])]], placements


def places_of_clip(times: Array, embeddings: Array, transform: Callable[[Array], Array]) -> pd.DataFrame:
    """Return the places of a new clip in a map.

    Args:
        times: middles (N,) of the clip's windows, in seconds.
        embeddings: embeddings (N, E) of the windows.
        transform: function from embeddings (M, E) to points (M, D).

    Returns:
        ``time``, ``x``, ``y``, ``z`` of at most :data:`MOST_WINDOWS` windows, and of their mean embedding, which has
        no time.
    """
    some = np.unique(np.linspace(0, len(times) - 1, min(len(times), MOST_WINDOWS)).round().astype(int))
    points = transform(np.concatenate([embeddings[some], embeddings.mean(0, keepdims=True)]))
    return pd.DataFrame(points, columns=list(AXES[: points.shape[1]])).assign(time=np.append(times[some], np.nan))


def moved(places: pd.DataFrame, placement: Placement) -> pd.DataFrame:
    """Return points of a map (columns ``x``, ``y``, ``z``) at their places on the page."""
    axes = [axis for axis in AXES if axis in places]
    return places.assign(**dict(zip(axes, placement(places[axes].to_numpy()).T, strict=True)))
