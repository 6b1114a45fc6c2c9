"""The persons of a recording on a page: who speaks when, with names that people give, join, part and take back."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from .. import plots
from ..annotation.formats import WRITERS
from ..annotation.summary import readable
from ..core.errors import EmovizError
from ..media import ClipMedia
from ..prediction.assembly import ClipPrediction
from ..prediction.persons.emotions import emotion_table
from ..prediction.persons.export import turn_table
from ..prediction.persons.found import MOST, Persons
from ..prediction.persons.known import Changes, persons_found_before, persons_of
from ..prediction.persons.naming import People, merged, parted, renamed
from . import asked_work, figures, linked

FOUND = "found"
KIND, ERROR = "persons", "persons-error"
ROUND = "persons-round"
"""Key of the number of changes and undoings of this visit, which gives the fields of names fresh keys after each."""
ABOUT = """
A lane per person who is heard, and a bar wherever that person speaks. Voices are told apart by the speaker encoder of
Wan and others (2018); one is named where two speak at once. A voice has the face whose mouth moves with it. **Voices**
sets their number, where it is known. A name that you give stays with the recording. Click to move the clip there.
"""
ABOUT_TABLE = """
One row for each stretch in which one person speaks, with the emotion that is strongest in the largest share of its
frames, and means; the downloads hold more. Values of the face stand only with the person whose face is analysed: choose
another face above the curves for another person.
"""
READ_AS = {"segment": "person"}


def show(media: ClipMedia, prediction: ClipPrediction, name: str) -> None:
    """Let people ask who speaks, and draw it with the emotions of each turn, and what they can change.

    Args:
        media: recording that is analysed to its end.
        prediction: prediction of it.
        name: name of downloaded files, without suffix.
    """
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if not linked.toggle("Who speaks when", "persons"):
            return
        asked = linked.select("Voices", [FOUND, *map(str, range(1, MOST + 1))], "voices", FOUND, width=110)
    count = None if asked == FOUND else int(asked)
    found = asked_work.result(
        KIND,
        (media.key, count),
        lambda progress: persons_of(media, count, progress),
        stopped="The search for persons was stopped.",
        again="Look again",
    )
    if found is not None:
        changes = _changes(media, count)
        persons = changes.applied(found)
        if persons.turns:
            _show_turns(persons, media, prediction, name)
        if persons.notes:
            st.caption(" ".join(persons.notes))
        _show_people(persons, changes)


def known(media: ClipMedia) -> Persons | None:
    """Return the persons that were found in a recording, by the names that they have now; None if nobody looked."""
    if media.kept is not None:
        return persons_found_before(media)
    of, job = st.session_state.get(asked_work.jobs_key(KIND), (None, None))
    if of is None or of[0] != media.key or job.state.result is None:
        return None
    return _changes(media, of[1]).applied(job.state.result)


def _changes(media: ClipMedia, count: int | None) -> Changes:
    """Return the changes of persons: of a recording of which nothing is kept, they are those of the visit."""
    if media.kept is not None:
        return Changes(media, count)
    of = ("persons-changes", media.key, count)
    changes: Changes = st.session_state.setdefault(str(of), Changes(media, count))
    return changes


def _show_turns(persons: Persons, media: ClipMedia, prediction: ClipPrediction, name: str) -> None:
    """Draw who speaks when, and the models' predictions of each turn."""
    table = turn_table(persons)
    heard = [person.name for person in persons.people if person.voices]
    figures.show(
        plots.turns(table.rename(columns={"tier": "person"}), heard, float(media.info.duration)),
        table,
        key="turns",
        name=f"{name}-turns",
        about=ABOUT,
    )
    asked_work.offer_annotations(dict.fromkeys(WRITERS, persons.segments), media.path.stem, f"{name}-turns")
    known = prediction.faces.speaker if prediction.faces else None
    table = emotion_table(prediction, persons, known if media.face is None else media.face)
    shown = readable(table, prediction.outputs).drop(columns="tier", errors="ignore").rename(columns=READ_AS)
    figures.show_table(shown, table, key="persons-table", name=f"{name}-persons", about=ABOUT_TABLE)


def _show_people(persons: Persons, changes: Changes) -> None:
    """Draw the persons, and the changes that can be made to them."""
    people = [person.name for person in persons.people]
    _name_widgets(persons, changes)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.multiselect("Persons", people, key=_fresh("chosen"), width=320)
        change = partial(_change, changes)
        st.button(
            "These are one person",
            key="persons-merge",
            disabled=len(chosen) < 2,
            on_click=change,
            args=(lambda: merged(persons.people, chosen),),
        )
        st.button(
            "Split into voices and faces",
            key="persons-part",
            disabled=len(chosen) != 1,
            on_click=change,
            args=(lambda: parted(persons.people, chosen[0]),),
        )
        if len(changes):
            st.button("Undo", key="persons-undo", on_click=_undo, args=(changes,))
    if message := st.session_state.pop(ERROR, None):
        st.error(message)


def _name_widgets(persons: Persons, changes: Changes) -> None:
    """Draw a field for the name of each person, with what is known of the person beneath it."""
    with st.container(horizontal=True):
        for person in persons.people:
            with st.container(width=170):
                key = f"{_fresh('name')}-{person.name}"
                st.text_input(
                    "Name", person.name, key=key, on_change=_rename, args=(persons, changes, person.name, key)
                )
                heard = f"speaks {persons.seconds(person):.0f} s" if person.voices else "is not heard"
                faces = f"face {', '.join(map(str, person.faces))}" if person.faces else "is not seen"
                st.caption(f"{heard}, {faces}")


def _fresh(kind: str) -> str:
    """Return the key of a widget that starts anew after each change."""
    return f"persons-{kind}-{st.session_state.get(ROUND, 0)}"


def _rename(persons: Persons, changes: Changes, name: str, key: str) -> None:
    """Take a name that was typed, once: the browser may tell of a field again after it has gone."""
    if key == f"{_fresh('name')}-{name}" and key in st.session_state:
        _change(changes, lambda: renamed(persons.people, name, st.session_state[key]))


def _change(changes: Changes, change: Callable[[], People]) -> None:
    """Keep a change, or say why it cannot be."""
    _or_say_why(lambda: changes.add(change()))


def _undo(changes: Changes) -> None:
    _or_say_why(changes.undo)


def _or_say_why(work: Callable[[], None]) -> None:
    """Do what changes names, and let their fields start anew; or say why it cannot be."""
    try:
        work()
        st.session_state[ROUND] = st.session_state.get(ROUND, 0) + 1
    except EmovizError as error:
        st.session_state[ERROR] = str(error)
