"""Summaries of a prediction for each segment of a recording."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from ..core.words import number
from .segments import Segment

Array = np.ndarray


def segment_table(table: pd.DataFrame, outputs: pd.DataFrame, segments: Sequence[Segment]) -> pd.DataFrame:
    """Return one row per segment with what a prediction says in it.

    A frame belongs to the segment in which its middle lies. Where an output has no value in a whole segment, neither
    has its summary.

    Args:
        table: ``time`` (s) of each frame, one column per output with NaN for a gap, and perhaps measures ``quality.*``.
        outputs: ``column``, ``source``, ``model`` and ``kind`` (dimension or emotion) of each output.
        segments: segments of the recording.

    Returns:
        ``start``, ``end`` (s), ``label``, ``tier`` and, for each output, ``<column>.mean``, ``.median``, ``.peak`` and
        ``.peak_time`` (s). The peak of an emotion is its highest value, that of a dimension the one farthest from zero.
        ``<column>.share`` of an emotion is the share of the frames with a value in which it is the strongest of its
        model; ``<source>.gap`` is the share of frames without any value of the source; measures are means.
    """
    times, values = table["time"].to_numpy(float), _columns(table, outputs["column"])
    strongest: dict[str, Array] = {}
    for columns in _emotions(outputs):
        strongest |= _strongest(table, columns)
    missing = {
        f"{source}.gap": table[list(own["column"])].isna().all(axis=1).to_numpy(float)
        for source, own in outputs.groupby("source", sort=False)
    }
    measures = _columns(table, [column for column in table if str(column).startswith("quality.")])
    kinds = dict(zip(outputs["column"], outputs["kind"], strict=True))
    rows = []
    for segment in segments:
        inside = slice(*np.searchsorted(times, [segment.start, segment.end]))
        row: dict[str, object] = {**segment._asdict()}
        for column, own in values.items():
            row |= _summary(column, times[inside], own[inside], absolute=kinds[column] == "dimension")
            if column in strongest:
                row[f"{column}.share"] = _mean(strongest[column][inside])
        row |= {name: _mean(own[inside]) for name, own in (missing | measures).items()}
        rows.append(row)
    return pd.DataFrame(rows).round(6)


def readable(table: pd.DataFrame, outputs: pd.DataFrame) -> pd.DataFrame:
    """Return a table of segments in a form for people.

    Args:
        table: table of :func:`segment_table`.
        outputs: the outputs that it sums up.

    Returns:
        ``segment``, ``tier`` where there are several, ``from`` and ``to`` (s), the emotion that leads for most of each
        segment by each model, with its share, and the mean of each dimension; empty where there is no value.
    """
    shown = pd.DataFrame({"segment": table["label"]})
    if table["tier"].nunique() > 1:
        shown["tier"] = table["tier"]
    for name, column in (("from", "start"), ("to", "end")):
        shown[name] = table[column].map("{:.2f}".format)
    for columns in _emotions(outputs):
        shares = table[[f"{column}.share" for column in columns]].set_axis(columns, axis=1)
        source = columns[0].partition(".")[0]
        shown[f"{source} emotion"] = [_leading(row) for _, row in shares.iterrows()]
    for column in outputs["column"][outputs["kind"] == "dimension"]:
        shown[str(column).replace(".", " ")] = [number(mean, missing="") for mean in table[f"{column}.mean"]]
    return shown


def _leading(shares: "pd.Series[float]") -> str:
    if shares.isna().all():
        return ""
    return f"{str(shares.idxmax()).rpartition('.')[2]} {100 * shares.max():.0f} %"


def _columns(table: pd.DataFrame, names: Sequence[str] | pd.Series) -> dict[str, Array]:
    return {str(name): table[name].to_numpy(float) for name in names}


def _emotions(outputs: pd.DataFrame) -> list[list[str]]:
    """Return the columns of the emotions of each model that predicts any."""
    emotions = outputs[outputs["kind"] == "emotion"]
    return [list(own["column"]) for _, own in emotions.groupby(["source", "model"], sort=False)]


def _strongest(table: pd.DataFrame, columns: list[str]) -> Mapping[str, Array]:
    """Return for each emotion of a model where it is the strongest, NaN in a gap: (T,)."""
    values = table[columns].to_numpy(float)
    known = ~np.isnan(values).all(axis=1)
    first = np.where(known, np.where(np.isnan(values), -np.inf, values).argmax(axis=1), -1)
    return {column: np.where(known, first == place, np.nan) for place, column in enumerate(columns)}


def _summary(column: str, times: Array, values: Array, *, absolute: bool) -> dict[str, float]:
    known = ~np.isnan(values)
    names = [f"{column}.{what}" for what in ("mean", "median", "peak", "peak_time")]
    if not known.any():
        return dict.fromkeys(names, np.nan)
    times, values = times[known], values[known]
    peak = int(np.argmax(np.abs(values) if absolute else values))
    figures = (values.mean(), np.median(values), values[peak], times[peak])
    return dict(zip(names, map(float, figures), strict=True))


def _mean(values: Array) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else np.nan
