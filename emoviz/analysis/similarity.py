r"""The similarity of cultures in the channels on which their models rely, with its intervals.

Every measure is the inner product of two rows of a table of weights (:mod:`emoviz.analysis.replicates`) after each was
brought to unit length in its own way,

.. math:: s_{ij} = u_i \cdot u_j, \qquad \lVert u_i \rVert = 1

so that the mean over pairs of rows follows from sums over rows, and :math:`2 (1 - s_{ij})` is a squared Euclidean
distance, on which the permutation tests rest. A row whose weights are all alike prefers no channel: where a
measure is undefined for it, the row is left out.

Source: section 5.5 and figure 5 of the CATS-Transformer paper (bibliography, paper 1).
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.cluster import hierarchy
from scipy.spatial.distance import squareform
from scipy.stats import rankdata

from ..core.errors import AnalysisError, ConfigError, UnknownNameError
from ..core.registry import Registry
from ..core.words import listed
from ..evaluation import bootstrap
from .replicates import require_count, require_weights

Array = np.ndarray
MEASURES: Registry[Callable[[Array, int], Array]] = Registry("measure of similarity")
"""``measure(rows (N, D), k)`` -> unit vectors (N, D), NaN in rows for which it is undefined."""


@MEASURES.register("cosine")
def cosine(rows: Array, k: int) -> Array:
    """Bring rows to unit length, for the cosine of the angle between two: in [0, 1], as weights are not negative.

    Examples:
        >>> cosine(np.array([[3.0, 4.0]]), k=10)
        array([[0.6, 0.8]])
    """
    return _to_unit_length(rows)


@MEASURES.register("pearson")
def pearson(rows: Array, k: int) -> Array:
    """Bring rows to unit length for Pearson's r over channels, in [-1, 1]; undefined where all weights are the same."""
    return _to_unit_length(np.where(_is_flat(rows), np.nan, rows - rows.mean(1, keepdims=True)))


@MEASURES.register("spearman")
def spearman(rows: Array, k: int) -> Array:
    """Bring rows to unit length for Spearman's rank correlation over channels; ties share their mean rank."""
    return pearson(rankdata(rows, axis=1), k)


@MEASURES.register("top-k")
def top_k(rows: Array, k: int) -> Array:
    """Bring rows to unit length for the share of common channels among their k highest, in [0, 1]; chance is k / D.

    Channels that tie for the last places share them equally, so that the order of channels never matters.

    Examples:
        >>> top_k(np.array([[0.1, 0.9, 0.8, 0.2]]), k=2).round(2)
        array([[0.  , 0.71, 0.71, 0.  ]])
    """
    edge = np.sort(rows, axis=1)[:, -k, None]
    above, tied = rows > edge, rows == edge
    places = (k - above.sum(1, keepdims=True)) / tied.sum(1, keepdims=True)
    return _to_unit_length(np.where(_is_flat(rows), np.nan, above + places * tied))


def similarities(
    weights: pd.DataFrame,
    measure: str = "cosine",
    *,
    k: int = 10,
    matched: bool = False,
    draws: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """Measure the similarity of every pair of cultures, and on the diagonal each culture's reliability.

    Between two cultures it is the mean over all pairs of a replicate of one and a replicate of the other; within a
    culture the mean over pairs of different replicates, NaN where there is one only. The interval is a percentile
    bootstrap over the replicates of both cultures, in which no replicate is ever compared with its own copy. It
    is NaN where a culture has one replicate, and with fewer than about eight it is too narrow.

    Models that were trained from one seed started from the same weights and stay alike whatever they heard. With
    ``matched`` such pairs do not count between cultures either, so that all cells are comparable.

    Args:
        weights: a table of weights.
        measure: one of :data:`MEASURES`.
        k: number of channels of the measure ``top-k``.
        matched: whether replicates of one name in several cultures have more in common than the name.
        draws: number of bootstrap samples.
        level: coverage of the interval.
        seed: seed of the bootstrap.

    Returns:
        One row per dimension and cell: ``dimension``, ``culture``, ``other``, ``similarity``, ``low``, ``high``, how
        many ``pairs`` of replicates the mean is over, and ``matched``: the mean over pairs of one name, which do
        not count, NaN where there are none. Both halves of the matrix are there.

    Raises:
        AnalysisError: if this is no table of weights.
        ConfigError: if k does not fit the number of channels.
        UnknownNameError: if there is no such measure.
    """
    rows: list[tuple[str | float, ...]] = []
    for dimension, units in units_of(weights, measure, k, matched=matched):
        generator = np.random.default_rng(seed)
        drawn = {culture: resampled(u, draws, generator) for culture, u in units.items()}
        for culture, own in units.items():
            for other, others in units.items():
                between = mean_over_pairs(own, others)
                interval = (float("nan"), float("nan"))
                if min(len(own.names), len(others.names)) > 1:
                    values = mean_over_pairs(own, others, drawn[culture], drawn[other]).mean
                    interval = bootstrap.percentiles(values, level)
                pairs = int(between.pairs[0]) // (2 if culture == other else 1)
                alike = float("nan") if culture == other else defined_mean(_of_one_name(own, others)[2])
                rows.append((dimension, culture, other, float(between.mean[0]), *interval, pairs, alike))
    columns = ["dimension", "culture", "other", "similarity", "low", "high", "pairs", "matched"]
    return pd.DataFrame(rows, columns=columns)


def matrix(similarity: pd.DataFrame, dimension: str, value: str = "similarity") -> pd.DataFrame:
    """Return a column of :func:`similarities` as a matrix of cultures.

    Raises:
        UnknownNameError: if the dimension has no rows.
    """
    chosen = similarity[similarity["dimension"] == dimension]
    if chosen.empty:
        raise UnknownNameError("dimension", dimension, similarity["dimension"].unique())
    return chosen.pivot(index="culture", columns="other", values=value)


class Dendrogram(NamedTuple):
    """Cultures merged step by step, the most similar first.

    Attributes:
        order: cultures in the order of the leaves.
        linkage: merges (C - 1, 4) as scipy's ``linkage`` gives them, over the cultures in the order of the matrix.
        branches: corners of the branches to draw, one row each: ``branch``, ``position`` (0 is the first leaf, 1 the
            next) and ``height`` (1 - similarity).
    """

    order: list[str]
    linkage: Array
    branches: pd.DataFrame


def dendrogram(similarity: pd.DataFrame, method: str = "average") -> Dendrogram:
    """Cluster cultures hierarchically by 1 - similarity.

    Args:
        similarity: matrix (C, C) of cultures (:func:`matrix`); its diagonal is not read.
        method: method of linkage: ``average``, ``complete`` or ``single``.

    Raises:
        AnalysisError: if there are fewer than two cultures, or the similarity of two is undefined.
        ConfigError: if there is no such method of linkage.
    """
    methods = ("average", "complete", "single")
    if method not in methods:
        raise ConfigError(f"Cultures are merged by {listed(methods, 'or')} linkage, not '{method}'.")
    names = [str(name) for name in similarity.index]
    if len(names) < 2:
        raise AnalysisError(f"A dendrogram joins at least two cultures, and here are {len(names)}.")
    distances = np.maximum(0.0, 1 - similarity.loc[:, similarity.index].to_numpy(np.float64))
    np.fill_diagonal(distances, 0)
    if np.isnan(distances).any():
        a, b = np.argwhere(np.isnan(distances))[0]
        raise AnalysisError(f"The similarity of {names[a]} and {names[b]} is undefined, so no dendrogram can be drawn.")
    linkage = hierarchy.linkage(squareform(distances, checks=False), method, optimal_ordering=True)
    drawn = hierarchy.dendrogram(linkage, no_plot=True, labels=names)
    corners = np.stack([np.array(drawn["icoord"]), np.array(drawn["dcoord"])], axis=-1)  # (branches, 4, 2)
    branches = pd.DataFrame(
        {
            "branch": np.repeat(np.arange(len(corners)), 4),
            "position": (corners[..., 0].ravel() - 5) / 10,  # scipy's leaves stand at 5, 15, 25 ...
            "height": corners[..., 1].ravel(),
        }
    )
    return Dendrogram(drawn["ivl"], linkage, branches)


def without_flat(weights: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Leave out the cultures without a replicate that prefers a channel, as long as others are left, and name them.

    Args:
        weights: a table of weights of one dimension.

    Returns:
        The weights of the other cultures, and a sentence that names those left out, empty if there are none.
    """
    cultures = weights.index.get_level_values("culture")
    flat = pd.Series(_is_flat(weights.to_numpy(np.float64))[:, 0]).groupby(cultures).transform("all").to_numpy()
    if flat.all() or not flat.any():
        return weights, ""
    names = " and ".join(map(str, cultures[flat].unique()))
    return weights[~flat], f"All channels weigh the same in {names}, which cannot be compared."


class Units(NamedTuple):
    """Unit vectors (replicates, D) of a culture, and the replicates' names."""

    vectors: Array
    names: Array


def units_of(
    weights: pd.DataFrame, measure: str, k: int, *, matched: bool, least: int = 1
) -> Iterator[tuple[str, dict[str, Units]]]:
    """Yield the replicates of each culture for which the measure is defined, dimension by dimension.

    Unless replicates are matched, no two have the same name.
    """
    bring = MEASURES[measure]
    require_weights(weights)
    require_count(k, weights.shape[1] if bring is top_k else max(k, 1), "channels that are compared by top-k")
    for dimension, group in weights.groupby(level="dimension"):
        units = {}
        for culture, rows in group.groupby(level="culture"):
            vectors = bring(rows.to_numpy(np.float64), k)
            names = rows.index.get_level_values(2).astype(str)
            names = np.array(names if matched else [f"{culture}/{name}" for name in names], dtype=object)
            defined = ~np.isnan(vectors).any(1)
            units[str(culture)] = Units(vectors[defined], names[defined])
        if len(units) < least:
            raise AnalysisError(
                f"Differences are tested between two cultures; {dimension} has {next(iter(units))} only."
            )
        yield str(dimension), units


class Drawn(NamedTuple):
    """Draws of a culture's replicates: how often each was drawn (draws, replicates), and sums of vectors (draws, D)."""

    counts: Array
    sums: Array


class Compared(NamedTuple):
    """Mean similarity in each draw, NaN if no pair is left, and the number of ordered pairs in the mean."""

    mean: Array
    pairs: Array


def resampled(units: Units, draws: int, generator: np.random.Generator) -> Drawn:
    """Draw the replicates of a culture with replacement, a number of times."""
    number = len(units.names)
    shares = np.full(number, 1 / number) if number else np.ones(1)
    counts = generator.multinomial(number, shares, size=draws)[:, :number].astype(np.float64)
    return Drawn(counts, counts @ units.vectors)


def mean_over_pairs(own: Units, others: Units, drawn: Drawn | None = None, other: Drawn | None = None) -> Compared:
    """Average over pairs of rows with different names, from two cultures or from the same one.

    Without draws each row counts once.
    """
    drawn, other = drawn or _each_once(own), other or _each_once(others)
    first, second, similarity = _of_one_name(own, others)
    left_out = drawn.counts[:, first] * other.counts[:, second]
    pairs = drawn.counts.sum(1) * other.counts.sum(1) - left_out.sum(1)
    total = (drawn.sums * other.sums).sum(1) - left_out @ similarity
    return Compared(np.clip(total / np.where(pairs > 0, pairs, np.nan), -1, 1), pairs)


def _each_once(units: Units) -> Drawn:
    return Drawn(np.ones((1, len(units.names))), units.vectors.sum(0)[None])


def _of_one_name(own: Units, others: Units) -> tuple[Array, Array, Array]:
    """Positions of pairs of one name, and their similarities."""
    first, second = np.nonzero(own.names[:, None] == others.names[None])
    return first, second, (own.vectors[first] * others.vectors[second]).sum(1)


def defined_mean(values: Sequence[float] | Array) -> float:
    """Return the mean of the values that are defined."""
    defined = [value for value in values if not np.isnan(value)]
    return float(np.mean(defined)) if defined else float("nan")


def _is_flat(rows: Array) -> Array:
    return np.asarray(np.ptp(rows, axis=1, keepdims=True) == 0)


def _to_unit_length(rows: Array) -> Array:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, np.nan)
