"""The one bootstrap, which draws people rather than clips: intervals, paired differences and what they rest on.

Clips of one person are alike, and so are people who talk to each other. Both are therefore drawn together, as one
cluster; drawn one by one, they would feign a certainty that the data do not have.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Protocol

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from ..core import words

Array = np.ndarray
Statistic = Callable[[Array], float]
"""Function from the positions of drawn results, which may repeat, to a value."""
Seed = int | Sequence[int]

DRAWS = 1000
"""Samples behind an interval."""
AT_ONCE = 100
"""Samples that are held in memory together."""


class Who(Protocol):
    """The recording, the person and the conversation of a result, by which results are clustered."""

    @property
    def id(self) -> str:
        """The name of the recording."""

    @property
    def speaker(self) -> str | None:
        """The person, or None."""

    @property
    def session(self) -> str | None:
        """The conversation that the recording is part of, or None."""


@dataclass(frozen=True)
class Clusters:
    """Results that are drawn together, as they are not independent of each other.

    Attributes:
        unit: ``sessions``, ``speakers`` or ``recordings``, of which each cluster is one.
        codes: number (N,) of each result's cluster, in the order of their first results.
    """

    unit: str
    codes: Array

    @cached_property
    def count(self) -> int:
        """The number of clusters."""
        return int(self.codes.max(initial=-1)) + 1

    @cached_property
    def members(self) -> list[Array]:
        """The positions of the results of each cluster."""
        return np.split(np.argsort(self.codes, kind="stable"), np.cumsum(np.bincount(self.codes))[:-1])[: self.count]

    @property
    def rests_on(self) -> str:
        """The warning where there are few clusters, e.g. ``rests on 3 people``, else an empty text."""
        return words.rests_on(self.count, self.unit)

    def positions(self, drawn: Array) -> Array:
        """Return the positions of the results of drawn clusters, given by their numbers."""
        return np.concatenate([self.members[number] for number in drawn])

    def sums(self, addends: Array) -> Array:
        """Return the sum over each cluster, (count, F), of what each result adds, (N, F)."""
        sums = np.zeros((self.count, *addends.shape[1:]))
        np.add.at(sums, self.codes, addends)
        return sums


def each(count: int, unit: str = "recordings") -> Clusters:
    """Return clusters of one result each."""
    return Clusters(unit, np.arange(count))


def clusters_of(results: Iterable[Who]) -> Clusters:
    """Return the clusters of results; see :func:`cluster`."""
    results = list(results)
    return cluster([r.id for r in results], [r.speaker for r in results], [r.session for r in results])


def clusters_in(table: pd.DataFrame) -> Clusters:
    """Return the clusters of a table's rows by its index and, where it has them, its columns speaker and session."""
    known = [table[column].tolist() if column in table else None for column in ("speaker", "session")]
    return cluster(table.index.tolist(), *known)


def cluster(
    recordings: Sequence[Any], speakers: Sequence[Any] | None = None, sessions: Sequence[Any] | None = None
) -> Clusters:
    """Return the clusters of results that share a recording, a person or a session, directly or through others.

    The unit is sessions where all results have one, else speakers where any has one, else recordings. A result of
    unknown session or speaker shares none.

    Args:
        recordings: N names of recordings.
        speakers: N names of people, None where unknown.
        sessions: N names of sessions, None where unknown.

    Examples:
        Three clips of two people are two clusters.

        >>> clips = cluster(["a", "b", "c"], ["Ann", "Ann", "Bo"])
        >>> clips.unit, clips.count, clips.rests_on
        ('speakers', 2, 'rests on 2 people')
    """
    count = len(recordings)
    rows, columns, nodes = [], [], count
    known = {}
    for unit, names in (("recordings", recordings), ("speakers", speakers), ("sessions", sessions)):
        told = [None] * count if names is None else [None if name == "" else name for name in names]
        codes = pd.factorize(pd.Series(told, dtype=object))[0]  # -1 where missing
        known[unit] = codes >= 0
        rows.append(np.flatnonzero(codes >= 0))
        columns.append(nodes + codes[codes >= 0])
        nodes += int(codes.max(initial=-1)) + 1
    edges = np.concatenate(rows), np.concatenate(columns)
    joined = connected_components(coo_array((np.ones(len(edges[0])), edges), shape=(nodes, nodes)), directed=False)[1]
    unit = "sessions" if known["sessions"].all() else "speakers" if known["speakers"].any() else "recordings"
    return Clusters(unit if count else "recordings", pd.factorize(joined[:count])[0])


@dataclass(frozen=True)
class SumStatistic:
    """A statistic of sums over the results that were drawn, which is quick to draw again.

    Attributes:
        addends: addends (N, F) of each result to the sums.
        value: function from sums (..., F) to values (...).
    """

    addends: Array
    value: Callable[[Array], Array]

    def __call__(self, drawn: Array) -> float:
        """Return the value for results given by their positions."""
        return float(self.value(self.addends[drawn].sum(0)))


def draw(clusters: Clusters, draws: int | None = None, seed: Seed = 0) -> Iterator[Array]:
    """Yield samples, (n, count) numbers of clusters drawn with replacement, at most :data:`AT_ONCE` at a time.

    With fewer than two clusters there are no samples, as one cluster says nothing about the spread.
    """
    draws = DRAWS if draws is None else draws
    random = np.random.default_rng(seed)
    for start in range(0, draws if clusters.count > 1 else 0, AT_ONCE):
        yield random.integers(0, clusters.count, (min(AT_ONCE, draws - start), clusters.count))


def resample(statistics: Sequence[Statistic], clusters: Clusters, *, draws: int | None = None, seed: Seed = 0) -> Array:
    """Return the values of several statistics of the same results, all for the same samples of clusters.

    So the differences between the statistics are paired.

    Args:
        statistics: functions that each give a value for an array of positions of results.
        clusters: clusters of the results.
        draws: number of samples; None is :data:`DRAWS`.
        seed: seed of the samples.

    Returns:
        Values (S, draws), NaN where a statistic is undefined, and with fewer than two clusters.
    """
    draws = DRAWS if draws is None else draws
    values = np.full((len(statistics), draws), np.nan)
    sums = [clusters.sums(s.addends) if isinstance(s, SumStatistic) else np.empty(0) for s in statistics]
    slow = not all(isinstance(s, SumStatistic) for s in statistics)
    done = 0
    for drawn in draw(clusters, draws, seed):
        times = np.stack([np.bincount(numbers, minlength=clusters.count) for numbers in drawn]).astype(np.float64)
        positions = [clusters.positions(numbers) for numbers in drawn] if slow else []
        for row, statistic, own in zip(values, statistics, sums, strict=True):
            if isinstance(statistic, SumStatistic):
                row[done : done + len(drawn)] = statistic.value(times @ own)
            else:
                row[done : done + len(drawn)] = [statistic(chosen) for chosen in positions]
        done += len(drawn)
    return values


def percentiles(values: Array, level: float = 0.95) -> tuple[float, float]:
    """Return the interval in which the share ``level`` of the defined values lies; NaN where there are none.

    Source: B. Efron, R. Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13.
    """
    values = values[~np.isnan(values)]
    if values.size == 0:
        return float("nan"), float("nan")
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def interval(
    statistic: Statistic, clusters: Clusters, *, draws: int | None = None, level: float = 0.95, seed: Seed = 0
) -> tuple[float, float]:
    """Return the percentile bootstrap interval of a statistic.

    Args:
        statistic: function that gives a value for an array of positions of results.
        clusters: clusters of the results.
        draws: number of samples; None is :data:`DRAWS`.
        level: coverage of the interval.
        seed: seed of the samples.

    Returns:
        The ends (low, high); NaN with fewer than two clusters.

    Examples:
        >>> values = np.array([0.2, 0.4, 0.6, 0.8])
        >>> low, high = interval(lambda drawn: values[drawn].mean(), each(4))
        >>> bool(0.2 <= low < values.mean() < high <= 0.8)
        True
    """
    return percentiles(resample([statistic], clusters, draws=draws, seed=seed)[0], level)


class Difference(NamedTuple):
    """The difference of two systems' scores, with its interval and p value.

    Attributes:
        value: difference over all results.
        low: lower end of its interval.
        high: upper end of its interval.
        p: two-sided p value of the hypothesis that there is no difference.
    """

    value: float
    low: float
    high: float
    p: float


def judge(value: float, values: Array, level: float = 0.95) -> Difference:
    r"""Return a difference with its interval and p value, given its values for samples of clusters.

    With :math:`\Delta` the difference over all results and :math:`\Delta_i` that of sample i of the n in which it is
    defined, where both systems meet the same clusters,

    .. math:: p = \min(1, \max(1 / n, 2\, |\{i : \Delta_i \Delta \le 0\}| / n))

    Source: P. Koehn, "Statistical Significance Tests for Machine Translation Evaluation", EMNLP 2004,
    here two-sided; the interval is that of :func:`interval`.

    Args:
        value: the difference over all results.
        values: differences for the samples.
        level: coverage of the interval.

    Returns:
        The difference; its interval and p are NaN where no sample has a value, or the difference is undefined.
    """
    values = values[~np.isnan(values)]
    if np.isnan(value) or values.size == 0:
        return Difference(value, *[float("nan")] * 3)
    other_side = float((values * np.sign(value) <= 0).mean())
    return Difference(value, *percentiles(values, level), p=min(1.0, max(1 / values.size, 2 * other_side)))


def paired_difference(
    first: Statistic,
    second: Statistic,
    clusters: Clusters,
    *,
    draws: int | None = None,
    level: float = 0.95,
    seed: Seed = 0,
) -> Difference:
    """Return the first system's score minus the second's on the same results, as :func:`judge` does.

    Args:
        first: function that gives the first system's score for an array of positions of results.
        second: function that gives the second system's score.
        clusters: clusters of the results.
        draws: number of samples; None is :data:`DRAWS`.
        level: coverage of the interval.
        seed: seed of the samples.
    """
    everything = np.arange(len(clusters.codes))
    one, other = resample([first, second], clusters, draws=draws, seed=seed)
    return judge(first(everything) - second(everything), one - other, level)
