"""The curves of a clip as a small picture without a script, for notebooks and pages that are read anywhere."""

from html import escape

import numpy as np
import pandas as pd

from ..core.runs import runs
from ..core.vocabulary import EMOTION_COLOURS, SOURCE_COLOURS, SOURCE_DASHES, Emotion, Source
from .clip import dimensions_of
from .style import GREY

WIDTH, ROW, LEFT, TOP, FOOT = 640, 84, 92, 6, 56
"""Sizes in pixels: width of the picture, height of a row, and margins left of, above and below the rows."""
POINTS = 320
"""Largest number of points of a curve; of more frames, means are drawn."""
DASHES = {"solid": "", "dash": "6 3", "dot": "2 3", "dashdot": "6 3 2 3"}
"""Name of a dash -> lengths of its strokes and gaps in SVG."""


def still(table: pd.DataFrame, outputs: pd.DataFrame, emotion_source: str | None) -> str:
    """Draw dimensions and emotion probabilities over one time axis as SVG, like :func:`~emoviz.plots.timeline`.

    Args:
        table: table with ``time`` (s) and one column per output.
        outputs: descriptions of the columns, a row each: ``column source model output kind``.
        emotion_source: source whose emotions are stacked; None for no such row.

    Returns:
        An ``<svg>`` element whose letters have the colour of the page's text.
    """
    dimensions = dimensions_of(outputs)
    emotions = outputs[(outputs.kind == "emotion") & (outputs.source == emotion_source)].drop_duplicates("output")
    end = float(table.time.iloc[-1] + table.time.iloc[0])
    drawn = _thinned(table[["time", *outputs.column]])
    if len(drawn) == 1:  # a picture, whose values hold throughout
        drawn = pd.concat([drawn.assign(time=0.0), drawn.assign(time=end)])
    parts: list[str] = []
    sources: dict[str, str] = {}
    for place, (name, rows) in enumerate(dimensions.items()):
        bottom = -1.0 if (drawn[list(rows.column)].min() < 0).any() else 0.0
        box = _Row(place, end, bottom)
        parts += box.frame(name)
        for row in rows.itertuples():
            look = {"colour": SOURCE_COLOURS[Source(row.source)], "dash": DASHES[SOURCE_DASHES[Source(row.source)]]}
            parts += box.lines(drawn.time.to_numpy(), drawn[row.column].to_numpy(float), **look)
            sources[row.source] = look["colour"]
    if len(emotions):
        box = _Row(len(dimensions), end, 0.0)
        parts += [*box.frame(f"emotions, {emotion_source}"), *_stacked(drawn, emotions, box)]
    bottom = TOP + ROW * (len(dimensions) + bool(len(emotions)))
    classes = {output: EMOTION_COLOURS[Emotion(output)] for output in emotions.output}
    parts += [_text(LEFT, bottom + 8, "0 s"), _text(WIDTH, bottom + 8, f"{end:.1f} s", anchor="end")]
    parts += [*_signs(sources, bottom + 24), *_signs(classes, bottom + 42)]
    size = f'width="{WIDTH}" height="{bottom + FOOT}" viewBox="0 0 {WIDTH} {bottom + FOOT}"'
    style = 'style="max-width: 100%; height: auto; font: 11px system-ui, sans-serif"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" role="img" {size} {style}>{"".join(parts)}</svg>'


class _Row:
    """A row of the picture, from the time 0 to ``end`` and the value ``low`` to 1."""

    def __init__(self, place: int, end: float, low: float) -> None:
        self.top, self.end, self.low = TOP + place * ROW, end, low

    def points(self, times: np.ndarray, values: np.ndarray) -> str:
        """Return corners (N,) in the form of SVG."""
        x = LEFT + times / self.end * (WIDTH - LEFT)
        y = self.top + (1 - (np.clip(values, self.low, 1) - self.low) / (1 - self.low)) * (ROW - 8)
        return " ".join(f"{one:.1f},{other:.1f}" for one, other in zip(x, y, strict=True))

    def frame(self, name: str) -> list[str]:
        """Return the row's name and the lines of its lowest and highest value, and of zero."""
        levels = sorted({self.low, 0.0, 1.0})
        ends = np.array([0.0, self.end])
        rules = [f'<polyline points="{self.points(ends, np.full(2, level))}" stroke="{GREY}" stroke-opacity=".35"/>'
                 for level in levels]  # fmt: skip
        return [*rules, _text(0, self.top + ROW / 2, name)]

    def lines(self, times: np.ndarray, values: np.ndarray, colour: str, dash: str) -> list[str]:
        """Return a curve, broken where it has no value."""
        known = runs(~np.isnan(values))
        look = f'fill="none" stroke="{colour}" stroke-width="1.6" stroke-dasharray="{dash}"'
        return [f'<polyline points="{self.points(times[a:b], values[a:b])}" {look}/>' for a, b in known]


def _stacked(drawn: pd.DataFrame, emotions: pd.DataFrame, box: _Row) -> list[str]:
    """Probabilities stacked to one, the most frequent at the bottom."""
    order = drawn[list(emotions.column)].mean().sort_values(ascending=False, na_position="last").index
    name_of = dict(zip(emotions.column, emotions.output, strict=True))
    values, times = drawn[order].to_numpy(float), drawn.time.to_numpy()
    tops = values.cumsum(axis=1)
    parts = []
    for a, b in runs(~np.isnan(values).any(axis=1)):
        for place, column in enumerate(order):
            upper = tops[a:b, place]
            corners = np.concatenate([times[a:b], times[a:b][::-1]])
            edges = np.concatenate([upper, (upper - values[a:b, place])[::-1]])
            colour = EMOTION_COLOURS[Emotion(name_of[column])]
            parts.append(f'<polygon points="{box.points(corners, edges)}" fill="{colour}" fill-opacity=".85"/>')
    return parts


def _signs(colours: dict[str, str], y: float) -> list[str]:
    """The names of some colours in a line."""
    parts = []
    x = float(LEFT)
    for name, colour in colours.items():
        parts.append(f'<rect x="{x:.0f}" y="{y - 8}" width="9" height="9" fill="{colour}"/>')
        parts.append(_text(x + 13, y, name))
        x += 22 + 6.2 * len(name)
    return parts


def _text(x: float, y: float, words: str, anchor: str = "start") -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" fill="currentColor">{escape(words)}</text>'


def _thinned(table: pd.DataFrame) -> pd.DataFrame:
    """Return means over so many frames that few enough points are left; a gap stays one where all of it is."""
    return table.groupby(np.arange(len(table)) // -(-len(table) // POINTS)).mean()
