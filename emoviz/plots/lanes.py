"""The lanes of a recording's timeline as data: what is drawn over its time, and the values that are read off it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np
import pandas as pd
from plotly.colors import sequential

from ..core.runs import runs
from ..core.vocabulary import (
    EMOTION_COLOURS,
    FUSED_SOURCES,
    MARKS,
    SOURCE_COLOURS,
    SOURCE_DASHES,
    Emotion,
    Source,
)
from .attention import map_name
from .clip import HIGHS, axis_title, dimensions_of
from .dimension_lines import interval_of
from .style import MODALITY_COLOURS, SERIES_COLOURS
from .unlike import UNLIKE_TRAINING, unlike

SPAN = tuple[float, float]


class Kind(StrEnum):
    """The way in which a lane is drawn."""

    CURVES = "curves"
    STACK = "stack"
    SOUND = "sound"
    SIGNED = "signed"
    ROWS = "rows"
    BARS = "bars"
    PICTURES = "pictures"


class Gap(NamedTuple):
    """A stretch of a recording in which somebody or something has no value.

    Attributes:
        start: second at which it starts.
        end: second at which it ends.
        reason: name of who has no value, and the reason, e.g. ``face: no face in the picture``.
    """

    start: float
    end: float
    reason: str


class Bar(NamedTuple):
    """A stretch of a recording with a name, e.g. a word.

    Attributes:
        start: second at which it starts.
        end: second at which it ends.
        label: words that stand in it.
        row: number of its row in the lane.
    """

    start: float
    end: float
    label: str
    row: int = 0


@dataclass(frozen=True)
class Curve:
    """One series of values of a lane.

    Attributes:
        name: name in the read-out, e.g. ``face``.
        values: values (T,), NaN in gaps.
        colour: colour as ``#RRGGBB``.
        said: whole name, e.g. ``face, face-expression: valence``.
        dash: style of the line, ``solid``, ``dash`` or ``dot``.
        width: width of the line in pixels.
        opacity: opacity of the line.
        low: low ends (T,) of the band around the values; None without one.
        high: high ends (T,).
        alone: stretches in which a fused value rests on one source.
        pale: stretches in which the recording is unlike what the model was trained on.
    """

    name: str
    values: np.ndarray
    colour: str
    said: str = ""
    dash: str = "solid"
    width: float = 1.6
    opacity: float = 1.0
    low: np.ndarray | None = None
    high: np.ndarray | None = None
    alone: tuple[SPAN, ...] = ()
    pale: tuple[SPAN, ...] = ()


@dataclass(frozen=True)
class Lane:
    """One row of a timeline.

    Attributes:
        key: name of the lane among those of its timeline.
        title: title in words.
        kind: way in which it is drawn.
        unit: unit of its values, e.g. ``−1 to 1``.
        start: second of the first value.
        step: seconds between two values.
        range: ends of the value axis.
        height: height in pixels.
        curves: series of values.
        gaps: stretches without a value, and why.
        empty: stretches in which no curve has a value.
        bars: stretches with names, of a lane of bars.
        rows: names of the rows of bars, from the uppermost down.
        colours: colours of these rows, or the scale of a lane of rows from its least to its largest value.
        picture: picture that stands over the whole lane, or the pictures of a strip side by side, uint8 (H, W, 3).
        times: seconds at which the pictures of a strip stand.
    """

    key: str
    title: str
    kind: Kind
    unit: str = ""
    start: float = 0.0
    step: float = 1.0
    range: SPAN = (0.0, 1.0)
    height: int = 76
    curves: tuple[Curve, ...] = ()
    gaps: tuple[Gap, ...] = ()
    empty: tuple[SPAN, ...] = ()
    bars: tuple[Bar, ...] = ()
    rows: tuple[str, ...] = ()
    colours: tuple[str, ...] = ()
    picture: np.ndarray | None = None
    times: tuple[float, ...] = ()


def prediction_lanes(
    table: pd.DataFrame, outputs: pd.DataFrame, gaps: pd.DataFrame, emotion_source: str | None
) -> list[Lane]:
    """Return a lane per dimension, then the emotions of one source, as :func:`emoviz.plots.timeline` draws them.

    Args:
        table: table with ``time`` (s) and one column per output.
        outputs: descriptions of the columns, a row each: ``column source model output kind rmse``.
        gaps: table with ``source model start end reason`` (:func:`emoviz.evaluation.gaps.gaps`).
        emotion_source: source whose emotions are stacked; None for no such lane.
    """
    lanes = [_dimension_lane(name, table, rows, gaps) for name, rows in dimensions_of(outputs).items()]
    return [*lanes, *emotion_lanes(table, outputs, gaps, emotion_source)]


def emotion_lanes(table: pd.DataFrame, outputs: pd.DataFrame, gaps: pd.DataFrame, source: str | None) -> list[Lane]:
    """Return the lane of the emotions of one source, as :func:`prediction_lanes` has it; none where it has none."""
    emotions = outputs[(outputs.kind == "emotion") & (outputs.source == source)].drop_duplicates("output")
    return [_emotion_lane(table, emotions, gaps, str(source))] if len(emotions) else []


def sound_lane(low: np.ndarray, high: np.ndarray, start: float, step: float, gaps: Iterable[SPAN] = ()) -> Lane:
    """Return the lane of the sound's envelope.

    Args:
        low: least sample (T,) of each step, within [-1, 1].
        high: largest sample (T,) of each step.
        start: second of the first step's middle.
        step: seconds of a step.
        gaps: stretches (start, end) in seconds in which there is no sound.
    """
    envelope = Curve("peak", np.maximum(-low, high), MARKS["missing"], low=low, high=high)
    most = max(0.05, float(np.nanmax(envelope.values, initial=0.0)))
    missing = tuple(Gap(*span, "sound: there is none in the recording") for span in gaps)
    return Lane("sound", "Sound", Kind.SOUND, "of full scale", start, step, (-most, most), 34, (envelope,), missing)


def word_lane(words: pd.DataFrame) -> Lane:
    """Return the lane of the words that are said.

    Args:
        words: words in the order of their times: ``start`` and ``end`` (s), and ``label``.
    """
    bars = tuple(Bar(row.start, row.end, str(row.label)) for row in words.itertuples())
    return Lane("words", "Words", Kind.BARS, height=26, bars=bars, rows=("",), colours=(MODALITY_COLOURS["text"],))


def tier_lane(key: str, title: str, segments: pd.DataFrame, *, named: bool = True) -> Lane:
    """Return a lane with a row per tier, e.g. per person who speaks.

    Args:
        key: name of the lane.
        title: title of the lane.
        segments: table with ``start`` and ``end`` (s), ``label`` and ``tier``.
        named: whether the label of a segment stands in it; else the name of its tier stands before its row.
    """
    tiers = tuple(dict.fromkeys(map(str, segments["tier"])))
    bars = tuple(
        Bar(row.start, row.end, str(row.label) if named else str(row.tier), tiers.index(str(row.tier)))
        for row in segments.itertuples()
    )
    colours = tuple(SERIES_COLOURS[number % len(SERIES_COLOURS)] for number in range(len(tiers)))
    return Lane(key, title, Kind.BARS, height=24 * max(1, len(tiers)), bars=bars, rows=tiers, colours=colours)


def file_lanes(key: str, file: str, segments: pd.DataFrame) -> list[Lane]:
    """Return a lane for each tier of an annotation file, which is named by the tier and the file.

    Args:
        key: beginning of the names of the lanes.
        file: name of the file, which alone names a tier without a name.
        segments: table with ``start`` and ``end`` (s), ``label`` and ``tier``.
    """
    return [
        tier_lane(f"{key}-{number}", f"{tier} ({file})" if tier else file, own)
        for number, (tier, own) in enumerate(segments.groupby("tier", sort=False))
    ]


def attention_lane(moments: pd.DataFrame) -> Lane:
    """Return the lane of a model's attention to each moment, a row per map.

    Args:
        moments: table with ``time`` (s, regular) and one column per map, 1 being an even share.
    """
    names = list(moments.columns[1:])
    most = max(2.0, float(np.nanmax(moments[names].to_numpy())))
    curves = tuple(Curve(map_name(name), moments[name].to_numpy(), MARKS["missing"]) for name in names)
    height = max(30, 22 * len(names))
    return Lane(
        "attention",
        "Attention",
        Kind.ROWS,
        "times the even share",
        *_grid(moments["time"].to_numpy()),
        (0.0, most),
        height,
        curves,
        colours=tuple(sequential.Cividis),
    )


def contribution_lane(moments: pd.DataFrame, title: str, unit: str, outside: Sequence[Gap] = ()) -> Lane:
    """Return the lane of what each moment added to a prediction, up where it raised it.

    Args:
        moments: table with ``time`` (s, middles, regular) and ``contribution``.
        title: title of the lane.
        unit: unit of the contributions.
        outside: stretches that are not explained.
    """
    values = moments["contribution"].to_numpy(np.float64)
    most = max(float(np.nanmax(np.abs(values), initial=0.0)), 1e-9)
    least = 0.0 if (values >= 0).all() else -most
    curve = Curve("added", values, MARKS["higher"])
    return Lane(
        "contributions",
        title,
        Kind.SIGNED,
        unit,
        *_grid(moments["time"].to_numpy()),
        (least, most),
        64,
        (curve,),
        gaps=tuple(outside),
        empty=tuple((gap.start, gap.end) for gap in outside),
        colours=(MARKS["lower"], MARKS["higher"]),
    )


def strip_lane(key: str, title: str, pictures: Sequence[np.ndarray], times: Iterable[float]) -> Lane:
    """Return the lane of pictures of some moments.

    Args:
        key: name of the lane.
        title: title of the lane.
        pictures: pictures of one size, uint8 (H, W, 3).
        times: seconds at which they stand.
    """
    return Lane(key, title, Kind.PICTURES, height=56, picture=np.hstack(list(pictures)), times=tuple(map(float, times)))


def film_lane() -> Lane:
    """Return the lane of the recording's own pictures, which the browser takes from the player's file."""
    return Lane("pictures", "Pictures", Kind.PICTURES, height=40)


def picture_lane(key: str, title: str, unit: str, picture: np.ndarray, start: float, end: float, most: float) -> Lane:
    """Return the lane of a picture that is stretched over time, e.g. a spectrogram.

    Args:
        key: name of the lane.
        title: title of the lane.
        unit: unit of the vertical axis.
        picture: picture, uint8 (H, W, 3), the largest value of the axis in its uppermost row.
        start: second of its left side.
        end: second of its right side.
        most: largest value of the vertical axis.
    """
    return Lane(key, title, Kind.PICTURES, unit, start, end - start, (0.0, most), 84, picture=picture)


def _dimension_lane(name: str, table: pd.DataFrame, rows: pd.DataFrame, gaps: pd.DataFrame) -> Lane:
    curves, drawn = [], set[str]()
    for row in rows.itertuples():
        only = (rows.source == row.source).sum() == 1
        first = row.source not in drawn
        ends = interval_of(table, row.column, table[row.column], row.rmse)[0] if first else None
        drawn.add(row.source)
        fused = row.source == Source.FUSED
        curves.append(
            Curve(
                row.source if only else f"{row.source} ({row.model})",
                table[row.column].to_numpy(),
                SOURCE_COLOURS[Source(row.source)],
                f"{row.source}, {row.model}: {row.output}",
                SOURCE_DASHES[Source(row.source)],
                2.5 if fused else 1.6,
                1.0 if first else 0.55,
                low=None if ends is None else ends[0].to_numpy(),
                high=None if ends is None else ends[1].to_numpy(),
                alone=_alone(table) if fused else (),
                pale=_spans(table, unlike(table, row.source, row.model)),
            )
        )
    share = name in HIGHS
    own = rows[rows.source != Source.FUSED]
    title = axis_title(rows)
    return Lane(
        name,
        title[0].upper() + title[1:],
        Kind.CURVES,
        "probability" if share else "−1 to 1",
        *_grid(table.time.to_numpy()),
        (0.0, 1.0) if share else (-1.0, 1.0),
        curves=tuple(curves),
        gaps=(*_gaps(gaps, own), *_noted(curves)),
        empty=_spans(table, table[list(own.column)].isna().all(axis=1).to_numpy()),
    )


def _emotion_lane(table: pd.DataFrame, emotions: pd.DataFrame, gaps: pd.DataFrame, source: str) -> Lane:
    """The most frequent emotion lies at the bottom, so that changes stand out on top."""
    order = table[list(emotions.column)].mean().sort_values(ascending=False, na_position="last").index
    name_of = dict(zip(emotions.column, emotions.output, strict=True))
    pale = np.zeros(len(table), bool)
    for own_source, model in emotions[["source", "model"]].drop_duplicates().itertuples(index=False):
        pale |= unlike(table, own_source, model)
    alone, seen = _alone(table) if source == Source.FUSED else (), _spans(table, pale)
    curves = [Curve(name_of[c], table[c].to_numpy(), EMOTION_COLOURS[Emotion(name_of[c])], pale=seen) for c in order]
    return Lane(
        f"emotions-{source}",
        f"Emotion ({source})",
        Kind.STACK,
        "probability",
        *_grid(table.time.to_numpy()),
        curves=tuple(curves),
        gaps=(*_gaps(gaps, emotions), *_noted([Curve(source, curves[0].values, "", alone=alone, pale=seen)])),
        empty=_spans(table, table[list(emotions.column)].isna().all(axis=1).to_numpy()),
        height=96,
    )


def _noted(curves: Iterable[Curve]) -> list[Gap]:
    """What is said of stretches in which a curve looks another way."""
    return [
        Gap(*span, f"{curve.name}: {words}")
        for curve in curves
        for spans, words in ((curve.pale, UNLIKE_TRAINING), (curve.alone, "of one source alone"))
        for span in spans
    ]


def _alone(table: pd.DataFrame) -> tuple[SPAN, ...]:
    """The stretches in which fused values rest on one source."""
    return _spans(table, (table[FUSED_SOURCES] == 1).to_numpy()) if FUSED_SOURCES in table else ()


def _gaps(gaps: pd.DataFrame, outputs: pd.DataFrame) -> list[Gap]:
    """The gaps of some outputs: of their sources, and of their models alone."""
    own = gaps[gaps.source.isin(outputs.source) & ((gaps.model == "") | gaps.model.isin(outputs.model))]
    return [Gap(row.start, row.end, f"{row.model or row.source}: {row.reason}") for row in own.itertuples()]


def _spans(table: pd.DataFrame, chosen: np.ndarray) -> tuple[SPAN, ...]:
    """Start and end (s) of every unbroken run of chosen rows."""
    start, step = _grid(table.time.to_numpy())
    return tuple((start + (first - 0.5) * step, start + (behind - 0.5) * step) for first, behind in runs(chosen))


def _grid(times: np.ndarray) -> tuple[float, float]:
    """The first time and the step of a regular grid."""
    return float(times[0]), float(times[-1] - times[0]) / max(1, len(times) - 1) or 1.0
