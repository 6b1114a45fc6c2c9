"""Figures of embeddings: the maps side by side, and the separation of groups by each embedding."""

from collections.abc import Collection, Iterator, Mapping
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from ..core.vocabulary import EMOTION_COLOURS, MARKS, SOURCE_COLOURS, Emotion, Source
from .style import (
    DIVERGING,
    GREY,
    GRID,
    SCATTERGL_FROM,
    SERIES_COLOURS,
    SMALL,
    ZERO,
    culture_colour,
    lay_out,
    legend,
    span_of,
    title,
    whiskers,
)

MAP_HEIGHT = 470
MOST_IN_LEGEND = 12
MODEL_COLOURS = SERIES_COLOURS[:3]
"""Colours of models side by side."""
RIGHT_WRONG = {"right": SOURCE_COLOURS[Source.FACE], "wrong": MARKS["higher"]}
SYMBOLS = ("circle", "diamond", "square", "triangle-up", "cross", "triangle-down", "x", "star")
SYMBOLS_3D = ("circle", "diamond", "square", "cross", "circle-open", "diamond-open", "square-open", "x")
UNSELECTED = 0.12
"""Opacity of the other recordings when some are selected."""
HOVER = ("label", "culture", "speaker")
"""Columns of the first line of a hover; the other facts of a recording follow, one line each."""
PLACES = ("x", "y", "z")
SPACES = ("embedding", "map")
PALE = 0.4
"""Opacity of groups whose separation is not shown."""
LEAST_SILHOUETTE = 0.5
"""Least width of an axis of silhouettes, which reach from -1 to 1."""


def embedding_maps(
    points: pd.DataFrame,
    colour: str,
    axes: Mapping[str, tuple[str, ...]],
    *,
    selected: Collection[str] = (),
    clips: pd.DataFrame | None = None,
    shared: bool = False,
    heading: str = "",
) -> go.Figure:
    """Draw one map per model in a row, all with the same colours.

    Args:
        points: points, one row per model and recording: ``model``, ``id``, ``x``, ``y``, ``z`` in three dimensions, and
            the facts about the recording (:func:`emoviz.analysis.maps.recordings`).
        colour: column that colours the points.
        axes: titles of the axes of each model's map.
        selected: ids of the recordings that stand out, in every map.
        clips: places of a new clip: ``model``, ``time`` (s), ``x``, ``y``, ``z``; without a time, the clip as a whole.
        shared: whether one zoom holds for all maps.
        heading: title of the maps.
    """
    space = "z" in points
    models = list(axes)
    figure = make_subplots(
        1,
        len(models),
        subplot_titles=models if len(models) > 1 else None,
        horizontal_spacing=0.03,
        specs=[[{"type": "scene" if space else "xy"} for _ in models]],
    )
    chosen = set(selected)
    groups = _groups(points, colour, space)
    seen: set[str] = set()
    for place, model in enumerate(models, start=1):
        _add_map(figure, points, model, place, colour, groups, chosen, seen)
        if clips is not None:
            for trace in _clip(clips[clips["model"] == model], space):
                trace.update(showlegend=bool(trace.name) and trace.name not in seen)
                seen.add(trace.name)
                figure.add_trace(trace, 1, place)
    _lay_out(figure, axes, space=space, shared=shared)
    lay_out(
        figure,
        title=title(heading),
        height=MAP_HEIGHT,
        margin={"l": 28, "r": 8, "t": 56 if len(models) > 1 else 30, "b": 72},
        legend=legend(-0.09, "top") | {"x": 0, "xanchor": "left", "itemsizing": "constant"},
        dragmode="turntable" if space else "lasso",
        clickmode="event+select",
        hovermode="closest",
        uirevision=colour,  # with the same colours, the zoom stays
        selectionrevision=",".join(sorted(chosen)),
        newselection={"line": {"color": GREY, "width": 1}},
    )
    if not groups:
        lay_out(figure, coloraxis=_colour_scale(colour))
    return figure


def _add_map(
    figure: go.Figure,
    points: pd.DataFrame,
    model: str,
    place: int,
    colour: str,
    groups: Mapping[str, dict[str, Any]],
    chosen: set[str],
    seen: set[str],
) -> None:
    """Draw one model's recordings in its place of the row; a name that was seen is not listed again."""
    kind = go.Scatter3d if "z" in points else go.Scattergl if len(points) > SCATTERGL_FROM else go.Scatter
    for name, rows, marker in _traces(points[points["model"] == model], colour, groups):
        known, template = _hover(rows)
        trace = _scatter(rows, chosen, kind, marker)
        trace.update(
            name=name,
            hovertemplate=template,
            legendgroup=name,
            showlegend=bool(name) and len(groups) <= MOST_IN_LEGEND and name not in seen,
        )
        seen.add(name)
        figure.add_trace(trace, 1, place)
        figure.data[-1].customdata = known  # what comes with a trace is copied word by word, which takes longer


def _colour_scale(name: str) -> dict[str, Any]:
    """Return the scale of a column of numbers in [-1, 1], with its bar."""
    return {
        "colorscale": DIVERGING,
        "cmin": -1,
        "cmax": 1,
        "colorbar": {
            "title": {"text": name, "font": SMALL, "side": "right"},
            "thickness": 10,
            "len": 0.8,
            "tickvals": [-1, -0.5, 0, 0.5, 1],
            "tickfont": SMALL,
        },
    }


def _groups(points: pd.DataFrame, colour: str, space: bool) -> dict[str, dict[str, Any]]:
    """Value of the column -> its marker; none for numbers, which have a scale."""
    if pd.api.types.is_numeric_dtype(points[colour]):
        return {}
    values = points[colour].dropna().astype(str).unique()
    order = {str(emotion): place for place, emotion in enumerate(Emotion)}
    values = sorted(values, key=lambda value: (order.get(value, 0), value))
    symbols = SYMBOLS_3D if space else SYMBOLS
    # Groups that share a colour, as speakers do, still differ in their symbol.
    colours = [_colour(value, colour) for value in values]
    repeats = [colours[:place].count(own) for place, own in enumerate(colours)]
    many = len(values) > MOST_IN_LEGEND
    return {
        value: {"color": own, "symbol": symbols[(repeat if many else place) % len(symbols)]}
        for place, (value, own, repeat) in enumerate(zip(values, colours, repeats, strict=True))
    }


def _colour(value: str, column: str) -> str:
    if value in EMOTION_COLOURS:
        return EMOTION_COLOURS[Emotion(value)]
    return RIGHT_WRONG.get(value) or culture_colour(value)


def _traces(
    own: pd.DataFrame, colour: str, groups: Mapping[str, dict[str, Any]]
) -> Iterator[tuple[str, pd.DataFrame, dict[str, Any]]]:
    """Name, rows and marker of each trace of a map; recordings without a value are grey."""
    if not groups:
        known = own[own[colour].notna()]
        yield "", known, {"color": known[colour], "coloraxis": "coloraxis"}
    for name, marker in groups.items():
        rows = own[own[colour] == name]
        if len(rows):
            yield name, rows, marker
    unknown = own[own[colour].isna()]
    if len(unknown):
        yield "not known", unknown, {"color": GREY, "symbol": "circle-open"}


def _scatter(rows: pd.DataFrame, chosen: set[str], kind: type, marker: Mapping[str, Any]) -> go.Scatter:
    inside = rows["id"].isin(chosen).to_numpy() if chosen else np.ones(len(rows), bool)
    if kind is go.Scatter3d:
        # There, neither lasso nor the opacity of single points exists.
        size = np.where(inside, 4 if not chosen else 7, 2)
        return kind(x=rows["x"], y=rows["y"], z=rows["z"], mode="markers", marker={**marker, "size": size})
    x, y = (rows[axis].to_numpy(np.float32) for axis in "xy")  # half as much to send, and more than a screen shows
    return kind(
        x=x,
        y=y,
        mode="markers",
        marker={**marker, "size": 6, "line": {"width": 0}},
        selectedpoints=np.flatnonzero(inside) if chosen else None,
        selected={"marker": {"opacity": 1.0}},
        unselected={"marker": {"opacity": UNSELECTED}},
        opacity=0.85,
    )


def _hover(rows: pd.DataFrame) -> tuple[np.ndarray, str]:
    """Return the facts about each recording, its id first, and the template of their hover."""
    first = [column for column in HOVER if column in rows]
    rest = [c for c in rows.columns if c not in (*HOVER, *PLACES, "id", "model", "emotion")]
    known = np.column_stack([_words(rows[column]) for column in ("id", *first, *rest)])
    said = [f"%{{customdata[{place}]}}" for place in range(known.shape[1])]
    middle = 1 + len(first)
    lines = "".join(f"<br>{column}: {words}" for column, words in zip(rest, said[middle:], strict=True))
    return known, f"<b>{said[0]}</b><br>{', '.join(said[1:middle])}{lines}<extra></extra>"


def _words(values: pd.Series) -> np.ndarray:
    """As text; numbers with two digits."""
    numbers = pd.api.types.is_numeric_dtype(values)
    words = np.char.mod("%.2f", values.to_numpy(float)) if numbers else values.to_numpy(object).astype(str)
    return np.where(values.isna(), "not known", words)


def _clip(places: pd.DataFrame, space: bool) -> list[go.Scatter]:
    """The path of a new clip, and the clip as a whole."""
    kind = go.Scatter3d if space else go.Scatter
    traces = []
    for whole in (False, True):
        rows = places[places["time"].isna() == whole]
        if rows.empty:
            continue
        look = (
            {
                "symbol": "diamond" if space else "star",
                "size": 8 if space else 16,
                "color": MARKS["ink"],
                "line": {"width": 2, "color": MARKS["paper"]},
            }
            if whole
            else {"size": 4, "color": GREY}
        )
        traces.append(
            kind(
                **{axis: rows[axis] for axis in PLACES if axis in rows},
                mode="markers" if whole else "lines+markers",
                line=None if whole else {"color": GREY, "width": 1},
                marker=look,
                name="the new clip" if whole else "its windows, in their order",
                hovertext=["the new clip as a whole" if whole else f"the new clip at {t:.1f} s" for t in rows["time"]],
                hovertemplate="%{hovertext}<extra></extra>",
                legendgroup="clip",
            )
        )
    return traces


def _lay_out(figure: go.Figure, axes: Mapping[str, tuple[str, ...]], *, space: bool, shared: bool) -> None:
    for place, titles in enumerate(axes.values(), start=1):
        looks: dict[str, dict[str, Any]] = {
            name: {"title": {"text": text, "font": SMALL}, "showticklabels": False}
            for name, text in zip(PLACES, titles, strict=False)
        }
        if space:
            scene = "scene" if place == 1 else f"scene{place}"
            looks = {
                f"{name}axis": {**look, "gridcolor": GRID, "showbackground": False, "showspikes": False}
                for name, look in looks.items()
            }
            lay_out(figure, {scene: {**looks, "aspectmode": "data"}})
            continue
        number = "" if place == 1 else str(place)
        for look in looks.values():
            look |= {"zeroline": False, "showgrid": False}
            look["title"]["standoff"] = 4
        looks["y"] |= {"scaleanchor": f"x{number}", "scaleratio": 1}
        if shared and place > 1:
            looks["x"]["matches"], looks["y"]["matches"] = "x", "y"
            looks["y"].pop("scaleanchor")
        lay_out(figure, {f"{name}axis{number}": look for name, look in looks.items()})


def separation(silhouettes: pd.DataFrame) -> go.Figure:
    """Draw the mean silhouettes of each embedding and of its map, with their intervals.

    Groups whose interval reaches zero are pale; with one model, the title names the groups that it separates.

    Args:
        silhouettes: table with ``model``, ``column``, ``space`` (embedding or map), ``value``, ``low``, ``high`` and
            ``chance``.
    """
    models = list(dict.fromkeys(silhouettes["model"]))
    figure = go.Figure()
    for (place, model), space in product(enumerate(models), SPACES):
        own = silhouettes[(silhouettes["model"] == model) & (silhouettes["space"] == space)]
        symbol = SYMBOLS[place] + ("" if space == "embedding" else "-open")
        figure.add_trace(
            go.Scatter(
                x=own["value"],
                y=[f"by {column}" for column in own["column"]],
                error_x=whiskers(own["value"], own["low"], own["high"]),
                mode="markers",
                name=space if len(models) == 1 else f"{model}, {space}",
                marker={
                    "size": 8,
                    "color": MODEL_COLOURS[place],
                    "symbol": symbol,
                    "opacity": np.where(own["low"] > 0, 1.0, PALE),
                },
                customdata=own[["low", "high", "chance"]].to_numpy(),
                hovertemplate="%{y}: %{x:.2f} [%{customdata[0]:.2f}, %{customdata[1]:.2f}], by chance "
                "%{customdata[2]:.2f}<extra>%{fullData.name}</extra>",
            )
        )
    rows = silhouettes["column"].nunique()
    lay_out(
        figure,
        title=title(_what_is_kept_apart(silhouettes)),
        height=120 + rows * max(40, 30 * len(models)) + 20 * (len(models) - 1),
        margin={"l": 76, "r": 8, "t": 30, "b": 70 + 20 * (len(models) - 1)},
        xaxis={
            "title": {"text": "mean silhouette, -1 to 1 (0: mixed)", "standoff": 2, "font": SMALL},
            "range": span_of(LEAST_SILHOUETTE, silhouettes["low"], silhouettes["high"], silhouettes["value"], [0.0]),
            "gridcolor": GRID,
            "zeroline": True,
            "zerolinecolor": ZERO,
            "tickfont": SMALL,
            "fixedrange": True,
        },
        yaxis={"autorange": "reversed", "fixedrange": True, "tickfont": SMALL},
        scattermode="group",
        legend={"orientation": "h", "x": 0, "y": 0, "yref": "container", "yanchor": "bottom", "font": SMALL},
    )
    return figure


def _what_is_kept_apart(silhouettes: pd.DataFrame) -> str:
    """Return what one model's embedding keeps apart, by intervals above zero; of several models the question."""
    if silhouettes["model"].nunique() > 1:
        return "What is kept apart? (pale: the interval reaches 0)"
    own = silhouettes[silhouettes["space"] == "embedding"]
    apart = [str(column) for column in own.loc[own["low"] > 0, "column"]]
    mixed = [str(column) for column in own.loc[~(own["low"] > 0), "column"]]
    told = [f"kept apart by {' and '.join(apart)}"] if apart else []
    told += [f"not shown by {' and '.join(mixed)}"] if mixed else []
    text = "; ".join(told)
    return f"{text[:1].upper()}{text[1:]}"
