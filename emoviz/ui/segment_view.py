"""A clip's prediction summed up in segments that people choose."""

import streamlit as st

from ..annotation.segments import Segment, endings, read, windows
from ..annotation.summary import readable
from ..core.errors import AnnotationError, MediaError
from ..prediction.assembly import ClipPrediction
from ..prediction.segmented import require_inside, spoken, summed_up
from . import figures, linked, session

NONE, WINDOWS, SPEECH, FILE = "none", "windows", "speech", "annotation"
CHOICES = {
    NONE: "the curves only",
    WINDOWS: "windows of one length",
    SPEECH: "where somebody speaks",
    FILE: "an annotation file",
}
"""The segments that people can choose, by their name in the link."""
LONGEST = 3600
"""Longest window in seconds."""

ABOUT = """
One row per segment. The emotion is the one that is strongest in the largest share of the frames that have a value, with
that share; valence, arousal and liking are means. The downloads also hold median, peak and its time for each output
(of a dimension the value farthest from zero), the share of each emotion, the share of frames without a value, and the
means of the measures of quality.
"""


def show(prediction: ClipPrediction, name: str) -> None:
    """Let people choose segments, and draw the prediction of each.

    Args:
        prediction: prediction of a clip that is analysed to its end.
        name: name of downloaded files, without suffix.
    """
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = linked.named("A row for each segment", CHOICES, "segments", width=230)
        try:
            segments = _chosen(kind, prediction)
        except (AnnotationError, MediaError) as error:
            segments = []
            st.error(str(error))
    if segments:
        table = summed_up(prediction, segments)
        shown = readable(table, prediction.outputs)
        figures.show_table(shown, table, key="segments-table", name=f"{name}-segments", about=ABOUT)


def _chosen(kind: str, prediction: ClipPrediction) -> list[Segment]:
    if kind == WINDOWS:
        seconds = linked.number("Seconds", 1, LONGEST, 5, "window", width=110)
        return windows(float(prediction.info.duration), seconds)
    if kind == SPEECH:
        return spoken(prediction)
    if kind == FILE:
        received = st.file_uploader(f"Annotation ({endings()})", key="annotation-upload")
        if received is not None:
            place = session.session().write("annotations", received.name, received.getvalue())
            return require_inside(read(place), place.name, prediction)
    return []
