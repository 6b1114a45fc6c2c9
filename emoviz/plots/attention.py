"""Figures of attention over time and places: one row per map of a clip, and each kind of map of a window."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from .channels import LESS
from .style import GRID, MARGIN, SMALL, ZERO, lay_out, time_axis, title

MOST_CELLS = 200
"""Largest number of cells of a map on each side; more are averaged, as a screen has no room for them."""
MOST_PICTURES = 6
STRIP = {"l": 132, "r": 100}
"""Margins of figures over the time of a clip, which hold the names of maps and the colour bar."""


@dataclass(frozen=True)
class MapKind:
    """A kind of map, with the texts and the drawing of its figure.

    Attributes:
        name: name of the kind.
        question: question that its figure answers; ``{stream}`` stands for the stream.
        rows: name of its rows, with their unit.
        about: explanation of the map, Markdown.
        draw: function that draws the figure.
    """

    name: str
    question: str
    rows: str
    about: str
    draw: Callable[["MapKind", np.ndarray, np.ndarray, np.ndarray | None], go.Figure]


def attention_strip(moments: pd.DataFrame) -> go.Figure:
    """Draw the attention to each moment of a clip, one row per map over the clip's time.

    Args:
        moments: table with ``time`` (s, regular) and one column per map, 1 being an even share.
    """
    names = list(moments.columns[1:])
    values = moments[names].to_numpy().T
    most = max(2.0, float(np.nanmax(values)))
    figure = go.Figure(
        go.Heatmap(
            x=moments["time"],
            y=[map_name(name) for name in names],
            z=values,
            zmin=0,
            zmax=most,
            colorscale="Cividis",
            colorbar=_colour_bar("times the<br>even share"),
            hovertemplate="%{x:.2f} s<br>%{y}<br>%{z:.2f} times the even share<extra></extra>",
        )
    )
    half = float(moments["time"].iloc[0])
    lay_out(
        figure,
        title=title("Which moments does the model look at?"),
        xaxis=time_axis(range=[0, float(moments["time"].iloc[-1]) + half]),
        yaxis={"tickfont": SMALL, "autorange": "reversed", "automargin": False},
        margin=MARGIN | STRIP,
        dragmode=False,
        height=max(170, 80 + 26 * len(names)),
    )
    return figure


def map_name(name: str) -> str:
    """Return a map's name for people, e.g. ``graph, whisper``."""
    kind, _, stream = name.partition(".")
    return MAPS[kind].name + (f", {stream}" if stream else "")


def attention_map(name: str, values: np.ndarray, times: np.ndarray, pictures: np.ndarray | None = None) -> go.Figure:
    """Draw any map over time or places, in the way of its kind.

    Args:
        name: name of the map, ``<kind>`` or ``<kind>.<stream>``.
        values: weights (W,), (W, W), (L, W) or (W, heads, h, w), depending on the kind.
        times: seconds (W,) of the clip.
        pictures: pictures (W, H, W', colours) in [0, 1] of a map over places; None where they are not known.

    Raises:
        KeyError: if no map of this kind is known.
    """
    kind = MAPS[name.partition(".")[0]]
    figure = kind.draw(kind, values, times, pictures)
    lay_out(figure, title=title(kind.question.format(stream=name.partition(".")[2] or "the model")))
    return figure


def map_table(values: np.ndarray, times: np.ndarray) -> pd.DataFrame:
    """Return the cells of :func:`attention_map` as a table, one row each.

    Args:
        values: weights of the map.
        times: seconds (W,) of the clip.
    """
    if values.ndim == 1:
        return pd.DataFrame({"time": times, "times the even share": values * len(times)})
    if values.ndim == 4:
        frame, head, row, column = (axis.ravel() for axis in np.indices(values.shape))
        return pd.DataFrame(
            {"time": times[frame], "head": head, "row": row, "column": column, "weight": values.ravel()}
        )
    shown, rows, columns = _coarse(values, times)
    row, column = (axis.ravel() for axis in np.indices(shown.shape))
    return pd.DataFrame({"from": rows[row], "time": columns[column], "times the even share": shown.ravel()})


def _over_time(kind: MapKind, values: np.ndarray, times: np.ndarray, _: np.ndarray | None) -> go.Figure:
    """A line, or a heat map of what looks (rows) at which moments (columns)."""
    if values.ndim == 1:
        figure = go.Figure(
            go.Scatter(
                x=times,
                y=values * len(times),
                mode="lines",
                line={"color": LESS},
                hovertemplate="%{x:.2f} s<br>%{y:.2f} times the even share<extra></extra>",
            )
        )
        figure.add_hline(y=1, line={"color": ZERO, "width": 1, "dash": "dot"})
        height, down = 240, {"title": {"text": "times the even share", "font": SMALL}, "rangemode": "tozero"}
    else:
        shown, rows, columns = _coarse(values, times)
        figure = go.Figure(
            go.Heatmap(
                x=columns,
                y=rows,
                z=shown,
                zmin=0,
                zmax=max(2.0, float(shown.max())),
                colorscale="Cividis",
                colorbar=_colour_bar("times the<br>even share"),
                hovertemplate=f"{kind.rows}: %{{y:.2f}}<br>looks at %{{x:.2f}} s<br>"
                "%{z:.2f} times the even share<extra></extra>",
            )
        )
        height, down = 380, {"title": {"text": kind.rows, "standoff": 4, "font": SMALL}, "autorange": "reversed"}
    lay_out(
        figure,
        xaxis={"title": {"text": "is looked at: time (s)", "standoff": 2, "font": SMALL}, "tickfont": SMALL},
        yaxis=down | {"tickfont": SMALL, "gridcolor": GRID},
        margin=MARGIN | {"r": 92},
        dragmode=False,
        height=height,
    )
    return figure


def _over_places(kind: MapKind, values: np.ndarray, times: np.ndarray, pictures: np.ndarray | None) -> go.Figure:
    """Heat over some pictures, a row per head; with the pictures above it where they are known."""
    chosen = np.unique(np.linspace(0, len(times) - 1, min(MOST_PICTURES, len(times))).astype(int))
    heads, height, width = values.shape[1:]
    above = 0 if pictures is None else 1
    figure = make_subplots(
        rows=heads + above,
        cols=len(chosen),
        horizontal_spacing=0.01,
        vertical_spacing=0.015,
        column_titles=[f"{times[frame]:.1f} s" for frame in chosen],
        row_titles=[*["picture"] * above, *(f"head {head + 1}" for head in range(heads))],
    )
    for column, frame in enumerate(chosen, start=1):
        if pictures is not None:
            own = np.broadcast_to(pictures[frame], (*pictures.shape[1:3], 3))
            figure.add_trace(go.Image(z=(own * 255).astype(np.uint8), hoverinfo="skip"), 1, column)
        for head in range(heads):
            heat = go.Heatmap(
                z=values[frame, head] * height * width,
                zmin=0,
                zmax=max(2.0, float(values[chosen].max()) * height * width),
                colorscale="Cividis",
                showscale=head == 0 and column == 1,
                colorbar=_colour_bar("times the<br>even share"),
                hovertemplate="%{z:.2f} times the even share<extra>" + f"head {head + 1}, {times[frame]:.2f} s</extra>",
            )
            figure.add_trace(heat, head + 1 + above, column)
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False, autorange="reversed")
    lay_out(figure, margin=MARGIN | {"l": 8, "t": 56, "b": 8}, dragmode=False, height=70 + 120 * (heads + above))
    return figure


MAPS: dict[str, MapKind] = {
    "temporal": MapKind(
        "temporal",
        "Where does each moment look? ({stream})",
        "looks: time (s)",
        "Each row is a moment of the window, its colours say from which moments it takes what it knows, 1 being an "
        "even share. A vertical stripe is a moment to which all others look. Source: the temporal attention of MDAT "
        "(section III), of the audio-video network (section 3.2), or the decoder's attention of AED (section III-B).",
        _over_time,
    ),
    "cross_modal": MapKind(
        "cross-modal",
        "Which pictures does each stretch of sound look at?",
        "sound: time (s)",
        "Each row is a stretch of sound, its colours the weights that it gives to the pictures, 1 being an even "
        "share. On the diagonal sound and picture are of the same time. Source: audio-video attention network, "
        "equations 7 to 10.",
        _over_time,
    ),
    "graph": MapKind(
        "graph",
        "Where does each node gather from? ({stream})",
        "node: time (s)",
        "The frames of a stream are the nodes of a full graph; each row says how much a node gathers from each of the "
        "others, mean over heads, 1 being an even share. Source: MDAT, section III, equations 2 to 6.",
        _over_time,
    ),
    "co": MapKind(
        "co-attention",
        "Where in the other stream does {stream} look?",
        "looks: time (s)",
        "Each row is a moment of this stream, its colours the weights that it gives to the moments of the other one, "
        "1 being an even share. Source: MDAT, section III, equations 10 to 13.",
        _over_time,
    ),
    "latent": MapKind(
        "latents",
        "Which moments does each latent read?",
        "latent",
        "A Perceiver reads a clip through learned latents; each row is one of them, its colours say which moments it "
        "reads, mean over heads, 1 being an even share. Source: ViPER, section 3.",
        _over_time,
    ),
    "spatial": MapKind(
        "spatial",
        "Where in the face does each head look?",
        "head",
        "Columns are moments of the clip, rows the heads of the attention over the places of a picture, averaged over "
        "what looks; 1 is an even share. Source: audio-video attention network, section 3.1, equations 1 to 3.",
        _over_places,
    ),
}
"""Kind of attention -> the figure that shows it."""


def _colour_bar(name: str) -> dict[str, Any]:
    return {"title": {"text": name, "font": SMALL}, "thickness": 8, "tickfont": SMALL}


def _coarse(values: np.ndarray, times: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights (N, W) in times of the even share, averaged where there are more than fit, with rows and columns."""
    own_rows = times if len(values) == len(times) else np.arange(1.0, len(values) + 1)
    shown, rows, columns = coarse(values, own_rows, times, (MOST_CELLS, MOST_CELLS))
    return shown * values.shape[1], rows, columns


def coarse(
    values: np.ndarray, rows: np.ndarray, columns: np.ndarray, most: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Average a matrix to a largest number of rows and columns, with the mean position of each of them."""
    down, across = (np.array_split(np.arange(n), min(n, limit)) for n, limit in zip(values.shape, most, strict=True))
    few = np.stack([values[own].mean(0) for own in down])
    few = np.stack([few[:, own].mean(1) for own in across], axis=1)
    return few, np.array([rows[own].mean() for own in down]), np.array([columns[own].mean() for own in across])
