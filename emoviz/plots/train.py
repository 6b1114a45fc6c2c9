"""Figures of the Train page: the course of a training, epoch by epoch."""

import pandas as pd
import plotly.graph_objects as go

from .style import GRID, MARGIN, SERIES_COLOURS, SMALL, culture_colour, lay_out, legend

HEIGHT = 230


def job_curves(table: pd.DataFrame, metric: str) -> go.Figure:
    """Draw the loss on the left, and on the right the validation metric of all recordings and of each culture.

    Args:
        table: table with ``epoch``, ``curve`` and ``value`` (:func:`emoviz.training.sweeps.curves`).
        metric: name of the metric on the axis, e.g. ``UA``.
    """
    figure = go.Figure()
    for curve, rows in table.groupby("curve", sort=False):
        loss, overall = curve == "loss", curve in ("loss", "validation")
        figure.add_scatter(
            x=rows["epoch"],
            y=rows["value"],
            mode="lines+markers",
            name="all cultures" if overall else str(curve),
            showlegend=not loss,
            line={
                "color": SERIES_COLOURS[0] if overall else culture_colour(str(curve)),
                "width": 2.4 if overall else 1.2,
            },
            marker={"size": 5 if overall else 4},
            xaxis="x" if loss else "x2",
            yaxis="y" if loss else "y2",
            hovertemplate=f"epoch %{{x}}: {curve} %{{y:.3f}}<extra></extra>",
        )
    axis = {"tickfont": SMALL, "gridcolor": GRID, "fixedrange": True}
    epochs = axis | {"title": {"text": "epoch", "standoff": 2, "font": SMALL}, "rangemode": "tozero"}
    lay_out(
        figure,
        xaxis=epochs | {"domain": [0, 0.45]},
        xaxis2=epochs | {"domain": [0.55, 1], "anchor": "y2"},
        yaxis=axis | {"title": {"text": "loss, training part", "font": SMALL}},
        yaxis2=axis | {"title": {"text": f"{metric}, validation part", "font": SMALL}, "anchor": "x2"},
        legend=legend(y=1.0, anchor="bottom"),
        margin=MARGIN | {"t": 24},
        height=HEIGHT,
        dragmode=False,
    )
    return figure
