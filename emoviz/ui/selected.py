"""The selection: recordings that somebody chose on one page, which all other pages show, say and filter by.

Whatever can be clicked sets it by :func:`choose`. It stays for the visit, and stands in the link: under the name by
which it is saved (``selection``), else by its content (``recordings`` and ``why``).
"""

from collections.abc import Callable, Sequence

import streamlit as st

from ..core.errors import EmovizError, SelectionError
from ..core.roles import Action
from ..core.selections import Selection, Selections
from ..evaluation.slices import IDS, Slice
from . import linked, loaders, visitors
from .insides import has
from .library import PAGES, plain
from .recordings import clip_name
from .session import UPLOAD

KEYS = ("selection", "recordings", "why")
"""Parameters of the link: name of a saved selection, or ids of recordings and the words that say why these."""
MOST_IN_LINK = 100
"""Largest number of recordings whose ids stand in the link."""
PER_PAGE = 10
"""Recordings in one page of the list from which one is opened."""
CHOSEN, NAME, FOLLOWED, WRONG, CHANGED = "selected", "selected-name", "selected-link", "selected-wrong", "selected-anew"
"""Keys in the session: the selection, the name by which it is saved, the link that says both, a sentence on what went
wrong, and whether a part of the page has chosen others since the page was drawn."""
OPENED_WITH = ("Predict", "Explain")
"""Pages that open one recording of the selection."""
CHOSEN_ONES = "Whoever chose them may have looked at what models say, so their scores do not tell how good a model is."
"""Sentence in place of a verdict on selected recordings."""
LISTED = "selected-on"
"""Key in the session of the page that showed the selection last, and of what its link said."""


def current() -> Selection | None:
    """Return the selection: that of the link if somebody followed one, else that of the visit, put into the link."""
    asked = tuple(linked.read(key) for key in KEYS)
    if any(asked) and asked != st.session_state.get(FOLLOWED):
        try:
            _keep(*_of_link(*asked))
        except SelectionError as error:
            st.session_state[WRONG] = str(error)
    _write()
    chosen: Selection | None = st.session_state.get(CHOSEN)
    return chosen


def recordings() -> tuple[str, ...]:
    """Return the ids of the selected recordings; none where nothing is selected."""
    chosen = current()
    return chosen.recordings if chosen else ()


def choose(ids: Sequence[str], words: str) -> None:
    """Select recordings in place of the former ones; none clears the selection.

    Args:
        ids: ids of recordings of corpora, or names by which pages open others.
        words: words that say why these.
    """
    try:
        _keep(Selection(tuple(ids), words) if ids else None)
    except SelectionError as error:
        st.session_state[WRONG] = str(error)
    _write()
    st.session_state[CHANGED] = True


def tell(message: str) -> None:
    """Say why nothing was selected, once, where the selection stands."""
    st.session_state[WRONG], st.session_state[CHANGED] = message, True


def settle() -> None:
    """Draw the whole page again where a part of it, which runs alone, has chosen others; call it within that part."""
    if st.session_state.pop(CHANGED, False):
        st.rerun()


def show(page: str, *, may_filter: bool = False) -> None:
    """Say what is selected, with buttons that open one recording, save the selection and clear it.

    Args:
        page: title of the page. One that opens single recordings leads to the neighbours of the one that is open, if it
            is selected, and back to the page that listed them.
        may_filter: whether the page can show these recordings alone (:func:`filtered`).
    """
    chosen = current()
    if page not in OPENED_WITH:
        st.session_state[LISTED] = page, {key: v for key, v in st.query_params.to_dict().items() if key not in KEYS}
    st.session_state.pop(CHANGED, None)
    with st.container():  # which is there from the start, so that what stands beneath it keeps its place and its state
        if message := st.session_state.pop(WRONG, None):
            st.info(message)
        if chosen is not None:
            _show(chosen, page, may_filter=may_filter)
    if chosen is None:
        _offer_saved(st.sidebar)


def filtered() -> tuple[str, ...]:
    """Return the ids of the selected recordings where the page is to show these alone, else none."""
    return recordings() if st.session_state.get("only_selected") or linked.read("only_selected") == "true" else ()


def said_if_filtered() -> str:
    """Return a sentence on the selection where the page shows it alone, else ""."""
    chosen = current() if filtered() else None
    return f"Only these {chosen.size} are looked at: {chosen.words}. {CHOSEN_ONES}" if chosen else ""


def _show(chosen: Selection, page: str, *, may_filter: bool) -> None:
    name = st.session_state.get(NAME)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="selected"):
        said = f"**{chosen.size}**: {plain(chosen.words)}"
        st.markdown(said + (f" (saved as *{plain(name)}*)" if name else ""), width="stretch")
        if may_filter:
            linked.toggle("Only these", "only_selected")
        if page in OPENED_WITH:
            _offer_neighbours(chosen)
        _offer_recordings(chosen)
        _offer_saving(chosen)
        _offer_saved(st.container(width="content"))
        st.button("Clear", type="tertiary", key="clear", on_click=choose, args=((), ""))
    if not name and len(chosen.recordings) > MOST_IN_LINK:
        st.caption(f"The link names the first {MOST_IN_LINK} of them. Save the selection, and its link holds them all.")


def _offer_recordings(chosen: Selection) -> None:
    """Draw the list from which one recording is opened on another page, once somebody asks for it."""
    part = st.popover("Recordings", type="tertiary", key="selected-list", on_change="rerun")
    if not part.open:
        return
    with part:
        count, page = len(chosen.recordings), 1
        if (pages := -(-count // PER_PAGE)) > 1:
            page = int(st.number_input(f"Page of {pages}", 1, pages, 1, key="selected-page", width=120))
        for identity in chosen.recordings[(page - 1) * PER_PAGE : page * PER_PAGE]:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(plain(identity), width="stretch")
                for title in OPENED_WITH:
                    _link(title, identity)


def _offer_neighbours(chosen: Selection) -> None:
    """Draw buttons that open the recordings before and after the open one, and a link back to their list.

    There are none beside a recording that is not of the selection, as the menu may have led to it.
    """
    names = [clip_name(identity) for identity in chosen.recordings]
    clip = linked.read("clip") or str(st.session_state.get("clip", ""))
    if clip not in names:
        return
    place = names.index(clip)
    st.caption(f"{place + 1} of {len(names)}", width="content")
    for label, other in (("Previous", place - 1), ("Next", place + 1)):
        if 0 <= other < len(names):
            st.button(label, type="tertiary", on_click=linked.choose_first, args=("clip", names[other]))
    title, query = st.session_state.get(LISTED, ("", {}))
    path = f"pages/{title.lower()}.py"
    if title and has(path):
        st.page_link(path, label=f"Back to {title}", query_params=query)


def _link(title: str, identity: str) -> None:
    """Draw a link to a page with one recording."""
    path, more = PAGES[title]
    if has(path):
        st.page_link(path, label=title, query_params={"clip": clip_name(identity)} | more)


def _offer_saving(chosen: Selection) -> None:
    """Let people give the selection a name, under which others open it too."""
    with st.popover("Save as", type="tertiary"):
        st.text_input("Name", key="selected-save-as")
        st.button("Save", type="primary", key="selected-save", on_click=_save, args=(chosen,))
        st.caption("Kept on this machine for everybody who opens the app here, until somebody deletes it.")


def _offer_saved(place: "st.delta_generator.DeltaGenerator") -> None:
    """Draw the saved selections, where there are some, to open or delete one."""
    names, open_one = _store().names(), st.session_state.get(NAME)
    if not names:
        return
    with place.popover("Saved", type="tertiary", help="Selections that were saved under a name"):
        name = st.selectbox("Selection", names, names.index(open_one) if open_one in names else 0, key="selected-saved")
        with st.container(horizontal=True):
            st.button("Open", type="primary", key="selected-open", on_click=_open, args=(name,))
            st.button(f"Delete {name}", type="tertiary", key="selected-delete", on_click=_delete, args=(name,))


def _save(chosen: Selection) -> None:
    name = str(st.session_state.get("selected-save-as", "")).strip()
    if any(identity.startswith(UPLOAD) for identity in chosen.recordings):
        st.session_state[WRONG] = "Uploads end with the visit, and so does a selection of them: keep them first."
    elif _try(lambda: save(name, chosen)):
        _keep(chosen, name)
        _write()


def _open(name: str) -> None:
    if _try(lambda: _keep(_store().load(name), name)):
        _write()


def _delete(name: str) -> None:
    if _try(lambda: delete(name)) and st.session_state.get(NAME) == name:
        st.session_state[NAME] = ""
        _write()


def save(name: str, chosen: Selection) -> None:
    """Save a selection for everybody, where this visitor may.

    Raises:
        RoleError: if the visitor's role does not allow it.
        SelectionError: if the name is not possible or taken, too many are saved, or the store is not writable.
    """
    visitors.require(Action.NAME_SELECTIONS)
    _store().save(name, chosen)


def delete(name: str) -> None:
    """Delete a saved selection, where this visitor may.

    Raises:
        RoleError: if the visitor's role does not allow it.
        SelectionError: if the store is not writable.
    """
    visitors.require(Action.NAME_SELECTIONS)
    _store().delete(name)


def _try(act: Callable[[], None]) -> bool:
    """Do something; what goes wrong is told by the next run."""
    try:
        act()
    except EmovizError as error:
        st.session_state[WRONG] = str(error)
        return False
    return True


def _store() -> Selections:
    return Selections(loaders.settings().store)


def _of_link(name: str, ids: str, why: str) -> tuple[Selection | None, str]:
    """Return the selection of a link: a saved one and its name, or one by its content.

    Raises:
        SelectionError: if no selection has the name, or its file is damaged.
    """
    if name:
        return _store().load(name), name
    known = Slice.parse(f"{IDS}:{ids}").conditions.get(IDS, ())
    return (Selection(known[:MOST_IN_LINK], why or "chosen one by one") if known else None), ""


def _keep(chosen: Selection | None, name: str = "") -> None:
    st.session_state[CHOSEN], st.session_state[NAME] = chosen, name


def _write() -> None:
    """Put the selection into the link."""
    chosen: Selection | None = st.session_state.get(CHOSEN)
    name = st.session_state.get(NAME, "")
    link = (name, "", "") if name else ("", "", "")
    if chosen and not name:
        count, first = len(chosen.recordings), chosen.recordings[:MOST_IN_LINK]
        part = f" (the first {MOST_IN_LINK} of {count:,})" if count > MOST_IN_LINK else ""
        link = ("", str(Slice({IDS: first})).partition(":")[2], chosen.words + part)
    linked.write_all(dict(zip(KEYS, link, strict=True)))
    st.session_state[FOLLOWED] = link
