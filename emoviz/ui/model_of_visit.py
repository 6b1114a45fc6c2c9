"""The model of the visit: what was chosen on one page is the model with which the next page begins."""

from collections.abc import Collection, Sequence
from typing import Any

import streamlit as st

from . import linked

MODEL = "model-of-visit"
"""Key in the session of the model's name."""


def name() -> str:
    """Return the name of the model that was chosen last on any page; empty before the first choice."""
    return str(st.session_state.get(MODEL, ""))


def begin(found: Collection[str], key: str, value: Any = None) -> None:
    """Let a widget that is drawn next begin with the model, where the page knows it and its link names none.

    Args:
        found: names of the models that the page can look at.
        key: key of the widget.
        value: value of the widget that holds the model, by default its name.
    """
    if name() in found and key not in st.session_state and not linked.read(key):
        linked.choose_first(key, value or name())


def keep(found: Collection[str], chosen: str, defaults: Sequence[str | None]) -> None:
    """Remember the model that a page shows, unless nobody chose it: it is the page's default, and no other was chosen.

    Args:
        found: names of the models that the page can look at.
        chosen: model that the page shows.
        defaults: models of a first visit.
    """
    if chosen not in defaults or name() in found:
        st.session_state[MODEL] = chosen
