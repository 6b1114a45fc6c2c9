"""The workspace of a recording: the parts that its views (Predict, Explain, Attention) share beside the player.

The views are joined by a row of links, each of which leads back to what was chosen there. Lanes that every view
has, and annotations that people add, stand in their one timeline.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from ..annotation.segments import Segment, endings, read
from ..core.errors import EmovizError
from ..features.transcripts import Transcript
from ..media import ClipMedia
from ..media.envelope import Envelope, envelope
from ..plots import lanes as made
from ..plots.lanes import Lane
from ..prediction.assembly import ClipPrediction
from ..prediction.persons.export import turn_table
from ..prediction.persons.found import Persons
from ..prediction.persons.known import Changes
from ..prediction.segmented import require_inside
from ..prediction.transcript import word_table
from . import asked_work, explanation_choice, figures, persons_view, timeline, words_view
from .cache import cached
from .clip_analysis import Analysis, State
from .insides import has, switch
from .session import session

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

VIEWS = {"Result": "pages/predict.py", "Why": "pages/explain.py", "Attention": "pages/attention.py"}
"""The views of a recording and their pages."""
BY_BROWSER = ("time", "marked", "zoom")
"""Parameters of the link that the browser writes, and remembers for each recording by itself."""
LAST = "last-views"
"""Key in the session of the query with which each view was left."""
TIERS = "tiers"
"""Key in the session of the annotations that were added, by recording and file."""
TIER_ERROR = "tier-error"


def links(here: str, clip: str) -> None:
    """Draw the row of links between the views of a recording.

    Args:
        here: name of the view that is open, one of :data:`VIEWS`.
        clip: name of the recording as the link has it.
    """
    left: dict[str, dict[str, list[str]]] = st.session_state.setdefault(LAST, {})
    query = {name: st.query_params.get_all(name) for name in st.query_params if name not in BY_BROWSER}
    left[here] = query
    with st.container(horizontal=True, gap="medium", key="views"):
        for view, page in VIEWS.items():
            if view == here:
                st.markdown(f"**{view}**", width="content")
            elif has(page):
                st.page_link(page, label=view, query_params=query_of(view, clip))


def query_of(view: str, clip: str) -> dict[str, list[str]]:
    """Return the query that opens a view of a recording as it was left.

    Args:
        view: name of the view, one of :data:`VIEWS`.
        clip: name of the recording as the link has it.
    """
    known = st.session_state.get(LAST, {}).get(view, {})
    return (known if known.get("clip", [clip]) == [clip] else {}) | {"clip": [clip]}


def columns() -> list["DeltaGenerator"]:
    """Return the two columns of a view: the player's, in which it stays in sight, and that of all else."""
    return st.columns([38, 62], gap="medium")


def show_timeline(
    analysis: Analysis,
    state: State,
    lanes: Sequence[Lane],
    table: pd.DataFrame,
    *,
    name: str,
    about: str,
    otherwise: Callable[[], go.Figure],
    downloads: Mapping[str, figures.Writer] | None = None,
    explains: bool = False,
) -> None:
    """Show the timeline of a recording: its own lanes, then those of a view, then annotations.

    Args:
        analysis: analysis of the recording.
        state: state of the analysis.
        lanes: lanes of the view.
        table: table that these show.
        name: name of downloaded files, without suffix.
        about: explanation for "what am I looking at?", Markdown.
        otherwise: function that draws the same without a script of its own.
        downloads: functions that write the table, by file ending.
        explains: whether a button leads to the explanation of the present moment.
    """
    media = analysis.media
    playable = state.playable if media.info.video is not None else None
    asks = explains and has(VIEWS["Why"])
    timeline.show(
        [*recording_lanes(media, running=state.running), *lanes, *tier_lanes(media)],
        table,
        recording=media.key,
        duration=float(media.info.duration),
        clip=playable,
        name=name,
        about=about,
        otherwise=otherwise,
        downloads=downloads,
        running=state.running,
        on_why=(lambda time, span: explanation_choice.ask_about(media, time, span)) if asks else None,
    )
    if st.session_state.pop(explanation_choice.ASKED, False):
        known = query_of("Why", str(st.session_state.get("clip", "")))
        switch(VIEWS["Why"], {name: values for name, values in known.items() if name not in ("moment", "span")})


def recording_lanes(media: ClipMedia, *, running: bool) -> list[Lane]:
    """Return the lanes of the recording itself: pictures, sound, and the words and persons that were found before.

    Args:
        media: the recording.
        running: whether it is still analysed, when nothing more is read of it.
    """
    lanes = [made.film_lane()] if media.info.video is not None else []
    if media.info.audio is not None and not running:
        found, gaps = _sound(media.key, media)
        lanes.append(made.sound_lane(found.low, found.high, found.start, found.step, gaps))
    transcript = asked_work.known(words_view.KIND, media.key)
    if isinstance(transcript, Transcript) and transcript.words:
        lanes.append(made.word_lane(word_table(transcript)))
    persons = asked_work.known(persons_view.KIND, media.key)
    if isinstance(persons, Persons) and persons.turns:
        lanes.append(made.tier_lane("persons", "Who speaks", turn_table(Changes(media).applied(persons)), named=False))
    return lanes


def tier_lanes(media: ClipMedia) -> list[Lane]:
    """Return a lane for each tier of the annotations that were added to a recording."""
    return [
        lane
        for number, (file, segments) in enumerate(_tiers(media).items())
        for lane in made.file_lanes(f"tier-{number}", file, pd.DataFrame(segments, columns=Segment._fields))
    ]


def offer_tiers(media: ClipMedia, prediction: ClipPrediction) -> None:
    """Let people add annotation files as lanes, and take them away."""
    with st.popover("Add a tier"):
        st.file_uploader(
            f"An annotation of this recording ({endings()})",
            key="tier-upload",
            on_change=_add_tier,
            args=(media, prediction),
        )
        if message := st.session_state.get(TIER_ERROR):
            st.error(message)
        for file in _tiers(media):
            st.button(f"Take away {file}", key=f"tier-away-{file}", on_click=_take_away, args=(media, file))


def _add_tier(media: ClipMedia, prediction: ClipPrediction) -> None:
    received = st.session_state["tier-upload"]
    st.session_state.pop(TIER_ERROR, None)
    if received is None:
        return
    try:
        place = session().write("annotations", received.name, received.getvalue())
        _tiers(media)[place.name] = require_inside(read(place), place.name, prediction)
    except EmovizError as error:
        st.session_state[TIER_ERROR] = str(error)


def _take_away(media: ClipMedia, file: str) -> None:
    _tiers(media).pop(file, None)


def _tiers(media: ClipMedia) -> dict[str, list[Segment]]:
    known: dict[str, dict[str, list[Segment]]] = st.session_state.setdefault(TIERS, {})
    return known.setdefault(media.key, {})


@cached(8)
def _sound(content: str, _media: ClipMedia) -> tuple[Envelope, tuple[tuple[float, float], ...]]:
    sound = _media.waveform()
    return envelope(sound), sound.gaps
