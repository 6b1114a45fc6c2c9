"""The view of a clip on a page: its analysis while it runs, and its player."""

import time
from collections.abc import Callable, Hashable, Sequence
from functools import partial
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
REST = 4
"""Times as long as a drawing took, for which it stays at least while there is more to draw."""
Pending = frozenset[Hashable] | None
"""Keys of other work that is still to come."""
NOTHING: frozenset[Hashable] = frozenset()


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
    analysis: Analysis,
    draw: Callable[[State], Pending],
    show_progress: Callable[[State], Pending] | None = None,
) -> None:
    """Draw an analysis, and again when more of it is known; in between, only its progress is looked at and drawn.

    A drawing takes server and browser much longer than a look, so it stays some times as long as it took.

    Args:
        analysis: analysis to look at.
        draw: function that draws one look, and returns which other work that it asks for is still to come.
        show_progress: function that draws the progress above that and returns the same; by default the analysis's own.
    """
    look = show_progress or partial(_show_progress, analysis)
    watched: bool | None = None
    drawn, due = (analysis.state, NOTHING), 0.0

    def show() -> None:
        nonlocal drawn, due
        began, state = time.monotonic(), analysis.state
        pending: Pending = None
        if state.error:
            messages.wrong(state.error, state.details)
        else:
            pending = draw(state)
        drawn = (state, pending or NOTHING)
        due = time.monotonic() + REST * (time.monotonic() - began)
        if watched is not None and (state.running or bool(pending)) != watched:
            st.rerun()  # the whole page, so that looking begins or ends

    def watch() -> None:
        state = analysis.state
        pending = look(state) or NOTHING
        running = state.running or bool(pending)
        if running != watched or (time.monotonic() >= due and _differ((state, pending), drawn)):
            st.rerun()

    place = st.container()
    fragment(show)()
    watched = drawn[0].running or bool(drawn[1])
    with place:
        fragment(watch, run_every=POLL if watched else None)()


def _differ(one: tuple[State, frozenset[Hashable]], other: tuple[State, frozenset[Hashable]]) -> bool:
    """Whether there is more to draw at one look than at another; the amount that is done is drawn at each."""
    return one[1] != other[1] or any(
        getattr(one[0], name) is not getattr(other[0], name) for name in ("playable", "prediction", "stopped", "error")
    )


def _show_progress(analysis: Analysis, state: State) -> None:
    if not state.error and (state.running or state.stopped):
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
        with st.container(key="sight"):  # it stays in sight while the page is scrolled
            player(
                state.playable,
                analysis.info,
                faces,
                face,
                recording=analysis.media.key,
                figures=figures,
                path=path,
                heat=heat,
                on_span=on_span,
            )
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
