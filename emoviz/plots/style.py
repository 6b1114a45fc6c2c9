"""Colours, axes and legends of all figures. Text colour and background are left to the page's theme."""

from collections.abc import Mapping
from typing import Any
from zlib import crc32

import plotly.graph_objects as go
from plotly.basedatatypes import BasePlotlyType

from ..core.vocabulary import CULTURE_COLOURS, CULTURES, SOURCE_COLOURS, Modality, Source

GRID = "rgba(128, 128, 128, 0.25)"
ZERO = "rgba(128, 128, 128, 0.8)"
GAP = "rgba(128, 128, 128, 0.22)"
GREY = "#808080"
MODALITY_COLOURS: dict[str, str] = {
    Modality.AUDIO: SOURCE_COLOURS[Source.SPEECH],
    Modality.VIDEO: SOURCE_COLOURS[Source.FACE],
    Modality.TEXT: "#009E73",
}
DIVERGING = [[0.0, "#0072B2"], [0.5, "#A6A6A6"], [1.0, "#D55E00"]]
"""Blue, grey, orange: for values around 0, in the middle of their range."""
SERIES_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#AA4499", "#8A7A00", "#CC3311", "#3399BB", "#808080")
"""Of what has no colour of its own, as systems; told apart by marker too."""
SERIES_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "triangle-down", "cross", "x", "star")
MARGIN = {"l": 54, "r": 8, "t": 30, "b": 36}
SMALL = {"size": 11}
SCATTERGL_FROM = 5000
"""From this many points on, lines are drawn by WebGL."""


def culture_colour(culture: str) -> str:
    """A culture's colour, the same on every page; one that no known corpus has shares a colour with another."""
    place = CULTURES.index(culture) if culture in CULTURES else crc32(culture.encode())
    return CULTURE_COLOURS[place % len(CULTURE_COLOURS)]


def unit_axis(name: str) -> dict[str, Any]:
    """An axis of valence or arousal: always -1 to 1 with the zero line."""
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


def legend(y: float, anchor: str) -> dict[str, Any]:
    """A horizontal legend at the right, its ``anchor`` (top or bottom) at a share of the figure's height."""
    return {"orientation": "h", "x": 1, "xanchor": "right", "y": y, "yanchor": anchor, "font": {"size": 11}}


def title(text: str) -> dict[str, Any]:
    """A figure's title: the question that it answers."""
    return {"text": text, "font": {"size": 14}, "x": 0, "xanchor": "left", "y": 0.99, "yanchor": "top"}


def lay_out(figure: go.Figure, layout: Mapping[str, Any] | None = None, **properties: Any) -> None:
    """Change a figure's layout as its ``update_layout`` does (without underscores in names), and much faster.

    A page's figures are laid out anew with every click, which a person waits for.
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
