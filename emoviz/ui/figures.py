"""A figure with the row beneath it: table, CSV, Parquet, PNG, SVG, what am I looking at?"""

import io
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

FOLDER = Path(__file__).parent

LABELS = {"csv": "CSV", "parquet": "Parquet", "json": "JSON"}
MIME_TYPES = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet", "json": "application/json"}
LASSO_BUTTONS = [["lasso2d", "zoom2d", "pan2d", "resetScale2d"]]
"""Of plotly's own, over figures in which a lasso can be drawn."""
Writer = Callable[[pd.DataFrame], bytes]
Point = Mapping[str, Any]
"""A selected point as plotly gives it: ``x``, ``y``, ``customdata`` and more."""


def _csv(table: pd.DataFrame) -> bytes:
    return table.to_csv(index=False).encode()


def _parquet(table: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False)
    return buffer.getvalue()


FORMATS: dict[str, Writer] = {"csv": _csv, "parquet": _parquet}

_images = st.components.v2.component(
    "emoviz_images",
    html='<div id="row"><button id="png">PNG</button><button id="svg">SVG</button></div>',
    css=(FOLDER / "images.css").read_text(encoding="utf-8"),
    js=(FOLDER / "images.js").read_text(encoding="utf-8"),
)


def show(
    figure: go.Figure,
    table: pd.DataFrame,
    *,
    key: str,
    name: str,
    about: str,
    downloads: Mapping[str, Writer] = FORMATS,
    select: Sequence[Literal["points", "box", "lasso"]] = (),
    on_select: Callable[[list[Point]], None] | None = None,
) -> list[Point]:
    """Draw a figure and its row.

    Args:
        figure: to draw.
        table: what it shows.
        key: of the figure on this page; its element has the class ``st-key-<key>``.
        name: of downloaded files, without suffix.
        about: Markdown for "what am I looking at?".
        downloads: file ending -> what writes the table in that format.
        select: how points can be selected, if at all.
        on_select: called with the points that were selected, before the page runs again.

    Returns:
        The points that are selected.
    """
    config: dict[str, Any] = {"displayModeBar": False, "doubleClick": False}
    if "lasso" in select:  # drags that select leave none for zooming, which then needs buttons
        config |= {"displayModeBar": True, "displaylogo": False, "modeBarButtons": LASSO_BUTTONS}
    selected: list[Point] = []
    if select:
        react: Any = (lambda: on_select(_points(st.session_state[key]))) if on_select else "rerun"
        state = st.plotly_chart(figure, key=key, config=config, on_select=react, selection_mode=select)
        selected = _points(state)
    else:
        st.plotly_chart(figure, key=key, config=config)
    _row(table, key=key, name=name, about=about, downloads=downloads)
    return selected


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


def _row(
    table: pd.DataFrame, *, key: str, name: str, about: str, downloads: Mapping[str, Writer], pictures: bool = True
) -> None:
    """What stands beneath a figure or table."""
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center", key=f"{key}-row"):
        with st.popover("Table", type="tertiary", key=f"{key}-table"):
            st.dataframe(table, hide_index=True, height=320)
        for ending, write in downloads.items():
            st.download_button(
                LABELS[ending],
                partial(write, table),
                file_name=f"{name}.{ending}",
                mime=MIME_TYPES[ending],
                key=f"{key}-{ending}",
                type="tertiary",
                on_click="ignore",
            )
        if pictures:
            _images(data={"figure": key, "name": name}, key=f"{key}-images", width="content")
        with st.popover("What am I looking at?", type="tertiary", key=f"{key}-about"):
            st.markdown(about)


def _points(state: Any) -> list[Point]:
    return list(state.selection.points)
