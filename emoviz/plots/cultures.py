"""Figures of cultures: similarity of their channel weights, the channels of a pair, transfer, and scores."""

import re
from ast import literal_eval
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.colors import sample_colorscale

from ..core import words
from ..core.words import bounds, interval, number
from .style import DIVERGING, GAP, GREY, GRID, SMALL, culture_colour, lay_out, title

SEQUENTIAL = "Cividis"
CHOSEN = "#D62F8B"
"""Outline of the chosen cell: neither of the scales has it."""
COLLAPSED = f"collapsed: {words.COLLAPSED}"
INKS = ("black", "white")
SYMBOLS = ("circle", "diamond")
"""Of the first and second culture of a pair, told apart without colour too."""
HATCHES = (-0.85, -0.65, 0.65, 0.85)
"""Where lines cross a hatched cell, from one corner (-1) to the other (1); its number stays free."""
BRANCHES = 0.15
"""Share of a matrix figure's height that the dendrogram takes."""
ROW = 21
"""Pixels of one channel."""


def similarity_matrix(
    cells: pd.DataFrame,
    order: Sequence[str],
    branches: pd.DataFrame | None = None,
    *,
    measure: str,
    replicates: str,
    chosen: tuple[str, str] | None = None,
    height: int = 430,
) -> go.Figure:
    """Similarity of every two cultures as a heatmap with numbers, on whose margin a dendrogram stands.

    A click on a cell selects a point whose ``customdata`` are its two cultures.

    Args:
        cells: one row per cell: ``culture``, ``other``, ``similarity``, ``low``, ``high``, ``matched``, ``pairs``
            (:func:`emoviz.analysis.similarity.similarities`), and ``alike``: whether the cell is hatched.
        order: cultures from left to right and from top to bottom.
        branches: of the dendrogram, over ``order`` (:class:`emoviz.analysis.similarity.Dendrogram`).
        measure: what the colours mean.
        replicates: what the diagonal is between, e.g. ``seed``.
        chosen: cell with an outline.
        height: pixels.
    """
    table = cells.set_index(["culture", "other"])
    grid = [[table.loc[(row, column)] for column in order] for row in order]
    values = np.array([[cell["similarity"] for cell in row] for row in grid], np.float64)
    hovers = [[_similarity_hover(cell, replicates) for cell in row] for row in grid]
    figure = go.Figure()
    scale, low, high = _scale(values)
    texts = [[number(v, missing="–") for v in row] for row in values]
    _heat(figure, values, texts, hovers, scale, low, high, order, order)
    _hatch(figure, np.array([[bool(cell["alike"]) for cell in row] for row in grid]), values, scale, low, high)
    _outline(figure, [(place, place) for place in range(len(order))], GREY, 1)
    if chosen and set(chosen) <= set(order):
        _outline(figure, [(order.index(chosen[1]), order.index(chosen[0]))], CHOSEN, 3)
    _axes(figure, order, order, "", "", side="bottom")
    if branches is not None:
        lines = [branch for _, branch in branches.groupby("branch")]
        figure.add_scatter(
            x=[x for branch in lines for x in (*branch["position"], None)],
            y=[y for branch in lines for y in (*branch["height"], None)],
            yaxis="y2", mode="lines", showlegend=False, name="dendrogram", line={"color": GREY, "width": 1.5},
            hovertemplate="joined at 1 − similarity = %{y:.2f}<extra></extra>",
        )  # fmt: skip
        lay_out(
            figure,
            yaxis={"domain": [0, 1 - BRANCHES - 0.02]},
            yaxis2={
                "domain": [1 - BRANCHES, 1],
                "anchor": "x",
                "visible": False,
                "fixedrange": True,
                "range": _tree_range(branches),
            },
        )
    lay_out(
        figure,
        title=title(f"How alike are they? ({measure})"),
        height=height,
        margin={"l": 8, "r": 8, "t": 32, "b": 8},
    )
    return figure


def pair_weights(
    points: pd.DataFrame, channels: Sequence[str], cultures: Sequence[str], *, replicates: str, height: int = 430
) -> go.Figure:
    """Weights of one or two cultures channel by channel: the mean, and behind it every replicate.

    Args:
        points: one row per culture, replicate and channel: ``culture``, ``replicate``, ``channel``, ``weight``.
        channels: that are shown, the first at the top.
        cultures: one or two of them.
        replicates: what a small point is, e.g. ``seed``.
        height: pixels at least; many channels take more.
    """
    place = {channel: -row for row, channel in enumerate(channels)}
    shown = points[points["channel"].isin(place)]
    shown = shown.assign(row=shown["channel"].map(place))
    means = shown.groupby(["culture", "channel"])["weight"].mean()
    figure = go.Figure()
    if len(cultures) == 2:
        edges = [(means[cultures[0], channel], means[cultures[1], channel], None) for channel in channels]
        figure.add_scatter(
            x=np.array(edges, dtype=object).ravel(), y=np.repeat(list(place.values()), 3), mode="lines",
            line={"color": GREY, "width": 1}, hoverinfo="skip", showlegend=False,
        )  # fmt: skip
    for number_, culture in enumerate(cultures):
        own = shown[shown["culture"] == culture]
        shift = 0.16 * (1 - 2 * number_) * (len(cultures) - 1)
        mark = {"color": culture_colour(culture), "symbol": SYMBOLS[number_]}
        figure.add_scatter(
            x=own["weight"], y=own["row"] + shift, mode="markers", marker={**mark, "size": 5, "opacity": 0.8},
            customdata=own[["channel", "replicate"]], showlegend=False,
            hovertemplate=f"%{{customdata[0]}}<br>{replicates} %{{customdata[1]}}: %{{x:.3f}}"
            f"<extra>{culture}</extra>",
        )  # fmt: skip
        spread = own.groupby("channel")["weight"].std()
        figure.add_scatter(
            x=[means[culture, channel] for channel in channels], y=np.array(list(place.values())) + shift,
            mode="markers", marker={**mark, "size": 11, "line": {"color": "white", "width": 1}}, name=culture,
            customdata=[[channel, spread[channel]] for channel in channels],
            hovertemplate="%{customdata[0]}<br>mean %{x:.3f} ± %{customdata[1]:.3f} (standard deviation over "
            f"{replicates}s)<extra>{culture}</extra>",
        )  # fmt: skip
    lay_out(figure,
        title=title(_pair_title(cultures, replicates)),
        xaxis={
            "title": {"text": "channel weight, mean over held-out clips", "standoff": 4, "font": SMALL},
            "tickfont": SMALL, "gridcolor": GRID, "zeroline": False, "fixedrange": True,
        },
        yaxis={
            "tickvals": list(place.values()), "ticktext": [channel_label(c) for c in channels],
            "tickfont": {"size": 10},
            "range": [-len(channels) + 0.4, 0.6], "automargin": True, "gridcolor": GRID, "zeroline": False,
            "fixedrange": True,
        },
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1.0, "yanchor": "bottom", "font": SMALL},
        margin={"l": 8, "r": 8, "t": 52, "b": 36},
        height=max(height, 90 + ROW * len(channels)),
        dragmode=False,
        hovermode="closest",
    )  # fmt: skip
    return figure


def top_channels(top: pd.DataFrame, frequencies: pd.DataFrame, *, replicates: str, most: int = 20) -> go.Figure:
    """Which channels are among the highest of which cultures, per task: a matrix with their rank in the cells.

    Args:
        top: ``dimension``, ``culture``, ``rank``, ``channel``, ``agreement``
            (:func:`emoviz.analysis.top_channels.top_channels`).
        frequencies: ``dimension``, ``channel``, ``frequency`` (:func:`emoviz.analysis.top_channels.frequencies`).
        replicates: what the agreement is between.
        most: channels that are shown, the most frequent over all tasks.
    """
    total = frequencies.groupby("channel")["frequency"].sum()
    channels = list(total.sort_index().sort_values(ascending=False, kind="stable").index[:most])
    dimensions = list(frequencies["dimension"].unique())
    count = top["rank"].max()
    lines: list[dict] = []
    figure = go.Figure()
    for panel, dimension in enumerate(dimensions):
        own = top[top["dimension"] == dimension]
        cultures = sorted(own["culture"].unique())
        counts = frequencies[frequencies["dimension"] == dimension].set_index("channel")["frequency"]
        cells = own.set_index(["channel", "culture"])
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
        axes = ("x", "y") if panel == 0 else (f"x{panel + 1}", f"y{panel + 1}")
        bar = f"share of {replicates}s that agree" if panel == 0 else None
        _heat(figure, values, texts, hovers, SEQUENTIAL, 0.0, 1.0, channels, cultures, bar=bar, axes=axes, grey=False)
        width = 1 / len(dimensions)
        domain = [panel * width, (panel + 1) * width - 0.03]
        _axes(figure, channels, [*cultures, "cultures"], "", "", axes=axes, domain=domain)
        figure.layout["yaxis" + axes[1][1:]].update(
            ticktext=[channel_label(c) for c in channels],
            showticklabels=panel == 0,
            tickfont={"size": 10},
        )
        figure.add_annotation(
            x=sum(domain) / 2, y=1, xref="paper", yref="paper", xanchor="center", yanchor="bottom", yshift=74,
            text=f"<b>{dimension}</b>", font={"size": 12}, showarrow=False,
        )  # fmt: skip
        rows = np.arange(len(channels))
        lines += [
            {"type": "line", "x0": -0.5, "x1": len(cultures) - 0.5, "y0": row, "y1": row, "xref": axes[0],
             "yref": axes[1], "line": {"color": GRID, "width": 1}, "layer": "below"}
            for row in range(len(channels))
        ]  # fmt: skip
        figure.add_scatter(
            x=np.full(len(rows), len(cultures)), y=rows, xaxis=axes[0], yaxis=axes[1], mode="text", hoverinfo="skip",
            text=[f"{counts.get(channel, 0)} of {len(cultures)}" for channel in channels], textfont=SMALL,
            showlegend=False,
        )  # fmt: skip
    lay_out(
        figure,
        title=title(f"Which channels are among the {count} highest, and of how many cultures?"),
        height=140 + ROW * len(channels),
        shapes=lines,
        margin={"l": 8, "r": 88, "t": 124, "b": 8},
    )
    return figure


def transfer_matrix(cells: pd.DataFrame, *, metric: str, lower_is_better: bool = False) -> go.Figure:
    """What was learnt from one culture, tested on another: value and interval in each cell.

    Args:
        cells: one row per cell: ``source``, ``target``, ``value``, ``low``, ``high``, ``training_mean``,
            ``recordings``, ``speakers``, ``collapsed``.
        metric: what the values are, with its unit if it has one.
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
                texts[row, column] = f"{value}<br><span style='font-size:9px'>{ends}</span>"
                collapsed[row, column] = bool(cell["collapsed"])
                hovers[row, column] = (
                    f"{source} → {target}<br>{metric} {interval(cell['value'], cell['low'], cell['high'], missing='–')}"
                    f"<br>training mean {number(cell['training_mean'], missing='–')}"
                    f"<br>{int(cell['recordings'])} recordings, {int(cell['speakers'])} speakers"
                    + (f"<br>{COLLAPSED}" if collapsed[row, column] else "")
                )
    scale, low, high = _scale(values)
    if lower_is_better:
        scale = f"{SEQUENTIAL}_r"
    figure = go.Figure()
    _heat(figure, values, texts, hovers, scale, low, high, sources, targets)
    _hatch(figure, collapsed, values, scale, low, high)
    _axes(figure, sources, targets, "learnt from", "tested on")
    lay_out(
        figure,
        title=title(f"What holds from one culture to another? ({metric})"),
        height=120 + 52 * len(sources),
        margin={"l": 8, "r": 8, "t": 70, "b": 8},
    )
    return figure


def scores_by_culture(scores: pd.DataFrame, *, metric: str) -> go.Figure:
    """Held-out figures per culture with their intervals, and what the training mean gets.

    Args:
        scores: of one metric and aggregation: ``model``, ``culture``, ``dimension``, ``value``, ``low``, ``high``,
            ``training_mean``, ``recordings``, ``speakers``, ``collapsed`` (:func:`emoviz.analysis.cultures.scores`).
        metric: what the values are.
    """
    dimensions, cultures = list(scores["dimension"].unique()), sorted(scores["culture"].unique(), reverse=True)
    figure = go.Figure()
    width = 1 / len(dimensions)
    for panel, dimension in enumerate(dimensions):
        suffix = "" if panel == 0 else str(panel + 1)
        own = scores[scores["dimension"] == dimension].sort_values(["culture", "model"])
        models = own.groupby("culture").cumcount()
        of = own.groupby("culture")["model"].transform("size")
        rows = own["culture"].map(cultures.index) + 0.2 * ((of - 1) / 2 - models)
        hover = [
            f"{r.culture}, {r.model}<br>{metric} {interval(r.value, r.low, r.high, missing='–')}<br>training "
            f"mean {number(r.training_mean, missing='–')}<br>{r.recordings} recordings, {r.speakers} speakers"
            + (f"<br>{COLLAPSED}" if r.collapsed else "")
            for r in own.itertuples()
        ]
        figure.add_scatter(
            x=own["value"], y=rows, xaxis=f"x{suffix}", yaxis=f"y{suffix}", mode="markers", hovertext=hover,
            hoverinfo="text", showlegend=False,
            error_x={"type": "data", "symmetric": False, "array": own["high"] - own["value"],
                     "arrayminus": own["value"] - own["low"], "color": GREY, "thickness": 1.2, "width": 3},
            marker={"size": 9, "color": [culture_colour(c) for c in own["culture"]],
                    "symbol": ["circle-open" if c else "circle" for c in own["collapsed"]]},
        )  # fmt: skip
        figure.add_scatter(
            x=own["training_mean"], y=rows, xaxis=f"x{suffix}", yaxis=f"y{suffix}", mode="markers", hoverinfo="skip",
            marker={"symbol": "line-ns-open", "size": 11, "color": GREY, "line": {"width": 2}},
            name="training mean", showlegend=panel == 0,
        )  # fmt: skip
        if panel == 0:
            for name, symbol in (("model, 95 % interval", "circle"), ("collapsed", "circle-open")):
                figure.add_scatter(
                    x=[None], y=[None], mode="markers", name=name, marker={"symbol": symbol, "size": 9, "color": GREY}
                )  # fmt: skip
        lay_out(figure, {
            f"xaxis{suffix}": {
                "domain": [panel * width, (panel + 1) * width - 0.03], "anchor": f"y{suffix}", "tickfont": SMALL,
                "title": {"text": f"{metric}, {dimension}", "standoff": 4, "font": SMALL}, "gridcolor": GRID,
                "zeroline": True, "zerolinecolor": GREY, "fixedrange": True,
            },
            f"yaxis{suffix}": {
                "tickvals": list(range(len(cultures))), "ticktext": cultures, "tickfont": SMALL, "automargin": True,
                "range": [-0.6, len(cultures) - 0.4], "showticklabels": panel == 0, "gridcolor": GRID,
                "zeroline": False, "fixedrange": True, "anchor": f"x{suffix}",
            },
        })  # fmt: skip
    lay_out(
        figure,
        title=title(f"How well are held-out speakers of each culture predicted? ({metric})"),
        height=110 + 46 * len(cultures),
        margin={"l": 8, "r": 8, "t": 56, "b": 40},
        legend={"orientation": "h", "x": 1, "xanchor": "right", "y": 1.0, "yanchor": "bottom", "font": SMALL},
        dragmode=False,
        hovermode="closest",
    )
    return figure


def channel_label(channel: str) -> str:
    """A channel's name without the smoothing that all of openSMILE's share; hovers give the full one."""
    return re.sub(r"_sma3(nz)?$", "", channel)


def _similarity_hover(cell: pd.Series, replicates: str) -> str:
    culture, other = cell.name
    similarity = interval(cell["similarity"], cell["low"], cell["high"], missing="–")
    if culture == other:
        if cell["pairs"] == 0:
            return f"{culture}: one {replicates} only, so its reliability is unknown"
        return f"{culture} with itself, between {replicates}s<br>{similarity}"
    matched = f"<br>of the same {replicates}: {number(cell['matched'])}" if cell["matched"] == cell["matched"] else ""
    alike = f"<br>not shown to differ more than two {replicates}s of one culture" if cell["alike"] else ""
    other_pairs = f"{cell['pairs']} pairs of different {replicates}s"
    return f"{culture} and {other}, {other_pairs}<br>{similarity}{matched}{alike}"


def _pair_title(cultures: Sequence[str], replicates: str) -> str:
    if len(cultures) == 1:
        return f"Does {cultures[0]} rely on the same channels for every {replicates}?"
    return f"Where do {cultures[0]} and {cultures[1]} differ most?"


def _scale(values: np.ndarray) -> tuple[str | list, float, float]:
    """Colours and their range: centred at 0 where there are values on both sides of it."""
    known = values[np.isfinite(values)]
    if not known.size:
        return SEQUENTIAL, 0.0, 1.0
    low, high = float(known.min()), float(known.max())
    if low < 0:
        return DIVERGING, -max(-low, high), max(-low, high)
    return SEQUENTIAL, low, high if high > low else low + 1e-9


def _heat(
    figure: go.Figure,
    values: np.ndarray,
    texts: Sequence | np.ndarray,
    hovers: Sequence | np.ndarray,
    scale: str | list,
    low: float,
    high: float,
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    bar: str | None = None,
    axes: tuple[str, str] = ("x", "y"),
    grey: bool = True,
) -> None:
    """Cells with texts that stand out from them, and an invisible point over each that is hovered and clicked."""
    figure.add_heatmap(
        z=values, x=list(range(len(columns))), y=list(range(len(rows))), zmin=low, zmax=high, colorscale=scale,
        xgap=2, ygap=2, hoverinfo="skip", xaxis=axes[0], yaxis=axes[1], showscale=bar is not None,
        colorbar={"title": {"text": bar, "side": "right", "font": SMALL}, "tickfont": SMALL, "thickness": 8, "len": 1},
    )  # fmt: skip
    if grey and np.isnan(values).any():
        figure.add_heatmap(
            z=np.where(np.isnan(values), 0.0, np.nan), colorscale=[[0, GAP], [1, GAP]], showscale=False, xgap=2, ygap=2,
            hoverinfo="skip", xaxis=axes[0], yaxis=axes[1],
        )  # fmt: skip
    for ink in INKS:
        cells = [place for place in np.argwhere(np.isfinite(values)) if _ink(values[*place], scale, low, high) == ink]
        figure.add_scatter(
            x=[column for _, column in cells], y=[row for row, _ in cells], xaxis=axes[0], yaxis=axes[1], mode="text",
            text=[texts[row][column] for row, column in cells], textfont={"size": 12, "color": ink},
            hoverinfo="skip", showlegend=False,
        )  # fmt: skip
    places = list(np.ndindex(values.shape))
    figure.add_scatter(
        x=[column for _, column in places], y=[row for row, _ in places], xaxis=axes[0], yaxis=axes[1], mode="markers",
        marker={"symbol": "square", "size": 34, "color": GREY, "opacity": 0.01},
        selected={"marker": {"opacity": 0.01}}, unselected={"marker": {"opacity": 0.01}},
        customdata=[[rows[row], columns[column]] for row, column in places],
        text=[hovers[row][column] for row, column in places], hovertemplate="%{text}<extra></extra>",
        showlegend=False,
    )  # fmt: skip
    lay_out(figure, clickmode="event+select", hovermode="closest", hoverdistance=30, dragmode=False)


def _axes(
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
    """Names of rows at the left, the first on top, and of columns above or beneath."""
    shared = {"showgrid": False, "zeroline": False, "fixedrange": True, "tickfont": SMALL, "automargin": True,
              "ticks": ""}  # fmt: skip
    lay_out(figure, {
        f"xaxis{axes[0][1:]}": {
            **shared, "tickvals": list(range(len(columns))), "ticktext": [wrapped(c) for c in columns],
            "range": [-0.5, len(columns) - 0.5], "domain": list(domain), "anchor": axes[1],
            "side": side, "tickangle": -90 if side == "top" and not column_title else 0,
            "title": {"text": column_title, "font": SMALL, "standoff": 10},
        },
        f"yaxis{axes[1][1:]}": {
            **shared, "tickvals": list(range(len(rows))), "ticktext": list(rows), "range": [len(rows) - 0.5, -0.5],
            "title": {"text": row_title, "font": SMALL, "standoff": 12}, "anchor": axes[0],
        },
    })  # fmt: skip


def _tree_range(branches: pd.DataFrame) -> list[float]:
    """Heights from a little beneath the first join, so that joins of much the same height can be told apart."""
    joins = branches.groupby("branch")["height"].max()
    room = max(0.25 * float(joins.max() - joins.min()), 0.005)
    return [float(joins.min()) - room, float(joins.max()) + room / 2]


def wrapped(name: str) -> str:
    """A name over as many lines as it has words, so that it stays horizontal."""
    return name.replace(" ", "<br>")


def _outline(figure: go.Figure, cells: Sequence[tuple[int, int]], colour: str, width: int) -> None:
    """Frames around cells, each given as column and row."""
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1), (np.nan, np.nan)]) * 0.49
    path = np.concatenate([np.array(cell) + corners for cell in cells])
    figure.add_scatter(
        x=path[:, 0], y=path[:, 1], mode="lines", line={"color": colour, "width": width}, hoverinfo="skip",
        showlegend=False, name="outline",
    )  # fmt: skip


def _hatch(
    figure: go.Figure, hatched: np.ndarray, values: np.ndarray, scale: str | list, low: float, high: float
) -> None:
    """Thin diagonal lines over two corners of cells."""
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
            x=xs, y=ys, mode="lines", line={"color": ink, "width": 1.2}, opacity=0.5, hoverinfo="skip",
            showlegend=False, name="hatched",
        )  # fmt: skip


def _ink(value: float, scale: str | list, low: float, high: float) -> str:
    """Black or white, whichever stands out from a cell's colour."""
    step = round(99 * float(np.clip((value - low) / (high - low), 0, 1)))
    return INKS[_is_dark(str(scale))[step]]


@lru_cache(maxsize=8)
def _is_dark(scale: str) -> list[bool]:
    """Of 100 steps of a scale, given as text."""
    colours = sample_colorscale(literal_eval(scale) if scale.startswith("[") else scale, 100)
    channels = [[float(v) for v in re.findall(r"[\d.]+", colour)[:3]] for colour in colours]
    return [0.299 * red + 0.587 * green + 0.114 * blue <= 140 for red, green, blue in channels]
