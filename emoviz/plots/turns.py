"""The figure of who speaks when."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from .style import GRID, MARGIN, SERIES_COLOURS, SMALL, lay_out, time_axis, title

ROW = 24
"""Height in pixels of one person's lane."""
AROUND = 86
"""Pixels of title and time axis."""


def turns(table: pd.DataFrame, people: Sequence[str], end: float) -> go.Figure:
    """Draw a lane per person, with a bar wherever that person speaks.

    Args:
        table: table with ``start`` and ``end`` (s) of each stretch in which one person speaks, and its ``person``.
        people: names of the persons, from the uppermost lane down.
        end: length of the recording in seconds.
    """
    figure = go.Figure()
    for number, name in enumerate(people):
        own = table[table["person"] == name]
        figure.add_bar(
            x=own["end"] - own["start"],
            base=own["start"],
            y=[name] * len(own),
            orientation="h",
            marker_color=SERIES_COLOURS[number % len(SERIES_COLOURS)],
            customdata=own["end"],
            hovertemplate="%{base:.2f} s to %{customdata:.2f} s<extra>%{y}</extra>",
            showlegend=False,
        )
    lay_out(
        figure,
        title=title("Who speaks when?"),
        # Under these bars a title with a standoff is drawn between the numbers, so it has none.
        xaxis=time_axis(range=[0, end], gridcolor=GRID, fixedrange=True, title={"text": "time (s)", "font": SMALL}),
        yaxis={
            "tickfont": SMALL,
            "categoryorder": "array",
            "categoryarray": list(people),
            "range": [len(people) - 0.5, -0.5],
            "automargin": True,
            "fixedrange": True,
        },
        barmode="overlay",
        bargap=0.3,
        dragmode=False,
        margin=MARGIN | {"b": 44},
        height=AROUND + ROW * max(1, len(people)),
    )
    return figure
