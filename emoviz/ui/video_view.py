"""The video of a recording with its prediction burnt in, made when somebody asks for it."""

from functools import partial
from pathlib import Path

import numpy as np
import streamlit as st

from ..core.progress import Progress
from ..core.words import size
from ..media import ClipMedia
from ..prediction.assembly import ClipPrediction
from ..prediction.persons.found import Persons
from ..prediction.video import ENDING, LIMITS, Faces, write_video
from . import asked_work, linked, persons_view
from .session import session

KIND = "video"
LOOKS = {"as they are": Faces.SHOWN, "blurred": Faces.BLURRED, "as their mesh": Faces.MESH}


def show(media: ClipMedia, prediction: ClipPrediction, name: str) -> None:
    """Let people ask for the video of a recording, and download it.

    Args:
        media: recording that is analysed to its end; nothing is offered of a single picture.
        prediction: prediction of it.
        name: name of the file, without suffix.
    """
    if media.info.still:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if not linked.toggle("Video with all of this burnt in", KIND):
            return
        look = LOOKS[linked.segments("Faces", list(LOOKS), "faces")] if media.info.video else Faces.SHOWN
    persons = persons_view.known(media) if look is Faces.SHOWN else None
    made = asked_work.result(
        KIND,
        (media.key, media.face, look, _total(prediction), persons and (persons.people, persons.turns)),
        partial(_write, session().folder, media, prediction, look, persons),
        stopped="The writing of the video was stopped.",
        again="Write again",
    )
    if made is not None:
        label = f"Save the video ({size(made.stat().st_size)})"
        st.download_button(label, made.read_bytes, f"{name}-emoviz{ENDING}", "video/mp4", on_click="ignore")
        if look is not Faces.SHOWN:
            st.caption(LIMITS)


def _write(
    folder: Path,
    media: ClipMedia,
    prediction: ClipPrediction,
    look: Faces,
    persons: Persons | None,
    progress: Progress,
) -> Path:
    path = folder / f"{media.key}-{look}{ENDING}"
    write_video(path, media, prediction, look, progress, persons)
    return path


def _total(prediction: ClipPrediction) -> float:
    """A number that differs as soon as another model, or another fusion, says something else."""
    values = prediction.table[prediction.outputs.column].to_numpy(float)
    return float(np.nansum(values * np.arange(1, values.shape[1] + 1)))
