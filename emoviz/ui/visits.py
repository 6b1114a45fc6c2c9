"""Visits whose page was closed a moment ago: a page that is loaded anew goes on with its own, and nobody else can.

Streamlit makes a new session for a page that is loaded anew. The old visit's uploads wait for :data:`WAIT` seconds, and
the page that is loaded proves that it is the same tab by the key of the visit: random, told to that tab alone and kept
by it (``sessionStorage``, which ends with the tab). A visit that is not asked for in time is deleted.
"""

import threading
from typing import Any, Protocol, TypeVar
from weakref import WeakValueDictionary

import streamlit as st

from . import visitors

WAIT = 60.0
"""Seconds that uploads wait for their page to be loaded anew."""
KEY, ASKED, ANSWERED = "visit", "visit-asked", "visit-answered"
"""Keys in the session: the visit's key, whether the browser was asked for one, and whether it has answered."""


class Visit(Protocol):
    """A visit that may wait."""

    key: str
    owner: str

    @property
    def worth_waiting(self) -> bool:
        """Whether it has something that would be missed."""

    def close(self) -> None:
        """Delete all of it."""


V = TypeVar("V", bound=Visit)
_lock = threading.Lock()
_waiting: "dict[str, tuple[Visit, threading.Timer]]" = {}
_all: "WeakValueDictionary[str, Visit]" = WeakValueDictionary()


def wait(visit: Visit) -> None:
    """Let a visit wait for its page, and delete it if that does not come back in time."""
    timer = threading.Timer(WAIT, _expire, [visit.key])
    timer.daemon = True
    with _lock:
        _waiting[visit.key] = visit, timer
    timer.start()


def _expire(key: str) -> None:
    with _lock:
        found = _waiting.pop(key, None)
    if found is not None:
        found[0].close()


def take(kind: type[V], key: str, owner: str) -> V | None:
    """Return the waiting visit of a key, which waits no longer; None where there is none, or it is somebody else's.

    Args:
        kind: type of the visit.
        key: key that the browser told.
        owner: role and address of whoever is here now (:func:`owner`).
    """
    with _lock:
        found = _waiting.get(key)
        if found is None or found[0].owner != owner or not isinstance(found[0], kind):
            return None
        del _waiting[key]
    found[1].cancel()
    return found[0]


def owner() -> str:
    """Return the owner of this visit, so that the next person to log in within the same tab does not go on with it."""
    return f"{visitors.role()} {visitors.address()}"


def told() -> str:
    """Return the key that the browser answered with, or that of this session's visit; empty for neither."""
    return str(st.session_state.get(KEY, ""))


def begin(visit: Visit) -> None:
    """Let this session have a visit, whose key the browser is told by :func:`for_browser`."""
    st.session_state[KEY] = visit.key
    _all[visit.key] = visit


def for_browser(missing: bool) -> dict[str, Any]:
    """Return the facts for the page's script: the key to keep, and whether to answer even where it has kept none.

    Args:
        missing: whether the link names an upload that this visit has not.
    """
    if missing:
        st.session_state[ASKED] = True
    visit = _all.get(told())
    key = visit.key if visit is not None and visit.worth_waiting else ""
    return {"visit": key, "asked": missing and not st.session_state.get(ANSWERED)}


def answer(key: str) -> bool:
    """Let this session have the visit of a key that the browser has kept, and return whether it waits."""
    with _lock:
        waits = key in _waiting
    if waits:
        st.session_state[KEY] = key
    return waits


def looking() -> bool:
    """Return whether the browser was asked for the key of its visit, and has not answered yet."""
    return bool(st.session_state.get(ASKED)) and not st.session_state.get(ANSWERED)
