"""Figures of reports: the scores of systems, their differences, their transfer, and the gain from few labels."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from ..core import words
from ..core.vocabulary import MARKS
from . import style
from .style import GREY, GRID, MARGIN, SERIES_COLOURS, SERIES_SYMBOLS, SMALL, ZERO, band, lay_out, title, whiskers

ROW, DIFFERENCE = 24, 19
"""Height in pixels of a system's row and of a difference's row."""
WORDS = 198
"""Width in pixels of the text of a difference with its interval and p."""
CELL = 52
"""Height in pixels of a row of a matrix: value, interval and flag below each other."""
GUTTER = 0.03
"""Distance between two panels, as a share of the width."""
LABELLED = 2
"""Largest number of columns that leave room for an interval beside each point."""
POINT, BETTER, WORSE = MARKS["lower"], MARKS["lower"], MARKS["higher"]
COLLAPSED = "collapsed"
FLOOR = "training mean"
KEYS = ["system", "test", "output"]
"""Fields of ``customdata`` of every point that can be clicked, which identify the score."""
TOLD = ["text", "recordings", "speakers", "rests"]
"""Further fields of ``customdata``, which are shown on hover."""
HOVER = "%{customdata[3]} %{customdata[6]}<br>%{customdata[4]} recordings of %{customdata[5]} speakers<extra></extra>"


def standing(table: pd.DataFrame, score: str, chosen: Sequence[str] = ()) -> go.Figure:
    """Draw systems as rows, the best on top, and one panel per test: value, interval and the training mean.

    Args:
        table: scores with ``column``, the best system last (:func:`emoviz.studies.tables.standing`).
        score: title of their metric, e.g. ``UA``.
        chosen: system, test and output of the score that is marked.
    """
    systems, columns = list(dict.fromkeys(table["system"])), list(dict.fromkeys(table["column"]))
    figure = go.Figure()
    headings: list[dict[str, Any]] = []
    labels: list[dict[str, Any]] = []
    floors: list[dict[str, Any]] = []
    axes: dict[str, dict[str, Any]] = {}
    short = len(columns) > LABELLED
    panel = (1 - GUTTER * (len(columns) - 1)) / len(columns)
    for place, column in enumerate(columns):
        rows = table[table["column"] == column]
        number = str(place + 1) if place else ""
        on = {"xaxis": f"x{number}", "yaxis": f"y{number}"}
        figure.add_scatter(
            x=rows["value"],
            y=[systems.index(s) for s in rows["system"]],
            error_x=whiskers(rows["value"], rows["low"], rows["high"]),
            customdata=rows[[*KEYS, *TOLD]],
            mode="markers",
            marker=_markers(rows, POINT) | {"size": [14 if _is(r, chosen) else 9 for r in rows.to_dict("records")]},
            unselected={"marker": {"opacity": 1}},
            hovertemplate="<b>%{customdata[0]}</b>, %{customdata[1]}, %{customdata[2]}<br>" + HOVER,
            showlegend=False,
            **on,
        )
        floors += _draw_floor(figure, rows, on)
        left = place * (panel + GUTTER)
        headings.append(_heading(column, left + panel / 2))
        labels += [_label(row, systems.index(row["system"]), place + 1, short=short) for row in rows.to_dict("records")]
        domain = [left, left + panel]
        span = _span(rows, room=0.15 if short else 0.95)
        axes[f"xaxis{number}"] = _axis(score, range=span, domain=domain, anchor=on["yaxis"], nticks=5)
        axes[f"yaxis{number}"] = _rows([FLOOR, *systems], -1) | {"anchor": on["xaxis"], "showticklabels": not place}
    lay_out(
        figure,
        axes,
        annotations=[*headings, *labels],
        shapes=floors,
        meta=style.least_width(150 + (80 if short else 140) * len(columns)),
        title=title("How do the systems stand?"),
        margin=MARGIN | {"t": 52, "b": 40, "l": 8},
        height=100 + ROW * (len(systems) + 1),
        dragmode=False,
        clickmode="event+select",
    )
    return figure


def paired_differences(table: pd.DataFrame, score: str, test: str, *, lower_is_better: bool = False) -> go.Figure:
    """Draw paired differences, system minus baseline on the same recordings, one block per baseline.

    Args:
        table: comparisons on that test, with any number of shots (:func:`emoviz.studies.tables.comparisons`).
        score: title of their metric, e.g. ``UA``.
        test: name of the test.
        lower_is_better: whether a negative difference means that the system is better.
    """
    sign = -1 if lower_is_better else 1
    names: list[str] = []
    points: dict[str, list[dict[str, Any]]] = {}
    labels: list[dict[str, Any]] = []
    for baseline, block in table.groupby("against", sort=True):
        order = block.assign(level=sign * block["difference"]).sort_values(["shots", "level"], ascending=[False, True])
        for row in order.to_dict("records"):
            apart = row["low"] > 0 or row["high"] < 0  # neither holds where they are undefined
            colour = GREY if not apart else BETTER if sign * row["difference"] > 0 else WORSE
            hover = f"<b>{row['system']} − {baseline}</b>, {row['test']}<br>{row['text']} {row['rests']}"
            points.setdefault(colour, []).append({**row, "value": row["difference"], "y": len(names), "hover": hover})
            labels.append(_beside(row["text"], len(names)) | {"x": 1, "xshift": 4})
            names.append(row["system"] + ("" if pd.isna(row["shots"]) else f" {row['shots']}-shot"))
        labels.append(_beside(f"<b>minus {baseline}</b>", len(names)) | {"x": 0, "font": SMALL})
        names.append("")
    low, high = np.nanmin([0.0, table["low"].min()]), np.nanmax([0.0, table["high"].max()])
    room = 0.05 * (high - low)
    figure = go.Figure()
    for colour, alike in points.items():
        rows = pd.DataFrame(alike)
        figure.add_scatter(
            x=rows["value"],
            y=rows["y"],
            error_x=whiskers(rows["value"], rows["low"], rows["high"], color=colour),
            mode="markers",
            marker={"size": 8, "color": colour, "symbol": "square"},
            hovertext=rows["hover"],
            hovertemplate="%{hovertext}<extra></extra>",
            showlegend=False,
        )
    figure.add_vline(x=0, line={"color": ZERO, "width": 1})
    lay_out(
        figure,
        annotations=labels,
        title=title(f"More than luck? ({test})"),
        xaxis=_axis(f"difference in {score}", nticks=4, range=[low - room, high + room]),
        yaxis=_rows(names, 0) | {"range": [-0.7, len(names) - 0.3]},
        margin=MARGIN | {"b": 40, "l": 8, "r": WORDS},
        meta=style.least_width(WORDS + 240),
        height=90 + DIFFERENCE * max(3, len(names)),
        dragmode=False,
    )
    return figure


def results_matrix(table: pd.DataFrame, score: str, question: str, chosen: Sequence[str] = ()) -> go.Figure:
    """Draw one system's scores from each culture (rows) to each (columns), with intervals in the cells.

    Args:
        table: scores of one system and output with ``source`` and ``target``.
        score: title of their metric.
        question: title of the figure.
        chosen: system, test and output of the score that is marked.
    """
    sources = list(dict.fromkeys(table["source"]))
    targets = [t for t in dict.fromkeys([*sources, *sorted(set(table["target"]))]) if t in set(table["target"])]
    values = table.pivot(index="source", columns="target", values="value").reindex(index=sources, columns=targets)
    figure = go.Figure()
    figure.add_heatmap(
        x=targets,
        y=sources,
        z=values,
        colorscale="Cividis",
        showscale=False,  # the numbers stand in the cells
        hoverinfo="skip",
        xgap=2,
        ygap=2,
    )
    figure.add_scatter(  # heatmaps report no clicks; these invisible squares do
        x=table["target"],
        y=table["source"],
        customdata=table[[*KEYS, *TOLD, "training_mean"]],
        mode="markers",
        marker={"size": CELL - 6, "symbol": "square", "opacity": 0.01},
        unselected={"marker": {"opacity": 0.01}},
        selected={"marker": {"opacity": 0.01}},
        hovertemplate="<b>%{y} → %{x}</b>, %{customdata[0]}<br>%{customdata[3]} %{customdata[6]}<br>"
        "training mean %{customdata[7]:.2f}<br>%{customdata[4]} recordings of %{customdata[5]} speakers<extra></extra>",
        showlegend=False,
    )
    middle = (table["value"].min() + table["value"].max()) / 2
    labels = []
    for row in table.to_dict("records"):
        x, y = targets.index(row["target"]), sources.index(row["source"])
        ink = GREY if np.isnan(row["value"]) else MARKS["paper"] if row["value"] < middle else MARKS["ink"]
        labels.append({"x": x, "y": y, "text": _cell(row), "showarrow": False, "font": {**SMALL, "color": ink}})
        if _is(row, chosen):
            figure.add_shape(
                type="rect", x0=x - 0.48, x1=x + 0.48, y0=y - 0.48, y1=y + 0.48, line={"color": WORSE, "width": 3}
            )
    lay_out(
        figure,
        annotations=labels,
        title=title(question),
        xaxis=_lines(targets, f"tested on ({score})") | {"range": [-0.5, len(targets) - 0.5]},
        yaxis=_lines(sources, "trained on") | {"range": [len(sources) - 0.5, -0.5]},
        margin=MARGIN | {"l": 8, "t": 34},
        meta=style.least_width(110 + 72 * len(targets)),
        height=100 + CELL * len(sources),
        dragmode=False,
        clickmode="event+select",
    )
    return figure


def few_shot(
    table: pd.DataFrame,
    score: str,
    question: str,
    chosen: Sequence[str] = (),
    same_corpus: Mapping[str, float] | None = None,
) -> go.Figure:
    """Draw a line per system over the number of labelled recordings of the target, with its interval as a band.

    Args:
        table: scores of one base test and output with ``shots``.
        score: title of their metric.
        question: title of the figure.
        chosen: system, test and output of the score that is marked.
        same_corpus: score of systems that were trained on other people of the target, drawn as dashed lines.
    """
    last = table.sort_values("shots").groupby("system").tail(1).set_index("system")
    figure = go.Figure()
    for place, system in enumerate(dict.fromkeys(table["system"])):
        _draw_line(figure, table[table["system"] == system].sort_values("shots"), place, chosen)
        if system in (same_corpus or {}):
            colour = SERIES_COLOURS[place % len(SERIES_COLOURS)]
            _draw_level(figure, (same_corpus or {})[system], f"{system}, same corpus", colour, "dash")
    for system, y in _spread(last["value"].dropna(), distance=0.075 * _extent(table)).items():
        figure.add_annotation(
            x=int(last.loc[system, "shots"]),
            y=y,
            text=str(system),
            xanchor="left",
            xshift=10,
            showarrow=False,
            font=SMALL,
        )
    floor = float(table["training_mean"].mean())
    if not np.isnan(floor):
        _draw_level(figure, floor, FLOOR, GREY, "dot")
    ticks = sorted(int(s) for s in table["shots"].unique())
    lay_out(
        figure,
        title=title(question),
        xaxis=_axis(
            "labelled recordings of the target per class",
            tickvals=ticks,
            range=[ticks[0] - 0.04 * (ticks[-1] or 1), ticks[-1] + 0.3 * (ticks[-1] or 1)],
        ),
        yaxis=_axis(score, automargin=True),
        margin=MARGIN,
        height=330,
        showlegend=False,
        dragmode=False,
        clickmode="event+select",
    )
    return figure


def _draw_level(figure: go.Figure, value: float, text: str, colour: str, dash: str) -> None:
    """Draw a level line with its name."""
    figure.add_hline(
        y=value,
        line={"color": colour, "dash": dash, "width": 1.5},
        annotation_text=text,
        annotation_position="bottom left",
        annotation_font=SMALL,
    )


def _draw_line(figure: go.Figure, rows: pd.DataFrame, place: int, chosen: Sequence[str]) -> None:
    """Draw one system's scores over shots and their band, in the colour and symbol of its place."""
    shots = rows["shots"].astype(int)
    colour = SERIES_COLOURS[place % len(SERIES_COLOURS)]
    figure.add_scatter(**band(shots, rows["low"], rows["high"], colour, 0.15))
    figure.add_scatter(
        x=shots,
        y=rows["value"],
        customdata=rows[[*KEYS, *TOLD]],
        mode="lines+markers",
        name=rows["system"].iloc[0],
        line={"color": colour, "width": 2},
        marker=_markers(rows, colour, SERIES_SYMBOLS[place % len(SERIES_SYMBOLS)])
        | {"size": [14 if _is(r, chosen) else 9 for r in rows.to_dict("records")]},
        unselected={"marker": {"opacity": 1}},
        hovertemplate="<b>%{customdata[0]}</b>, %{customdata[1]}<br>" + HOVER,
    )


def _is(row: dict[str, Any], chosen: Sequence[str]) -> bool:
    return [row[key] for key in KEYS] == list(chosen)


def _cell(row: dict[str, Any]) -> str:
    """Value, interval and flag beneath each other."""
    small = [words.bounds(row["low"], row["high"]), COLLAPSED if row["collapsed"] else ""]
    return "<br>".join([words.number(row["value"]), *filter(None, small)])


def _axis(text: str, **more: Any) -> dict[str, Any]:
    """Return an axis of numbers that cannot be zoomed."""
    plain = {"tickfont": SMALL, "gridcolor": GRID, "showgrid": True, "zeroline": False, "fixedrange": True}
    return {"title": {"text": text, "standoff": 4, "font": SMALL}, **plain, **more}


def _rows(names: Sequence[str], first: int) -> dict[str, Any]:
    """Return an axis of names, the first at the place of that number and the others above."""
    places = list(range(first, first + len(names)))
    plain = {"showgrid": False, "zeroline": False, "fixedrange": True, "automargin": True, "tickfont": SMALL}
    return {**plain, "range": [first - 0.6, places[-1] + 0.6], "tickvals": places, "ticktext": list(names)}


def _lines(names: Sequence[str], text: str) -> dict[str, Any]:
    """Return an axis of categories whose names have a line for each of their words."""
    words_below = [name.replace(" ", "<br>") for name in names]
    ticks = {"tickmode": "array", "tickvals": list(names), "ticktext": words_below}
    return _axis(text, showgrid=False, automargin=True, **ticks)


def _heading(text: str, x: float) -> dict[str, Any]:
    """Return the name of a panel above its middle."""
    place = {"x": x, "y": 1, "xref": "paper", "yref": "paper", "xanchor": "center", "yanchor": "bottom"}
    return {"text": text, **place, "showarrow": False, "font": {"size": 12}}


def _markers(rows: pd.DataFrame, colour: str, symbol: str = "circle") -> dict[str, Any]:
    """Return full markers for scores that stand, and hollow ones for collapsed scores."""
    return {"color": colour, "symbol": [f"{symbol}-open" if c else symbol for c in rows["collapsed"]]}


def _draw_floor(figure: go.Figure, rows: pd.DataFrame, on: dict[str, Any]) -> list[dict[str, Any]]:
    """The training mean as a row beneath the systems; and a line through them, for the layout."""
    floor = float(rows["training_mean"].mean())
    if np.isnan(floor):
        return []
    figure.add_scatter(
        x=[floor],
        y=[-1],
        mode="markers",
        marker={"symbol": "diamond", "color": GREY, "size": 9},
        unselected={"marker": {"opacity": 1}},
        hovertemplate=f"<b>{FLOOR}</b><br>%{{x:.2f}}<extra></extra>",
        showlegend=False,
        **on,
    )
    line = {"color": GREY, "dash": "dot", "width": 1.5}
    across = {"xref": on["xaxis"], "x0": floor, "x1": floor}
    return [{"type": "line", **across, "yref": f"{on['yaxis']} domain", "y0": 0, "y1": 1, "line": line}]


def _label(row: dict[str, Any], y: int, place: int, *, short: bool) -> dict[str, Any]:
    text = words.number(row["value"]) if short else row["text"]
    places = [row["value"] if short else row["high"], row["value"], row["training_mean"], 0.0]
    panel = "" if place == 1 else str(place)
    return {
        "x": next(place for place in places if not np.isnan(place)),
        "y": y,
        "xref": f"x{panel}",
        "yref": f"y{panel}",
        "text": text + (f" {COLLAPSED}" if row["collapsed"] else ""),
        "showarrow": False,
        "font": SMALL,
        "xanchor": "center" if short else "left",
        "xshift": 0 if short else 4,
        "yshift": 10 if short else 0,
    }


def _beside(text: str, y: int) -> dict[str, Any]:
    """Words in a row of a forest plot, from a place of its width on."""
    return {"text": text, "y": y, "xref": "paper", "xanchor": "left", "showarrow": False, "font": SMALL}


def _span(rows: pd.DataFrame, room: float) -> list[float]:
    """From the least to the most that is drawn, with a share of it as room for labels."""
    values = rows[["value", "low", "high", "training_mean"]]
    low, high = np.nan_to_num([values.min().min(), values.max().max()])
    size = float(high - low) or 1.0
    return [low - 0.06 * size, high + room * size]


def _extent(table: pd.DataFrame) -> float:
    return float(table["high"].max() - min(table["low"].min(), table["training_mean"].min()))


def _spread(values: pd.Series, distance: float) -> dict[Any, float]:
    """Places of labels, in the order of their values and at least a distance apart."""
    places: dict[Any, float] = {}
    below = float("-inf")
    for name, value in values.sort_values().items():
        below = max(float(value), below + distance)
        places[name] = below
    moved = sum(places.values()) / max(1, len(places)) - float(values.mean())
    return {name: place - moved for name, place in places.items()}
