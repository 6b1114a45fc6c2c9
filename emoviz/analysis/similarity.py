r"""How alike cultures are in the channels that their models rely on, how surely, and where they differ.

A table of channel weights has one row per replicate and one column per channel, named
``<modality>.<channel>``. Its index has the levels ``culture``, ``dimension`` (the task) and one more that tells
replicates apart: the models that were trained from several seeds (:func:`of_models`), or, where there is one model
only, the speakers whom it heard (:func:`of_speakers`). Channels of one name must be the same channel in every
row; principal components are so only where one PCA was fitted for all models.

Every measure is the inner product of two rows after each was brought to unit length in its own way,

.. math:: s_{ij} = u_i \cdot u_j, \qquad \lVert u_i \rVert = 1

so that the mean over pairs of rows follows from sums over rows, and :math:`2 (1 - s_{ij})` is a squared Euclidean
distance, which is what the permutation tests take. A row whose weights are all alike prefers no channel: where a
measure is undefined for it, the row is left out.

Sources
    Similarity of cultures, most important channels: sections 5.5 of the CATS-Transformer paper, figures 4 and 5
    (spec/systems.md, section 1).
    Tests: M. J. Anderson, "A new method for non-parametric multivariate analysis of variance", Austral Ecology 26
    (2001) 32-46. S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of
    Statistics 6 (1979) 65-70.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import combinations
from math import factorial
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.cluster import hierarchy
from scipy.spatial.distance import squareform
from scipy.stats import rankdata

from ..core.errors import AnalysisError, ConfigError, UnknownNameError
from ..core.registry import Registry
from ..evaluation import bootstrap

Array = np.ndarray

KEYS = ("culture", "dimension")
"""First levels of the index of a table of weights."""
DESCRIPTIVE = ("culture", "speaker", "label")
"""Columns of ``attention.parquet`` that are no channels."""
MOST_EXACT = 20_000
"""Labellings up to which a permutation test goes through all of them, e.g. 8 against 8."""
DRAWS = 9_999
"""Random labellings of a test that cannot go through all."""
CHUNK = 1_000
"""Labellings that are judged at once, to bound the memory."""

MEASURES: Registry[Callable[[Array, int], Array]] = Registry("measure of similarity")
"""``measure(rows (N, D), k)`` -> unit vectors (N, D), NaN in rows for which it is undefined."""


@MEASURES.register("cosine")
def cosine(rows: Array, k: int) -> Array:
    """Cosine of the angle between two rows of weights: in [0, 1], as weights are not negative."""
    return _to_unit_length(rows)


@MEASURES.register("pearson")
def pearson(rows: Array, k: int) -> Array:
    """Pearson's r over channels, in [-1, 1]; undefined where all weights are the same."""
    return _to_unit_length(np.where(_is_flat(rows), np.nan, rows - rows.mean(1, keepdims=True)))


@MEASURES.register("spearman")
def spearman(rows: Array, k: int) -> Array:
    """Spearman's rank correlation over channels: Pearson's r of the ranks, ties sharing their mean rank."""
    return pearson(rankdata(rows, axis=1), k)


@MEASURES.register("top-k")
def top_k(rows: Array, k: int) -> Array:
    """Share of the k highest channels that two rows have in common, in [0, 1]; k / D is chance.

    Channels that tie for the last places share them equally, so that the order of channels never matters.
    """
    edge = np.sort(rows, axis=1)[:, -k, None]
    above, tied = rows > edge, rows == edge
    places = (k - above.sum(1, keepdims=True)) / tied.sum(1, keepdims=True)
    return _to_unit_length(np.where(_is_flat(rows), np.nan, above + places * tied))


def of_models(attention: Mapping[str, pd.DataFrame], dimensions: Mapping[str, str]) -> pd.DataFrame:
    """Weights whose replicates are models: a model's mean over the held-out clips of each culture.

    Args:
        attention: model -> channel weights per held-out clip (``attention.parquet``).
        dimensions: model -> what it predicts.

    Returns:
        A table of weights; the last level of its index is ``model``.

    Raises:
        AnalysisError: no models, clips without a culture, or models that weigh different channels.
    """
    if not attention:
        raise AnalysisError("Cultures are compared by the channel weights of at least one model; none was given.")
    means: list[pd.DataFrame] = []
    reference = next(iter(attention))
    channels = _channels_of(attention[reference], reference).columns
    for name, table in attention.items():
        values = _channels_of(table, name)
        odd = sorted(set(values.columns) ^ set(channels))
        if odd:
            raise AnalysisError(
                f"'{name}' and '{reference}' weigh different channels, e.g. only one of them has '{odd[0]}'; weights "
                "are compared between models of the same inputs."
            )
        mean = values[channels].groupby(table["culture"].to_numpy()).mean()
        keys = [mean.index, [dimensions[name]] * len(mean), [name] * len(mean)]
        means.append(mean.set_axis(pd.MultiIndex.from_arrays(keys, names=[*KEYS, "model"])))
    return pd.concat(means)


def of_speakers(attention: pd.DataFrame, dimension: str) -> pd.DataFrame:
    """Weights whose replicates are speakers, for one model: the mean over each one's held-out clips.

    Clips of one speaker are alike for reasons that are not their culture's, so they count once. A clip whose
    speaker is unknown stands for itself.

    Args:
        attention: channel weights per held-out clip (``attention.parquet``), the clips' ids in the index.
        dimension: what the model predicts.

    Returns:
        A table of weights; the last level of its index is ``speaker``.

    Raises:
        AnalysisError: clips without a culture, or no channels.
    """
    values = _channels_of(attention, "this model")
    speakers = attention["speaker"].where(attention["speaker"].notna(), attention.index.to_series())
    mean = values.groupby([attention["culture"].to_numpy(), speakers.to_numpy()]).mean()
    cultures, names = mean.index.get_level_values(0), mean.index.get_level_values(1)
    keys = [cultures, [dimension] * len(mean), names]
    return mean.set_axis(pd.MultiIndex.from_arrays(keys, names=[*KEYS, "speaker"]))


def modality(channel: str) -> str:
    """The text before a channel's first dot."""
    return channel.partition(".")[0]


def modalities(weights: pd.DataFrame) -> list[str]:
    """Modalities of the channels, in the order of the columns."""
    return list(dict.fromkeys(modality(channel) for channel in weights.columns))


def restrict(weights: pd.DataFrame, to: str) -> pd.DataFrame:
    """The weights of one modality's channels.

    Raises:
        UnknownNameError: no channel is of it.
    """
    chosen = [channel for channel in weights.columns if modality(channel) == to]
    if not chosen:
        raise UnknownNameError("modality", to, modalities(weights))
    return weights[chosen]


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
    """Similarity of every two cultures, and on the diagonal a culture's reliability.

    Between two cultures it is the mean over all pairs of a replicate of one and a replicate of the other; within a
    culture the mean over pairs of different replicates, NaN where there is one only. The interval is a percentile
    bootstrap over the replicates of both cultures, in which no replicate is ever compared with its own copy. It
    is NaN where a culture has one replicate, and with fewer than about eight it is too narrow.

    Models that were trained from one seed started from the same weights and stay alike whatever they heard. With
    ``matched`` such pairs do not count between cultures either, so that all cells stand on the same footing.

    Args:
        weights: a table of weights.
        measure: one of :data:`MEASURES`.
        k: of the measure ``top-k``.
        matched: whether replicates of one name in several cultures have more in common than the name.
        draws: bootstrap samples.
        level: coverage of the interval.
        seed: of the bootstrap.

    Returns:
        One row per dimension and cell: ``dimension``, ``culture``, ``other``, ``similarity``, ``low``, ``high``, how
        many ``pairs`` of replicates the mean is over, and ``matched``: the mean over pairs of one name, which do
        not count, NaN where there are none. Both halves of the matrix are there.

    Raises:
        AnalysisError: this is no table of weights.
        ConfigError: k does not fit the number of channels.
        UnknownNameError: there is no such measure.
    """
    rows: list[tuple] = []
    for dimension, units in _units(weights, measure, k, matched=matched):
        generator = np.random.default_rng(seed)
        drawn = {culture: _resampled(u, draws, generator) for culture, u in units.items()}
        for culture, own in units.items():
            for other, others in units.items():
                between = _compare(own, others)
                interval = (float("nan"), float("nan"))
                if min(len(own.names), len(others.names)) > 1:
                    values = _compare(own, others, drawn[culture], drawn[other]).mean
                    interval = bootstrap.percentiles(values[~np.isnan(values)], level)
                pairs = int(between.pairs[0]) // (2 if culture == other else 1)
                alike = float("nan") if culture == other else _mean(_of_one_name(own, others)[2])
                rows.append((dimension, culture, other, float(between.mean[0]), *interval, pairs, alike))
    columns = ["dimension", "culture", "other", "similarity", "low", "high", "pairs", "matched"]
    return pd.DataFrame(rows, columns=columns)


def matrix(similarity: pd.DataFrame, dimension: str, value: str = "similarity") -> pd.DataFrame:
    """A column of :func:`similarities` as a matrix of cultures.

    Raises:
        UnknownNameError: no row is of that dimension.
    """
    chosen = similarity[similarity["dimension"] == dimension]
    if chosen.empty:
        raise UnknownNameError("dimension", dimension, similarity["dimension"].unique())
    return chosen.pivot(index="culture", columns="other", values=value)


def differences(
    weights: pd.DataFrame,
    measure: str = "cosine",
    *,
    k: int = 10,
    matched: bool = False,
    draws: int = DRAWS,
    seed: int = 0,
) -> pd.DataFrame:
    r"""Whether two cultures differ more than the replicates of one do: a permutation test per pair.

    Under the hypothesis that a replicate's culture does not matter, the cultures' labels may be exchanged. The
    statistic is Anderson's (PERMANOVA), the sum of squares between the groups g of :math:`n_g` replicates, which
    up to a constant is

    .. math:: T = \sum_g \frac{1}{n_g} \Bigl\lVert \sum_{i \in g} u_i \Bigr\rVert^2

    and p is the share of labellings whose T is at least the observed one: of all where there are at most
    :data:`MOST_EXACT`, else of ``draws`` random ones and the observed one. T does not change when two groups
    of equal size swap their names, so with few replicates p cannot be small, whatever the weights: 2 + 2 replicates
    reach 2 / 6 = .33, 3 + 3 reach 2 / 20 = .10, 4 + 4 reach 2 / 70 = .03, 5 + 5 reach 2 / 252 = .008. ``smallest_p``
    says it for each pair. Replicates that differ in spread only can also be told apart by it.

    Where models of several cultures share their seeds, and so their first weights, such a test errs far on the safe
    side. With ``matched`` labels are exchanged between replicates of one name only, which takes away what these have in
    common; then 3 + 3 replicates reach 2 / 8 = .25, and 6 + 6 reach 2 / 64 = .03.

    Args:
        weights: a table of weights.
        measure: one of :data:`MEASURES`.
        k: of the measure ``top-k``.
        matched: whether replicates of one name in several cultures have more in common than the name.
        draws: random labellings where not all are tried.
        seed: of these.

    Returns:
        One row per dimension and pair of cultures: ``dimension``, ``culture``, ``other``, the mean reliability
        ``within`` them, the similarity ``between`` them, ``excess`` (within - between), ``p``, ``p_holm`` (Holm's
        correction over the pairs of a dimension), ``smallest_p``, ``labellings`` and whether these are all
        (``exact``). p is NaN where no labelling differs from the observed one.

    Raises:
        AnalysisError: this is no table of weights, or it has one culture only.
        ConfigError: k does not fit the number of channels.
        UnknownNameError: there is no such measure.
    """
    rows = []
    for dimension, units in _units(weights, measure, k, matched=matched, least=2):
        pairs = [
            {"dimension": dimension, "culture": a, "other": b} | _judge({a: units[a], b: units[b]}, draws, seed)
            for a, b in combinations(units, 2)
        ]
        corrected = holm([float(row["p"]) for row in pairs])
        rows += [row | {"p_holm": p} for row, p in zip(pairs, corrected, strict=True)]
    columns = ["dimension", "culture", "other", "within", "between", "excess", "p", "p_holm", "smallest_p"]
    return pd.DataFrame(rows)[[*columns, "labellings", "exact"]]


def overall_difference(
    weights: pd.DataFrame,
    measure: str = "cosine",
    *,
    k: int = 10,
    matched: bool = False,
    draws: int = DRAWS,
    seed: int = 0,
) -> pd.DataFrame:
    """Whether any cultures differ more than the replicates of one do: one permutation test over all of them.

    The test of :func:`differences` with a group per culture. It needs no correction, and reaches a smaller p.

    Returns:
        One row per dimension: ``dimension``, ``cultures`` (their number), and ``within`` to ``exact`` as there.
    """
    rows = [
        {"dimension": dimension, "cultures": len(units)} | _judge(units, draws, seed)
        for dimension, units in _units(weights, measure, k, matched=matched, least=2)
    ]
    return pd.DataFrame(rows)


def holm(p_values: Sequence[float]) -> list[float]:
    r"""Holm's correction of m p-values: the i-th smallest becomes :math:`\max_{j \le i} \min(1, (m - j + 1)\,p_j)`.

    NaN stands for a test that was not made: it stays NaN and does not count.
    """
    given = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(given)  # NaN last
    made = order[: np.count_nonzero(~np.isnan(given))]
    corrected = np.full(len(given), np.nan)
    factors = np.arange(len(made), 0, -1)
    corrected[made] = np.maximum.accumulate(np.minimum(1.0, factors * given[made]))
    return corrected.tolist()


class Dendrogram(NamedTuple):
    """Cultures merged step by step, the most similar first.

    Attributes:
        order: cultures as the leaves stand.
        linkage: (C - 1, 4) as scipy's ``linkage`` gives it, over the cultures in the order of the matrix.
        branches: for drawing, one row per corner of a branch: ``branch``, ``position`` (0 is the first leaf, 1 the
            next) and ``height`` (1 - similarity).
    """

    order: list[str]
    linkage: Array
    branches: pd.DataFrame


def dendrogram(similarity: pd.DataFrame, method: str = "average") -> Dendrogram:
    """Hierarchical clustering of cultures by 1 - similarity.

    Args:
        similarity: (C, C) matrix of cultures (:func:`matrix`); its diagonal is not read.
        method: of linkage: ``average``, ``complete`` or ``single``.

    Raises:
        AnalysisError: fewer than two cultures, or two whose similarity is undefined.
        ConfigError: another method.
    """
    methods = ("average", "complete", "single")
    if method not in methods:
        raise ConfigError(f"Cultures are merged by {', '.join(methods[:-1])} or {methods[-1]} linkage, not '{method}'.")
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


def top_channels(weights: pd.DataFrame, count: int = 10) -> pd.DataFrame:
    """The highest channels of each culture, by its mean weights; ties go to the name that comes first.

    Args:
        weights: a table of weights.
        count: channels per culture.

    Returns:
        One row per dimension, culture and rank: ``dimension``, ``culture``, ``rank`` (from 1), ``channel``,
        ``modality``, ``weight``, and ``agreement``: the share of the culture's replicates that have it among
        their own highest.

    Raises:
        AnalysisError: this is no table of weights.
        ConfigError: there are not so many channels.
    """
    _require_weights(weights)
    _require_count(count, weights.shape[1], "highest channels")
    names = weights.columns.to_numpy(str)
    rows = []
    for (dimension, culture), group in weights.groupby(level=["dimension", "culture"]):
        values = group.to_numpy(np.float64)
        mean = values.mean(0)
        chosen = np.array([_highest(row, names, count) for row in values])
        for rank, channel in enumerate(_highest(mean, names, count), start=1):
            agreement = float((chosen == channel).any(1).mean())
            name = names[channel]
            rows.append((dimension, culture, rank, str(name), modality(name), mean[channel], agreement))
    columns = ["dimension", "culture", "rank", "channel", "modality", "weight", "agreement"]
    return pd.DataFrame(rows, columns=columns)


def frequencies(top: pd.DataFrame) -> pd.DataFrame:
    """How often each channel is among the highest ones of a culture, per dimension (figure 4 of paper 1).

    Args:
        top: from :func:`top_channels`.

    Returns:
        One row per dimension and channel that is, the most frequent first: ``dimension``, ``channel``, ``modality``,
        ``frequency`` (number of cultures), ``share`` of the cultures, and which ``cultures``.
    """
    keys = ["dimension", "channel", "modality"]
    table = top.groupby(keys, as_index=False).agg(frequency=("culture", "size"), cultures=("culture", ", ".join))
    of_dimension = top.groupby("dimension")["culture"].nunique()
    table["share"] = table["frequency"] / table["dimension"].map(of_dimension)
    table = table.sort_values(["dimension", "frequency", "channel"], ascending=[True, False, True], ignore_index=True)
    return table[[*keys, "frequency", "share", "cultures"]]


def pair(weights: pd.DataFrame, first: str, second: str) -> pd.DataFrame:
    """Two cultures' weights against each other, channel by channel.

    Args:
        weights: a table of weights.
        first: a culture.
        second: another.

    Returns:
        One row per dimension that both have and channel, the largest differences first: ``dimension``, ``channel``,
        ``modality``, ``first`` and ``second`` (mean weights), ``first_spread`` and ``second_spread`` (standard
        deviation over replicates, NaN with one), ``difference`` (first - second) and its ``standard_error``.

    Raises:
        AnalysisError: this is no table of weights.
        UnknownNameError: no row is of one of the cultures, or no dimension has both.
    """
    _require_weights(weights)
    parts = [_summary(weights, culture) for culture in (first, second)]
    (mean, spread, number), (other_mean, other_spread, other_number) = parts
    if mean.index.intersection(other_mean.index).empty:
        raise AnalysisError(f"No dimension has weights of both {first} and {second}.")
    table = pd.DataFrame({"first": mean, "first_spread": spread, "second": other_mean, "second_spread": other_spread})
    table["difference"] = mean - other_mean
    table["standard_error"] = np.sqrt(spread**2 / number + other_spread**2 / other_number)
    table = table[table["difference"].notna()].reset_index()
    table.insert(2, "modality", [modality(channel) for channel in table["channel"]])
    size = table["difference"].abs().rename("size")
    order = table.assign(size=size).sort_values(["dimension", "size", "channel"], ascending=[True, False, True]).index
    return table.loc[order].reset_index(drop=True)


def _summary(weights: pd.DataFrame, culture: str) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Mean, spread and number of replicates of a culture, by dimension and channel."""
    cultures = weights.index.get_level_values("culture")
    if culture not in cultures:
        raise UnknownNameError("culture", culture, cultures.unique())
    own = weights[cultures == culture].rename_axis(columns="channel").groupby(level="dimension")
    return own.mean().stack(), own.std().stack(), own.count().stack()


def _channels_of(attention: pd.DataFrame, name: str) -> pd.DataFrame:
    """The columns of ``attention.parquet`` that are channels."""
    missing = [column for column in ("culture", "speaker") if column not in attention]
    values = attention.drop(columns=[column for column in DESCRIPTIVE if column in attention])
    if missing or values.shape[1] == 0 or attention.empty:
        raise AnalysisError(
            f"The channel weights of {name} have clips, the columns culture and speaker, and one column per channel; "
            f"here {missing[0] if missing else 'clips or channels'} are missing."
        )
    if attention["culture"].isna().any():
        raise AnalysisError(f"{int(attention['culture'].isna().sum())} clips of {name} have no culture to compare.")
    return values.astype(np.float64)


def _require_weights(weights: pd.DataFrame) -> None:
    if tuple(weights.index.names[:2]) != KEYS or weights.index.nlevels != 3:
        names = ", ".join(map(str, weights.index.names))
        raise AnalysisError(f"A table of weights is indexed by culture, dimension and replicate, not by {names}.")
    if weights.empty:
        raise AnalysisError("The table of weights has no rows or no channels.")
    if not weights.index.is_unique or not weights.columns.is_unique:
        raise AnalysisError("A row or a channel stands in the table of weights twice.")
    if not np.isfinite(weights.to_numpy(np.float64)).all():
        raise AnalysisError("The table of weights has missing or infinite values; a weight is a finite number.")


def _require_count(count: int, channels: int, what: str) -> None:
    if not 1 <= count <= channels:
        raise ConfigError(f"The number of {what} is from 1 to {channels}, all there are, not {count}.")


class _Units(NamedTuple):
    """Unit vectors (replicates, D) of a culture, and the replicates' names."""

    vectors: Array
    names: Array


def _units(
    weights: pd.DataFrame, measure: str, k: int, *, matched: bool, least: int = 1
) -> Iterator[tuple[str, dict[str, _Units]]]:
    """Per dimension, the replicates of each culture for which the measure is defined.

    Unless replicates are matched, no two have the same name.
    """
    bring = MEASURES[measure]
    _require_weights(weights)
    _require_count(k, weights.shape[1] if bring is top_k else max(k, 1), "channels that are compared by top-k")
    for dimension, group in weights.groupby(level="dimension"):
        units = {}
        for culture, rows in group.groupby(level="culture"):
            vectors = bring(rows.to_numpy(np.float64), k)
            names = rows.index.get_level_values(2).astype(str)
            names = np.array(names if matched else [f"{culture}/{name}" for name in names], dtype=object)
            defined = ~np.isnan(vectors).any(1)
            units[str(culture)] = _Units(vectors[defined], names[defined])
        if len(units) < least:
            raise AnalysisError(
                f"Differences are tested between two cultures; {dimension} has {next(iter(units))} only."
            )
        yield str(dimension), units


class _Drawn(NamedTuple):
    """Draws of a culture's replicates: how often each was drawn (draws, replicates), and sums of vectors (draws, D)."""

    counts: Array
    sums: Array


class _Compared(NamedTuple):
    """Mean similarity of each draw, NaN where no pair is left, and over how many ordered pairs."""

    mean: Array
    pairs: Array


def _resampled(units: _Units, draws: int, generator: np.random.Generator) -> _Drawn:
    number = len(units.names)
    shares = np.full(number, 1 / number) if number else np.ones(1)
    counts = generator.multinomial(number, shares, size=draws)[:, :number].astype(np.float64)
    return _Drawn(counts, counts @ units.vectors)


def _compare(own: _Units, others: _Units, drawn: _Drawn | None = None, other: _Drawn | None = None) -> _Compared:
    """Mean over pairs of a row and another culture's, or the same one's, that do not have the same name.

    Without draws each row counts once.
    """
    drawn, other = drawn or _each_once(own), other or _each_once(others)
    first, second, similarity = _of_one_name(own, others)
    left_out = drawn.counts[:, first] * other.counts[:, second]
    pairs = drawn.counts.sum(1) * other.counts.sum(1) - left_out.sum(1)
    total = (drawn.sums * other.sums).sum(1) - left_out @ similarity
    return _Compared(np.clip(total / np.where(pairs > 0, pairs, np.nan), -1, 1), pairs)


def _each_once(units: _Units) -> _Drawn:
    return _Drawn(np.ones((1, len(units.names))), units.vectors.sum(0)[None])


def _of_one_name(own: _Units, others: _Units) -> tuple[Array, Array, Array]:
    """Positions of pairs of one name, and their similarities."""
    first, second = np.nonzero(own.names[:, None] == others.names[None])
    return first, second, (own.vectors[first] * others.vectors[second]).sum(1)


def _judge(units: Mapping[str, _Units], draws: int, seed: int) -> dict[str, float | int | bool]:
    """What a test of cultures says, as columns of a table."""
    groups = list(units.values())
    within = _mean([_compare(group, group).mean[0] for group in groups])
    between = _mean([_compare(a, b).mean[0] for a, b in combinations(groups, 2)])
    sizes = [len(group.names) for group in groups]
    labels = np.repeat(np.arange(len(groups)), sizes)
    known, block, times = np.unique(
        np.concatenate([group.names for group in groups]).astype(str), return_inverse=True, return_counts=True
    )
    blocks = np.where(times[block] > 1, block, len(known))  # those without a match are exchanged with each other
    nothing = PermutationTest(float("nan"), float("nan"), 1, True)
    vectors = np.concatenate([group.vectors for group in groups])
    test = permutation_test(vectors, labels, blocks=blocks, draws=draws, seed=seed) if min(sizes) else nothing
    return {"within": within, "between": between, "excess": within - between, **test._asdict()}


def _mean(values: Sequence[float] | Array) -> float:
    """Of those that are defined."""
    defined = [value for value in values if not np.isnan(value)]
    return float(np.mean(defined)) if defined else float("nan")


class PermutationTest(NamedTuple):
    """Result of :func:`permutation_test`.

    Attributes:
        p: of the hypothesis that labels do not matter; NaN where all labellings say the same.
        smallest_p: that could be reached with groups of these sizes.
        labellings: that were tried, the observed one included.
        exact: whether these are all.
    """

    p: float
    smallest_p: float
    labellings: int
    exact: bool


def permutation_test(
    units: Array, labels: Array, *, blocks: Array | None = None, draws: int = DRAWS, seed: int = 0
) -> PermutationTest:
    """Anderson's test whether groups of unit vectors differ; see :func:`differences`.

    Args:
        units: (N, D) vectors.
        labels: (N,) group of each, whole numbers.
        blocks: (N,) whole numbers: labels are exchanged within a block only; by default all are one.
        draws: random labellings where there are more than :data:`MOST_EXACT`.
        seed: of these.
    """
    groups = np.unique(labels, return_inverse=True)[1]
    block = np.zeros(len(groups), int) if blocks is None else np.unique(blocks, return_inverse=True)[1]
    places = [np.flatnonzero(block == b) for b in range(block.max() + 1)]
    counts = np.array([np.bincount(groups[own], minlength=groups.max() + 1) for own in places])  # (blocks, groups)
    number = 1
    for row in counts:
        number *= factorial(int(row.sum()))
        for size in row:
            number //= factorial(int(size))
    alike = 1  # labellings that merely swap the names of groups that have the same sizes
    for repeated in np.unique(counts, axis=1, return_counts=True)[1]:
        alike *= factorial(int(repeated))
    exact = number <= MOST_EXACT
    if alike == number:
        return PermutationTest(float("nan"), 1.0, number, True)
    # Fewer numbers per vector with the same inner products, and so the same lengths of sums.
    short = np.asarray(np.linalg.qr(units.T, mode="r")).T
    sizes = counts.sum(0)
    observed = _between(short, groups[None], sizes)[0]
    if exact:
        tried = _all_within(places, counts, number)
        parts: Iterator[Array] = (tried[start : start + CHUNK] for start in range(0, number, CHUNK))
    else:
        parts = _random_labellings(groups, places, draws, seed)
    edge = observed - 1e-9 * max(1.0, abs(observed))  # equal sums differ by the order of summation
    reached = sum(int((_between(short, part, sizes) >= edge).sum()) for part in parts)
    if exact:
        return PermutationTest(reached / number, alike / number, number, True)
    return PermutationTest((reached + 1) / (draws + 1), max(alike / number, 1 / (draws + 1)), draws + 1, False)


def _between(units: Array, labellings: Array, sizes: Array) -> Array:
    """The statistic of each labelling (L, N), whose groups are 0, 1 ... of the given sizes."""
    squares = [(((labellings == group) @ units) ** 2).sum(1) / size for group, size in enumerate(sizes)]
    return np.sum(squares, axis=0)


def _all_within(places: Sequence[Array], counts: Array, number: int) -> Array:
    """All (number, N) labellings that exchange labels within blocks only."""
    parts = [_all_labellings(tuple(int(size) for size in row)) for row in counts]
    chosen = np.unravel_index(np.arange(number), [len(part) for part in parts])
    tried = np.empty((number, sum(map(len, places))), np.int8)
    for own, part, choice in zip(places, parts, chosen, strict=True):
        tried[:, own] = part[choice]
    return tried


@lru_cache(maxsize=32)
def _all_labellings(sizes: tuple[int, ...]) -> Array:
    """All (L, N) ways to give N rows labels of which there are so many each."""

    def fill(row: list[int], group: int) -> Iterator[list[int]]:
        free = [i for i, label in enumerate(row) if label < 0]
        if group == len(sizes) - 1:
            yield [group if label < 0 else label for label in row]
            return
        for chosen in combinations(free, sizes[group]):
            filled = row.copy()
            for i in chosen:
                filled[i] = group
            yield from fill(filled, group + 1)

    return np.array(list(fill([-1] * sum(sizes), 0)), dtype=np.int8)


def _random_labellings(labels: Array, places: Sequence[Array], draws: int, seed: int) -> Iterator[Array]:
    generator = np.random.default_rng(seed)
    for start in range(0, draws, CHUNK):
        part = np.tile(labels, (min(CHUNK, draws - start), 1))
        for own in places:
            part[:, own] = generator.permuted(part[:, own], axis=1)
        yield part


def _highest(values: Array, names: Array, count: int) -> Array:
    """Positions of the highest values; of equal ones, those whose names come first."""
    return np.lexsort((names, -values))[:count]


def _is_flat(rows: Array) -> Array:
    return np.ptp(rows, axis=1, keepdims=True) == 0


def _to_unit_length(rows: Array) -> Array:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, np.nan)
