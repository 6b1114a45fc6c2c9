"""Scores of a map of embeddings: what it separates, and whether neighbours on it are true neighbours.

Sources
    Silhouette: P. Rousseeuw, Journal of Computational and Applied Mathematics 20 (1987) 53-65.
    Trustworthiness: J. Venna, S. Kaski, "Neighborhood preservation in nonlinear projection methods", ICANN 2001.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.metrics import pairwise_distances
from sklearn.neighbors import NearestNeighbors

from ..core.errors import AnalysisError, ConfigError
from ..evaluation import bootstrap
from .projection import Projection
from .projection_methods import to_unit_length

Array = np.ndarray
MOST_CLIPS = 2_000
"""Largest number of clips in a silhouette, and of clips whose neighbourhoods trustworthiness judges."""


class Separation(NamedTuple):
    """The degree to which clips of one label lie together and apart from others.

    Attributes:
        value: mean silhouette, in [-1, 1]; below 0, a typical clip is nearer to another label than to its own.
        low: lower end of its 95 % bootstrap interval.
        high: upper end.
        chance: mean silhouette of permuted labels.
        p: share of permuted labels whose silhouette is at least as large.
        clips: number of clips on which it was computed.
    """

    value: float
    low: float
    high: float
    chance: float
    p: float
    clips: int


def silhouette(
    points: Array,
    labels: Sequence[Any],
    *,
    groups: Sequence[Any] | None = None,
    most: int = MOST_CLIPS,
    draws: int = 1000,
    permutations: int = 199,
    seed: int = 0,
) -> Separation:
    r"""Measure whether clips lie with those of the same label.

    .. math:: s_i = \frac{b_i - a_i}{\max(a_i, b_i)}

    with :math:`a_i` the mean Euclidean distance to the others of the same label and :math:`b_i` that to the nearest
    other label; 0 for a clip that is alone with its label. The interval is a bootstrap of the clips' values. Clips of
    one speaker are not independent: with ``groups``, whole groups are drawn, and labels are permuted among groups
    where every group has one label (as speakers have one culture), else within each group (as every speaker shows
    several emotions).

    Args:
        points: points (N, D) of a map, or embeddings.
        labels: label of each of the N clips; clips whose label is missing are left out.
        groups: group of each of the N clips, e.g. its speaker; a clip whose group is missing is a group of its own.
        most: largest number of clips; of more, so many drawn at random stand for all.
        draws: number of bootstrap samples.
        permutations: number of permutations of the labels; p is not below 1 / (permutations + 1).
        seed: seed of draws and permutations.

    Returns:
        The separation; NaN where there are not two labels. The interval is NaN with one group.

    Raises:
        AnalysisError: if the numbers of labels or groups differ from the number of points.
    """
    points = np.asarray(points, dtype=np.float64)
    for given in (labels, groups):
        if given is not None and len(given) != len(points):
            raise AnalysisError(f"{len(points)} points need as many labels and groups, not {len(given)}.")
    generator = np.random.default_rng(seed)
    codes = pd.factorize(pd.Series(list(labels), dtype=object))[0]  # -1 where missing
    chosen = np.flatnonzero(codes >= 0)
    if len(chosen) > most:
        chosen = np.sort(generator.choice(chosen, most, replace=False))
    codes = pd.factorize(codes[chosen])[0]
    members = pd.factorize(_group_codes(groups, len(points))[chosen])[0]
    if codes.max(initial=0) == 0:
        nan = float("nan")
        return Separation(nan, nan, nan, nan, nan, len(chosen))
    distances = pairwise_distances(points[chosen])
    values = _silhouettes(distances, codes)
    low, high = _interval_of_mean(values, members, draws, seed)
    shuffle = _shuffler(codes, members, generator)
    permuted = np.array([_silhouettes(distances, shuffle()).mean() for _ in range(permutations)])
    reached = np.count_nonzero(permuted >= values.mean() - 1e-12)
    p = (reached + 1) / (permutations + 1)
    return Separation(float(values.mean()), low, high, float(permuted.mean()), p, len(chosen))


class Estimate(NamedTuple):
    """A score with its 95 % bootstrap interval over clips."""

    value: float
    low: float
    high: float


def trustworthiness(
    embeddings: Array,
    points: Array,
    *,
    neighbours: int = 15,
    groups: Sequence[Any] | None = None,
    most: int = MOST_CLIPS,
    draws: int = 1000,
    seed: int = 0,
) -> Estimate:
    r"""Measure whether neighbours on a map are neighbours among the embeddings, too.

    .. math:: T_k = 1 - \frac{2}{N k (2N - 3k - 1)} \sum_i \sum_{j \in U_k(i)} (r_{ij} - k)

    with :math:`U_k(i)` the k nearest clips of i on the map and :math:`r_{ij} \ge k` j's rank among the neighbours of i
    by Euclidean distance of the embeddings: 1 is perfect, about .5 chance. Distances across a map are not judged
    by it.

    Args:
        embeddings: embeddings (N, E).
        points: points (N, D) on the map, in the same order.
        neighbours: number k of neighbours, less than half of the clips.
        groups: group of each of the N clips, e.g. its speaker, which the interval draws as a whole.
        most: largest number of clips in the sum; of more, so many are drawn at random, each judged among all.
        draws: number of bootstrap samples.
        seed: seed of the draws.

    Raises:
        AnalysisError: if the numbers of clips differ.
        ConfigError: if k is not from 1 to half of the clips.
    """
    embeddings, points = np.asarray(embeddings, np.float64), np.asarray(points, np.float64)
    clips = len(points)
    if len(embeddings) != clips:
        raise AnalysisError(f"A map of {clips} points does not show {len(embeddings)} embeddings.")
    if not 1 <= neighbours < clips / 2:
        raise ConfigError(
            f"Trustworthiness looks at 1 to {(clips - 1) // 2} neighbours of {clips} clips, not {neighbours}."
        )
    chosen = np.arange(clips)
    if clips > most:
        chosen = np.sort(np.random.default_rng(seed).choice(clips, most, replace=False))
    penalties = np.empty(len(chosen))
    for start in range(0, len(chosen), 100):
        part = chosen[start : start + 100]
        near = _nearest(points, part, neighbours)
        distances = pairwise_distances(embeddings[part], embeddings)
        distances[np.arange(len(part)), part] = np.inf
        own = np.take_along_axis(distances, near, axis=1)
        ranks = 1 + (distances[:, None] < own[..., None]).sum(-1)
        penalties[start : start + 100] = np.maximum(0, ranks - neighbours).sum(1)
    values = 1 - 2 * penalties / (neighbours * (2 * clips - 3 * neighbours - 1))
    members = pd.factorize(_group_codes(groups, clips)[chosen])[0]
    return Estimate(float(values.mean()), *_interval_of_mean(values, members, draws, seed))


def scores(
    projection: Projection,
    about: pd.DataFrame,
    columns: Sequence[str] = ("label", "culture"),
    *,
    group: str = "speaker",
    neighbours: int = 15,
    seed: int = 0,
) -> pd.DataFrame:
    """Return the scores of a map and of the embeddings that it shows.

    Args:
        projection: the map.
        about: facts about each clip, in the order of the map.
        columns: columns whose values may be separated; columns with fewer than two known values are left out.
        group: column of clips that are not independent; may be absent.
        neighbours: number of neighbours of trustworthiness, at most a fifth of the clips.
        seed: seed of draws and permutations.

    Returns:
        One row per score: ``figure`` (silhouette or trustworthiness), ``column``, ``space`` (embedding or map),
        ``value``, ``low``, ``high``, ``chance``, ``p``, ``clips``.

    Raises:
        AnalysisError: if the table has other rows than the map.
    """
    if len(about) != len(projection.points):
        raise AnalysisError(f"The map shows {len(projection.points)} clips, and the table has {len(about)} rows.")
    groups = about[group].tolist() if group in about else None
    scaled = getattr(projection.method, "metric", "euclidean") == "cosine"
    embeddings = to_unit_length(projection.embeddings) if scaled else projection.embeddings
    rows: list[dict[str, Any]] = []
    for column in columns:
        if column not in about or about[column].nunique() < 2:
            continue
        for space, points in (("embedding", embeddings), ("map", projection.points)):
            found = silhouette(points, about[column].tolist(), groups=None if column == group else groups, seed=seed)
            rows.append({"figure": "silhouette", "column": column, "space": space} | found._asdict())
    k = max(1, min(neighbours, len(about) // 5))
    estimate = trustworthiness(embeddings, projection.points, neighbours=k, groups=groups, seed=seed)
    rows.append({"figure": "trustworthiness", "space": "map", "clips": len(about)} | estimate._asdict())
    return pd.DataFrame(rows, columns=["figure", "column", "space", "value", "low", "high", "chance", "p", "clips"])


def _group_codes(groups: Sequence[Any] | None, count: int) -> Array:
    """A number for each clip's group; a clip of unknown group has its own."""
    if groups is None:
        return np.arange(count)
    codes = pd.factorize(pd.Series(list(groups), dtype=object))[0]
    return np.asarray(np.where(codes < 0, codes.max(initial=0) + 1 + np.arange(count), codes))


def _silhouettes(distances: Array, codes: Array) -> Array:
    """(N,) silhouette of each clip, by its distances (N, N) to the others and their labels 0, 1 ..."""
    own = codes[:, None] == np.arange(codes.max() + 1)  # (N, labels)
    sizes = own.sum(0)
    sums = distances @ own.astype(distances.dtype)
    inner = sums[own] / np.maximum(1, sizes[codes] - 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        outer = np.where(own | (sizes == 0), np.inf, sums / sizes).min(1)
        values = (outer - inner) / np.maximum(inner, outer)
    return np.where((sizes[codes] > 1) & np.isfinite(values), values, 0.0)


def _shuffler(codes: Array, members: Array, generator: np.random.Generator) -> Callable[[], Array]:
    """Return a function that permutes the labels."""
    first = np.zeros(members.max() + 1, dtype=codes.dtype)
    first[members] = codes
    if (first[members] == codes).all():  # every group has one label
        return lambda: generator.permutation(first)[members]
    mixed = [np.flatnonzero(members == group) for group in range(members.max() + 1)]

    def within() -> Array:
        permuted = codes.copy()
        for group in mixed:
            permuted[group] = generator.permutation(codes[group])
        return permuted

    return within


def _interval_of_mean(values: Array, members: Array, draws: int, seed: int) -> tuple[float, float]:
    """Bootstrap interval of the mean, drawing whole groups."""
    mean = bootstrap.SumStatistic(np.stack([values, np.ones(len(values))], axis=1), lambda s: s[..., 0] / s[..., 1])
    return bootstrap.interval(mean, bootstrap.Clusters("speakers", members), draws=draws, seed=seed)


def _nearest(points: Array, chosen: Array, count: int) -> Array:
    """(M, count) nearest other points of the chosen ones."""
    near = NearestNeighbors(n_neighbors=count + 1).fit(points).kneighbors(points[chosen], return_distance=False)
    others = near != chosen[:, None]
    others[others.all(1), -1] = False  # among equal points, it need not have found the point itself
    return np.asarray(near[others].reshape(len(chosen), count))
