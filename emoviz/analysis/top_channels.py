"""The channels on which cultures rely most, and the channels in which two cultures differ.

Source: section 5.5 and figure 4 of the CATS-Transformer paper (bibliography, paper 1).
"""

import numpy as np
import pandas as pd

from ..core.errors import AnalysisError, UnknownNameError
from .replicates import modality, require_count, require_weights

Array = np.ndarray


def top_channels(weights: pd.DataFrame, count: int = 10) -> pd.DataFrame:
    """Return the highest channels of each culture, by its mean weights; ties go to the first name in the alphabet.

    Args:
        weights: a table of weights.
        count: number of channels per culture.

    Returns:
        One row per dimension, culture and rank: ``dimension``, ``culture``, ``rank`` (from 1), ``channel``,
        ``modality``, ``weight``, and ``agreement``: the share of the culture's replicates that have it among
        their own highest.

    Raises:
        AnalysisError: if this is no table of weights.
        ConfigError: if there are fewer channels than ``count``.
    """
    require_weights(weights)
    require_count(count, weights.shape[1], "highest channels")
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
    """Return for each channel how many cultures have it among their highest, per dimension (figure 4 of paper 1).

    Args:
        top: table of :func:`top_channels`.

    Returns:
        One row per dimension and such channel, the most frequent first: ``dimension``, ``channel``, ``modality``,
        ``frequency`` (number of cultures), ``share`` of the cultures, and the names of these ``cultures``.
    """
    keys = ["dimension", "channel", "modality"]
    table = top.groupby(keys, as_index=False).agg(frequency=("culture", "size"), cultures=("culture", ", ".join))
    of_dimension = top.groupby("dimension")["culture"].nunique()
    table["share"] = table["frequency"] / table["dimension"].map(of_dimension)
    table = table.sort_values(["dimension", "frequency", "channel"], ascending=[True, False, True], ignore_index=True)
    return table[[*keys, "frequency", "share", "cultures"]]


def pair(weights: pd.DataFrame, first: str, second: str) -> pd.DataFrame:
    """Return the weights of two cultures side by side, channel by channel.

    Args:
        weights: a table of weights.
        first: name of a culture.
        second: name of another culture.

    Returns:
        One row per dimension that both have and channel, the largest differences first: ``dimension``, ``channel``,
        ``modality``, ``first`` and ``second`` (mean weights), ``first_spread`` and ``second_spread`` (standard
        deviation over replicates, NaN with one), ``difference`` (first - second) and its ``standard_error``.

    Raises:
        AnalysisError: if this is no table of weights.
        UnknownNameError: if a culture has no rows, or no dimension has both.
    """
    require_weights(weights)
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


def _highest(values: Array, names: Array, count: int) -> Array:
    """Positions of the highest values; of equal ones, those whose names come first."""
    return np.lexsort((names, -values))[:count]
