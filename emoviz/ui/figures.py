"""A figure with the row beneath it: table, CSV, Parquet, PNG, SVG, what am I looking at?

Streamlit's own chart reads all of plotly, which takes a browser a second or two in every new tab, and makes a figure
from nothing again when anything in it changes. Here a part of plotly (folder ``plotly``) draws figures, and a change is
drawn into the figure that is there.
"""

import io
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any, ParamSpec

import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from plotly.io.json import to_json_plotly

from .serve import media_url

FOLDER = Path(__file__).parent

LABELS = {"csv": "CSV", "parquet": "Parquet", "json": "JSON"}
MIME_TYPES = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet", "json": "application/json"}
HEIGHT = 450
"""Pixels of a figure that does not say its own."""
KINDS = {"scatter", "scattergl", "bar", "heatmap", "image"}
"""Of traces that plotly's part draws. Others are left to Streamlit's chart: those in space alone would add a third to
what every tab has to read."""
PICTURES = ("png", "svg")
Writer = Callable[[pd.DataFrame], bytes]
P = ParamSpec("P")
Point = Sequence[Any]
"""The ``customdata`` of a selected point."""


def _csv(table: pd.DataFrame) -> bytes:
    return table.to_csv(index=False).encode()


def _parquet(table: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False)
    return buffer.getvalue()


FORMATS: dict[str, Writer] = {"csv": _csv, "parquet": _parquet}
_KEPT: dict[Callable[..., go.Figure], Callable[..., go.Figure]] = {}

_figure = st.components.v2.component(
    "emoviz_figure",
    html='<div class="emoviz-figure"></div>',
    css=(FOLDER / "figure.css").read_text(encoding="utf-8"),
    js=(FOLDER / "figure.js").read_text(encoding="utf-8"),
    isolate_styles=False,  # plotly's own styles stand in the page's head
)
_buttons = st.components.v2.component(
    "emoviz_row",
    html='<div class="emoviz-row"></div>',
    css=(FOLDER / "row.css").read_text(encoding="utf-8"),
    js=(FOLDER / "row.js").read_text(encoding="utf-8"),
    isolate_styles=False,
)


def read_ahead() -> None:
    """Let the browser read what draws figures while the server still thinks; nothing is seen of it."""
    _figure(key="figures-ahead", data={"script": _script()})


def show(
    figure: go.Figure,
    table: pd.DataFrame,
    *,
    key: str,
    name: str,
    about: str,
    downloads: Mapping[str, Writer] = FORMATS,
    on_select: Callable[[list[Point]], None] | None = None,
    lasso: bool = False,
) -> None:
    """Draw a figure and its row.

    Args:
        figure: to draw.
        table: what it shows.
        key: of the figure on this page; its element has the class ``st-key-<key>``.
        name: of downloaded files, without suffix.
        about: Markdown for "what am I looking at?".
        downloads: file ending -> what writes the table in that format.
        on_select: called with the points that were clicked, before the page runs again.
        lasso: whether points are chosen with a lasso too, and the figure has buttons to zoom.
    """
    if any(trace.type not in KINDS for trace in figure.data):
        st.plotly_chart(figure, key=key, config={"displayModeBar": False})
    else:
        drawn = figure.to_dict()
        drawn["layout"].pop("template", None)  # the browser knows the theme
        _figure(
            key=key,
            data={
                "spec": to_json_plotly(drawn),
                "height": figure.layout.height or HEIGHT,
                "script": _script(),
                "select": on_select is not None,
                "lasso": lasso,
            },
            default={"points": []},
            on_points_change=partial(_choose, key, on_select),
        )
    _row(table, key=key, name=name, about=about, downloads=downloads)


def kept(draw: Callable[P, go.Figure]) -> Callable[P, go.Figure]:
    """The same function, which draws a figure once for the same arguments, whoever asks; tables go by their content.

    For tables that sum up, not for those of single recordings: of very long ones Streamlit looks at a sample.
    """
    if draw not in _KEPT:
        _KEPT[draw] = st.cache_resource(show_spinner=False, max_entries=64)(draw)
    return _KEPT[draw]


def _script() -> str:
    """Where the browser finds plotly's part."""
    return media_url(_part_of_plotly(), "application/gzip", "figures.plotly")


@cache
def _part_of_plotly() -> bytes:
    return (FOLDER / "plotly" / "plotly.min.js.gz").read_bytes()


def _choose(key: str, on_select: Callable[[list[Point]], None] | None) -> None:
    """Tell a page what was selected in one of its figures."""
    if on_select:
        on_select(st.session_state[key]["points"])


def show_table(shown: pd.DataFrame, table: pd.DataFrame, *, key: str, name: str, about: str) -> None:
    """Draw a table and its row.

    Args:
        shown: as people read it.
        table: the numbers behind it, to download.
        key: of the table on this page; its element has the class ``st-key-<key>``.
        name: of downloaded files, without suffix.
        about: Markdown for "what am I looking at?".
    """
    with st.container(key=key):
        st.dataframe(shown, hide_index=True)
    _row(table, key=key, name=name, about=about, downloads=FORMATS, pictures=False)


@st.fragment
def _row(
    table: pd.DataFrame, *, key: str, name: str, about: str, downloads: Mapping[str, Writer], pictures: bool = True
) -> None:
    """What stands beneath a figure or table: a row of buttons, and beneath it what the last one opened.

    One component instead of a widget of Streamlit's per button, of which a page with five figures would have forty.
    """
    row = f"{key}-row"
    opened = st.session_state.get(row, {}).get("opened")
    _buttons(
        key=row,
        data={
            "buttons": [
                ("opened", "table", "Table"),
                *(("file", ending, LABELS[ending]) for ending in downloads),
                *(("picture", ending, ending.upper()) for ending in PICTURES if pictures),
                ("opened", "about", "What am I looking at?"),
            ],
            "figure": key,
            "name": name,
            "opened": opened,
            "file": st.session_state.pop(f"{row}-file", None),
        },
        default={"opened": None},
        on_opened_change=_nothing,
        on_file_change=partial(_write, row, table, name, downloads),
    )
    if opened == "table":
        st.dataframe(table, hide_index=True, height=320)
    elif opened == "about":
        st.markdown(about)


def _write(row: str, table: pd.DataFrame, name: str, downloads: Mapping[str, Writer]) -> None:
    """Make the file that was asked for, which the browser gets with the run that follows."""
    ending = st.session_state[row]["file"]
    url = media_url(downloads[ending](table), MIME_TYPES[ending], f"{row}.file")
    st.session_state[f"{row}-file"] = {"url": url, "name": f"{name}.{ending}", "id": time.time_ns()}


def _nothing() -> None:
    """What is open is read from the state."""
