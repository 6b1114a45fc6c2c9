"""Figures of one clip: curves over time, the path through the circumplex, channel weights."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from ..core.runs import runs
from ..core.vocabulary import (
    BINARY,
    CIRCUMPLEX,
    EMOTION_COLOURS,
    FUSED_SOURCES,
    Dimension,
    Emotion,
    Source,
)
from .channels import PALE
from .dimension_lines import draw_dimension
from .style import (
    GAP,
    GREY,
    GRID,
    MARGIN,
    MODALITY_COLOURS,
    SCATTERGL_FROM,
    SMALL,
    faint,
    lay_out,
    legend,
    time_axis,
    title,
    unit_axis,
)
from .unlike import veil

LEGEND_HEIGHT = 78
ABOVE = 54
"""Height in pixels of the title and of one row of the legend below it."""
LEGEND_ROW, LEGEND_WIDTH, LEGEND_SIGN, LETTER = 19, 430, 45, 6
"""Sizes in pixels of a legend: height of a row, smallest width, width of an entry's line, and of a letter."""
ROW_HEIGHT = 118
"""Height in pixels of one row of the timeline."""
HIGHS = tuple(high for _, high in BINARY.values())
"""Classes with a row of their own for their probability; the other class has the rest."""
WORD_SIDES: dict[Emotion, str] = {
    Emotion.ANGRY: "top right",
    Emotion.FEARFUL: "top left",
    Emotion.DISGUSTED: "middle left",
    Emotion.CONTEMPTUOUS: "bottom right",
    Emotion.NEUTRAL: "bottom right",
}
"""Positions of the words of the circumplex that would otherwise cover their neighbours."""


def timeline(table: pd.DataFrame, outputs: pd.DataFrame, gaps: pd.DataFrame, emotion_source: str | None) -> go.Figure:
    """Draw dimensions and emotion probabilities over one time axis.

    Each dimension has a row, with a line per source in a band of the held-out RMSE where that is known; then come the
    emotions of one source as a stacked area. A row is shaded where none of its sources has a value, and underlined
    where one has none; fused values of one source alone are thin and dotted. Curves are paler where the clip is unlike
    what their model was trained on.

    Args:
        table: table with ``time`` (s) and one column per output.
        outputs: descriptions of the columns, a row each: ``column source model output kind rmse``.
        gaps: table with ``source model start end reason`` (:func:`emoviz.evaluation.gaps.gaps`).
        emotion_source: source whose emotions are stacked; None for no such row.
    """
    dimensions = dimensions_of(outputs)
    emotions = outputs[(outputs.kind == "emotion") & (outputs.source == emotion_source)].drop_duplicates("output")
    rows = [*dimensions, *(["emotions"] if len(emotions) else [])]
    figure = go.Figure()
    for place, name in enumerate(rows, start=1):
        axis = "y" if place == 1 else f"y{place}"
        if name == "emotions":
            _stack_emotions(figure, table, emotions, axis)
            veil(figure, table, emotions, axis)
            drawn = emotions
            _mark_alone(figure, table, axis, emotion_source)
        else:
            draw_dimension(figure, table, dimensions[name], axis, first=place == 1)
            drawn = dimensions[name][dimensions[name].source != Source.FUSED]
        _tell_gaps(figure, _of(gaps, drawn), axis, bottom=0.0 if name in ("emotions", *HIGHS) else -1.0)
        _shade(figure, table.time.to_numpy(), table[list(drawn.column)].isna().all(axis=1).to_numpy(), axis)
    _time_axes(figure, rows, dimensions, emotion_source, end=float(table.time.iloc[-1]))
    return figure


def circumplex(table: pd.DataFrame, outputs: pd.DataFrame, source: str) -> go.Figure:
    """Draw the path of one source through the valence-arousal plane, coloured by time.

    The emotion words stand where the norms of :data:`~emoviz.core.vocabulary.CIRCUMPLEX` put them.
    ``customdata`` of the path is the time in seconds, so that the present moment can be marked.
    """
    columns = {
        name: rows[rows.source == source].column.iloc[0]
        for name, rows in dimensions_of(outputs).items()
        if (rows.source == source).any()
    }
    path = table[["time", columns[Dimension.VALENCE], columns[Dimension.AROUSAL]]]
    path.columns = pd.Index(["time", "valence", "arousal"])
    figure = go.Figure()
    _add_words(figure)
    scatter = go.Scattergl if len(path) > SCATTERGL_FROM else go.Scatter
    figure.add_trace(
        scatter(
            x=path.valence,
            y=path.arousal,
            customdata=path.time,
            mode="lines+markers",
            line={"color": faint(GREY, 0.4), "width": 1},
            marker={
                "size": 5,
                "color": path.time,
                "colorscale": "Cividis",
                "showscale": len(path) > 1,
                "colorbar": {
                    "title": {"text": "time (s)", "side": "right", "font": SMALL},
                    "tickfont": SMALL,
                    "thickness": 8,
                    "len": 1.0,
                },
            },
            hovertemplate="%{customdata:.2f} s<br>valence %{x:.2f}<br>arousal %{y:.2f}<extra></extra>",
            showlegend=False,
            name="path",
        )
    )
    for axis, rows in (("x", "valence"), ("y", "arousal")):
        name = axis_title(dimensions_of(outputs)[rows])
        lay_out(figure, {f"{axis}axis": unit_axis(name)})
    lay_out(
        figure,
        title=title(f"{'Which way through' if len(path) > 1 else 'Where in'} the circumplex? ({source})"),
        margin=MARGIN | {"r": 68, "b": 40},
        height=300,
        dragmode=False,
        hovermode="closest",
    )
    return figure


def _add_words(figure: go.Figure) -> None:
    """Add the emotion words where the norms put them."""
    figure.add_scatter(
        x=[valence for valence, _ in CIRCUMPLEX.values()],
        y=[arousal for _, arousal in CIRCUMPLEX.values()],
        text=list(CIRCUMPLEX),
        mode="markers+text",
        marker={"size": 3, "color": GREY},
        textposition=[WORD_SIDES.get(emotion, "top center") for emotion in CIRCUMPLEX],
        textfont={**SMALL, "color": GREY},
        hoverinfo="skip",
        showlegend=False,
    )


def channel_weights(weights: pd.DataFrame, model: str, count: int = 20, *, pale: bool = False) -> go.Figure:
    """Draw the channels with the highest weights of a model on a clip, as bars coloured by modality.

    Args:
        weights: table with ``channel``, ``modality`` and ``weight``.
        model: name of the model, for the title.
        count: number of bars.
        pale: whether the weights are known not to be trusted, and so drawn pale.
    """
    top = weights.nlargest(count, "weight").iloc[::-1]
    figure = go.Figure()
    for modality, rows in top.groupby("modality", sort=False):
        figure.add_bar(
            x=rows.weight,
            y=rows.channel,
            orientation="h",
            name=str(modality),
            marker_color=MODALITY_COLOURS[modality],
            opacity=PALE if pale else 1.0,
            hovertemplate="%{y}<br>weight %{x:.4f}<extra>%{fullData.name}</extra>",
        )
    lay_out(
        figure,
        title=title(f"Which channels does {model} weigh most here?"),
        xaxis={
            "title": {"text": "weight, mean over the clip", "standoff": 4, "font": SMALL},
            "tickfont": SMALL,
            "gridcolor": GRID,
            "rangemode": "tozero",
        },
        yaxis={
            "categoryorder": "array",
            "categoryarray": list(top.channel),
            "automargin": True,
            "tickfont": SMALL,
        },
        legend=legend(y=1.0, anchor="bottom"),
        showlegend=weights.modality.nunique() > 1,
        margin=MARGIN,
        height=90 + 17 * len(top),
        dragmode=False,
        bargap=0.25,
    )
    return figure


def dimensions_of(outputs: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the rows of ``outputs`` of each dimension in the vocabulary's order, and then those of high classes."""
    dimensions = outputs[outputs.kind == "dimension"]
    found = {str(d): dimensions[dimensions.output.str.split(" ").str[0] == d] for d in Dimension}
    found |= {high: dimensions[dimensions.output == high] for high in HIGHS}
    return {name: rows for name, rows in found.items() if len(rows)}


def _mark_alone(figure: go.Figure, table: pd.DataFrame, axis: str, source: str | None) -> None:
    """A dotted line on top of the emotions where these are fused of one source alone."""
    if source != Source.FUSED or FUSED_SOURCES not in table or not (table[FUSED_SOURCES] == 1).any():
        return
    figure.add_scatter(
        x=table.time,
        y=np.where(table[FUSED_SOURCES] == 1, 1.0, np.nan),
        yaxis=axis,
        mode="lines",
        line={"width": 2, "color": GREY, "dash": "dot"},
        showlegend=False,
        hovertemplate="fused, but of one source alone<extra></extra>",
    )


def _of(gaps: pd.DataFrame, outputs: pd.DataFrame) -> pd.DataFrame:
    """The gaps of some outputs: of their sources, and of their models alone."""
    return gaps[gaps.source.isin(outputs.source) & ((gaps.model == "") | gaps.model.isin(outputs.model))]


def _stack_emotions(figure: go.Figure, table: pd.DataFrame, emotions: pd.DataFrame, axis: str) -> None:
    """Probabilities stacked to one, most frequent at the bottom so that changes stand out on top."""
    order = table[list(emotions.column)].mean().sort_values(ascending=False, na_position="last").index
    name_of = dict(zip(emotions.column, emotions.output, strict=True))
    for column in order:
        name = name_of[column]
        figure.add_scatter(
            x=table.time,
            y=table[column],
            yaxis=axis,
            name=name,
            legend="legend2",
            stackgroup="emotions",
            mode="lines",
            line={"width": 0, "color": EMOTION_COLOURS[Emotion(name)]},
            fillcolor=EMOTION_COLOURS[Emotion(name)],
            hovertemplate=f"%{{y:.2f}}<extra>{name}</extra>",
        )


def _tell_gaps(figure: go.Figure, gaps: pd.DataFrame, axis: str, bottom: float) -> None:
    """Lines at the bottom of a row where a source or a model has no value, and on hover the reason."""
    for row in gaps.itertuples():
        figure.add_scatter(
            x=np.linspace(row.start, row.end, 50),
            y=np.full(50, bottom),
            yaxis=axis,
            mode="lines",
            line={"width": 8, "color": GAP},  # a strip, which is not taken for a curve
            showlegend=False,
            hovertemplate=f"no value: {row.reason}<extra>{row.model or row.source}</extra>",
        )


def _shade(figure: go.Figure, times: np.ndarray, empty: np.ndarray, axis: str) -> None:
    """Grey over the frames of a row in which none of its curves has a value."""
    half = (times[1] - times[0]) / 2 if len(times) > 1 else 0.0
    for first, behind in runs(empty):
        start, end = times[first] - half, times[behind - 1] + half
        figure.add_shape(type="rect", x0=start, x1=end, y0=0, y1=1, yref=f"{axis} domain", fillcolor=GAP, line_width=0)


def _time_axes(
    figure: go.Figure, rows: list[str], dimensions: dict[str, pd.DataFrame], emotion_source: str | None, end: float
) -> None:
    """One time axis beneath all rows; every row its own value axis."""
    gap = 0.05
    share = (1 - gap * (len(rows) - 1)) / max(1, len(rows))
    for place, name in enumerate(rows):
        top = 1 - place * (share + gap)
        if name in ("emotions", *HIGHS):
            axis = _share_axis(f"emotion ({emotion_source})" if name == "emotions" else name)
        else:
            axis = unit_axis(axis_title(dimensions[name]))
        lay_out(figure, {f"yaxis{place + 1 if place else ''}": axis | {"domain": [max(0.0, top - share), top]}})
    above = _room_above(figure)
    lay_out(
        figure,
        title=title("What do face and speech say, moment by moment?"),
        xaxis=time_axis(
            range=[0, end], anchor=f"y{len(rows) if len(rows) > 1 else ''}", gridcolor=GRID, hoverformat=".2f"
        ),
        legend=legend(y=1.0, anchor="bottom"),
        legend2=legend(y=-0.11, anchor="top")
        | {"x": -0.06, "xanchor": "left", "traceorder": "normal", "entrywidth": 74},
        hovermode="x unified",
        dragmode=False,
        margin=MARGIN | {"t": above, "b": LEGEND_HEIGHT},
        height=ROW_HEIGHT * len(rows) + above + LEGEND_HEIGHT,
    )


def _room_above(figure: go.Figure) -> int:
    """Return the pixels of the title and of all rows that the legend of the curves takes."""
    named = [t.name for t in figure.data if t.name and t.showlegend is not False and t.legend != "legend2"]
    width = sum(LEGEND_SIGN + LETTER * len(name) for name in named)
    return ABOVE + LEGEND_ROW * (width // LEGEND_WIDTH)


def axis_title(rows: pd.DataFrame) -> str:
    """Return the name of a dimension; ``(derived)`` only when all who predict it derive it."""
    names = rows.output.unique()
    return str(names[0]) if len(names) == 1 else str(names[0]).split(" ")[0]


def _share_axis(name: str) -> dict[str, Any]:
    """An axis of probabilities."""
    return {
        "title": {"text": name, "standoff": 2, "font": SMALL},
        "tickfont": SMALL,
        "range": [0, 1],
        "tickvals": [0, 0.5, 1],
        "gridcolor": GRID,
        "fixedrange": True,
    }
