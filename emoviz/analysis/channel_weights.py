r"""The channels to which a model gives weight on some held-out recordings, and the difference to other recordings.

A table of weights is ``attention.parquet``: one row per recording, one column per channel. Means come with Student's
interval over recordings. Two slices may share recordings; of those in the first alone, in both and in the second alone,

.. math::
    \bar w_A - \bar w_B = \sum_s c_s \bar w_s, \qquad
    c = \left(\frac{n_1}{n_A},\; n_2 \left(\frac{1}{n_A} - \frac{1}{n_B}\right),\; -\frac{n_3}{n_B}\right)

so that the variance is :math:`\sum_s c_s^2 s_s^2 / n_s` with Welch and Satterthwaite's degrees of freedom; of disjoint
slices this is Welch's interval.

Source: B. L. Welch, "The generalization of 'Student's' problem when several different population variances are
involved", Biometrika 34 (1947) 28-35.
"""

import numpy as np
import pandas as pd

from ..core.words import interval

LEVEL = 0.95
"""Coverage of the intervals."""


def channel_means(weights: pd.DataFrame, channels: pd.DataFrame) -> pd.DataFrame:
    """Return the mean weight of each channel over recordings.

    Args:
        weights: weights, one row per recording, one column per channel.
        channels: table with ``channel`` and further facts about each, e.g. ``stream`` and ``modality``.

    Returns:
        ``channels`` with ``weight``, ``low``, ``high`` (NaN with fewer than two recordings) and ``recordings``.
    """
    values = _values(weights, channels)
    return _with_interval(channels, values.mean(0), *_spread(values), recordings=len(values), column="weight")


def channel_differences(
    weights: pd.DataFrame, first: np.ndarray, second: np.ndarray, channels: pd.DataFrame
) -> pd.DataFrame:
    """Return the difference of each channel's mean weight between two slices of recordings.

    Args:
        weights: weights, one row per recording, one column per channel.
        first: recordings of one slice, bool (N,).
        second: recordings of the other, bool (N,); the two may overlap.
        channels: table with ``channel`` and further facts about each.

    Returns:
        ``channels`` with ``difference``, ``low`` and ``high`` (NaN where one recording stands alone), ``differs``
        (whether the interval leaves out zero), ``first`` and ``second`` (mean weights).
    """
    values = _values(weights, channels)
    n, m = first.sum(), second.sum()
    strata = (
        (first & ~second, 1 / n),
        (first & second, 1 / n - 1 / m),
        (~first & second, -1 / m),
    )
    variance, scatter = np.zeros(values.shape[1]), np.zeros(values.shape[1])
    for rows, share in strata:
        if share and rows.any():
            own, freedom = _spread(values[rows])
            own = own * (share * rows.sum()) ** 2
            variance += own
            scatter += own**2 / freedom
    with np.errstate(invalid="ignore", divide="ignore"):
        freedom = variance**2 / scatter
    means = values[first].mean(0), values[second].mean(0)
    table = _with_interval(channels, means[0] - means[1], variance, freedom, column="difference")
    differs = (table["low"] > 0) | (table["high"] < 0)
    return table.assign(differs=differs, first=means[0], second=means[1])


def stream_means(weights: pd.DataFrame, channels: pd.DataFrame) -> pd.DataFrame:
    """Return the mean weight of all channels of each stream: modality, stream, weight, low and high."""
    groups = channels.groupby(["modality", "stream"], sort=False)["channel"]
    own = pd.DataFrame({names[1]: weights[list(members)].mean(axis=1) for names, members in groups})
    table = pd.DataFrame([names for names, _ in groups], columns=["modality", "stream"])
    return channel_means(own, table.assign(channel=table["stream"])).drop(columns="channel")


def words_of_means(means: pd.DataFrame, streams: pd.DataFrame) -> str:
    """Return half a line on the channel with the highest weight, and on the mean weight of each stream."""
    top = means.loc[means["weight"].idxmax()]
    parts = [f"{row.stream} {interval(row.weight, row.low, row.high)}" for row in streams.itertuples()]
    return (
        f"most is let through of `{top['channel']}`, {interval(top['weight'], top['low'], top['high'])}; "
        f"mean over channels: {', '.join(parts)}."
    )


def by_chance(differences: pd.DataFrame) -> int:
    """Return the number of channels in which the interval is expected to leave out zero by chance alone."""
    return round((1 - LEVEL) * len(differences))


def are_noise(differences: pd.DataFrame) -> bool:
    """Return whether hardly more channels differ than by chance, so that their order means nothing.

    Up to the number expected by chance plus two standard deviations of a Poisson count still counts as chance.
    """
    chance = by_chance(differences)
    return bool(differences["differs"].sum() <= chance + 2 * chance**0.5)


def words_of_differences(differences: pd.DataFrame) -> str:
    """Say in one line in how many channels the slices differ, and in how many they would by chance alone."""
    if differences["low"].isna().any():
        return "One recording on a side has no spread, so no interval tells whether the slices differ."
    said = (
        f"In {differences['differs'].sum()} of {len(differences)} channels the interval leaves out zero; by chance "
        f"alone about {by_chance(differences)} would."
    )
    return f"{said} So their order says nothing." if are_noise(differences) else said


def _values(weights: pd.DataFrame, channels: pd.DataFrame) -> np.ndarray:
    return np.asarray(weights[list(channels["channel"])], np.float32)


def _spread(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Variance of the mean of (N, D) over rows, and its degrees of freedom; NaN of one row."""
    count = len(values)
    if count < 2:
        return np.full(values.shape[1], np.nan), np.ones(values.shape[1])
    return values.var(0, ddof=1, dtype=float) / count, np.full(values.shape[1], count - 1.0)


def _with_interval(
    channels: pd.DataFrame, value: np.ndarray, variance: np.ndarray, freedom: np.ndarray, *, column: str, **more: object
) -> pd.DataFrame:
    from scipy.stats import t

    half = np.where(variance > 0, t.ppf((1 + LEVEL) / 2, freedom) * np.sqrt(variance), variance)
    return channels.assign(**{column: value, "low": value - half, "high": value + half, **more})
