"""A figure with the row beneath it: its table, its downloads and an explanation of what it shows.

Streamlit's own chart reads all of plotly, which takes a browser a second or two in every new tab, and makes a figure
from nothing again when anything in it changes. Here a part of plotly (folder ``plotly``) draws figures, and a change is
drawn into the figure that is there.
"""

import time
from base64 import b64encode
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from plotly.io.json import to_json_plotly

from ..prediction.formats import FORMATS
from . import cache
from .insides import component, draws_figures, fragment, media_url
from .serve import plotly_url

HEIGHT = 450
"""Pixels of a figure that does not say its own."""
KINDS = {"scatter", "scattergl", "bar", "heatmap", "image"}
"""Kinds of traces that plotly's part draws. Others are left to Streamlit's chart: those in space alone would add a
third to what every tab has to read."""
MOST_CELLS = 60
"""Most cells of a table that is written; larger ones stand in a grid, in which people can sort, search and scroll."""
SHORT = 20
"""Characters of a cell that stay in one line, as a value with its interval."""
PACKED_FROM = 100
"""Points of a trace whose texts are packed: those of a map of 10,000 recordings are most of it."""
PICTURES = ("png", "svg", "pdf")
Writer = Callable[[pd.DataFrame], bytes]
Point = Sequence[Any]
"""The ``customdata`` of a selected point."""


class Drawing(NamedTuple):
    """A figure as the browser gets it.

    Attributes:
        content: content that plotly draws, as JSON; the figure itself where that is left to Streamlit's chart.
        height: height in pixels.
    """

    content: str | go.Figure
    height: int


def _component(name: str) -> Callable[..., Any] | None:
    """A part of the page with a style and a script of its name; plotly's own styles stand in the page's head."""
    return component(name, html=f'<div class="emoviz-{name}"></div>', isolate_styles=False)


_figure, _table, _buttons = map(_component, ("figure", "table", "row"))


def show(
    figure: go.Figure | Drawing,
    table: pd.DataFrame,
    *,
    key: str,
    name: str,
    about: str,
    downloads: Mapping[str, Writer] | None = None,
    on_select: Callable[[list[Point]], None] | None = None,
    lasso: bool = False,
) -> None:
    """Draw a figure and its row.

    Args:
        figure: figure to draw.
        table: table that the figure shows.
        key: key of the figure on this page; its element has the class ``st-key-<key>``.
        name: name of downloaded files, without suffix.
        about: explanation for "what am I looking at?", Markdown.
        downloads: functions that write the table, by file ending; by default those of the registered formats.
        on_select: function that gets the points that were clicked, before the page runs again.
        lasso: whether points are chosen with a lasso too, and the figure has buttons to zoom.
    """
    content, height = figure if isinstance(figure, Drawing) else drawing(figure)
    if isinstance(content, go.Figure) or _figure is None:
        st.plotly_chart(content, key=key, config={"displayModeBar": False})
    else:
        _figure(
            key=key,
            data={
                "spec": content,
                "height": height,
                "script": plotly_url(),
                "select": on_select is not None,
                "lasso": lasso,
            },
            default={"points": []},
            on_points_change=partial(_choose, key, on_select),
        )
    show_row(table, key=key, name=name, about=about, downloads=downloads)


def kept(of: Hashable, draw: Callable[[], go.Figure]) -> Drawing:
    """Return a figure as the browser gets it, drawn once for the same ``of`` (:func:`emoviz.ui.cache.kept`)."""
    return cache.kept(of, lambda: drawing(draw()))


def drawing(figure: go.Figure) -> Drawing:
    """Return a figure as the browser gets it."""
    height = figure.layout.height or HEIGHT
    if _figure is None or not draws_figures() or any(trace.type not in KINDS for trace in figure.data):
        return Drawing(figure, height)
    drawn = figure.to_dict()
    drawn["layout"].pop("template", None)  # the browser knows the theme
    for trace in drawn["data"]:
        texts = trace.get("customdata")  # numbers are packed by now
        if isinstance(texts, np.ndarray) and texts.ndim == 2 and len(texts) > PACKED_FROM:
            trace["customdata"] = {"columns": [_packed(column) for column in texts.T]}
    return Drawing(to_json_plotly(drawn), height)


def _packed(column: np.ndarray) -> dict[str, Any]:
    """Texts as the browser gets them: each once, and of every point the place of its own, if that is shorter."""
    places, texts = pd.factorize(column, use_na_sentinel=False)
    if len(texts) == len(column):
        return {"texts": texts}
    least = places.astype(np.min_scalar_type(len(texts)))
    return {"texts": texts, "places": b64encode(least.tobytes()).decode(), "bytes": least.itemsize}


def _choose(key: str, on_select: Callable[[list[Point]], None] | None) -> None:
    """Tell a page what was selected in one of its figures."""
    if on_select:
        on_select(st.session_state[key]["points"])


def show_table(shown: pd.DataFrame, table: pd.DataFrame, *, key: str, name: str, about: str) -> None:
    """Draw a table and its row.

    Args:
        shown: table as people read it.
        table: numbers behind it, to download.
        key: key of the table on this page; its element has the class ``st-key-<key>``.
        name: name of downloaded files, without suffix.
        about: explanation for "what am I looking at?", Markdown.
    """
    with st.container(key=key):
        if shown.size > MOST_CELLS:
            st.dataframe(shown, hide_index=True)
        else:
            draw_table(shown, key=f"{key}-written")
    show_row(table, key=key, name=name, about=about, pictures=False)


def draw_table(shown: pd.DataFrame, *, key: str, height: int = HEIGHT) -> None:
    """Write a table into the page, which is there at once, unlike a grid to sort and search.

    Args:
        shown: table as people read it.
        key: key of the table on this page.
        height: largest height in pixels; a higher table is scrolled.
    """
    if _table is None:
        st.dataframe(shown, hide_index=True, height=min(height, 36 * (len(shown) + 1)), key=key)
        return
    unbroken = shown.map(_unbroken)
    with pd.option_context("display.max_colwidth", None):
        table = unbroken.rename_axis(columns=None).to_html(index=False, border=0, na_rep="", float_format="{:g}".format)
    _table(key=key, data={"html": table, "height": height})


def _unbroken(cell: object) -> object:
    """A cell that is not broken into lines if it is a short text that begins with a number, e.g. a score's interval."""
    if isinstance(cell, str) and len(cell) <= SHORT and not cell[:1].isalpha():
        return cell.replace(" ", "\N{NO-BREAK SPACE}")
    return cell


@fragment
def show_row(
    table: pd.DataFrame,
    *,
    key: str,
    name: str,
    about: str,
    downloads: Mapping[str, Writer] | None = None,
    pictures: bool = True,
) -> None:
    """Show the row of buttons beneath a figure or table, and beneath it the part that the last one opened.

    One component instead of a widget of Streamlit's per button, of which a page with five figures would have forty.

    Args:
        table: table that the figure shows.
        key: key of the figure on this page.
        name: name of downloaded files, without suffix.
        about: explanation for "what am I looking at?", Markdown.
        downloads: functions that write the table, by file ending; by default those of the registered formats.
        pictures: whether the figure can be saved as a picture.
    """
    row = f"{key}-row"
    downloads = downloads or {ending: FORMATS[ending].encode for ending in FORMATS if FORMATS[ending].beneath_figures}
    if _buttons is None:
        _plain_row(table, row, name, about, downloads)
        return
    opened = st.session_state.get(row, {}).get("opened")
    _buttons(
        key=row,
        data={
            "buttons": [
                ("opened", "table", "Table"),
                *(("file", ending, FORMATS[ending].title) for ending in downloads),
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


def _plain_row(table: pd.DataFrame, row: str, name: str, about: str, downloads: Mapping[str, Writer]) -> None:
    """The row of Streamlit's own widgets, without pictures."""
    with st.container(horizontal=True, key=row):
        with st.popover("Table", type="tertiary"):
            st.dataframe(table, hide_index=True, height=320)
        for ending, write in downloads.items():
            st.download_button(
                FORMATS[ending].title,
                partial(write, table),
                f"{name}.{ending}",
                FORMATS[ending].media_type,
                key=f"{row}-{ending}",
                type="tertiary",
                on_click="ignore",
            )
        with st.popover("What am I looking at?", type="tertiary"):
            st.markdown(about)


def _write(row: str, table: pd.DataFrame, name: str, downloads: Mapping[str, Writer]) -> None:
    """Make the file that was asked for, which the browser gets with the run that follows."""
    ending = st.session_state[row]["file"]
    url = media_url(downloads[ending](table), FORMATS[ending].media_type, f"{row}.file")
    st.session_state[f"{row}-file"] = {"url": url, "name": f"{name}.{ending}", "id": time.time_ns()}


def _nothing() -> None:
    """Do nothing: which part is open is read from the state."""
