"""The paler look of curves where a clip is unlike the training of their model."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from ..core.runs import runs
from ..core.vocabulary import MARKS, UNLIKE, Source
from .style import faint

UNLIKE_TRAINING = "unlike what this model was trained on"
"""Text of the legend."""
PALE = 0.35
"""Opacity of the paler curves."""
VEIL = faint(MARKS["paper"], 1 - PALE)


def unlike(table: pd.DataFrame, source: str, model: str) -> np.ndarray:
    """Return a mask, bool (T,), of the frames that are unlike a model's training; for fused values, unlike any model's.

    Args:
        table: table of a prediction.
        source: source of the model.
        model: name of the model.
    """
    told = [column for column in table if str(column).startswith(UNLIKE)]
    columns = told if source == Source.FUSED else [column for column in told if column == f"{UNLIKE}{model}"]
    return np.asarray((table[columns] > 1).any(axis=1))


def parted(values: pd.Series, pale: np.ndarray) -> tuple[pd.Series, pd.Series | None]:
    """Return the values of a curve that are drawn as usual, and the paler ones; None where there are none."""
    if not pale.any():
        return values, None
    beside = pale | np.roll(pale, 1) | np.roll(pale, -1)  # so that the curve has no hole between them
    return values.where(~pale), values.where(beside)


def named_pale(figure: go.Figure) -> dict[str, Any]:
    """Return plotly's properties of a paler trace; only the first one of a figure is in its legend."""
    told = any(trace.legendgroup == UNLIKE for trace in figure.data)
    return {"name": UNLIKE_TRAINING, "legendgroup": UNLIKE, "showlegend": not told}


def veil(figure: go.Figure, table: pd.DataFrame, rows: pd.DataFrame, axis: str) -> None:
    """Make the areas of one row paler where the clip is unlike the training of their model.

    Args:
        figure: figure to draw into.
        table: table of a prediction.
        rows: descriptions of the columns that the row shows.
        axis: name of the row's value axis.
    """
    pale = np.zeros(len(table), bool)
    for source, model in rows[["source", "model"]].drop_duplicates().itertuples(index=False):
        pale |= unlike(table, source, model)
    if not pale.any():
        return
    for first, behind in runs(pale):
        ends = {"x0": table.time.iloc[first], "x1": table.time.iloc[behind - 1]}
        figure.add_shape(
            type="rect", **ends, y0=0, y1=1, yref=f"{axis} domain", fillcolor=VEIL, line_width=0, layer="above"
        )
    figure.add_scatter(
        x=table.time,
        y=np.where(pale, 1.0, np.nan),
        yaxis=axis,
        mode="lines",
        line={"width": 2, "color": MARKS["paper"]},
        **named_pale(figure),
        hovertemplate=f"{UNLIKE_TRAINING}<extra></extra>",
    )
