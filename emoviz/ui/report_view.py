"""The report of a recording, which is made when somebody asks for it."""

import streamlit as st

from ..core.words import duration
from ..media import ClipMedia
from ..prediction.assembly import ClipPrediction
from . import attention_weights, linked, selection


def show(clip: selection.Clip, media: ClipMedia, prediction: ClipPrediction) -> None:
    """Let people ask for the report of a recording, and download it.

    Args:
        clip: recording, under the name that pages show.
        media: its contents.
        prediction: prediction of it, to its end.
    """
    if not linked.toggle("Report of all of this", "recording_report"):
        return
    settings = {"recording": clip.name, "content": media.key, "length": duration(prediction.info.duration)}
    settings |= selection.stated(prediction)

    def write() -> bytes:
        from ..analysis import recording_report  # with plotly's own page, which few visits need

        doubts = attention_weights.doubts_of(prediction.channel_weights)
        return recording_report.write(clip.name, prediction, settings, doubts).encode()

    st.download_button("Save the report", write, f"{clip.stem}-report.html", "text/html", on_click="ignore")
    st.caption("Figures, tables, models, settings and limits in one HTML file, which opens without a network.")
