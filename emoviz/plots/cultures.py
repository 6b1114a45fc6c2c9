"""Figures of the channels on which cultures rely: similarity of weights, pairs of cultures, and highest channels."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from ..core.vocabulary import MARKS, Weighting
from ..core.words import interval, number
from .matrix import SEQUENTIAL, axes_of, hatch, heat, outline
from .style import DIVERGING, GREY, GRID, SMALL, culture_colour, lay_out, least_width, title

CHOSEN = MARKS["chosen"]
"""Outline of the chosen cell: neither of the scales has it."""
SYMBOLS = ("circle", "diamond")
"""Symbols of the first and second culture of a pair, which differ without colour, too."""
BRANCHES = 0.15
"""Share of a matrix figure's height that the dendrogram takes."""
ROW = 21
"""Height in pixels of one channel."""


UNITS = {
    Weighting.ATTENTION: "channel weight, mean over held-out clips",
    Weighting.GRADIENTS: "absolute contribution, times the even share",
    Weighting.PERMUTATION: "rise of the error, times the even share",
}
"""Titles of axes of weights."""


def similarity_matrix(
    cells: pd.DataFrame,
    order: Sequence[str],
    branches: pd.DataFrame | None = None,
    *,
    measure: str,
    replicates: str,
    beside: Sequence[str] = (),
    chosen: tuple[str, str] | None = None,
    height: int = 384,
) -> go.Figure:
    """Draw the similarity of every pair of cultures as a heatmap with numbers, with a dendrogram on its margin.

    A click on a cell selects a point with the two cultures in its ``customdata``.

    Args:
        cells: cells, one row each: ``culture``, ``other``, ``similarity``, ``low``, ``high``, ``matched``, ``pairs``
            (:func:`emoviz.analysis.similarity.similarities`), ``alike``: whether the cell is hatched, and perhaps its
            share of the ceiling (:func:`emoviz.analysis.ceiling.against_ceiling`).
        order: cultures from left to right and from top to bottom.
        branches: branches of the dendrogram, over ``order`` (:class:`emoviz.analysis.similarity.Dendrogram`).
        measure: name of the measure that the colours show.
        replicates: name of the rows that the diagonal compares, e.g. ``seed``.
        beside: further columns, ``other`` of some cells, which are set apart from the cultures; cells may be missing.
        chosen: cell with an outline.
        height: height in pixels.
    """
    columns = [*order, *beside]
    table = cells.set_index(["culture", "other"]).reindex(pd.MultiIndex.from_product([order, columns]))
    table["alike"] = table["alike"].eq(True)  # not where a cell lacks
    grid = [[table.loc[(row, column)] for column in columns] for row in order]
    values = np.array([[cell["similarity"] for cell in row] for row in grid], np.float64)
    hovers = [[_similarity_hover(cell, replicates) for cell in row] for row in grid]
    figure = go.Figure()
    scale, low, high = DIVERGING, -1.0, 1.0  # the same of every measure and task, so that colours can be compared
    texts = [[number(v, missing="–") for v in row] for row in values]
    heat(figure, values, texts, hovers, scale, low, high, order, columns)
    hatch(figure, np.array([[bool(cell["alike"]) for cell in row] for row in grid]), values, scale, low, high)
    outline(figure, [(place, place) for place in range(len(order))], GREY, 1)
    if chosen and chosen in table.index:
        outline(figure, [(columns.index(chosen[1]), order.index(chosen[0]))], CHOSEN, 3)
    axes_of(figure, order, columns, "", "", side="bottom")
    if beside:
        figure.update_xaxes(tickangle=-90)  # a narrow figure has no room for so many names side by side
        figure.add_vline(x=len(order) - 0.5, line={"color": GREY, "width": 2})
    if branches is not None:
        _add_dendrogram(figure, branches)
    lay_out(
        figure,
        title=title(f"How alike are they? ({measure})"),
        meta=least_width(118 + 40 * len(columns)),
        height=height,
        margin={"l": 8, "r": 8, "t": 32, "b": 8},
    )
    return figure


def _add_dendrogram(figure: go.Figure, branches: pd.DataFrame) -> None:
    """Draw a dendrogram above a matrix."""
    lines = [branch for _, branch in branches.groupby("branch")]
    figure.add_scatter(
        x=[x for branch in lines for x in (*branch["position"], None)],
        y=[y for branch in lines for y in (*branch["height"], None)],
        yaxis="y2",
        mode="lines",
        showlegend=False,
        name="dendrogram",
        line={"color": GREY, "width": 1.5},
        hovertemplate="joined at 1 − similarity = %{y:.2f}<extra></extra>",
    )
    beside = {"anchor": "x", "visible": False, "fixedrange": True, "range": _tree_range(branches)}
    lay_out(
        figure,
        yaxis={"domain": [0, 1 - BRANCHES - 0.02]},
        yaxis2={"domain": [1 - BRANCHES, 1], **beside},
    )


def pair_weights(
    points: pd.DataFrame,
    channels: Sequence[str],
    cultures: Sequence[str],
    *,
    replicates: str,
    weighting: Weighting = Weighting.ATTENTION,
    alike: bool = False,
    height: int = 384,
) -> go.Figure:
    """Draw the weights of one or two cultures channel by channel: the mean, and behind it every replicate.

    Args:
        points: weights, one row per culture, replicate and channel: ``culture``, ``replicate``, ``channel``,
            ``weight``.
        channels: names of the channels, the first at the top.
        cultures: names of one or two cultures.
        replicates: name of the small points, e.g. ``seed``.
        weighting: the kind of weights.
        alike: whether the two cultures are not shown to differ, which the title then says.
        height: smallest height in pixels; many channels take more.
    """
    place = {channel: -row for row, channel in enumerate(channels)}
    shown = points[points["channel"].isin(place)]
    shown = shown.assign(row=shown["channel"].map(place))
    figure = go.Figure()
    if len(cultures) == 2:
        _join(figure, shown.groupby(["culture", "channel"])["weight"].mean(), place, cultures)
    for order, culture in enumerate(cultures):
        shift = 0.16 * (1 - 2 * order) * (len(cultures) - 1)
        own = shown[shown["culture"] == culture]
        _add_culture(figure, own.assign(row=own["row"] + shift), channels, SYMBOLS[order], replicates)
    lay_out(
        figure,
        title=title(_pair_title(cultures, replicates, alike)),
        xaxis={
            "title": {"text": UNITS[weighting], "standoff": 4, "font": SMALL},
            "tickfont": SMALL,
            "gridcolor": GRID,
            "zeroline": False,
            "fixedrange": True,
        },
        yaxis={
            "tickvals": list(place.values()),
            "ticktext": [channel_label(c) for c in channels],
            "tickfont": SMALL,
            "range": [-len(channels) + 0.4, 0.6],
            "automargin": True,
            "gridcolor": GRID,
            "zeroline": False,
            "fixedrange": True,
        },
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1.0, "yanchor": "bottom", "font": SMALL},
        margin={"l": 8, "r": 8, "t": 52, "b": 36},
        height=max(height, 90 + ROW * len(channels)),
        dragmode=False,
        hovermode="closest",
    )
    return figure


def _join(figure: go.Figure, means: pd.Series, place: dict[str, int], cultures: Sequence[str]) -> None:
    """Draw a line between the means of two cultures in each channel."""
    edges = [(means[cultures[0], channel], means[cultures[1], channel], None) for channel in place]
    figure.add_scatter(
        x=np.array(edges, dtype=object).ravel(),
        y=np.repeat(list(place.values()), 3),
        mode="lines",
        line={"color": GREY, "width": 1},
        hoverinfo="skip",
        showlegend=False,
    )


def _add_culture(
    figure: go.Figure, points: pd.DataFrame, channels: Sequence[str], symbol: str, replicates: str
) -> None:
    """Draw the weights of one culture: a small point per replicate and a large one per channel."""
    culture = points["culture"].iloc[0]
    mark = {"color": culture_colour(culture), "symbol": symbol}
    figure.add_scatter(
        x=points["weight"],
        y=points["row"],
        mode="markers",
        marker={**mark, "size": 5, "opacity": 0.8},
        customdata=points[["channel", "replicate"]],
        showlegend=False,
        hovertemplate=f"%{{customdata[0]}}<br>{replicates} %{{customdata[1]}}: %{{x:.3f}}<extra>{culture}</extra>",
    )
    of_channel = points.groupby("channel")
    means, spread, rows = of_channel["weight"].mean(), of_channel["weight"].std(), of_channel["row"].first()
    figure.add_scatter(
        x=[means[channel] for channel in channels],
        y=[rows[channel] for channel in channels],
        mode="markers",
        marker={**mark, "size": 11, "line": {"color": "white", "width": 1}},
        name=culture,
        customdata=[[channel, spread[channel]] for channel in channels],
        hovertemplate="%{customdata[0]}<br>mean %{x:.3f} ± %{customdata[1]:.3f} (standard deviation over "
        f"{replicates}s)<extra>{culture}</extra>",
    )


def top_channels(top: pd.DataFrame, frequencies: pd.DataFrame, *, replicates: str, most: int = 20) -> go.Figure:
    """Draw a matrix per task with the ranks of the channels that are among the highest of a culture.

    Args:
        top: table with ``dimension``, ``culture``, ``rank``, ``channel`` and ``agreement``
            (:func:`emoviz.analysis.top_channels.top_channels`).
        frequencies: table with ``dimension``, ``channel`` and ``frequency``
            (:func:`emoviz.analysis.top_channels.frequencies`).
        replicates: name of the rows that agree.
        most: number of channels that are shown, the most frequent over all tasks.
    """
    total = frequencies.groupby("channel")["frequency"].sum()
    channels = list(total.sort_index().sort_values(ascending=False, kind="stable").index[:most])
    dimensions = list(frequencies["dimension"].unique())
    count = int(top["rank"].max())
    lines: list[dict[str, Any]] = []
    figure = go.Figure()
    for panel, dimension in enumerate(dimensions):
        own = top[top["dimension"] == dimension]
        cultures = sorted(own["culture"].unique())
        counts = frequencies[frequencies["dimension"] == dimension].set_index("channel")["frequency"]
        values, texts, hovers = _rank_cells(own, channels, cultures, count, replicates)
        axes = ("x", "y") if panel == 0 else (f"x{panel + 1}", f"y{panel + 1}")
        bar = f"share of {replicates}s that agree" if panel == 0 else None
        heat(figure, values, texts, hovers, SEQUENTIAL, 0.0, 1.0, channels, cultures, bar=bar, axes=axes, grey=False)
        width = 1 / len(dimensions)
        domain = [panel * width, (panel + 1) * width - 0.03]
        axes_of(figure, channels, [*cultures, "cultures"], "", "", axes=axes, domain=domain)
        figure.layout["yaxis" + axes[1][1:]].update(
            ticktext=[channel_label(c) for c in channels],
            showticklabels=panel == 0,
            tickfont=SMALL,
        )
        _head(figure, f"<b>{dimension}</b>", sum(domain) / 2)
        lines += _rules(len(channels), len(cultures), axes)
        figure.add_scatter(
            x=np.full(len(channels), len(cultures)),
            y=np.arange(len(channels)),
            xaxis=axes[0],
            yaxis=axes[1],
            mode="text",
            hoverinfo="skip",
            text=[f"{counts.get(channel, 0)} of {len(cultures)}" for channel in channels],
            textfont=SMALL,
            showlegend=False,
        )
    lay_out(
        figure,
        title=title(f"Which channels are among the {count} highest, and of how many cultures?"),
        height=140 + ROW * len(channels),
        shapes=lines,
        margin={"l": 8, "r": 88, "t": 124, "b": 8},
    )
    return figure


def _head(figure: go.Figure, text: str, x: float) -> None:
    """Write a heading above the names of a panel's columns."""
    figure.add_annotation(
        x=x,
        y=1,
        xref="paper",
        yref="paper",
        xanchor="center",
        yanchor="bottom",
        yshift=74,
        text=text,
        font={"size": 12},
        showarrow=False,
    )


def _rules(rows: int, columns: int, axes: tuple[str, str]) -> list[dict[str, Any]]:
    """Return a thin line for each row of a matrix, behind its cells."""
    across = {"x0": -0.5, "x1": columns - 0.5, "xref": axes[0], "yref": axes[1]}
    look = {"type": "line", "line": {"color": GRID, "width": 1}, "layer": "below"}
    return [{**look, **across, "y0": row, "y1": row} for row in range(rows)]


def _rank_cells(
    top: pd.DataFrame, channels: Sequence[str], cultures: Sequence[str], count: int, replicates: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the agreement, the rank and the hover of each channel (rows) in each culture (columns)."""
    cells = top.set_index(["channel", "culture"])
    values = np.full((len(channels), len(cultures)), np.nan)
    texts, hovers = np.full(values.shape, "", object), np.full(values.shape, "", object)
    for row, channel in enumerate(channels):
        for column, culture in enumerate(cultures):
            hovers[row, column] = f"{channel}<br>{culture}: not among its {count} highest"
            if (channel, culture) not in cells.index:
                continue
            cell = cells.loc[(channel, culture)]
            values[row, column], texts[row, column] = cell["agreement"], str(int(cell["rank"]))
            hovers[row, column] = (
                f"{channel}<br>{culture}: rank {int(cell['rank'])}, mean weight {cell['weight']:.3f}<br>"
                f"among the {count} highest of {cell['agreement']:.0%} of its {replicates}s"
            )
    return values, texts, hovers


def channel_label(channel: str) -> str:
    """Return a channel's name without openSMILE's smoothing suffix; hovers show the whole name."""
    return re.sub(r"_sma3(nz)?$", "", channel)


def _similarity_hover(cell: pd.Series, replicates: str) -> str:
    culture, other = cell.name
    if cell["pairs"] != cell["pairs"]:
        return f"{culture} and {other}: not known"
    similarity = interval(cell["similarity"], cell["low"], cell["high"], missing="–")
    if culture == other:
        if cell["pairs"] == 0:
            return f"{culture}: one {replicates} only, so its reliability is unknown"
        return f"{culture} with itself, between {replicates}s<br>{similarity}"
    matched = f"<br>of the same {replicates}: {number(cell['matched'])}" if cell["matched"] == cell["matched"] else ""
    other_pairs = f"{cell['pairs']:.0f} pairs of different {replicates}s"
    return f"{culture} and {other}, {other_pairs}<br>{similarity}{matched}{_of_ceiling(cell, replicates)}"


def _of_ceiling(cell: pd.Series, replicates: str) -> str:
    """A line with one verdict on two cultures, by what their similarity is of its ceiling where that is known."""
    share = cell.get("disattenuated", np.nan)
    if share != share:
        return f"<br>not shown to differ more than two {replicates}s of one culture" if cell["alike"] else ""
    told = interval(share, cell["disattenuated_low"], cell["disattenuated_high"])
    if cell["beyond"]:
        found = "below it by this interval"
        found += (
            ", but not shown once corrected for all pairs" if cell["alike"] else ", and once corrected for all pairs"
        )
    elif not cell["alike"]:
        found = "not below it by this interval, but told apart by the test"
    elif cell["needed"] == cell["needed"]:
        found = f"about {cell['needed']:.0f} {replicates}s each would tell them apart"
    else:
        found = "no more than reliability allows"
    return f"<br>{told} of the ceiling {number(cell['ceiling'])}:<br>{found}"


def _pair_title(cultures: Sequence[str], replicates: str, alike: bool) -> str:
    if alike and len(cultures) == 2:
        return f"{cultures[0]} and {cultures[1]}: differences that may be chance"
    if len(cultures) == 1:
        return f"Does {cultures[0]} rely on the same channels for every {replicates}?"
    return f"Where do {cultures[0]} and {cultures[1]} differ most?"


def _tree_range(branches: pd.DataFrame) -> list[float]:
    """Heights from a little beneath the first join, so that joins of much the same height can be told apart."""
    joins = branches.groupby("branch")["height"].max()
    room = max(0.25 * float(joins.max() - joins.min()), 0.005)
    return [float(joins.min()) - room, float(joins.max()) + room / 2]
