"""Figures of scores by culture: transfer from one culture to another, and scores on held-out speakers of each."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from ..core import words
from ..core.words import bounds, interval, number
from .matrix import SEQUENTIAL, axes_of, hatch, heat, scale_of
from .style import GREY, GRID, SMALL, culture_colour, lay_out, least_width, title, whiskers

COLLAPSED = f"collapsed: {words.COLLAPSED}"


def transfer_matrix(cells: pd.DataFrame, *, metric: str, lower_is_better: bool = False) -> go.Figure:
    """Draw the scores of models that were trained on one culture and tested on another, with intervals.

    Args:
        cells: cells, one row each: ``source``, ``target``, ``value``, ``low``, ``high``, ``training_mean``,
            ``recordings``, ``speakers``, ``collapsed``.
        metric: name of the values, with the unit if there is one.
        lower_is_better: whether the scale is reversed, so that dark is always worse.
    """
    sources, targets = sorted(cells["source"].unique()), sorted(cells["target"].unique())
    table = cells.set_index(["source", "target"])
    values = np.full((len(sources), len(targets)), np.nan)
    texts, hovers = np.full(values.shape, "", object), np.full(values.shape, "", object)
    collapsed = np.zeros(values.shape, bool)
    for row, source in enumerate(sources):
        for column, target in enumerate(targets):
            hovers[row, column] = f"{source} → {target}: not tested"
            if (source, target) in table.index:
                cell = table.loc[(source, target)]
                values[row, column] = cell["value"]
                ends = bounds(cell["low"], cell["high"])
                value = number(cell["value"], missing="–")
                texts[row, column] = f"{value}<br>{ends}"
                collapsed[row, column] = bool(cell["collapsed"])
                hovers[row, column] = (
                    f"{source} → {target}<br>{metric} {interval(cell['value'], cell['low'], cell['high'], missing='–')}"
                    f"<br>training mean {number(cell['training_mean'], missing='–')}"
                    f"<br>{int(cell['recordings'])} recordings, {int(cell['speakers'])} speakers"
                    + (f"<br>{COLLAPSED}" if collapsed[row, column] else "")
                )
    scale, low, high = scale_of(values)
    if lower_is_better:
        scale = f"{SEQUENTIAL}_r"
    figure = go.Figure()
    heat(figure, values, texts, hovers, scale, low, high, sources, targets)
    hatch(figure, collapsed, values, scale, low, high)
    axes_of(figure, sources, targets, "learnt from", "tested on")
    lay_out(
        figure,
        title=title(f"What holds from one culture to another? ({metric})"),
        meta=least_width(150 + 72 * len(targets)),
        height=120 + 52 * len(sources),
        margin={"l": 8, "r": 8, "t": 70, "b": 8},
    )
    return figure


def scores_by_culture(scores: pd.DataFrame, *, metric: str) -> go.Figure:
    """Draw held-out scores per culture with their intervals, beside those of the training mean.

    Args:
        scores: rows of one metric and aggregation: ``model``, ``culture``, ``dimension``, ``value``, ``low``, ``high``,
            ``training_mean``, ``recordings``, ``speakers``, ``unit``, ``clusters``, ``collapsed``
            (:func:`emoviz.analysis.cultures.scores`). A click on a point gives its model and culture.
        metric: name of the values.
    """
    dimensions, cultures = list(scores["dimension"].unique()), sorted(scores["culture"].unique(), reverse=True)
    figure = go.Figure()
    width = 1 / len(dimensions)
    for panel, dimension in enumerate(dimensions):
        own = scores[scores["dimension"] == dimension].sort_values(["culture", "model"])
        suffix = "" if panel == 0 else str(panel + 1)
        _add_scores(figure, own, cultures, metric, suffix)
        if panel == 0:
            for name, symbol in (("model, 95 % interval", "circle"), ("collapsed", "circle-open")):
                figure.add_scatter(
                    x=[None], y=[None], mode="markers", name=name, marker={"symbol": symbol, "size": 9, "color": GREY}
                )
        lay_out(
            figure,
            {
                f"xaxis{suffix}": {
                    "domain": [panel * width, (panel + 1) * width - 0.03],
                    "anchor": f"y{suffix}",
                    "tickfont": SMALL,
                    "title": {"text": f"{metric}, {dimension}", "standoff": 4, "font": SMALL},
                    "gridcolor": GRID,
                    "zeroline": True,
                    "zerolinecolor": GREY,
                    "fixedrange": True,
                },
                f"yaxis{suffix}": {
                    "tickvals": list(range(len(cultures))),
                    "ticktext": cultures,
                    "tickfont": SMALL,
                    "automargin": True,
                    "range": [-0.6, len(cultures) - 0.4],
                    "showticklabels": panel == 0,
                    "gridcolor": GRID,
                    "zeroline": False,
                    "fixedrange": True,
                    "anchor": f"x{suffix}",
                },
            },
        )
    lay_out(
        figure,
        title=title(f"How well are held-out speakers of each culture predicted? ({metric})"),
        height=110 + 46 * len(cultures),
        margin={"l": 8, "r": 8, "t": 56, "b": 40},
        legend={"orientation": "h", "x": 1, "xanchor": "right", "y": 1.0, "yanchor": "bottom", "font": SMALL},
        dragmode=False,
        hovermode="closest",
        clickmode="event+select",
    )
    return figure


def _caveat(row: Any) -> str:
    """Return the warning that an interval rests on few people; empty also where that is not told."""
    return words.rests_on(int(row.clusters), row.unit) if row.clusters == row.clusters else ""


def _add_scores(figure: go.Figure, own: pd.DataFrame, cultures: list[str], metric: str, suffix: str) -> None:
    """Draw the scores of one dimension with their intervals, and those of the training mean.

    Args:
        figure: the figure to draw on.
        own: rows of :func:`scores_by_culture` of one dimension.
        cultures: names from the bottom to the top.
        metric: name of the values.
        suffix: number of the panel's axes, empty for the first.
    """
    models = own.groupby("culture").cumcount()
    of = own.groupby("culture")["model"].transform("size")
    rows = own["culture"].map(cultures.index) + 0.2 * ((of - 1) / 2 - models)
    hover = [
        f"{r.culture}, {r.model}<br>{metric} {interval(r.value, r.low, r.high, missing='–')}<br>training "
        f"mean {number(r.training_mean, missing='–')}<br>{r.recordings} recordings, {r.speakers} speakers"
        + (f"<br>{warning}" if (warning := _caveat(r)) else "")
        + (f"<br>{COLLAPSED}" if r.collapsed else "")
        for r in own.itertuples()
    ]
    figure.add_scatter(
        x=own["value"],
        y=rows,
        xaxis=f"x{suffix}",
        yaxis=f"y{suffix}",
        mode="markers",
        customdata=own[["model", "culture"]],
        hovertext=hover,
        hoverinfo="text",
        showlegend=False,
        error_x=whiskers(own["value"], own["low"], own["high"], color=GREY, thickness=1.2),
        unselected={"marker": {"opacity": 1}},
        marker={
            "size": 9,
            "color": [culture_colour(c) for c in own["culture"]],
            "symbol": ["circle-open" if c else "circle" for c in own["collapsed"]],
        },
    )
    figure.add_scatter(
        x=own["training_mean"],
        y=rows,
        xaxis=f"x{suffix}",
        yaxis=f"y{suffix}",
        mode="markers",
        hoverinfo="skip",
        marker={"symbol": "line-ns-open", "size": 11, "color": GREY, "line": {"width": 2}},
        name="training mean",
        showlegend=not suffix,
    )
