"""Figures of channels: their weights, the difference of two slices, and the error as channels are taken away."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from ..core.channel_groups import group_of
from ..core.vocabulary import MARKS, Weighting
from .style import (
    DIVERGING,
    GREY,
    GRID,
    MARGIN,
    MODALITY_COLOURS,
    SMALL,
    ZERO,
    band,
    lay_out,
    legend,
    span_of,
    title,
    whiskers,
)

LESS, MORE = str(DIVERGING[0][1]), str(DIVERGING[-1][1])
"""Colours of values below and above zero."""
BAR = 17
"""Height in pixels of one bar."""
PALE = 0.35
"""Opacity of bars without a reliable meaning."""
LEAST_ERROR = 0.1
"""Smallest range of an axis of errors, so that curves which hardly rise look flat."""
LEAST_BARS = 12
"""Smallest number of bars for which a figure has room, so that short figures look alike."""


@dataclass(frozen=True)
class Curve:
    """The line of a weighting in a figure of deletion curves.

    Attributes:
        order: order of the deletion.
        weighting: weighting that gives the order.
        name: name in the legend.
        colour: colour of line and band.
        dash: dash of the line.
    """

    order: str
    weighting: Weighting
    name: str
    colour: str
    dash: str


CURVES = (
    Curve("random", Weighting.ATTENTION, "random order", GREY, "dot"),
    Curve("lowest first", Weighting.ATTENTION, "lowest weights first", LESS, "dash"),
    Curve("highest first", Weighting.ATTENTION, "highest weights first", MORE, "solid"),
    Curve("highest first", Weighting.PERMUTATION, "highest permutation importance first", MARKS["fourth"], "longdash"),
    Curve("highest first", Weighting.GRADIENTS, "highest integrated gradients first", MARKS["third"], "dashdot"),
)
"""Curves of the deletion figure, the last on top."""


def channel_bars(means: pd.DataFrame, count: int, heading: str, *, pale: bool = False) -> go.Figure:
    """Draw the channels with the highest weights, grouped by modality and stream, each with its interval.

    Args:
        means: table with ``channel``, ``stream``, ``modality``, ``weight``, and where they are known ``low`` and
            ``high``.
        count: number of bars.
        heading: title.
        pale: whether the weights are known not to be trusted, and so drawn pale.
    """
    top = means.nlargest(count, "weight")
    figure = grouped_bars(top, "weight", opacity=np.full(len(top), PALE if pale else 1.0))
    mean = means["weight"].mean()
    figure.add_vline(x=mean, line={"color": ZERO, "width": 1, "dash": "dot"}, layer="above")
    figure.add_annotation(
        x=mean, y=1, yref="paper", yanchor="bottom", text="mean of all channels", showarrow=False, font=SMALL
    )
    lay_out(
        figure,
        title=title(heading),
        xaxis=_value_axis("weight (0: shut, 1: open)") | {"rangemode": "tozero"},
    )
    return figure


def channel_difference_bars(
    differences: pd.DataFrame, count: int, first: str, second: str, *, noise: bool = False
) -> go.Figure:
    """Draw the channels in which two slices differ most; those whose interval holds zero are pale.

    Args:
        differences: table with ``channel``, ``stream``, ``modality``, ``difference``, ``low``, ``high`` and
            ``differs``.
        count: number of bars.
        first: name of the slice whose larger weights point to the right.
        second: name of the other slice.
        noise: whether only as many channels differ as by chance, which the title then says.
    """
    top = differences.loc[differences["difference"].abs().nlargest(count).index]
    top = top.sort_values("difference", ascending=False)
    colours = np.where(top["difference"] > 0, MORE, LESS)
    figure = grouped_bars(top, "difference", colours=colours, opacity=np.where(top["differs"], 1.0, PALE))
    figure.add_vline(x=0, line={"color": ZERO, "width": 1})
    lay_out(
        figure,
        title=title(
            "No more than chance: the largest differences" if noise else "Where do the two slices differ most?"
        ),
        xaxis=_value_axis(f"◂ {_short(second)}  more weight  {_short(first)} ▸"),
    )
    return figure


def deletion_curves(table: pd.DataFrame, error: str) -> go.Figure:
    """Draw the error as channels are removed in several orders, each with its interval.

    Args:
        table: table with ``weighting``, ``order``, ``share`` (of the channels that are hidden), ``hidden``, ``error``,
            ``low`` and ``high``.
        error: title of the error.
    """
    figure = go.Figure()
    for curve in CURVES:
        rows = table[(table["order"] == curve.order) & (table["weighting"] == curve.weighting)]
        if rows.empty:
            continue
        figure.add_scatter(
            **band(rows["share"] * 100, rows["low"], rows["high"], curve.colour, 0.14), legendgroup=curve.name
        )
        figure.add_scatter(
            x=rows["share"] * 100,
            y=rows["error"],
            customdata=rows[["hidden", "low", "high"]],
            name=curve.name,
            legendgroup=curve.name,
            mode="lines+markers",
            line={"color": curve.colour, "dash": curve.dash, "width": 2},
            marker={"size": 5},
            hovertemplate=(
                f"{curve.name}<br>%{{customdata[0]}} channels hidden<br>{error} %{{y:.3f}} "
                "[%{customdata[1]:.3f}, %{customdata[2]:.3f}]<extra></extra>"
            ),
        )
    lay_out(
        figure,
        title=title("Does hiding the highest-weighted channels hurt most?"),
        xaxis=_value_axis("channels replaced by their mean (%)") | {"range": [-2, 102]},
        yaxis={
            "title": {"text": f"error ({error})", "standoff": 4, "font": SMALL},
            "tickfont": SMALL,
            "gridcolor": GRID,
            "range": span_of(LEAST_ERROR, table["low"], table["high"], table["error"]),
        },
        legend=legend(y=-0.2, anchor="top") | {"traceorder": "reversed"},
        hovermode="closest",
        dragmode=False,
        margin=MARGIN | {"b": 96},
        height=96 + BAR * 20,
    )
    return figure


LONG_NAME = 16
"""Largest number of characters of a group's name that fit into one line."""


def grouped_bars(
    top: pd.DataFrame, column: str, *, colours: np.ndarray | None = None, opacity: np.ndarray | None = None
) -> go.Figure:
    """Draw horizontal bars with intervals by kinds of channels (loudness, pitch ...), the highest of each on top."""
    groups = [group_of(row.channel) or row.stream for row in top.itertuples()]
    order = top.assign(group=groups, place=range(len(top)))
    order = order.sort_values(["modality", "group", "place"], ascending=False, kind="stable")
    known = "low" in order and order["low"].notna().any()
    figure = go.Figure(
        go.Bar(
            x=order[column],
            y=[order["group"].map(_in_two_lines), order["channel"].map(short_channel)],
            orientation="h",
            marker={
                "color": [MODALITY_COLOURS.get(modality, GREY) for modality in order["modality"]]
                if colours is None
                else colours[order["place"]],
                "opacity": 1.0 if opacity is None else opacity[order["place"]],
            },
            error_x=whiskers(order[column], order["low"], order["high"], color=GREY, thickness=1.2, width=2)
            if known
            else None,
            customdata=order[["channel", "low", "high", "modality"]] if known else order[["channel", "modality"]],
            hovertemplate="%{customdata[0]}<br>"
            + f"{column} %{{x:.3f}}"
            + (
                " [%{customdata[1]:.3f}, %{customdata[2]:.3f}]<extra>%{customdata[3]}</extra>"
                if known
                else "<extra>%{customdata[1]}</extra>"
            ),
        )
    )
    lay_out(
        figure,
        yaxis={"tickfont": SMALL, "automargin": True, "showdividers": True, "dividercolor": GRID},
        margin=MARGIN | {"t": 46},
        height=96 + BAR * max(LEAST_BARS, len(top)),
        bargap=0.3,
        showlegend=False,
        dragmode=False,
    )
    return figure


def _in_two_lines(name: str) -> str:
    """Break a long name, which would leave the bars beside it less than half of a narrow figure."""
    return name.replace(" ", "<br>", 1) if len(name) > LONG_NAME else name


def short_channel(channel: str) -> str:
    """Return a channel's name without its stream, which its group names, and without openSMILE's smoothing suffix."""
    return channel.partition(".")[2].replace("_sma3nz", "").replace("_sma3", "") or channel


def _short(name: str) -> str:
    """A slice's name where there is little room."""
    return name if len(name) <= 16 else f"{name[:15]}…"


def _value_axis(name: str) -> dict[str, Any]:
    return {"title": {"text": name, "standoff": 4, "font": SMALL}, "tickfont": SMALL, "gridcolor": GRID}
