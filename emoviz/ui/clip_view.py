"""The view of a clip on a page: its analysis while it runs, and its player."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from . import messages, selection
from .clip_analysis import Analysis, State
from .insides import fragment
from .player import player
from .session import session

if TYPE_CHECKING:
    from ..checkpoints.folder import Checkpoint
    from ..explain import FaceFilm
    from ..media import ClipMedia

POLL = 0.5
"""Seconds between two looks at what is running."""


def analyse(clip: Path, checkpoints: "Sequence[Checkpoint]") -> Analysis:
    """Return the analysis of a clip by some models, with face, tracks and channel as chosen; it is begun if need be.

    Raises:
        MediaError: if the clip cannot be read.
    """
    face, tracks = selection.requested_face(), selection.requested_tracks()
    with messages.opening() as progress:
        return session().analyses.of(clip, checkpoints, session().store, face, tracks, progress)


def media_of(clip: Path) -> "ClipMedia":
    """Return a clip with the face, the tracks and the channel that were chosen, and what was decoded of it so far.

    Raises:
        MediaError: if the clip cannot be read.
    """
    with messages.opening() as progress:
        return session().analyses.media(clip, selection.requested_face(), selection.requested_tracks(), progress)


def follow(
    analysis: Analysis, draw: Callable[[State], bool | None], *, beside: Callable[[], bool] | None = None
) -> None:
    """Draw an analysis, again and again while it runs; or say what went wrong.

    Args:
        analysis: analysis to look at.
        draw: function that draws one look; where other work runs ``beside``, it returns whether more will come of that.
        beside: function that tells whether such work runs now.
    """

    def look() -> None:
        state = analysis.state
        if polling and not state.running and beside is None:
            st.rerun()  # the whole page, so that the polling ends
        if state.error:
            messages.wrong(state.error, state.details)
            return
        more = draw(state)
        # By what is drawn and not by what runs now, which may have ended since it was asked for.
        if (state.running or bool(more)) != polling:
            st.rerun()

    polling = analysis.state.running or bool(beside and beside())
    fragment(look, run_every=POLL if polling else None)()


def show_progress(state: State, analysis: Analysis) -> None:
    """Show the progress of an analysis, unless it is done."""
    if state.running or state.stopped:
        messages.working(state, analysis)


def show_player(
    analysis: Analysis,
    state: State,
    *,
    figures: list[str],
    path: str = "",
    heat: "FaceFilm | None" = None,
    on_span: Callable[[str], None] | None = None,
) -> None:
    """Show the clip on the clock that figures share, and let people choose whose face is analysed.

    Args:
        analysis: analysis of the clip.
        state: state of the analysis.
        figures: keys of the figures whose x axis is the clip's time.
        path: key of the figure whose path follows the time.
        heat: heat to draw over the face.
        on_span: function that gets the span of the clip that models are to be fitted to.
    """
    faces = state.prediction.faces if state.prediction else None
    faces = faces or analysis.media.known_faces
    tracks = [track.id for track in faces.tracks] if faces else []
    speaker = faces.speaker if faces else None
    face = analysis.media.face if analysis.media.face in tracks else speaker
    if state.playable is not None:
        player(state.playable, analysis.info, faces, face, figures=figures, path=path, heat=heat, on_span=on_span)
        if state.playable != analysis.info.path and not analysis.info.still:
            st.caption(
                "You see and hear a copy of what is analysed, since browsers do not play the original as it is read."
            )
    choose_part(analysis.media, tracks, speaker, face)


def choose_part(clip: "ClipMedia", tracks: list[int], speaker: int | None, face: int | None) -> None:
    """Let people choose face, tracks and channel where a recording has several; another choice is another analysis.

    Args:
        clip: clip as it is analysed now.
        tracks: ids of the faces that are known.
        speaker: id of the face that is analysed by default.
        face: id of the face that is analysed now.
    """
    with st.container(horizontal=True):
        chosen = selection.choose_face(tracks, speaker)
        asked = selection.choose_tracks(clip.info)
    if chosen not in (None, face) or asked != clip.asked:
        st.rerun()  # the whole page, which asks for the analysis, and not the part of it that is drawn again
