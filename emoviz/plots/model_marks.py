"""The marks of the models of a comparison: colour, marker and dash, the same in all figures."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from . import style
from .style import GRID, SERIES_COLOURS, SERIES_SYMBOLS, SMALL, ZERO

DASHES = ("solid", "dash", "dot", "dashdot")
SQUARE = 330
"""Height in pixels of a diagram that is about as wide as high."""


def colour_of(models: Sequence[str], model: str) -> str:
    """Return the colour of a model, by its place among all models of the comparison."""
    return SERIES_COLOURS[list(models).index(model)]


def dash_of(models: Sequence[str], model: str) -> str:
    """Return the dash of a model's lines."""
    return DASHES[list(models).index(model) % len(DASHES)]


def marker_of(models: Sequence[str], model: str, size: int) -> dict[str, Any]:
    """Return the marker of a model."""
    return {"color": colour_of(models, model), "symbol": SERIES_SYMBOLS[list(models).index(model)], "size": size}


def whiskers(values: pd.Series, low: pd.Series, high: pd.Series, colour: str) -> dict[str, Any]:
    """Return the error bars of a model's intervals, in its colour."""
    return style.whiskers(values, low, high, color=colour, width=4)


def axis(name: str) -> dict[str, Any]:
    """Return an axis with a title that cannot be zoomed."""
    return {
        "title": axis_title(name),
        "tickfont": SMALL,
        "gridcolor": GRID,
        "zerolinecolor": ZERO,
        "fixedrange": True,
    }


def axis_title(name: str) -> dict[str, Any]:
    """Return the title of an axis."""
    return {"text": name, "standoff": 4, "font": SMALL}
