"""Standardisation of recordings by culture or speaker, which adapts features to a group without reading a label."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import torch

from ...models.groups import group_of, mean_moments, moments


def standardise(
    streams: Mapping[str, Mapping[str, np.ndarray]], table: pd.DataFrame, by: str, speaker_weight: float = 0.0
) -> dict[str, dict[str, np.ndarray]]:
    """Bring the recordings of each culture or speaker to one level and spread, without labels.

    :mod:`emoviz.models.groups` says how; the statistics of a speaker are drawn towards those of the culture.

    Args:
        streams: features (T, D) by the id of the recording and the name of the stream.
        table: one row per recording, index ``id``, with the columns ``speaker`` and ``culture``.
        by: kind of group, ``culture`` or ``speaker``.
        speaker_weight: weight of the culture, in recordings.

    Returns:
        The streams in the same form.
    """
    ids = [str(i) for i in table.index]
    weight = speaker_weight if by == "speaker" else 0.0
    result: dict[str, dict[str, np.ndarray]] = {i: {} for i in ids}
    for name in next(iter(streams.values())):
        measured = np.stack([moments(streams[i][name]) for i in ids])
        for rows in _rows_by(table["culture"]):
            whole = mean_moments(measured[rows])
            groups = (rows[own] for own in _rows_by(table["speaker"].iloc[rows])) if by == "speaker" else [rows]
            for rows_of_group in groups:
                group = group_of(measured[rows_of_group], whole, weight)
                for row in rows_of_group:
                    result[ids[row]][name] = group(torch.from_numpy(streams[ids[row]][name])).numpy()
    return result


def _rows_by(column: "pd.Series[Any]") -> list[np.ndarray]:
    """Return the positions of the rows of each value of a column."""
    values = column.to_numpy()
    return [np.flatnonzero(values == value) for value in column.dropna().unique()]
