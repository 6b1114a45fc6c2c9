"""The figure of a face's action units over time."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from .style import MARGIN, SMALL, lay_out, time_axis, title

MOST_COLUMNS = 300
"""Largest number of moments that are drawn; more are averaged, as a screen has no room for them."""
ROW = 14
"""Height in pixels of one unit."""
AROUND = 66
"""Pixels of title and time axis."""
NARROW = 0.01
"""Half of the seconds for which a single column stands."""
LABELS = 172
"""Pixels of the units' names."""


def action_units(units: pd.DataFrame) -> go.Figure:
    """Draw the action units of a face as a map: a row per unit over time, white where the face is not seen.

    Args:
        units: table with ``time`` (s) and a column per unit on [0, 1], named ``<feature>.AU<number>-<words>``.
    """
    channels = [column for column in units if column != "time"]
    part = np.arange(len(units)) * min(len(units), MOST_COLUMNS) // len(units)
    drawn = units.groupby(part).mean()
    figure = go.Figure()
    figure.add_heatmap(
        x=drawn["time"],
        y=[label(channel) for channel in channels],
        z=drawn[channels].to_numpy(np.float32).T,
        zmin=0,
        zmax=1,
        colorscale="Cividis",
        colorbar={"tickfont": SMALL, "thickness": 10, "outlinewidth": 0},
        hovertemplate="%{y}<br>%{x:.2f} s: %{z:.2f}<extra></extra>",
    )
    axis = time_axis(fixedrange=True)
    if len(units) == 1:  # a single picture, whose column fills the figure
        middle = float(drawn["time"].iloc[0])
        axis = {"visible": False, "fixedrange": True, "range": [middle - NARROW, middle + NARROW]}
    lay_out(
        figure,
        title=title("Which action units does the face show?"),
        xaxis=axis,
        yaxis={"tickfont": SMALL, "autorange": "reversed", "fixedrange": True, "dtick": 1},
        dragmode=False,
        margin=MARGIN | {"l": LABELS},
        height=AROUND + ROW * len(channels),
    )
    return figure


def label(channel: str) -> str:
    """Return the name of a unit for people, e.g. ``AU12 lip corner puller``."""
    return channel.partition(".")[2].replace("-", " ")
