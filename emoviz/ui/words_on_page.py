"""The terms of a page behind one button beneath the menu."""

import streamlit as st

from ..core import glossary


def offer(page: str) -> None:
    """Draw a button in the sidebar that opens the terms of a page, by the page's title; none where it has none."""
    terms = glossary.terms_of(page)
    if terms:
        with st.sidebar, st.popover("Words on this page", type="tertiary", icon=":material/help:"):
            st.markdown(glossary.listed(terms))
