"""Figures of models side by side: differences, confusions, calibration, errors by slice, curves.

A model keeps its colour, marker and dash in all figures of one comparison: those of its place among ``models``.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from ..core.vocabulary import Emotion
from ..core.words import counted, interval, p_value, rests_on
from .style import (
    GREY,
    GRID,
    MARGIN,
    SCATTERGL_FROM,
    SERIES_COLOURS,
    SERIES_SYMBOLS,
    SMALL,
    ZERO,
    lay_out,
    legend,
    title,
    unit_axis,
)

DASHES = ("solid", "dash", "dot", "dashdot")
ROW_HEIGHT = 118
FOREST_ROW = 22
"""Pixels of one line of a forest plot."""
LABELS_WIDTH, BESIDE_WIDTH = 0.1, 0.02
"""Share of the width before a confusion matrix with labels of its own, and before one without."""
SHIFT = 0.02
"""Between the markers of models that would stand on each other, in units of a dimension."""
SQUARE = 330
"""Pixels of the height of a diagram that is about as wide as high."""


def difference_forest(differences: pd.DataFrame, models: Sequence[str], what: str) -> go.Figure:
    """How much more of one figure models have than the first, per culture, with intervals.

    Args:
        differences: rows of one score: ``model against culture difference low high p unit clusters``.
        models: all that are compared, for their colours.
        what: the figure's title, e.g. ``UA``.
    """
    cultures = list(dict.fromkeys(differences.culture))
    others = list(dict.fromkeys(differences.model))
    step = 1 / (len(others) + 1)
    figure = go.Figure()
    for k, model in enumerate(others):
        rows = differences[differences.model == model]
        places = np.array([cultures.index(c) for c in rows.culture]) + (k - (len(others) - 1) / 2) * step
        labels = [interval(r.difference, r.low, r.high, sign="+") for r in rows.itertuples()]
        figure.add_scatter(
            x=rows.difference,
            y=places,
            mode="markers",
            name=model,
            marker=_marker(models, model, 9),
            error_x=_whiskers(rows.difference, rows.low, rows.high, _colour(models, model)),
            customdata=np.stack([rows.culture, labels, rows.p.map(p_value), _drawn(rows)], axis=1),
            hovertemplate="%{customdata[0]}: %{customdata[1]}, %{customdata[2]}, %{customdata[3]}"
            "<extra>%{fullData.name}</extra>",
            showlegend=len(others) > 1,
        )
        for place, label in zip(places, labels, strict=True):
            figure.add_annotation(
                x=1.01, xref="paper", xanchor="left", y=place, text=label, showarrow=False, font={"size": 10}
            )
    against = differences.against.iloc[0]
    figure.add_vline(x=0, line={"color": ZERO, "width": 1})
    lay_out(
        figure,
        title=title("By how much do they differ?"),
        xaxis=_axis(f"{what}: {others[0] if len(others) == 1 else 'others'} minus {against}") | {"zeroline": False},
        yaxis={
            "tickvals": list(range(len(cultures))),
            "ticktext": cultures,
            "range": [len(cultures) - 0.5, -0.5],
            "tickfont": SMALL,
            "showgrid": False,
            "zeroline": False,
            "fixedrange": True,
            "automargin": True,
        },
        legend=legend(y=1.0, anchor="bottom"),
        margin=MARGIN | {"r": 118, "b": 44, "t": 30 if len(others) == 1 else 66},
        height=(96 if len(others) == 1 else 132) + max(len(cultures) * len(others) * FOREST_ROW, len(cultures) * 30),
        dragmode=False,
    )
    return figure


def confusion_matrices(table: pd.DataFrame, models: Sequence[str]) -> go.Figure:
    """Confusion matrices side by side: of each true class the share that was taken for each class.

    Args:
        table: ``model truth prediction count share``.
        models: in the order of the matrices.
    """
    shown = [m for m in models if (table.model == m).any()]
    classes = {m: list(dict.fromkeys(table.truth[table.model == m])) for m in shown}
    labelled = [k == 0 or classes[m] != classes[shown[k - 1]] for k, m in enumerate(shown)]
    pads = np.cumsum([0.0, *(LABELS_WIDTH if own else BESIDE_WIDTH for own in labelled[1:])])
    width = (1 - pads[-1]) / len(shown)
    small = sum(map(len, classes.values())) > 12
    figure = go.Figure()
    for k, model in enumerate(shown):
        names = classes[model]
        rows = table[table.model == model]
        share, count = (rows.pivot(index="truth", columns="prediction", values=v) for v in ("share", "count"))
        number = "" if k == 0 else str(k + 1)
        figure.add_heatmap(
            x=names,
            y=names,
            z=share.loc[names, names],
            customdata=count.loc[names, names],
            xaxis=f"x{number}",
            yaxis=f"y{number}",
            zmin=0,
            zmax=1,
            colorscale="Cividis",
            texttemplate="%{z:.0%}",
            textfont={"size": 8 if small else 11},
            hovertemplate="%{y} taken for %{x}: %{customdata} (%{z:.1%})<extra>%{fullData.name}</extra>",
            name=model,
            showscale=k == len(shown) - 1,
            colorbar={"thickness": 8, "tickformat": ".0%", "tickfont": SMALL,
                      "title": {"text": "share of the true class", "side": "right", "font": SMALL}},
        )  # fmt: skip
        start = float(k * width + pads[k])
        plain = {"tickfont": {"size": 10}, "showgrid": False, "zeroline": False, "fixedrange": True}
        lay_out(figure,
            {
                f"xaxis{number}": plain
                | {"domain": [start, start + width], "anchor": f"y{number}",
                   "title": _text("predicted") | {"standoff": 12},
                   "tickangle": -45 if small else 0, "automargin": True},
                f"yaxis{number}": plain
                | {"anchor": f"x{number}", "autorange": "reversed", "title": _text("true") if k == 0 else None,
                   "showticklabels": labelled[k]},
            }
        )  # fmt: skip
        figure.add_annotation(
            x=start + width / 2, y=1.0, xref="paper", yref="paper", xanchor="center", yanchor="bottom", text=model,
            showarrow=False, font={"size": 12},
        )  # fmt: skip
    lay_out(figure,
        title=title("What is taken for what?"), margin={"l": 84, "r": 96, "t": 50, "b": 50}, height=SQUARE + 50,
        dragmode=False,
    )  # fmt: skip
    return figure


def reliability_diagram(bins: pd.DataFrame, errors: pd.DataFrame, models: Sequence[str]) -> go.Figure:
    """How often classifiers are right when they are so sure; the diagonal is a calibrated one.

    Args:
        bins: ``model confidence accuracy low high recordings``.
        errors: ``model error low high unit clusters``: expected calibration errors.
        models: all that are compared, for their colours.
    """
    figure = _diagonal([0, 1], "calibrated")
    for model, rows in bins.groupby("model", sort=False):
        found = errors[errors.model == model].iloc[0]
        warning = rests_on(found.clusters, found.unit)
        figure.add_scatter(
            x=rows.confidence,
            y=rows.accuracy,
            mode="lines+markers",
            name=f"{model}: error {interval(found.error, found.low, found.high)}" + (f", {warning}" if warning else ""),
            line={"color": _colour(models, model), "dash": _dash(models, model), "width": 1.5},
            marker=_marker(models, model, 8),
            error_y=_whiskers(rows.accuracy, rows.low, rows.high, _colour(models, model)),
            customdata=rows.recordings,
            hovertemplate="confidence %{x:.2f}<br>right %{y:.0%} of %{customdata} recordings<extra></extra>",
        )
    lay_out(
        figure,
        title=title("Is a model right as often as it says?"),
        xaxis=_axis("confidence: probability of the answer") | {"range": [0, 1.02]},
        yaxis=_axis("accuracy: share of right answers") | {"range": [0, 1.05]},
        **_below(SQUARE + 60),
    )
    return figure


def spread_diagram(table: pd.DataFrame, output: str, models: Sequence[str]) -> go.Figure:
    """What the labels are where a dimension is predicted so high, with their spread.

    Args:
        table: ``model output predicted true low high frames``.
        output: which.
        models: all that are compared, for their colours.
    """
    figure = _diagonal([-1, 1], "calibrated")
    chosen = table[table.output == output]
    for k, (model, rows) in enumerate(chosen.groupby("model", sort=False)):
        figure.add_scatter(
            x=rows.predicted + k * SHIFT,
            y=rows.true,
            mode="lines+markers",
            name=model,
            line={"color": _colour(models, model), "dash": _dash(models, model), "width": 1.5},
            marker=_marker(models, model, 8),
            error_y=_whiskers(rows.true, rows.low, rows.high, _colour(models, model)),
            customdata=np.stack([rows.low, rows.high, rows.frames, rows.predicted], axis=1),
            hovertemplate="predicted %{customdata[3]:.2f}<br>labels %{y:.2f}, 80 % of them within "
            "%{customdata[0]:.2f} to %{customdata[1]:.2f} (%{customdata[2]:,} values)<extra></extra>",
        )
    lay_out(
        figure,
        title=title(f"Is {output} as high as predicted?"),
        xaxis=unit_axis("predicted"),
        yaxis=unit_axis("labels: mean, and where 80 % of them lie"),
        **_below(SQUARE + 60),
    )
    return figure


def error_slices(table: pd.DataFrame, output: str, models: Sequence[str]) -> go.Figure:
    """Error of each model on each slice of recordings, with intervals.

    Args:
        table: ``slice model output metric error low high recordings unit clusters``.
        output: which.
        models: all that are compared, for their colours.
    """
    chosen = table[table.output == output]
    slices = list(dict.fromkeys(chosen.slice))
    present = [m for m in models if (chosen.model == m).any()]
    figure = go.Figure()
    for k, model in enumerate(present):
        rows = chosen[chosen.model == model]
        offset = (k - (len(present) - 1) / 2) * 0.7 / len(present)
        figure.add_scatter(
            x=np.array([slices.index(s) for s in rows.slice]) + offset,
            y=rows.error,
            mode="markers",
            name=model,
            marker=_marker(models, model, 8),
            error_y=_whiskers(rows.error, rows.low, rows.high, _colour(models, model)),
            customdata=np.stack([rows.slice, rows.low, rows.high, rows.recordings, _drawn(rows)], axis=1),
            hovertemplate="%{customdata[0]}: %{y:.2f} [%{customdata[1]:.2f}, %{customdata[2]:.2f}] of "
            "%{customdata[3]} recordings, %{customdata[4]}<extra>%{fullData.name}</extra>",
        )
    metric = chosen.metric.iloc[0]
    of = "" if output in ("emotion", "mean") else f" of {output}"
    lay_out(figure,
        title=title(f"Where is the error{of} large?"),
        xaxis={
            "tickvals": list(range(len(slices))), "ticktext": slices, "tickfont": SMALL, "showgrid": False,
            "range": [-0.5, len(slices) - 0.5], "zeroline": False, "fixedrange": True, "automargin": True,
        },
        yaxis=_axis(f"{metric}{of}") | {"rangemode": "tozero"},
        legend=legend(y=1.0, anchor="bottom"),
        margin=MARGIN,
        height=SQUARE,
        dragmode=False,
    )  # fmt: skip
    return figure


def said_of_recording(table: pd.DataFrame, models: Sequence[str], truth: str) -> go.Figure:
    """What models said of one held-out recording: bars of probabilities, or curves under the labels.

    Args:
        table: ``model output frame value``.
        models: that said it.
        truth: name of the rows with the labels.
    """
    figure = _said_frames(table, models, truth) if table.frame.max() else _said_once(table, models, truth)
    lay_out(figure,
        title=title("What do they say of it?"), legend=legend(y=-0.16, anchor="top"), dragmode=False
    )  # fmt: skip
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
            marker={"color": _colour(models, model), "pattern": {"shape": ("", "/", ".", "x")[models.index(model)]}},
            hovertemplate="%{x}: %{y:.2f}<extra>%{fullData.name}</extra>",
        )
    figure.add_scatter(
        x=labels.output, y=labels.value, name=truth, mode="markers",
        marker={"symbol": "line-ew-open", "size": 34, "line": {"width": 3}, "color": GREY},
        hovertemplate="%{x}: %{y:.2f}<extra>labels</extra>",
    )  # fmt: skip
    lay_out(
        figure,
        xaxis={"tickfont": SMALL, "fixedrange": True},
        yaxis=_axis("probability") | {"range": [0, 1.05]},
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
            _lines(figure, own, "frame", "value", model, axis, k == 0, _colour(models, model), _dash(models, model))
    _stack(figure, outputs, "frame of the recording", int(table.frame.max()))
    lay_out(figure, margin=MARGIN | {"b": 70})
    return figure


def training_curves(table: pd.DataFrame, models: Sequence[str]) -> go.Figure:
    """Loss and validation metric after each epoch; the epoch that was kept is marked.

    Args:
        table: ``model epoch loss validation metric``.
        models: all that are compared, for their colours.
    """
    figure = go.Figure()
    for model, rows in table.groupby("model", sort=False):
        look = {"color": _colour(models, model), "dash": _dash(models, model)}
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
                x=[best.epoch], y=[best.validation], xaxis="x2", yaxis="y2", mode="markers", showlegend=False,
                legendgroup=model, marker=_marker(models, model, 10),
                hovertemplate=f"kept: epoch %{{x}}, %{{y:.3f}}<extra>{model}</extra>",
            )  # fmt: skip
    metric = " or ".join(str(m).upper() for m in dict.fromkeys(table.metric.dropna()))
    lay_out(
        figure,
        title=title("How did they learn?"),
        xaxis=_axis("epoch") | {"domain": [0, 0.46]},
        xaxis2=_axis("epoch") | {"domain": [0.54, 1], "anchor": "y2"},
        yaxis=_axis("loss on the training part"),
        yaxis2=_axis(f"{metric} on the validation part") | {"anchor": "x2"},
        legend=legend(y=1.0, anchor="bottom"),
        margin=MARGIN,
        height=SQUARE,
        dragmode=False,
    )
    return figure


def clip_comparison(series: pd.DataFrame, agreement: pd.DataFrame, output: str, models: Sequence[str]) -> go.Figure:
    """What models say of a clip over time, how far the others lie above the first, and how far they agree.

    Args:
        series: ``time`` (s) and one column per model.
        agreement: ``time`` and one column per model but the first: running CCC with the first.
        output: what is predicted.
        models: all that are compared, for their colours.
    """
    first, *others = shown = [c for c in series if c != "time"]
    figure = go.Figure()
    for model in shown:
        _lines(figure, series, "time", model, model, "y", True, _colour(models, model), _dash(models, model))
    for model in others:
        apart = series.assign(apart=series[model] - series[first])
        _lines(figure, apart, "time", "apart", model, "y2", False, _colour(models, model), _dash(models, model))
        _lines(figure, agreement, "time", model, model, "y3", False, _colour(models, model), _dash(models, model))
    _stack(figure, [output, "difference", "agreement (CCC)"], "time (s)", float(series.time.iloc[-1]))
    if output in list(Emotion):
        lay_out(figure, yaxis={"range": [0, 1.02], "tickvals": [0, 0.5, 1], "title": _text(f"p of {output}")})
    lay_out(figure, title=title("Where do they differ, moment by moment?"), hovermode="x unified", dragmode=False)
    return figure


def _lines(
    figure: go.Figure, table: pd.DataFrame, x: str, y: str, name: str, axis: str, first: bool, colour: str, dash: str,
    width: float = 1.6,
) -> None:  # fmt: skip
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
        xaxis=_axis(x_title) | {"range": [0, end], "anchor": f"y{len(rows) if len(rows) > 1 else ''}"},
        legend=legend(y=1.0, anchor="bottom"),
        margin=MARGIN,
        height=ROW_HEIGHT * len(rows) + 80,
    )


def _diagonal(ends: list[float], name: str) -> go.Figure:
    figure = go.Figure()
    figure.add_scatter(
        x=ends, y=ends, mode="lines", line={"color": ZERO, "width": 1, "dash": "dot"}, name=name, hoverinfo="skip"
    )
    return figure


def _below(height: int) -> dict:
    """Layout with the legend below, one model a line."""
    return {
        "legend": {"orientation": "h", "x": 0, "y": -0.16, "yanchor": "top", "font": SMALL},
        "margin": MARGIN | {"b": 116},
        "height": height,
        "dragmode": False,
    }


def _colour(models: Sequence[str], model: str) -> str:
    return SERIES_COLOURS[list(models).index(model)]


def _dash(models: Sequence[str], model: str) -> str:
    return DASHES[list(models).index(model) % len(DASHES)]


def _marker(models: Sequence[str], model: str, size: int) -> dict:
    return {"color": _colour(models, model), "symbol": SERIES_SYMBOLS[list(models).index(model)], "size": size}


def _whiskers(values: pd.Series, low: pd.Series, high: pd.Series, colour: str) -> dict:
    return {
        "type": "data",
        "symmetric": False,
        "array": high - values,
        "arrayminus": values - low,
        "color": colour,
        "thickness": 1.5,
        "width": 4,
    }


def _axis(name: str) -> dict:
    return {
        "title": _text(name),
        "tickfont": SMALL,
        "gridcolor": GRID,
        "zerolinecolor": ZERO,
        "fixedrange": True,
    }


def _text(name: str) -> dict:
    return {"text": name, "standoff": 4, "font": SMALL}


def _drawn(rows: pd.DataFrame) -> list[str]:
    """Return what each interval draws, e.g. ``interval over 19 people`` or ``rests on 3 people``."""
    return [
        rests_on(row.clusters, row.unit) or f"interval over {counted(row.clusters, row.unit)}"
        for row in rows.itertuples()
    ]
