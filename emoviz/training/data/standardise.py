"""Standardisation of recordings by culture or speaker, which adapts features to a group without reading a label."""

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd


def standardise(
    streams: Mapping[str, Mapping[str, np.ndarray]], table: pd.DataFrame, by: str, speaker_weight: float = 0.0
) -> dict[str, dict[str, np.ndarray]]:
    r"""Bring the recordings of each culture or speaker to one level and spread, channel by channel, without labels.

    The means :math:`\mu_u` of recordings and the changes within a recording are scaled separately, since a room or a
    voice changes both:

    .. math:: x'_t = \frac{\mu_u - m}{s_b} + \frac{x_t - \mu_u}{s_w}

    with m and :math:`s_b` the mean and standard deviation of the group's :math:`\mu_u`, and :math:`s_w^2` the mean of
    its recordings' variances. The statistics of a speaker are drawn towards those of the culture,

    .. math:: m = \frac{n\,m_s + w\,m_c}{n + w}

    and likewise for the mean squares, with n recordings of the speaker and weight w. Missing frames are left out and
    stay missing.

    Args:
        streams: features (T, D) by the id of the recording and the name of the stream.
        table: one row per recording, index ``id``, with the columns ``speaker`` and ``culture``.
        by: kind of group, ``culture`` or ``speaker``.
        speaker_weight: weight w of the culture.

    Returns:
        The streams in the same form.
    """
    ids = [str(i) for i in table.index]
    weight = speaker_weight if by == "speaker" else 0.0
    result: dict[str, dict[str, np.ndarray]] = {i: {} for i in ids}
    for name in next(iter(streams.values())):
        moments = np.stack([_moments(streams[i][name]) for i in ids])
        for rows in _rows_by(table["culture"]):
            whole = np.nanmean(moments[rows], axis=0)
            groups = (rows[own] for own in _rows_by(table["speaker"].iloc[rows])) if by == "speaker" else [rows]
            for group in groups:
                own = np.nanmean(moments[group], axis=0)
                level, square, within = (len(group) * own + weight * whole) / (len(group) + weight)
                between = np.sqrt(np.maximum(square - level**2, 1e-8))
                for row in group:
                    mean = moments[row, 0]
                    values = (mean - level) / between + (streams[ids[row]][name] - mean) / np.sqrt(within + 1e-8)
                    result[ids[row]][name] = values.astype(np.float32)
    return result


def _rows_by(column: "pd.Series[Any]") -> list[np.ndarray]:
    """Return the positions of the rows of each value of a column."""
    values = column.to_numpy()
    return [np.flatnonzero(values == value) for value in column.dropna().unique()]


def _moments(values: np.ndarray) -> np.ndarray:
    """Return (3, D): mean over the frames, its square, and variance; NaN where no frame is known."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of a recording without a single known frame
        values = values.astype(np.float64)
        mean = np.nanmean(values, axis=0)
        return np.stack([mean, mean**2, np.nanvar(values, axis=0)])
