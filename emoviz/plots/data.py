"""Figures of the Data page: the number of recordings of each label."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from ..core.vocabulary import EMOTION_COLOURS, Emotion
from .style import GRID, MARGIN, SMALL, culture_colour, lay_out, legend, title

ROW, LEAST = 22, 330
"""Height in pixels of one bar, and of the smallest figure."""
ABOVE, BELOW, LABELS = 30, 130, 40
"""Height in pixels of the margins above and below the bars, and of the labels between bars and legend."""


def label_counts(table: pd.DataFrame, by: str) -> go.Figure:
    """Draw the number of recordings of each emotion, one bar per group.

    Args:
        table: number of ``recordings`` per ``emotion`` and other columns (:func:`emoviz.corpora.inventory.emotions`).
        by: column of the groups: ``culture``, ``speaker``, ``corpus``, or ``emotion`` itself.
    """
    figure = go.Figure()
    groups = list(dict.fromkeys(table.sort_values(["culture", "corpus", by])[by]))[::-1]
    for emotion in (str(e) for e in Emotion if e in set(table["emotion"])):
        counts = table[table["emotion"] == emotion].groupby(by)["recordings"].sum().reindex(groups).fillna(0)
        figure.add_bar(
            y=groups,
            x=counts,
            orientation="h",
            name=emotion,
            marker={"color": EMOTION_COLOURS[Emotion(emotion)]},
            hovertemplate=f"%{{y}}: %{{x:,}} recordings {emotion}<extra></extra>",
        )
    height = max(LEAST, ROW * len(groups) + ABOVE + BELOW)
    lay_out(
        figure,
        barmode="stack",
        title=title(f"How many recordings of which emotion, by {by}?"),
        xaxis={
            "title": {"text": "recordings", "standoff": 12, "font": SMALL},
            "tickfont": SMALL,
            "gridcolor": GRID,
            "fixedrange": True,
        },
        yaxis={"tickfont": SMALL, "fixedrange": True, "automargin": True},
        legend=legend(y=-LABELS / (height - ABOVE - BELOW), anchor="top") | {"traceorder": "normal"},
        margin=MARGIN | {"t": ABOVE, "b": BELOW},
        height=height,
        dragmode=False,
    )
    return figure


def dimension_shares(table: pd.DataFrame, dimensions: Sequence[str]) -> go.Figure:
    """Draw the distribution of rated dimensions, one panel per dimension and one line per culture.

    Args:
        table: histograms that :func:`emoviz.corpora.inventory.dimensions` returned.
        dimensions: names of the dimensions to show.
    """
    figure = go.Figure()
    for number, dimension in enumerate(dimensions, 1):
        axis = str(number) if number > 1 else ""
        for culture, rows in table[table["dimension"] == dimension].groupby("culture", sort=False):
            rows = rows.groupby("value", as_index=False)["share"].mean()
            figure.add_scatter(
                x=rows["value"],
                y=rows["share"],
                mode="lines",
                line={"color": culture_colour(str(culture)), "shape": "hvh"},
                name=str(culture),
                legendgroup=str(culture),
                showlegend=number == 1,
                xaxis=f"x{axis}",
                yaxis=f"y{axis}",
                hovertemplate=f"{culture}: {dimension} near %{{x:.2f}} in %{{y:.1%}} of the labels<extra></extra>",
            )
        left, width = (number - 1) / len(dimensions), 1 / len(dimensions)
        lay_out(
            figure,
            {
                f"xaxis{axis}": {
                    "title": {"text": dimension, "standoff": 4, "font": SMALL},
                    "range": [-1, 1],
                    "tickfont": SMALL,
                    "gridcolor": GRID,
                    "fixedrange": True,
                    "anchor": f"y{axis}",
                    "tickvals": [-1, 0, 1],
                    "domain": [left + 0.02 * (number > 1), left + width - 0.02],
                },
                f"yaxis{axis}": {
                    "tickfont": SMALL,
                    "gridcolor": GRID,
                    "fixedrange": True,
                    "tickformat": ".0%",
                    "rangemode": "tozero",
                    "anchor": f"x{axis}",
                    "showticklabels": number == 1,
                    "matches": "y" if number > 1 else None,
                    "title": {"text": "share of labels" if number == 1 else "", "font": SMALL},
                },
            },
        )
    lay_out(
        figure,
        title=title("Which ratings were given?"),
        legend=legend(y=-0.24, anchor="top"),
        margin=MARGIN | {"b": 80},
        height=LEAST,
        dragmode=False,
    )
    return figure
