"""The panel beneath the picture of a written video: curves of valence and arousal, and the emotion of the moment."""

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pandas as pd

from ...core.vocabulary import EMOTION_COLOURS, MARKS, Emotion
from ...core.words import number
from ...evaluation.findings import leading_source
from .drawing import Colour, colour_of, width_of, write

if TYPE_CHECKING:
    from ..assembly import ClipPrediction
    from .names import Names

LINE, EDGE, AXIS, RIBBON = 16, 12, 110, 14
"""Height of a line of words, room at the edges, height of the curves, and of the emotions over time, in pixels."""
INK: Colour = (235, 238, 242)
FAINT: Colour = (120, 128, 138)
COLOURS = (MARKS["higher"], MARKS["lower"], MARKS["third"], MARKS["fourth"])
"""Colours of the dimensions, in the order in which they are drawn."""
DARK: Colour = (60, 66, 74)
SMALL = 11
"""Height of small words in pixels."""
FINENESS = 16
"""Fractional bits of the pixel positions at which curves are drawn."""


class Panel:
    """The panel of a recording; its fixed parts are drawn once.

    Args:
        prediction: prediction of the recording.
        width: pixels.
        duration: length of the recording in s.
        names: names of the persons, of whom the curves are; None where nobody has a name.
    """

    def __init__(self, prediction: "ClipPrediction", width: int, duration: float, names: "Names | None" = None) -> None:
        self._names = names
        self.width, self._duration = width, max(duration, 1e-3)
        self._table, self._gaps = prediction.table, prediction.gaps
        self._curves = _rows(prediction.of_clip, "dimension")
        self._emotions = _rows(prediction.of_clip, "emotion")
        self._top = 2 * LINE + EDGE  # of the curves, beneath the words
        self.height = self._top + (AXIS if len(self._curves) else 0) + RIBBON + EDGE
        self.height += self.height % 2
        self._still = self._drawn()

    def at(self, time: float) -> np.ndarray:
        """Return the panel at a time in s, RGB (H, W, 3)."""
        panel = self._still.copy()
        x = self._x(time)
        panel[self._top :, max(0, x - 1) : x + 1] = INK
        row = self._row(time)
        left = EDGE
        if whose := self._whose(time):
            write(panel, f"{whose}:", (left, 4), LINE, INK)
            left += width_of(f"{whose}:", LINE) + EDGE
        for colour, (_, curve) in zip(self._colours(), self._curves.iterrows(), strict=True):
            words = f"{curve.output} {_value(row, curve.column)}"
            write(panel, words, (left, 4), LINE, colour)
            left += width_of(words, LINE) + 2 * EDGE
        words, colour = self._emotion(row, time)
        write(panel, words, (EDGE, 4 + LINE + 4), LINE, colour)
        return panel

    def _whose(self, time: float) -> str:
        """The person of whom the curves speak, and the emotion where there are none."""
        shown = self._curves if len(self._curves) else self._emotions
        return self._names.of_curves(shown.source.iloc[0], time) if self._names and len(shown) else ""

    def _emotion(self, row: pd.Series, time: float) -> tuple[str, Colour]:
        """The most probable emotion of a moment with its probability, or why there is none."""
        values = row[self._emotions.column].to_numpy(float) if len(self._emotions) else np.array([])
        if np.isfinite(values).any():
            best = int(np.nanargmax(values))
            emotion = self._emotions.output.iloc[best]
            source = self._emotions.source.iloc[best]
            alone = source == "fused" and row.get("fused.sources", 2) == 1
            note = ", one source alone" if alone else ""
            return f"{emotion} {number(values[best])} ({source}{note})", _colour(emotion)
        here = self._gaps[(self._gaps.start <= time) & (self._gaps.end >= time)]
        reasons = list(dict.fromkeys(here.reason))
        return ", ".join(reasons) or ("no value" if len(self._emotions) else ""), FAINT

    def _drawn(self) -> np.ndarray:
        panel = np.full((self.height, self.width, 3), colour_of(MARKS["behind a clip"]), np.uint8)
        times = self._table.time.to_numpy(float)
        if len(self._curves):
            for value in (-1, 0, 1):
                y = self._y(value)
                cv2.line(panel, (EDGE, y), (self.width - EDGE, y), FAINT if value == 0 else DARK, 1)
                write(panel, f"{value:+d}".replace("-", "−") if value else "0", (EDGE, y + 2), SMALL, FAINT)
            for colour, column in zip(self._colours(), self._curves.column, strict=True):
                self._draw(panel, times, self._table[column].to_numpy(float), colour)
        if len(self._emotions):
            self._draw_ribbon(panel, times)
        return panel

    def _draw(self, panel: np.ndarray, times: np.ndarray, values: np.ndarray, colour: Colour) -> None:
        """A curve, broken at its gaps."""
        known = np.isfinite(values)
        places = np.stack([self._xs(times), self._ys(np.nan_to_num(values))], axis=1)
        fine = np.round(places * FINENESS).astype(np.int32)
        for run in np.split(np.arange(len(values)), np.flatnonzero(np.diff(known)) + 1):
            if len(run) and known[run[0]]:
                cv2.polylines(panel, [fine[run]], False, colour, 2, cv2.LINE_AA, shift=4)

    def _draw_ribbon(self, panel: np.ndarray, times: np.ndarray) -> None:
        """The most probable emotion of each moment as its colour."""
        values = self._table[self._emotions.column].to_numpy(float)
        known = np.isfinite(values).any(axis=1)
        best = np.where(known, np.argmax(np.nan_to_num(values, nan=-1.0), axis=1), -1)
        step = float(np.median(np.diff(times))) if len(times) > 1 else self._duration
        bottom = self.height - EDGE // 2
        for start, place in zip(times - step / 2, best, strict=True):
            if place >= 0:
                left, right = self._x(start), self._x(start + step)
                colour = _colour(self._emotions.output.iloc[place])
                cv2.rectangle(panel, (left, bottom - RIBBON), (max(left, right - 1), bottom), colour, -1)
        right = self.width - EDGE  # of the legend, which names the emotions that lead somewhere
        for place in sorted(set(best[best >= 0].tolist()), reverse=True):
            emotion = self._emotions.output.iloc[place]
            right -= width_of(emotion, SMALL) + EDGE
            write(panel, emotion, (right + EDGE, 8 + LINE + SMALL // 2), SMALL, _colour(emotion))

    def _colours(self) -> list[Colour]:
        return [colour_of(COLOURS[place % len(COLOURS)]) for place in range(len(self._curves))]

    def _row(self, time: float) -> pd.Series:
        place = int(np.searchsorted(self._table.time.to_numpy(float), time))
        return self._table.iloc[min(place, len(self._table) - 1)]

    def _x(self, time: float) -> int:
        return int(round(float(self._xs(np.array([time]))[0])))

    def _xs(self, times: np.ndarray) -> np.ndarray:
        return np.asarray(EDGE + np.clip(times / self._duration, 0, 1) * (self.width - 2 * EDGE))

    def _y(self, value: float) -> int:
        return int(round(float(self._ys(np.array([value]))[0])))

    def _ys(self, values: np.ndarray) -> np.ndarray:
        return np.asarray(self._top + (1 - np.clip(values, -1, 1)) / 2 * (AXIS - EDGE))


def _rows(outputs: pd.DataFrame, kind: str) -> pd.DataFrame:
    """The outputs of a kind that stand for the clip: those of its leading source, of one model."""
    source = leading_source(outputs, kind)
    found = outputs[(outputs.kind == kind) & (outputs.source == source)]
    return found.drop_duplicates("output").reset_index(drop=True)


def _value(row: pd.Series, column: str) -> str:
    value = float(row[column])
    return number(value) if np.isfinite(value) else "–"


def _colour(emotion: str) -> Colour:
    return colour_of(EMOTION_COLOURS[Emotion(emotion)]) if emotion in set(Emotion) else INK
