"""The figure of a single picture, for which curves over time have no meaning."""

import pandas as pd
import plotly.graph_objects as go

from ..core.vocabulary import EMOTION_COLOURS, Emotion
from .style import GRID, MARGIN, SMALL, lay_out, title

BAR = 26
"""Height in pixels of the row of one emotion."""


def moment(table: pd.DataFrame, outputs: pd.DataFrame, emotion_source: str | None) -> go.Figure:
    """Draw the probability of each emotion as a bar, the likeliest at the top.

    Args:
        table: table of one row with one column per output.
        outputs: descriptions of the columns, a row each: ``column source model output kind rmse``.
        emotion_source: source whose emotions are drawn; None for no bars.
    """
    emotions = outputs[(outputs.kind == "emotion") & (outputs.source == emotion_source)].drop_duplicates("output")
    values = table[list(emotions.column)].iloc[0].set_axis(emotions.output).dropna().sort_values()
    figure = go.Figure()
    figure.add_bar(
        x=values,
        y=values.index,
        orientation="h",
        marker_color=[EMOTION_COLOURS[Emotion(name)] for name in values.index],
        text=[f"{value:.2f}" for value in values],
        textposition="outside",
        textfont=SMALL,
        cliponaxis=False,
        hovertemplate="%{y} %{x:.3f}<extra></extra>",
        showlegend=False,
    )
    lay_out(
        figure,
        title=title(f"What does the {emotion_source or 'picture'} say?"),
        xaxis={
            "range": [0, 1.08],
            "title": {"text": "probability", "font": SMALL},
            "tickfont": SMALL,
            "gridcolor": GRID,
        },
        yaxis={"automargin": True, "tickfont": SMALL},
        margin=MARGIN,
        height=100 + BAR * max(1, len(values)),
        dragmode=False,
        bargap=0.25,
    )
    return figure
