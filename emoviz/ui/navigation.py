"""The way into a page, the look of all pages, and the visit that a page which is loaded anew goes on with."""

import streamlit as st

from . import linked, session, visits
from .insides import component, enter, has

__all__ = ["dress", "enter", "has"]

LOOKS = "app-looks"
"""Key of the part of the page that holds its look and its script."""
_looks = component("app", isolate_styles=False)


def dress() -> None:
    """Dress the page. It comes first, so that the browser has the module ready that draws figures, too."""
    if _looks is not None:
        wanted = linked.read("clip")
        _looks(key=LOOKS, data=visits.for_browser(session.is_missing(wanted)), on_before_change=_go_on)


def _go_on() -> None:
    """Go on with the visit of the key that the browser has kept."""
    st.session_state[visits.ANSWERED] = True
    session.take_up(str(st.session_state[LOOKS].get("before") or ""))
