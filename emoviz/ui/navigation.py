"""The way into a page."""

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager


def enter() -> None:
    """Call first on every page: makes sure that ``app.py`` leads to it.

    Streamlit takes a folder ``pages/`` for its older kind of navigation until ``st.navigation`` has
    been called once, so on a fresh server the first link to a page would run that page's file alone.
    """
    if PagesManager.uses_pages_directory:
        PagesManager.uses_pages_directory = False
        st.rerun()
