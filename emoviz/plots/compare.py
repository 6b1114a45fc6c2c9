"""Figures of models side by side: differences, confusions, calibration and errors by slice."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from ..core.words import counted, interval, p_value, rests_on
from .matrix import add_targets
from .model_marks import SQUARE, axis, axis_title, colour_of, dash_of, marker_of, whiskers
from .style import MARGIN, SMALL, ZERO, lay_out, least_width, legend, title, unit_axis

FOREST_ROW = 22
"""Height in pixels of one line of a forest plot."""
LABELS_WIDTH, BESIDE_WIDTH = 0.1, 0.02
"""Share of the width left of a confusion matrix with labels of its own, and of one without."""
SHIFT = 0.02
"""Distance between the markers of models that would overlap, in units of a dimension."""


def difference_forest(differences: pd.DataFrame, models: Sequence[str], what: str) -> go.Figure:
    """Draw the difference of a score to the first model, per culture, with intervals.

    Args:
        differences: rows of one score: ``model against culture difference low high p unit clusters``.
        models: names of all models that are compared, for their colours.
        what: title of the figure, e.g. ``UA``.
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
            marker=marker_of(models, model, 9),
            error_x=whiskers(rows.difference, rows.low, rows.high, colour_of(models, model)),
            customdata=np.stack([rows.culture, labels, rows.p.map(p_value), _drawn(rows)], axis=1),
            hovertemplate="%{customdata[0]}: %{customdata[1]}, %{customdata[2]}, %{customdata[3]}"
            "<extra>%{fullData.name}</extra>",
            showlegend=len(others) > 1,
        )
        for place, label in zip(places, labels, strict=True):
            figure.add_annotation(
                x=1.01, xref="paper", xanchor="left", y=place, text=label, showarrow=False, font=SMALL
            )
    against = differences.against.iloc[0]
    figure.add_vline(x=0, line={"color": ZERO, "width": 1})
    lay_out(
        figure,
        title=title("By how much do they differ?"),
        xaxis=axis(f"{what}: {others[0] if len(others) == 1 else 'others'} minus {against}") | {"zeroline": False},
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
    """Draw confusion matrices side by side: the share of each true class that was predicted as each class.

    Args:
        table: table with ``model truth prediction count share``.
        models: names in the order of the matrices.
    """
    return _matrices(table, models, "What is taken for what?", "class")


def level_matrices(table: pd.DataFrame, models: Sequence[str]) -> go.Figure:
    """Draw side by side the share of each true level of a value that was predicted at each level.

    Args:
        table: table with ``model output truth prediction count share``, of one output.
        models: names in the order of the matrices.
    """
    return _matrices(table, models, f"How high is {table.output.iloc[0]} predicted, and how high is it?", "level")


def _matrices(table: pd.DataFrame, models: Sequence[str], heading: str, unit: str) -> go.Figure:
    """Draw matrices side by side; ``unit`` is what a row stands for."""
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
        number = "" if k == 0 else str(k + 1)
        _add_matrix(figure, rows, names, number, small=small, bar=unit if k == len(shown) - 1 else "")
        start = float(k * width + pads[k])
        _place_matrix(figure, model, number, [start, start + width], labelled=labelled[k], small=small)
    lay_out(
        figure,
        title=title(heading),
        margin={"l": 84, "r": 96, "t": 50, "b": 50},
        meta=least_width(180 + sum(max(150, 44 * len(names)) for names in classes.values())),
        height=SQUARE + 50,
        dragmode=False,
    )
    return figure


def _add_matrix(
    figure: go.Figure, rows: pd.DataFrame, names: Sequence[str], number: str, *, small: bool, bar: str
) -> None:
    """Draw the confusion matrix of one model onto the axes of a number, with a bar where it says what a row is."""
    share, count = (rows.pivot(index="truth", columns="prediction", values=v) for v in ("share", "count"))
    model = rows["model"].iloc[0]
    figure.add_heatmap(
        x=names,
        y=names,
        z=share.loc[names, names],
        hoverinfo="skip",
        xaxis=f"x{number}",
        yaxis=f"y{number}",
        zmin=0,
        zmax=1,
        colorscale="Cividis",
        texttemplate="" if small else "%{z:.0%}",  # of many classes, hovers and the table tell the shares
        textfont=SMALL,
        name=model,
        showscale=bool(bar),
        colorbar={
            "thickness": 8,
            "tickformat": ".0%",
            "tickfont": SMALL,
            "title": {"text": f"share of the true {bar}", "side": "right", "font": SMALL},
        },
    )
    cells = [(truth, prediction) for truth in names for prediction in names]
    add_targets(
        figure,
        [prediction for _, prediction in cells],
        [truth for truth, _ in cells],
        [[model, truth, prediction] for truth, prediction in cells],
        [f"{t} taken for {p}: {count.loc[t, p]} ({share.loc[t, p]:.1%})<extra>{model}</extra>" for t, p in cells],
        (f"x{number}", f"y{number}"),
    )


def _place_matrix(
    figure: go.Figure, model: str, number: str, domain: list[float], *, labelled: bool, small: bool
) -> None:
    """Lay out the axes of one model's matrix within a share of the width, and write the model's name above."""
    plain = {"tickfont": SMALL, "showgrid": False, "zeroline": False, "fixedrange": True}
    across = {"domain": domain, "anchor": f"y{number}", "title": axis_title("predicted") | {"standoff": 12}}
    down = {"anchor": f"x{number}", "autorange": "reversed", "title": None if number else axis_title("true")}
    lay_out(
        figure,
        {
            f"xaxis{number}": plain | across | {"tickangle": -45 if small else 0, "automargin": True},
            f"yaxis{number}": plain | down | {"showticklabels": labelled},
        },
    )
    figure.add_annotation(
        x=sum(domain) / 2,
        y=1.0,
        xref="paper",
        yref="paper",
        xanchor="center",
        yanchor="bottom",
        text=model,
        showarrow=False,
        font={"size": 12},
    )


def reliability_diagram(bins: pd.DataFrame, errors: pd.DataFrame, models: Sequence[str]) -> go.Figure:
    """Draw the accuracy of classifiers over their confidence; the diagonal is a calibrated one.

    Args:
        bins: table with ``model confidence accuracy low high recordings``.
        errors: expected calibration errors: ``model error low high unit clusters``.
        models: names of all models that are compared, for their colours.
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
            line={"color": colour_of(models, model), "dash": dash_of(models, model), "width": 1.5},
            marker=marker_of(models, model, 8),
            error_y=whiskers(rows.accuracy, rows.low, rows.high, colour_of(models, model)),
            customdata=rows.recordings,
            hovertemplate="confidence %{x:.2f}<br>right %{y:.0%} of %{customdata} recordings<extra></extra>",
        )
    lay_out(
        figure,
        title=title("Is a model right as often as it says?"),
        xaxis=axis("confidence: probability of the answer") | {"range": [0, 1.02]},
        yaxis=axis("accuracy: share of right answers") | {"range": [0, 1.05]},
        **_below(SQUARE + 60),
    )
    return figure


def spread_diagram(table: pd.DataFrame, output: str, models: Sequence[str]) -> go.Figure:
    """Draw the labels over the predictions of a dimension, with their spread.

    Args:
        table: table with ``model output predicted true low high frames``.
        output: name of the output.
        models: names of all models that are compared, for their colours.
    """
    figure = _diagonal([-1, 1], "calibrated")
    chosen = table[table.output == output]
    for k, (model, rows) in enumerate(chosen.groupby("model", sort=False)):
        figure.add_scatter(
            x=rows.predicted + k * SHIFT,
            y=rows.true,
            mode="lines+markers",
            name=model,
            line={"color": colour_of(models, model), "dash": dash_of(models, model), "width": 1.5},
            marker=marker_of(models, model, 8),
            error_y=whiskers(rows.true, rows.low, rows.high, colour_of(models, model)),
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
    """Draw the error of each model on each slice of recordings, with intervals.

    Args:
        table: table with ``slice model output metric error low high recordings unit clusters``.
        output: name of the output.
        models: names of all models that are compared, for their colours.
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
            marker=marker_of(models, model, 8),
            error_y=whiskers(rows.error, rows.low, rows.high, colour_of(models, model)),
            customdata=np.stack([rows.slice, rows.low, rows.high, rows.recordings, _drawn(rows), rows.model], axis=1),
            hovertemplate="%{customdata[0]}: %{y:.2f} [%{customdata[1]:.2f}, %{customdata[2]:.2f}] of "
            "%{customdata[3]} recordings, %{customdata[4]}<extra>%{fullData.name}</extra>",
        )
    metric = chosen.metric.iloc[0]
    of = "" if output in ("emotion", "mean") else f" of {output}"
    lay_out(
        figure,
        title=title(f"Where is the error{of} large?"),
        xaxis={
            "tickvals": list(range(len(slices))),
            "ticktext": slices,
            "tickfont": SMALL,
            "showgrid": False,
            "range": [-0.5, len(slices) - 0.5],
            "zeroline": False,
            "fixedrange": True,
            "automargin": True,
        },
        yaxis=axis(f"{metric}{of}") | {"rangemode": "tozero"},
        legend=legend(y=1.0, anchor="bottom"),
        margin=MARGIN,
        height=SQUARE,
        dragmode=False,
        clickmode="event+select",
    )
    return figure


def _diagonal(ends: list[float], name: str) -> go.Figure:
    figure = go.Figure()
    figure.add_scatter(
        x=ends, y=ends, mode="lines", line={"color": ZERO, "width": 1, "dash": "dot"}, name=name, hoverinfo="skip"
    )
    return figure


def _below(height: int) -> dict[str, Any]:
    """Layout with the legend below, one model a line."""
    return {
        "legend": {"orientation": "h", "x": 0, "y": -0.16, "yanchor": "top", "font": SMALL},
        "margin": MARGIN | {"b": 116},
        "height": height,
        "dragmode": False,
    }


def _drawn(rows: pd.DataFrame) -> list[str]:
    """Return what each interval draws, e.g. ``interval over 19 people`` or ``rests on 3 people``."""
    return [
        rests_on(row.clusters, row.unit) or f"interval over {counted(row.clusters, row.unit)}"
        for row in rows.itertuples()
    ]
