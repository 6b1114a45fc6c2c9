"""A prediction summed up in segments: windows, stretches of speech, or the segments of an annotation file."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..annotation.segments import Segment, checked, endings, read, windows
from ..annotation.summary import segment_table
from ..core.errors import AnnotationError
from ..core.vocabulary import Source
from ..evaluation.gaps import spans

if TYPE_CHECKING:
    import pandas as pd

    from .assembly import ClipPrediction

SLACK = 1.0
"""Seconds by which an annotation may go beyond its recording: other programs count the last frame or padding."""
SPEECH = "speech"
"""Name of the segments in which somebody speaks."""


def require_known(asked: str) -> None:
    """Refuse impossible segments before a recording is analysed; see :func:`segments_of`.

    Raises:
        AnnotationError: if the text asks for windows that are too short, or the file is missing or damaged.
    """
    if asked == SPEECH:
        return
    seconds = _number(asked)
    if seconds is None:
        _annotation(asked)
    else:
        windows(0.0, seconds)


def annotation_of(asked: str) -> Path | None:
    """Return the annotation file that a text names; None for other segments."""
    return None if asked == SPEECH or _number(asked) is not None else Path(asked)


def segments_of(asked: str, prediction: "ClipPrediction") -> list[Segment]:
    """Return the segments of a recording that a text asks for.

    Args:
        asked: a number of seconds for windows, ``speech``, or the path of an annotation file.
        prediction: prediction of the recording by a speech model at least where its speech is asked for.

    Raises:
        AnnotationError: if the text is none of these, nobody speaks, no model looked for speech, or the file is
            missing, damaged or has times beyond the end of the recording.
    """
    if asked == SPEECH:
        return spoken(prediction)
    duration, seconds = float(prediction.info.duration), _number(asked)
    if seconds is not None:
        return windows(duration, seconds)
    return require_inside(_annotation(asked), Path(asked).name, prediction)


def require_inside(segments: list[Segment], name: str, prediction: "ClipPrediction") -> list[Segment]:
    """Return the segments of an annotation that belongs to this recording.

    Raises:
        AnnotationError: if a segment ends more than :data:`SLACK` behind the end of the recording.
    """
    duration = float(prediction.info.duration)
    last = max(segment.end for segment in segments)
    if last > duration + SLACK:
        raise AnnotationError(
            f"'{name}' has a segment that ends at {last:g} s, but '{prediction.info.path.name}' lasts "
            f"{duration:.2f} s: the annotation is of another recording, or its offset is missing."
        )
    return segments


def spoken(prediction: "ClipPrediction") -> list[Segment]:
    """Return the stretches in which somebody speaks.

    Raises:
        AnnotationError: if nobody speaks, or no model looked for speech.
    """
    if not (prediction.outputs["source"] == Source.SPEECH).any():
        raise AnnotationError("Where somebody speaks is known only to a prediction by a model of speech.")
    times = prediction.table["time"].to_numpy(float)
    speaks = np.ones(len(times), bool)
    for absence in prediction.absences:
        if absence.source == Source.SPEECH:
            speaks[(times >= absence.start) & (times < absence.end)] = False
    if not speaks.any():
        raise AnnotationError(f"Nobody speaks in '{prediction.info.path.name}'.")
    stretches = spans(times, speaks)
    return checked((Segment(start, end, str(n + 1)) for n, (start, end) in enumerate(stretches)), SPEECH)


def _annotation(asked: str) -> list[Segment]:
    if not Path(asked).suffix:
        raise AnnotationError(
            f"Segments are a number of seconds, '{SPEECH}' or an annotation file ({endings()}), not '{asked}'."
        )
    return read(Path(asked))


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def summed_up(prediction: "ClipPrediction", segments: list[Segment]) -> "pd.DataFrame":
    """Return what a prediction says in each segment (:func:`emoviz.annotation.summary.segment_table`)."""
    return segment_table(prediction.table, prediction.outputs, segments)
