"""The way into a page."""

from pathlib import Path

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.scriptrunner import get_script_run_ctx

from .serve import FOLDER

_looks = st.components.v2.component(
    "emoviz_looks", css=(FOLDER / "app.css").read_text(encoding="utf-8"), isolate_styles=False
)


def dress() -> None:
    """What all pages look like. It comes first, so that the browser has the module ready that draws figures, too."""
    _looks(key="app-looks")


def has(page: str) -> bool:
    """Whether the app leads to a page, e.g. ``pages/predict.py``, so that a link to it is not dead."""
    context = get_script_run_ctx()
    pages = context.pages_manager.get_pages().values() if context else ()
    return any(Path(entry["script_path"]).parts[-2:] == Path(page).parts for entry in pages)


def enter() -> None:
    """Call first on every page: makes sure that ``app.py`` leads to it.

    Streamlit takes a folder ``pages/`` for its older kind of navigation until ``st.navigation`` has
    been called once, so on a fresh server the first link to a page would run that page's file alone.
    That navigation is told by the main script being one of several pages.
    """
    context = get_script_run_ctx()
    if context is None:
        return
    manager = context.pages_manager
    scripts = [page["script_path"] for page in manager.get_pages().values()]
    if len(scripts) > 1 and manager.main_script_path in map(str, scripts):
        PagesManager.uses_pages_directory = False
        st.rerun()
