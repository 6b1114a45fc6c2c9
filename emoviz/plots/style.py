"""Colours, axes and legends of all figures; text colour and background are left to the page's theme."""

from collections.abc import Mapping, Sequence
from typing import Any
from zlib import crc32

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.basedatatypes import BasePlotlyType

from ..core.runs import runs
from ..core.vocabulary import (
    CULTURE_COLOURS,
    CULTURES,
    EMOTION_COLOURS,
    MARKS,
    SOURCE_COLOURS,
    Emotion,
    Modality,
    Source,
)


def faint(colour: str, opacity: float) -> str:
    """Return a transparent colour in the form of CSS.

    Args:
        colour: colour as ``#RRGGBB``.
        opacity: opacity from 0, which is invisible, to 1.
    """
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {opacity})"


GREY = MARKS["missing"]
GRID, ZERO, GAP = (faint(GREY, opacity) for opacity in (0.25, 0.8, 0.22))
MODALITY_COLOURS: dict[str, str] = {
    Modality.AUDIO: SOURCE_COLOURS[Source.SPEECH],
    Modality.VIDEO: SOURCE_COLOURS[Source.FACE],
    Modality.TEXT: MARKS["third"],
}
DIVERGING = [[0.0, MARKS["lower"]], [0.5, MARKS["centre"]], [1.0, MARKS["higher"]]]
"""Blue, grey, orange: for values around 0, in the middle of their range."""
SERIES_COLOURS = (
    MARKS["lower"],
    MARKS["higher"],
    MARKS["third"],
    EMOTION_COLOURS[Emotion.CONTEMPTUOUS],
    MARKS["fourth"],
    EMOTION_COLOURS[Emotion.ANGRY],
    CULTURE_COLOURS[4],
    GREY,
)
"""Colours of series without a colour of their own, such as systems; markers distinguish them, too."""
SERIES_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "triangle-down", "cross", "x", "star")
MARGIN = {"l": 54, "r": 8, "t": 30, "b": 36}
SMALL = {"size": 12}
"""Font of all text of figures that is no title; smaller text is hard to read."""
SCATTERGL_FROM = 5000
"""Number of points from which lines are drawn by WebGL."""


def culture_colour(culture: str) -> str:
    """Return a culture's colour, the same on every page; a culture of no known corpus shares one with another."""
    place = CULTURES.index(culture) if culture in CULTURES else crc32(culture.encode())
    return CULTURE_COLOURS[place % len(CULTURE_COLOURS)]


def least_width(pixels: int) -> dict[str, int]:
    """Return what a figure's layout has as ``meta`` so that it is no narrower: a narrower screen scrolls it sideways.

    Args:
        pixels: least width at which its texts do not lie over each other.
    """
    return {"least": pixels}


def whiskers(values: pd.Series, low: pd.Series, high: pd.Series, **look: Any) -> dict[str, Any]:
    """Return error bars that reach from the low to the high ends of intervals.

    Args:
        values: the values.
        low: low ends of their intervals.
        high: high ends.
        look: plotly's properties of error bars that differ from the usual ones, e.g. ``color``.
    """
    ends = {"type": "data", "symmetric": False, "array": high - values, "arrayminus": values - low}
    return {**ends, "thickness": 1.5, "width": 3, **look}


def band(x: Any, low: Any, high: Any, colour: str, opacity: float) -> dict[str, Any]:
    """Return plotly's properties of a line that encloses the band between two ends, in pieces between gaps.

    Args:
        x: positions (N,).
        low: low ends (N,), NaN in gaps.
        high: high ends (N,), NaN in gaps.
        colour: colour as ``#RRGGBB``.
        opacity: opacity of the band.
    """
    x, low, high = (np.asarray(values, float) for values in (x, low, high))
    found = runs(~np.isnan(low + high))
    return {
        "x": _parted([[*x[a:b], *x[a:b][::-1]] for a, b in found]),
        "y": _parted([[*high[a:b], *low[a:b][::-1]] for a, b in found]),
        "mode": "lines",
        "line": {"width": 0},
        "fill": "toself",
        "fillcolor": faint(colour, opacity),
        "hoverinfo": "skip",
        "showlegend": False,
    }


def _parted(shapes: Sequence[Sequence[float]]) -> np.ndarray:
    """Join the values of shapes with a gap between each two."""
    return np.array([value for shape in shapes for value in (*shape, np.nan)][:-1])


def span_of(least: float, *series: Any) -> list[float]:
    """Return the range of an axis that holds all values with some margin and has a smallest width.

    Without a smallest width a flat curve would fill its axis, and noise would look like a finding.

    Args:
        least: smallest width, in the unit of the values.
        series: values, each (N,), NaN in gaps; without any the range begins at 0.
    """
    known = np.concatenate([np.asarray(values, float).ravel() for values in series] or [np.zeros(0)])
    known = known[np.isfinite(known)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, least)
    half = max(1.1 * (high - low), least) / 2
    return [(low + high) / 2 - half, (low + high) / 2 + half]


def unit_axis(name: str) -> dict[str, Any]:
    """Return an axis of valence or arousal: always -1 to 1 with the zero line."""
    return {
        "title": {"text": name, "standoff": 2, "font": SMALL},
        "tickfont": SMALL,
        "range": [-1.05, 1.05],
        "tickvals": [-1, -0.5, 0, 0.5, 1],
        "gridcolor": GRID,
        "zeroline": True,
        "zerolinecolor": ZERO,
        "zerolinewidth": 1,
        "fixedrange": True,
    }


def time_axis(**more: Any) -> dict[str, Any]:
    """Return an axis of seconds, with further properties."""
    return {"title": {"text": "time (s)", "standoff": 2, "font": SMALL}, "tickfont": SMALL, **more}


def legend(y: float, anchor: str) -> dict[str, Any]:
    """Return a horizontal legend at the right, with its ``anchor`` (top or bottom) at a share of the height."""
    return {"orientation": "h", "x": 1, "xanchor": "right", "y": y, "yanchor": anchor, "font": SMALL}


def title(text: str) -> dict[str, Any]:
    """Return a figure's title: the question that it answers."""
    return {"text": text, "font": {"size": 14}, "x": 0, "xanchor": "left", "y": 0.99, "yanchor": "top"}


def lay_out(figure: go.Figure, layout: Mapping[str, Any] | None = None, **properties: Any) -> None:
    """Change a figure's layout as its ``update_layout`` does (without underscores in names), and much faster.

    A page's figures are laid out anew with every click, while a person waits.
    """
    for name, value in {**(layout or {}), **properties}.items():
        before = figure.layout[name] if name in figure.layout else None  # a second axis is unknown before it is set
        known = before.to_plotly_json() if isinstance(before, BasePlotlyType) else {}
        figure.layout[name] = _merged(known, value) if isinstance(value, Mapping) else value


def _merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    inner = {
        name: _merged(old[name], value) if isinstance(value, Mapping) and isinstance(old.get(name), Mapping) else value
        for name, value in new.items()
    }
    return {**old, **inner}
