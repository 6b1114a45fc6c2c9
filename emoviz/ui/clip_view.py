"""One clip on a page: its analysis while it runs, and its player."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from . import loaders, messages, selection
from .clip_analysis import Analysis, State
from .insides import fragment
from .player import player
from .session import session

if TYPE_CHECKING:
    from ..checkpoints.folder import Checkpoint
    from ..explain import FaceFilm

POLL = 0.5
"""Seconds between two looks at what is running."""


def analyse(clip: Path, checkpoints: "Sequence[Checkpoint]") -> Analysis:
    """Return the analysis of a clip by some models, with the face that was chosen; it is begun if need be.

    Raises:
        MediaError: the clip cannot be read.
    """
    return session().analyses.of(clip, checkpoints, loaders.store(), selection.requested_face())


def follow(
    analysis: Analysis, draw: Callable[[State], bool | None], *, beside: Callable[[], bool] | None = None
) -> None:
    """Draw an analysis, again and again while it runs; or say what went wrong.

    Args:
        analysis: to look at.
        draw: draws one look; where other work runs ``beside``, it returns whether more will come of that.
        beside: whether such work runs now.
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
    """How far the analysis is, unless it is done."""
    if state.running or state.stopped:
        messages.working(state, analysis)


def show_player(
    analysis: Analysis, state: State, *, figures: list[str], path: str = "", heat: "FaceFilm | None" = None
) -> None:
    """Show the clip on the clock that figures share, and let people choose whose face is analysed.

    Args:
        analysis: of the clip.
        state: of the analysis.
        figures: keys of the figures whose x axis is the clip's time.
        path: key of the figure whose path follows the time.
        heat: to draw over the face.
    """
    if state.playable is None:
        return
    faces = state.prediction.faces if state.prediction else None
    tracks = [track.id for track in faces.tracks] if faces else []
    speaker = faces.speaker if faces else None
    face = analysis.media.face if analysis.media.face in tracks else speaker
    player(state.playable, analysis.info, faces, face, figures=figures, path=path, heat=heat)
    if state.playable != analysis.info.path:
        st.caption("Browsers do not play this format, so you see a transcoded copy; the analysis read the original.")
    if len(tracks) > 1:
        selection.choose_face(tracks, speaker)
