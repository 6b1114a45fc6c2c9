"""Permutation tests of whether cultures differ more than the replicates of one culture do.

Sources
    M. J. Anderson, "A new method for non-parametric multivariate analysis of variance", Austral Ecology 26 (2001)
    32-46.
    S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6 (1979)
    65-70.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import combinations
from math import factorial
from typing import NamedTuple

import numpy as np
import pandas as pd

from .similarity import Units, defined_mean, mean_over_pairs, units_of

Array = np.ndarray
MOST_EXACT = 20_000
"""Largest number of labellings that a permutation test tries completely, e.g. 8 against 8."""
DRAWS = 9_999
"""Number of random labellings of a test that cannot try all."""
CHUNK = 1_000
"""Number of labellings that are judged at once, to bound the memory."""


def differences(
    weights: pd.DataFrame,
    measure: str = "cosine",
    *,
    k: int = 10,
    matched: bool = False,
    draws: int = DRAWS,
    seed: int = 0,
) -> pd.DataFrame:
    r"""Test for each pair of cultures whether they differ more than the replicates of one do, by permutation.

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
        k: number of channels of the measure ``top-k``.
        matched: whether replicates with the same name in several cultures share more than the name, e.g. a seed.
        draws: number of random labellings if not all are tried.
        seed: seed of their random numbers.

    Returns:
        One row per dimension and pair of cultures: ``dimension``, ``culture``, ``other``, the mean reliability
        ``within`` them, the similarity ``between`` them, ``excess`` (within - between), ``p``, ``p_holm`` (Holm's
        correction over the pairs of a dimension), ``smallest_p``, ``labellings`` and whether these are all
        (``exact``). p is NaN where no labelling differs from the observed one.

    Raises:
        AnalysisError: if this is no table of weights, or it has one culture only.
        ConfigError: if k does not fit the number of channels.
        UnknownNameError: if there is no such measure.
    """
    rows = []
    for dimension, units in units_of(weights, measure, k, matched=matched, least=2):
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
    """Test whether any cultures differ more than the replicates of one do, by permutation over all of them.

    The test of :func:`differences` with a group per culture. It needs no correction, and reaches a smaller p.

    Returns:
        One row per dimension: ``dimension``, ``cultures`` (their number), and ``within`` to ``exact`` as there.
    """
    rows = [
        {"dimension": dimension, "cultures": len(units)} | _judge(units, draws, seed)
        for dimension, units in units_of(weights, measure, k, matched=matched, least=2)
    ]
    return pd.DataFrame(rows)


def holm(p_values: Sequence[float]) -> list[float]:
    r"""Correct m p-values as Holm did: the i-th smallest becomes :math:`\max_{j \le i} \min(1, (m - j + 1)\,p_j)`.

    NaN stands for a test that was not made: it stays NaN and does not count.

    Examples:
        >>> [round(p, 2) for p in holm([0.01, 0.04, 0.03])]
        [0.03, 0.06, 0.06]
    """
    given = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(given)  # NaN last
    made = order[: np.count_nonzero(~np.isnan(given))]
    corrected = np.full(len(given), np.nan)
    factors = np.arange(len(made), 0, -1)
    corrected[made] = np.maximum.accumulate(np.minimum(1.0, factors * given[made]))
    return corrected.tolist()


class PermutationTest(NamedTuple):
    """The result of :func:`permutation_test`.

    Attributes:
        p: p value of the hypothesis that labels do not matter; NaN if all labellings give the same statistic.
        smallest_p: smallest p-value that groups of these sizes can reach.
        labellings: number of labellings that were tried, the observed one included.
        exact: whether these are all.
    """

    p: float
    smallest_p: float
    labellings: int
    exact: bool


def permutation_test(
    units: Array, labels: Array, *, blocks: Array | None = None, draws: int = DRAWS, seed: int = 0
) -> PermutationTest:
    """Test whether groups of unit vectors differ, by Anderson's statistic; see :func:`differences`.

    Args:
        units: unit vectors (N, D).
        labels: group (N,) of each vector, whole numbers.
        blocks: block (N,) of each vector, whole numbers: labels are exchanged within a block only; by default all are
            one.
        draws: number of random labellings where there are more than :data:`MOST_EXACT`.
        seed: seed of their random numbers.
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


def _judge(units: Mapping[str, Units], draws: int, seed: int) -> dict[str, float | int | bool]:
    """Return the result of a test of cultures as columns of a table."""
    groups = list(units.values())
    within = defined_mean([mean_over_pairs(group, group).mean[0] for group in groups])
    between = defined_mean([mean_over_pairs(a, b).mean[0] for a, b in combinations(groups, 2)])
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


def _between(units: Array, labellings: Array, sizes: Array) -> Array:
    """The statistic of each labelling (L, N), whose groups are 0, 1 ... of the given sizes."""
    squares = [(((labellings == group) @ units) ** 2).sum(1) / size for group, size in enumerate(sizes)]
    return np.asarray(np.sum(squares, axis=0))


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
