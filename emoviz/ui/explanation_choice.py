"""Choose what to explain of a clip: emotion and moment of the face, output, method and span of the sound."""

from typing import Any

import streamlit as st

from ..checkpoints.folder import Checkpoint
from ..media import ClipMedia
from ..prediction.assembly import ClipPrediction
from . import linked
from .clip_analysis import Analysis
from .explanation_requests import (
    FaceQuestion,
    StreamQuestion,
    first_output,
    peak_of_face,
    peak_of_output,
    says_nothing,
    ways,
)
from .session import session

EXPLAINED = "explained"
"""Key in the session of the recording that was explained last."""
ASKED = "asked-why"
"""Key in the session of whether somebody asked for the explanation of a moment that the page is to open."""


def ask_face(
    network: Checkpoint | None, analysis: Analysis, prediction: ClipPrediction | None, place: Any
) -> FaceQuestion | None:
    """Let people choose emotion and moment; None while nothing is known of the face, or where there is none."""
    if network is None or prediction is None or not prediction.faces:
        return None
    peak = peak_of_face(prediction, network)
    if peak is None:
        place.info("No face was found in the clip, so there is no face to explain.")
        return None
    duration = analysis.info.duration
    with place.container(horizontal=True, vertical_alignment="bottom"):
        output = linked.select(
            "Heat for",
            list(network.description.outputs),
            "emotion",
            peak.output,
            width=140,
            on_change=lambda: st.session_state.pop("moment", None),
            help="At first, the emotion that stands out most"
            + ("." if analysis.info.still else ", at the moment at which it does."),
        )
        moment = peak_of_output(prediction, network, output)
        if not analysis.info.still:
            moment = linked.slider("Moment (s)", 0.0, round(duration, 2), moment, 0.02, "moment", width=150)
            st.button("Player's time", on_click=take_time, args=(duration,))
    return FaceQuestion(network, analysis.media, output, moment)


def ask_about(media: ClipMedia, time: float, span: tuple[float, float] | None) -> None:
    """Choose the moment and the span that are explained when that page is opened next.

    Args:
        media: recording that is explained.
        time: moment in seconds.
        span: seconds over which the sound is explained; None is all of it.
    """
    duration = media.info.duration
    linked.choose_first("moment", round(min(time, duration), 2))
    if span is None:
        st.session_state.pop("span", None)
    else:
        linked.choose_first("span", (round(span[0], 1), round(min(span[1], round(duration, 2)), 1)))
    st.session_state[EXPLAINED] = media.key
    st.session_state[ASKED] = True


def forget_choices(media: ClipMedia) -> None:
    """Forget moment and span of another recording."""
    before = st.session_state.get(EXPLAINED)
    if before not in (None, media.key):
        for key in ("emotion", "moment", "span"):
            st.session_state.pop(key, None)
    st.session_state[EXPLAINED] = media.key


def take_time(duration: float) -> None:
    """Explain the moment at which the player rests, which it writes into the link."""
    linked.choose_first("moment", round(min(linked.seconds("time"), duration), 2))


def ask_sound(
    model: Checkpoint | None, analysis: Analysis, prediction: ClipPrediction | None, place: Any
) -> StreamQuestion | None:
    """Let people choose output, method and span; None while the model has said nothing, or nothing can be heard."""
    if model is None or prediction is None or prediction.said_by(model)[0].empty:
        return None
    if says_nothing(prediction, model):
        place.info(f"The clip holds nothing that '{model.name}' reads, so there is nothing to explain.")
        return None
    names, methods = list(model.description.outputs), ways(model)
    with place.container(horizontal=True, vertical_alignment="bottom"):
        output = linked.select("Explain", names, "output", first_output(prediction, model), width=182)
        method = methods[linked.select("By", list(methods), "way", width=208)]
        span = linked.span("Mean over (s)", round(analysis.info.duration, 2), 0.1, "span", width=110)
    return StreamQuestion(model, analysis.media, session().store, output, method, span)
