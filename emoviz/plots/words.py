"""The figure of the spoken words, on the clip's time."""

import pandas as pd
import plotly.graph_objects as go

from .style import MARGIN, MODALITY_COLOURS, SMALL, faint, lay_out, time_axis, title

ROW = 22
"""Height in pixels of a row of words."""
AROUND = 76
"""Pixels of title and time axis."""
MOST_ROWS = 8
WIDTH, LETTER, BETWEEN = 440, 6.5, 6
"""Width in pixels of a figure beside the player on a small screen, of a letter, and of the gap between two words."""


def words(table: pd.DataFrame, end: float) -> go.Figure:
    """Draw each word at its time, in as many rows as the words need not to overlap.

    A bar lasts as long as its word. If no row has room for a word, its bar alone is drawn.

    Args:
        table: words in the order of their times: ``start`` and ``end`` (s), and ``label``.
        end: length of the recording in seconds.
    """
    rows, written = _rows(table, end)
    figure = go.Figure()
    figure.add_bar(
        x=table["end"] - table["start"],
        base=table["start"],
        y=rows,
        orientation="h",
        marker_color=faint(MODALITY_COLOURS["text"], 0.35),
        customdata=table[["label", "end"]].to_numpy(),
        hovertemplate="%{customdata[0]}<br>%{base:.2f} s to %{customdata[1]:.2f} s<extra></extra>",
        showlegend=False,
    )
    figure.add_scatter(
        x=table["start"],
        y=rows,
        text=table["label"].where(written, ""),
        mode="text",
        textposition="middle right",
        textfont=SMALL,
        hoverinfo="skip",
        showlegend=False,
    )
    count = max(rows, default=0) + 1
    lay_out(
        figure,
        title=title("Which words are said?"),
        xaxis=time_axis(range=[0, end], showgrid=False, fixedrange=True, hoverformat=".2f"),
        yaxis={"visible": False, "range": [count - 0.5, -0.5], "fixedrange": True},
        barmode="overlay",
        bargap=0.2,
        dragmode=False,
        margin=MARGIN,
        height=AROUND + ROW * count,
    )
    return figure


def _rows(table: pd.DataFrame, end: float) -> tuple[list[int], list[bool]]:
    """The row of each word, the uppermost with room for it, and whether there was room."""
    second = WIDTH / max(end, 1e-3)
    free: list[float] = []  # pixel from which on each row is free
    rows, written = [], []
    for start, stop, label in zip(table["start"], table["end"], table["label"], strict=True):
        row = next((number for number, place in enumerate(free) if place <= start * second), len(free))
        fits = row < MOST_ROWS
        if not fits:
            row = min(range(MOST_ROWS), key=free.__getitem__)
        elif row == len(free):
            free.append(0.0)
        if fits:
            free[row] = max(stop * second, start * second + LETTER * len(label)) + BETWEEN
        rows.append(row)
        written.append(fits)
    return rows, written
