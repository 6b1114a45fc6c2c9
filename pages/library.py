"""Library: which recordings are here, and what is known of them?"""

from collections.abc import Sequence

import streamlit as st

from emoviz.core.vocabulary import Emotion
from emoviz.evaluation.sentence import Moment
from emoviz.prediction.library.listing import LENGTHS, Entry, State, narrowed
from emoviz.ui import library, linked, loaders, messages, navigation, selected

PER_PAGE = 20
ANY = "any"
NOTHING_KEPT = (
    "Nothing is kept here beyond a visit (setting `EMOVIZ_KEPT_MB`): listed are your own uploads and the folders of "
    "this machine, with what your visit has found in them."
)


def main() -> None:
    """Lay out the page."""
    with st.container(gap=None):
        st.title("Library", anchor=False)
        st.markdown("Which recordings are here, and what is known of them?")
    selected.show("Library")
    if loaders.kept_files() is None:
        st.caption(NOTHING_KEPT)
    if message := st.session_state.pop(library.ERROR, None):
        st.error(message)
    entries, problems = library.recordings()
    if problems:
        st.caption(f"Left out: {'; '.join(f'{one.file}: {one.problem}' for one in problems[:3])}")
    if not entries:
        messages.empty(
            "The recordings of the folders that `EMOVIZ_FOLDERS` names would be here, and uploads, which **Keep** "
            "beside the clip on every page keeps beyond your visit."
        )
        return
    wanted = conditions()
    fitting = narrowed(entries, *wanted)
    pages = max(1, -(-len(fitting) // PER_PAGE))
    page = 1
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{len(fitting):,} of {len(entries):,} recordings" if fitting else "No recording fits.")
        names = [entry.name for entry in fitting if entry.state is not State.GONE]
        if names:
            st.button(
                "Select these", type="tertiary", key="select", on_click=selected.choose, args=(names, said(*wanted))
            )
        if pages > 1:
            page = linked.number("Page", 1, pages, 1, "library_page", label_visibility="collapsed", width=120)
    show(fitting[(page - 1) * PER_PAGE : page * PER_PAGE])


def conditions() -> tuple[str, Sequence[str], str, str]:
    """Let people choose which recordings they see."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = linked.text("Search", "library_search", placeholder="Part of a name", width=190)
        states = linked.pills("State", [str(state) for state in State], "library_states")
        emotion = linked.select("Emotion", [ANY, *map(str, Emotion)], "library_emotion", ANY, width=125)
        length = linked.select("Length", [ANY, *LENGTHS], "library_length", ANY, width=135)
    return text, states, "" if emotion == ANY else emotion, "" if length == ANY else length


def said(text: str, states: Sequence[str], emotion: str, length: str) -> str:
    """Return the conditions in words."""
    parts = [f"named like '{text}'" if text else "", " or ".join(states), emotion, length]
    return ", ".join(["of the Library", *filter(None, parts)])


def show(entries: Sequence[Entry]) -> None:
    """Draw a card per recording."""
    for entry in entries:
        with st.container(border=True, gap="xsmall", key=f"entry-{entry.name}"):
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"**{library.plain(entry.name)}**", width="stretch")
                if entry.state is not State.GONE:
                    show_links(entry)
                offer_deletion(entry)
            st.caption(library.facts(entry))
            if entry.known is not None and entry.state is State.ANALYSED:
                show_moments(entry)


def show_links(entry: Entry, moment: Moment | None = None) -> None:
    """Draw a link to the recording in every page, or one to a moment of it."""
    pages = {f"{moment.emotion} at {moment.time:.1f} s": library.PAGES["Predict"]} if moment else library.PAGES
    for title, (path, more) in pages.items():
        if navigation.has(path):
            st.page_link(path, label=title, query_params=library.query_of(entry, moment) | more)


def show_moments(entry: Entry) -> None:
    """Draw the sentence on a recording, and links to its strongest moments."""
    assert entry.known is not None
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(entry.known.verdict, width="stretch")
        for moment in entry.known.strongest:
            show_links(entry, moment)


def offer_deletion(entry: Entry) -> None:
    """Let people delete an upload, or what is known of a file in a folder, by two clicks."""
    in_folder = library.is_in_folder(entry)
    if in_folder and entry.known is None:
        return
    with st.popover("Delete", type="tertiary", icon=":material/delete:"):
        st.markdown(library.DELETES_KNOWN if in_folder else library.DELETES_ALL)
        st.button("Delete for good", type="primary", key=f"delete-{entry.name}", on_click=library.forget, args=(entry,))


PLACE = ("See", 3, "📚")
navigation.enter()
main()
