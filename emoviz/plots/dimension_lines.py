"""The lines of one dimension over the time of a clip: one per model, in a band of its error."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from ..core.vocabulary import FUSED_SOURCES, HIGH, LOW, SOURCE_COLOURS, SOURCE_DASHES, Source
from .style import SCATTERGL_FROM, band
from .unlike import PALE, UNLIKE_TRAINING, named_pale, parted, unlike

INTERVAL = " [%{customdata[0]:.2f}, %{customdata[1]:.2f}]"
"""Text on hover for an interval that holds 90 % of the labels."""

ALONE = {"dash": "dot", "width": 1}
"""Line style of fused values of one source alone."""
ALONE_SAID = {
    "name": "fused, of one source alone",
    "legendgroup": "alone",
    "hovertemplate": "%{y:.2f}<extra>fused, but of one source alone</extra>",
}
"""Names of fused values of one source alone."""


def draw_dimension(figure: go.Figure, table: pd.DataFrame, rows: pd.DataFrame, axis: str, *, first: bool) -> None:
    """Draw the lines of one dimension, and the band of those whose error is known.

    Args:
        figure: figure to draw into.
        table: table of a prediction.
        rows: descriptions of the columns of this dimension.
        axis: name of the value axis.
        first: whether the row is the first, whose lines stand in the legend.
    """
    scatter = go.Scattergl if len(table) > SCATTERGL_FROM else go.Scatter
    drawn: set[str] = set()
    for row in rows.itertuples():
        colour = SOURCE_COLOURS[Source(row.source)]
        only = (rows.source == row.source).sum() == 1
        values, single = _apart(table, row.column) if row.source == Source.FUSED else (table[row.column], None)
        look = {
            "x": table.time,
            "yaxis": axis,
            "mode": "lines",
            "line": {
                "color": colour,
                "dash": SOURCE_DASHES[Source(row.source)],
                "width": 2.5 if row.source == Source.FUSED else 1.6,
            },
        }
        ends, error = interval_of(table, row.column, values, row.rmse)
        if ends is not None:
            look["customdata"] = np.stack(ends, axis=1)
            if row.source not in drawn:
                shape = band(table.time, *ends, colour, 0.13)
                figure.add_scatter(**shape, yaxis=axis, legendgroup=f"{row.source}.{row.model}")
        opacity = 0.55 if row.source in drawn else 1.0
        said = f"%{{y:.2f}}{error}<extra>{row.source}, {row.model}: {row.output}"
        usual, pale = parted(values, unlike(table, row.source, row.model))
        figure.add_trace(
            scatter(
                **look,
                y=usual,
                name=row.source if only else f"{row.source} ({row.model})",
                legendgroup=f"{row.source}.{row.model}",
                showlegend=first,
                opacity=opacity,
                hovertemplate=f"{said}</extra>",
            )
        )
        if pale is not None:
            look |= named_pale(figure) | {"opacity": PALE * opacity}
            figure.add_trace(scatter(**look, y=pale, hovertemplate=f"{said}, {UNLIKE_TRAINING}</extra>"))
        drawn.add(row.source)
        if single is not None:
            look = {"mode": "lines", "x": table.time, "yaxis": axis, "line": ALONE | {"color": colour}}
            figure.add_trace(scatter(**look, y=single, showlegend=first, **ALONE_SAID))


def interval_of(
    table: pd.DataFrame, column: str, values: pd.Series, rmse: float
) -> tuple[tuple[pd.Series, pd.Series] | None, str]:
    """Return the ends of the band of a curve, and its words on hover: its interval, or else its held-out RMSE."""
    if f"{column}{LOW}" in table:
        return (table[f"{column}{LOW}"], table[f"{column}{HIGH}"]), INTERVAL
    if not np.isfinite(rmse):
        return None, ""
    low, high = ((values + sign * rmse).clip(-1, 1) for sign in (-1, 1))  # within the scale
    return (low, high), f" ± {rmse:.2f}"


def _apart(table: pd.DataFrame, column: str) -> tuple[pd.Series, pd.Series | None]:
    """Fused values of two sources, and those of one alone up to the next of two; None where there are none."""
    if FUSED_SOURCES not in table or not (table[FUSED_SOURCES] == 1).any():
        return table[column], None
    alone = table[FUSED_SOURCES] == 1
    beside = alone | alone.shift(1, fill_value=False) | alone.shift(-1, fill_value=False)
    return table[column].where(~alone), table[column].where(beside)
