"""Gaps of a prediction: the spans of time in which it has no value, and their reasons."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..core.runs import runs
from ..core.vocabulary import Source

COLUMNS = ["source", "model", "start", "end", "reason"]
REASONS: dict[str, str] = {
    Source.FACE: "no face in the picture",
    Source.SPEECH: "too little speech in one piece",
    Source.FUSED: "neither face nor speech",
}
"""Reason of each source for having no value in a frame, where no other reason is known."""
NEAR = 0.5
"""Seconds around an absence in which its reason explains other missing frames, as windows and grids reach beyond it."""


class Absence(NamedTuple):
    """A stretch of a recording in which a source is absent.

    Attributes:
        source: source that is absent, face or speech.
        start: second of the recording at which the stretch starts.
        end: second of the recording at which the stretch ends.
        reason: reason of the absence, as the end of "no value: ...".
    """

    source: Source
    start: float
    end: float
    reason: str


def gaps(table: pd.DataFrame, outputs: pd.DataFrame, absences: Sequence[Absence] = ()) -> pd.DataFrame:
    """Return the spans of time in which a source, or one of its models alone, has no value.

    Args:
        table: table with ``time`` and one column per output, on a regular grid.
        outputs: descriptions of the columns, a row each (``emoviz.prediction.assembly.ClipPrediction.outputs``).
        absences: stretches with a known reason for which a source is absent.

    Returns:
        Columns ``source``, ``model`` (empty where no model of the source has a value), ``start``, ``end`` (s) and
        ``reason``; one row per span of one reason.
    """
    times = table.time.to_numpy()
    known = {source: _reasons(times, [a for a in absences if a.source == source]) for source in Source}
    rows: list[tuple[str, str, float, float, str]] = []
    reasons: dict[str, np.ndarray] = {}
    for source, own in outputs.groupby("source", sort=False):
        missing = table[list(own.column)].isna().all(axis=1).to_numpy()
        if source == Source.FUSED:
            told = _both(reasons, missing)
        else:
            told = reasons[str(source)] = _spread(times, known[Source(source)], missing, REASONS[source])
        rows += [(str(source), "", *span) for span in _told(times, told)]
        for model, columns in own.groupby("model", sort=False).column:
            alone = table[list(columns)].isna().all(axis=1).to_numpy() & ~missing
            told = _spread(times, known[Source(source)], alone, REASONS[source])
            rows += [(str(source), str(model), *span) for span in _told(times, told)]
    return pd.DataFrame(rows, columns=COLUMNS)


def spans(times: np.ndarray, chosen: np.ndarray) -> list[tuple[float, float]]:
    """Return the start and the end (s) of every unbroken run of chosen frames.

    Args:
        times: middles (T,) of the frames in seconds, regular.
        chosen: booleans (T,), true on the chosen frames.
    """
    hop = _hop(times)
    edges = [(float(times[a]) - hop / 2, float(times[b - 1]) + hop / 2) for a, b in runs(chosen)]
    return [(round(start, 6) + 0.0, round(end, 6)) for start, end in edges]  # nothing is not negative


def _reasons(times: np.ndarray, absences: Sequence[Absence]) -> np.ndarray:
    """Return the reason for which a source is absent in each frame, empty where none is known: (T,)."""
    told = np.full(len(times), "", object)
    for absence in absences:
        told[(times >= absence.start) & (times < absence.end)] = absence.reason
    return told


def _spread(times: np.ndarray, known: np.ndarray, missing: np.ndarray, default: str) -> np.ndarray:
    """Return a reason for each missing frame, and nothing for the others.

    Frames of no known reason take that of a near absence which they touch, or else the default.
    """
    told = np.where(missing, known, "")
    near = round(NEAR / _hop(times)) if len(times) > 1 else 1
    for begin, end in runs(missing & (told == "")):
        before = told[begin - 1] if begin else ""
        after = told[end] if end < len(told) else ""
        told[begin:end] = (before or after or default) if end - begin <= near else default
    return told


def _both(reasons: dict[str, np.ndarray], missing: np.ndarray) -> np.ndarray:
    """Return why neither source has a value, from the reasons of each; fused values are missing where both are."""
    told = np.full(len(missing), "", object)
    for frame in np.flatnonzero(missing):
        own = [reasons[source][frame] for source in (Source.FACE, Source.SPEECH) if source in reasons]
        told[frame] = ", and ".join(dict.fromkeys(filter(None, own))) or REASONS[Source.FUSED]
    return told


def _told(times: np.ndarray, told: np.ndarray) -> list[tuple[float, float, str]]:
    """Return start, end (s) and reason of every run of frames of one reason."""
    found = [(start, end, str(reason)) for reason in set(told) - {""} for start, end in spans(times, told == reason)]
    return sorted(found)


def _hop(times: np.ndarray) -> float:
    return float(times[1] - times[0]) if len(times) > 1 else 0.0
