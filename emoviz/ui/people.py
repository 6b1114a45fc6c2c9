"""The people to whom a page's models are fitted without labels: their choice, and the models that are fitted."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from ..checkpoints.folder import Checkpoint
from ..core.errors import EmovizError
from ..core.vocabulary import Source
from ..evaluation.gaps import Absence
from ..features.stored_corpus import stored_names
from ..media import ACCEPTED
from ..prediction.assembly import ClipPrediction
from ..prediction.calibration import can_be_calibrated
from ..prediction.inputs import require_people
from ..prediction.profiles import (
    CORPUS,
    ENDING,
    OWN,
    OWN_SPEECH,
    PROFILE,
    Fitted,
    encode_profile,
    kept_profiles,
    span_of,
)
from . import clip_view, linked, loaders, messages
from .background import Job
from .insides import fragment
from .session import session

NOBODY, SPEECH, STRETCH = "nobody", "the speech of this recording", "a stretch of this recording"
RECORDINGS, SAVED = "recordings that I upload", "a profile that I upload"
CHANGED, UNKNOWN = "people_changed", "people_unknown"
ABOUT = (
    "A voice, a language or a room moves features, and a model takes that for an emotion. Fitted models read them at "
    "the level and the spread of these people. No label is read; the people should show several emotions, or none."
)


def choose_people() -> str | None:
    """Draw the choice of people in the sidebar, and return the text that names them; None for nobody, or nobody yet."""
    root, wanted = loaders.settings().store, linked.read("people")
    kept = [*(f"{CORPUS}{name}" for name in stored_names(root)), *(f"{PROFILE}{name}" for name in kept_profiles(root))]
    options = [NOBODY, SPEECH, STRETCH, RECORDINGS, SAVED, *kept]
    with st.sidebar:
        chosen = linked.select("Fit to these people", options, "people", NOBODY, help=ABOUT)
        if wanted and wanted not in options:
            st.session_state[UNKNOWN] = wanted  # the choice takes it out of the link at once
        if chosen == NOBODY and UNKNOWN in st.session_state:
            st.info(
                f"The link fits the models to '{st.session_state[UNKNOWN]}', which is not here: they stay as they were "
                "trained."
            )
        if chosen == STRETCH:
            return _choose_stretch()
        if chosen in (RECORDINGS, SAVED):
            return _choose_upload(chosen)
    return {NOBODY: None, SPEECH: OWN}.get(chosen, chosen)


def _choose_stretch() -> str | None:
    asked = linked.text("From and to", "stretch", placeholder="0:10-0:25")
    if not asked:
        st.caption("Name a stretch, or drag over a curve to let it loop, and press Fit beneath the clip.")
    elif not span_of(asked):  # nor anything else, as this text may come from anybody's link
        st.error(f"'{asked}' names no stretch: write from and to in this order, such as 0:10-0:25.")
        return None
    return asked or None


def take_span(span: str) -> None:
    """Choose a stretch of the recording; the page has to run again as a whole (:func:`run_again`)."""
    linked.choose_first("people", STRETCH)
    linked.choose_first("stretch", span)
    linked.write("stretch", span)  # as its widget is drawn anew, and tells the link only what is typed
    st.session_state[CHANGED] = True


def run_again() -> None:
    """Let the page run again as a whole where other people were chosen in a part of it."""
    if st.session_state.pop(CHANGED, False):
        st.rerun()


def _choose_upload(kind: str) -> str | None:
    several = kind == RECORDINGS
    st.file_uploader(
        "Recordings of these people" if several else "A profile that was saved here or by `emoviz calibrate`",
        type=list(ACCEPTED) if several else [ENDING],
        accept_multiple_files=several,
        max_upload_size=session().limit_mb,
        key=f"people-{kind}",
        on_change=_keep_upload,
        args=(kind,),
    )
    if message := st.session_state.pop("people_error", None):
        st.error(message)
    found = session().references.get(kind)
    return str(found) if found else None


def _keep_upload(kind: str) -> None:
    """Write what the widget received to the session's folder."""
    received = st.session_state[f"people-{kind}"] or []
    files = received if isinstance(received, list) else [received]
    try:
        session().keep_references(kind, [(file.name, file.getvalue()) for file in files])
    except EmovizError as error:
        st.session_state["people_error"] = str(error)


def fitted(checkpoints: Sequence[Checkpoint], asked: str | None, clip: Path) -> list[Checkpoint] | None:
    """Return the models that can answer, fitted to the people; None while that is on its way.

    A fit that fails is told in a sentence, and leaves the models as they were trained. Those that have to know people
    first are named and left out.

    Args:
        checkpoints: models.
        asked: text that names the people, or None.
        clip: clip that is predicted.

    Raises:
        MediaError: if the clip cannot be read.
    """
    found = Fitted(list(checkpoints), [], [])
    if asked and checkpoints:
        whole = asked.startswith((CORPUS, PROFILE))
        store = loaders.store() if whole else session().store
        job = session().fits.of(checkpoints, asked, clip_view.media_of(clip), store)
        state = job.state
        if state.running:
            fragment(_watch, run_every=clip_view.POLL)(job)
            return None
        found = state.result or found
        if state.result is None:
            st.error(f"{state.error or 'The fit was stopped.'} The models are as they were trained.")
        with st.sidebar:
            _show_fit(found, asked)
    return messages.usable(_answering, found.models)


def _watch(job: Job[Fitted]) -> None:
    """Show the progress of a fit; the page is drawn again when it has ended."""
    if not job.state.running:
        st.rerun()
    messages.working(job.state, job, "people")


def _show_fit(found: Fitted, asked: str) -> None:
    """Say which models are fitted, and offer their profiles as files."""
    if found.told:
        st.caption(" ".join(found.told))
    if asked.startswith(PROFILE) or asked.endswith(ENDING):
        return
    for profile in found.profiles:
        st.download_button(
            f"Save the profile of {profile.model}",
            encode_profile(profile),
            f"{profile.model}{ENDING}",
            "application/octet-stream",
            type="tertiary",
            icon=":material/download:",
        )


def _answering(checkpoint: Checkpoint) -> Checkpoint:
    require_people(checkpoint)
    return checkpoint


def offer_own_speech(prediction: ClipPrediction, asked: str | None) -> None:
    """Offer to fit the models to the speech of a recording that is long enough, where nobody is chosen yet."""
    models = [
        m.checkpoint for b in prediction.branches for m in b.models if m.checkpoint.description.source == Source.SPEECH
    ]
    several = prediction.faces is not None and len(prediction.faces.tracks) > 1
    seconds = prediction.info.duration - _silence(prediction.absences)
    if asked or several or seconds < OWN_SPEECH or not any(map(can_be_calibrated, models)):
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            f"This recording holds {seconds:.0f} s of speech. If one person speaks, the models can be fitted to it."
        )
        st.button("Fit to this person's own speech", on_click=_take_speech)


def _take_speech() -> None:
    linked.choose_first("people", SPEECH)
    st.session_state[CHANGED] = True


def _silence(absences: Sequence[Absence]) -> float:
    """Return the seconds in which nobody speaks."""
    return sum(absence.end - absence.start for absence in absences if absence.source == Source.SPEECH)
