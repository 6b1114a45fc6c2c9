r"""The similarity of cultures relative to its ceiling, which is set by the agreement of each culture's replicates.

Two cultures whose replicates each find other channels cannot look alike, even if they are. With
:math:`r_{ij}` the mean similarity of replicates of two cultures and :math:`r_{ii}` that of different replicates of one,

.. math:: \rho_{ij} = \frac{r_{ij}}{\sqrt{r_{ii}\, r_{jj}}}

is what it would be if weights were measured without error (C. Spearman, "The proof and measurement of association
between two things", American Journal of Psychology 15 (1904) 72-101). It is 1 where two cultures differ no more than
replicates of one, and may come out above it by chance. Its interval is a percentile bootstrap over the replicates of
both cultures. A pair whose interval ends below 1 differs **beyond reliability**; for any other that is below 1 the
number of replicates at which it would, if nothing else changed, follows from the interval's width, which falls with
:math:`1 / \sqrt{n}`.
"""

from itertools import combinations

import numpy as np
import pandas as pd

from ..core.words import interval
from ..evaluation import bootstrap
from .similarity import Units, mean_over_pairs, resampled, units_of

MOST_NEEDED = 1000
"""Largest number of needed replicates that is reported, as nobody has more."""


OF_CELLS = {
    "ceiling": "ceiling",
    "disattenuated": "disattenuated",
    "low": "disattenuated_low",
    "high": "disattenuated_high",
    "beyond": "beyond",
    "needed": "needed",
}
"""Columns of :func:`against_ceiling` and their names in a table of cells, whose similarity has an interval, too."""


def against_ceiling(
    weights: pd.DataFrame,
    measure: str = "pearson",
    *,
    k: int = 10,
    matched: bool = False,
    draws: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """Divide the similarity of every pair of cultures by their ceiling.

    Args:
        weights: a table of weights.
        measure: one of :data:`~emoviz.analysis.similarity.MEASURES`; of those that are correlations the ceiling is
            Spearman's.
        k: number of channels of the measure ``top-k``.
        matched: whether replicates of one name in several cultures have more in common than the name.
        draws: number of bootstrap samples.
        level: coverage of the interval.
        seed: seed of the bootstrap.

    Returns:
        One row per dimension and pair of cultures: ``dimension``, ``culture``, ``other``, ``similarity``, ``ceiling``
        (NaN where a culture has one replicate, or its replicates do not agree at all), ``disattenuated`` with ``low``
        and ``high``, ``beyond`` (whether the pair differs beyond reliability) and ``needed``: how many replicates a
        culture needs for that, NaN where it has enough or no number would do.

    Raises:
        AnalysisError: if this is no table of weights.
        ConfigError: if k does not fit the number of channels.
        UnknownNameError: if there is no such measure.
    """
    rows = []
    for dimension, units in units_of(weights, measure, k, matched=matched):
        generator = np.random.default_rng(seed)
        drawn = {culture: resampled(own, draws, generator) for culture, own in units.items()}
        within = {c: float(mean_over_pairs(own, own).mean[0]) for c, own in units.items()}
        spread = {c: mean_over_pairs(own, own, drawn[c], drawn[c]).mean for c, own in units.items()}
        for a, b in combinations(units, 2):
            between = float(mean_over_pairs(units[a], units[b]).mean[0])
            ceiling = _ceiling(np.array([within[a]]), np.array([within[b]]))[0]
            values = mean_over_pairs(units[a], units[b], drawn[a], drawn[b]).mean / _ceiling(spread[a], spread[b])
            low, high = bootstrap.percentiles(values, level) if np.isfinite(values).any() else (np.nan, np.nan)
            found = between / ceiling
            beyond = bool(high < 1)
            needed = float("nan") if beyond else _needed(found, high, units[a], units[b])
            rows.append((dimension, a, b, between, ceiling, found, low, high, beyond, needed))
    columns = ["dimension", "culture", "other", "similarity", "ceiling", "disattenuated", "low", "high", "beyond"]
    return pd.DataFrame(rows, columns=[*columns, "needed"])


def in_words(pairs: pd.DataFrame, replicates: str) -> str:
    """Return in words how many pairs of cultures of one dimension differ beyond reliability, and which pair most.

    Args:
        pairs: rows of :func:`against_ceiling`.
        replicates: name of the rows of a culture: ``seed`` or ``speaker``.
    """
    known = pairs[pairs["disattenuated"].notna() & pairs["high"].notna()]
    if known.empty:
        return f"No ceiling is known: the {replicates}s of a culture do not agree, or there is one only."
    apart = known[known["beyond"]]
    words = (
        f"{len(apart)} of {len(known)} pairs of cultures are less alike than {replicates}s of one culture (their "
        "**ceiling**; intervals are not corrected)"
    )
    if apart.empty:
        fewest = known["needed"].min()
        more = f"; with about {fewest:.0f} {replicates}s each, a first one would be" if fewest == fewest else ""
        return f"{words}{more}."
    least = apart.loc[apart["disattenuated"].idxmin()]
    size = interval(least["disattenuated"], least["low"], least["high"])
    return f"{words}; least {least['culture']} and {least['other']}, at {size} of it."


def _ceiling(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The highest similarity that two reliabilities allow; NaN where one is not positive."""
    both = np.where((first > 0) & (second > 0), first * second, np.nan)
    return np.asarray(np.sqrt(both))


def _needed(found: float, high: float, first: Units, second: Units) -> float:
    """The replicates of a culture at which the interval of a pair that is below its ceiling would end at 1."""
    count = min(len(first.names), len(second.names))
    if not found < 1 or np.isnan(high):
        return float("nan")
    needed = np.ceil(count * ((high - found) / (1 - found)) ** 2)
    return float(needed) if needed <= MOST_NEEDED else float("nan")
