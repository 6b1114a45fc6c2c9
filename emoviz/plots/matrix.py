"""Matrices with numbers in their cells: colours, readable texts, frames, hatches and names of rows."""

import re
from ast import literal_eval
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.colors import sample_colorscale

from .style import DIVERGING, GAP, GREY, SMALL, lay_out

SEQUENTIAL = "Cividis"
INKS = ("black", "white")
HATCHES = (-0.85, -0.65, 0.65, 0.85)
"""Positions at which lines cross a hatched cell, from one corner (-1) to the other (1), beside its number."""


def scale_of(values: np.ndarray) -> tuple[str | list[Any], float, float]:
    """Return colours and their range, which is centred at 0 if values lie on both sides of it."""
    known = values[np.isfinite(values)]
    if not known.size:
        return SEQUENTIAL, 0.0, 1.0
    low, high = float(known.min()), float(known.max())
    if low < 0:
        return DIVERGING, -max(-low, high), max(-low, high)
    return SEQUENTIAL, low, high if high > low else low + 1e-9


def heat(
    figure: go.Figure,
    values: np.ndarray,
    texts: Sequence[Sequence[str]] | np.ndarray,
    hovers: Sequence[Sequence[str]] | np.ndarray,
    scale: str | list[Any],
    low: float,
    high: float,
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    bar: str | None = None,
    axes: tuple[str, str] = ("x", "y"),
    grey: bool = True,
) -> None:
    """Draw cells with readable texts, and over each an invisible point for hover and clicks."""
    figure.add_heatmap(
        z=values,
        x=list(range(len(columns))),
        y=list(range(len(rows))),
        zmin=low,
        zmax=high,
        colorscale=scale,
        xgap=2,
        ygap=2,
        hoverinfo="skip",
        xaxis=axes[0],
        yaxis=axes[1],
        showscale=bar is not None,
        colorbar={"title": {"text": bar, "side": "right", "font": SMALL}, "tickfont": SMALL, "thickness": 8, "len": 1},
    )
    if grey and np.isnan(values).any():
        figure.add_heatmap(
            z=np.where(np.isnan(values), 0.0, np.nan),
            colorscale=[[0, GAP], [1, GAP]],
            showscale=False,
            xgap=2,
            ygap=2,
            hoverinfo="skip",
            xaxis=axes[0],
            yaxis=axes[1],
        )
    _write(figure, values, texts, scale, low, high, axes)
    places = list(np.ndindex(values.shape))
    add_targets(
        figure,
        [column for _, column in places],
        [row for row, _ in places],
        [[rows[row], columns[column]] for row, column in places],
        [f"{hovers[row][column]}<extra></extra>" for row, column in places],
        axes,
    )


def add_targets(
    figure: go.Figure,
    across: Sequence[Any],
    down: Sequence[Any],
    data: Sequence[Sequence[str]],
    hovers: Sequence[str],
    axes: tuple[str, str],
) -> None:
    """Draw an invisible point over each cell of a matrix, which can be hovered and clicked, unlike a cell.

    Args:
        figure: figure with the matrix.
        across: position of each cell on the x axis.
        down: position of each cell on the y axis.
        data: texts that a click on the cell returns.
        hovers: hover template of each cell.
        axes: names of the axes.
    """
    figure.add_scatter(
        x=list(across),
        y=list(down),
        xaxis=axes[0],
        yaxis=axes[1],
        mode="markers",
        marker={"symbol": "square", "size": 34, "color": GREY, "opacity": 0.01},
        selected={"marker": {"opacity": 0.01}},
        unselected={"marker": {"opacity": 0.01}},
        customdata=list(data),
        hovertemplate=list(hovers),
        showlegend=False,
    )
    lay_out(figure, clickmode="event+select", hovermode="closest", hoverdistance=30, dragmode=False)


def _write(
    figure: go.Figure,
    values: np.ndarray,
    texts: Sequence[Sequence[str]] | np.ndarray,
    scale: str | list[Any],
    low: float,
    high: float,
    axes: tuple[str, str],
) -> None:
    """Write the texts of known cells in the ink that stands out from each."""
    for ink in INKS:
        cells = [place for place in np.argwhere(np.isfinite(values)) if _ink(values[*place], scale, low, high) == ink]
        figure.add_scatter(
            x=[column for _, column in cells],
            y=[row for row, _ in cells],
            xaxis=axes[0],
            yaxis=axes[1],
            mode="text",
            text=[texts[row][column] for row, column in cells],
            textfont={"size": 12, "color": ink},
            hoverinfo="skip",
            showlegend=False,
        )


def axes_of(
    figure: go.Figure,
    rows: Sequence[str],
    columns: Sequence[str],
    row_title: str,
    column_title: str,
    *,
    axes: tuple[str, str] = ("x", "y"),
    domain: Sequence[float] = (0, 1),
    side: str = "top",
) -> None:
    """Write the names of rows at the left, the first on top, and of columns above or beneath."""
    shared = {
        "showgrid": False,
        "zeroline": False,
        "fixedrange": True,
        "tickfont": SMALL,
        "automargin": True,
        "ticks": "",
    }
    lay_out(
        figure,
        {
            f"xaxis{axes[0][1:]}": {
                **shared,
                "tickvals": list(range(len(columns))),
                "ticktext": [wrapped(c) for c in columns],
                "range": [-0.5, len(columns) - 0.5],
                "domain": list(domain),
                "anchor": axes[1],
                "side": side,
                "tickangle": -90 if side == "top" and not column_title else 0,
                "title": {"text": column_title, "font": SMALL, "standoff": 10},
            },
            f"yaxis{axes[1][1:]}": {
                **shared,
                "tickvals": list(range(len(rows))),
                "ticktext": list(rows),
                "range": [len(rows) - 0.5, -0.5],
                "title": {"text": row_title, "font": SMALL, "standoff": 12},
                "anchor": axes[0],
            },
        },
    )


def wrapped(name: str) -> str:
    """Return a name with a line for each word, so that it stays horizontal."""
    return name.replace(" ", "<br>")


def outline(figure: go.Figure, cells: Sequence[tuple[int, int]], colour: str, width: int) -> None:
    """Draw frames around cells, each given as column and row."""
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1), (np.nan, np.nan)]) * 0.49
    path = np.concatenate([np.array(cell) + corners for cell in cells])
    figure.add_scatter(
        x=path[:, 0],
        y=path[:, 1],
        mode="lines",
        line={"color": colour, "width": width},
        hoverinfo="skip",
        showlegend=False,
        name="outline",
    )


def hatch(
    figure: go.Figure, hatched: np.ndarray, values: np.ndarray, scale: str | list[Any], low: float, high: float
) -> None:
    """Draw thin diagonal lines over two corners of cells."""
    for ink in INKS:
        xs: list[float] = []
        ys: list[float] = []
        for row, column in np.argwhere(hatched & np.isfinite(values)):
            if _ink(values[row, column], scale, low, high) != ink:
                continue
            for part in HATCHES:
                # From edge to edge of the square from -1 to 1, along x - y = 2 * part.
                along = np.array([max(-1.0, 2 * part - 1), min(1.0, 2 * part + 1), np.nan])
                xs.extend(column + 0.47 * along)
                ys.extend(row + 0.47 * (along - 2 * part))
        figure.add_scatter(
            x=xs,
            y=ys,
            mode="lines",
            line={"color": ink, "width": 1.2},
            opacity=0.5,
            hoverinfo="skip",
            showlegend=False,
            name="hatched",
        )


def _ink(value: float, scale: str | list[Any], low: float, high: float) -> str:
    """Black or white, whichever stands out from a cell's colour."""
    step = round(99 * float(np.clip((value - low) / (high - low), 0, 1)))
    return INKS[_is_dark(str(scale))[step]]


@lru_cache(maxsize=8)
def _is_dark(scale: str) -> list[bool]:
    """Return whether each of 100 steps of a scale, given as text, is dark."""
    colours = sample_colorscale(literal_eval(scale) if scale.startswith("[") else scale, 100)
    channels = [[float(v) for v in re.findall(r"[\d.]+", colour)[:3]] for colour in colours]
    return [0.299 * red + 0.587 * green + 0.114 * blue <= 140 for red, green, blue in channels]
