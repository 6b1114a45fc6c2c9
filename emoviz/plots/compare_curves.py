"""Curves of compared models: their predictions of a recording or a clip, and their training."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from ..core.vocabulary import Emotion
from .model_marks import SQUARE, axis, axis_title, colour_of, dash_of, marker_of
from .style import GREY, MARGIN, SCATTERGL_FROM, SMALL, lay_out, legend, span_of, title, unit_axis

ROW_HEIGHT = 118
LEAST_LOSS, LEAST_SCORE = 0.2, 0.1
"""Smallest ranges of the axes of losses and scores, so that curves which hardly move look flat."""


def said_of_recording(table: pd.DataFrame, models: Sequence[str], truth: str) -> go.Figure:
    """Draw the predictions of one held-out recording: bars of probabilities, or curves with the labels.

    Args:
        table: table with ``model output frame value``.
        models: names of the models that predicted it.
        truth: name of the rows with the labels.
    """
    figure = _said_frames(table, models, truth) if table.frame.max() else _said_once(table, models, truth)
    lay_out(figure, title=title("What do they say of it?"), legend=legend(y=-0.16, anchor="top"), dragmode=False)
    return figure


def training_curves(table: pd.DataFrame, models: Sequence[str]) -> go.Figure:
    """Draw loss and validation metric after each epoch, and mark the selected epoch.

    Args:
        table: table with ``model epoch loss validation metric``.
        models: names of all models that are compared, for their colours.
    """
    figure = go.Figure()
    for model, rows in table.groupby("model", sort=False):
        look = {"color": colour_of(models, model), "dash": dash_of(models, model)}
        for column, axes in (("loss", {"xaxis": "x", "yaxis": "y"}), ("validation", {"xaxis": "x2", "yaxis": "y2"})):
            figure.add_scatter(
                x=rows.epoch,
                y=rows[column],
                mode="lines",
                line=look,
                name=model,
                legendgroup=model,
                showlegend=column == "loss",
                hovertemplate=f"epoch %{{x}}: {column} %{{y:.3f}}<extra>{model}</extra>",
                **axes,
            )
        if rows.validation.notna().any():
            best = rows.loc[rows.validation.idxmax()]
            figure.add_scatter(
                x=[best.epoch],
                y=[best.validation],
                xaxis="x2",
                yaxis="y2",
                mode="markers",
                showlegend=False,
                legendgroup=model,
                marker=marker_of(models, model, 10),
                hovertemplate=f"kept: epoch %{{x}}, %{{y:.3f}}<extra>{model}</extra>",
            )
    metric = " or ".join(str(m).upper() for m in dict.fromkeys(table.metric.dropna()))
    lay_out(
        figure,
        title=title("How did they learn?"),
        xaxis=axis("epoch") | {"domain": [0, 0.46]},
        xaxis2=axis("epoch") | {"domain": [0.54, 1], "anchor": "y2"},
        yaxis=axis("loss on the training part") | {"range": span_of(LEAST_LOSS, table["loss"])},
        yaxis2=axis(f"{metric} on the validation part")
        | {"anchor": "x2", "range": span_of(LEAST_SCORE, table["validation"])},
        legend=legend(y=1.0, anchor="bottom"),
        margin=MARGIN,
        height=SQUARE,
        dragmode=False,
    )
    return figure


def clip_comparison(series: pd.DataFrame, agreement: pd.DataFrame, output: str, models: Sequence[str]) -> go.Figure:
    """Draw the predictions of a clip over time, their differences to the first model, and their agreement.

    Args:
        series: table with ``time`` (s) and one column per model.
        agreement: table with ``time`` and one column per model but the first: running CCC with the first.
        output: name of the output.
        models: names of all models that are compared, for their colours.
    """
    first, *others = shown = [c for c in series if c != "time"]
    figure = go.Figure()
    for model in shown:
        _lines(figure, series, "time", model, model, "y", True, colour_of(models, model), dash_of(models, model))
    for model in others:
        apart = series.assign(apart=series[model] - series[first])
        _lines(figure, apart, "time", "apart", model, "y2", False, colour_of(models, model), dash_of(models, model))
        _lines(figure, agreement, "time", model, model, "y3", False, colour_of(models, model), dash_of(models, model))
    _stack(figure, [output, "difference", "agreement (CCC)"], "time (s)", float(series.time.iloc[-1]))
    if output in list(Emotion):
        lay_out(figure, yaxis={"range": [0, 1.02], "tickvals": [0, 0.5, 1], "title": axis_title(f"p of {output}")})
    lay_out(figure, title=title("Where do they differ, moment by moment?"), hovermode="x unified", dragmode=False)
    return figure


def _said_once(table: pd.DataFrame, models: Sequence[str], truth: str) -> go.Figure:
    outputs = list(dict.fromkeys(table.output))
    labels = table[(table.model == truth) & (table.value > 0)]
    figure = go.Figure()
    for model in models:
        values = table[table.model == model].set_index("output").value.loc[outputs]
        figure.add_bar(
            x=outputs,
            y=values,
            name=model,
            marker={"color": colour_of(models, model), "pattern": {"shape": ("", "/", ".", "x")[models.index(model)]}},
            hovertemplate="%{x}: %{y:.2f}<extra>%{fullData.name}</extra>",
        )
    figure.add_scatter(
        x=labels.output,
        y=labels.value,
        name=truth,
        mode="markers",
        marker={"symbol": "line-ew-open", "size": 34, "line": {"width": 3}, "color": GREY},
        hovertemplate="%{x}: %{y:.2f}<extra>labels</extra>",
    )
    lay_out(
        figure,
        xaxis={"tickfont": SMALL, "fixedrange": True},
        yaxis=axis("probability") | {"range": [0, 1.05]},
        margin=MARGIN | {"b": 70},
        height=SQUARE - 30,
    )
    return figure


def _said_frames(table: pd.DataFrame, models: Sequence[str], truth: str) -> go.Figure:
    outputs = list(dict.fromkeys(table.output))
    figure = go.Figure()
    for k, output in enumerate(outputs):
        rows = table[table.output == output]
        axis = "y" if k == 0 else f"y{k + 1}"
        _lines(figure, rows[rows.model == truth], "frame", "value", truth, axis, k == 0, GREY, "solid", 3.0)
        for model in models:
            own = rows[rows.model == model]
            _lines(figure, own, "frame", "value", model, axis, k == 0, colour_of(models, model), dash_of(models, model))
    _stack(figure, outputs, "frame of the recording", int(table.frame.max()))
    lay_out(figure, margin=MARGIN | {"b": 70})
    return figure


def _lines(
    figure: go.Figure,
    table: pd.DataFrame,
    x: str,
    y: str,
    name: str,
    axis: str,
    first: bool,
    colour: str,
    dash: str,
    width: float = 1.6,
) -> None:
    scatter = go.Scattergl if len(table) > SCATTERGL_FROM else go.Scatter
    figure.add_trace(
        scatter(
            x=table[x],
            y=table[y],
            yaxis=axis,
            name=name,
            legendgroup=name,
            showlegend=first,
            mode="lines",
            line={"color": colour, "dash": dash, "width": width},
            hovertemplate="%{y:.2f}<extra>%{fullData.name}</extra>",
        )
    )


def _stack(figure: go.Figure, rows: Sequence[str], x_title: str, end: float) -> None:
    """Rows from -1 to 1 over one axis."""
    gap = 0.06
    share = (1 - gap * (len(rows) - 1)) / len(rows)
    for k, name in enumerate(rows):
        top = 1 - k * (share + gap)
        lay_out(figure, {f"yaxis{k + 1 if k else ''}": unit_axis(name) | {"domain": [max(0.0, top - share), top]}})
    lay_out(
        figure,
        xaxis=axis(x_title) | {"range": [0, end], "anchor": f"y{len(rows) if len(rows) > 1 else ''}"},
        legend=legend(y=1.0, anchor="bottom"),
        margin=MARGIN,
        height=ROW_HEIGHT * len(rows) + 80,
    )
