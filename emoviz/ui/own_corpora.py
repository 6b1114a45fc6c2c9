"""Corpora that visitors import and forget, as their roles allow."""

import streamlit as st

from ..core.errors import EmovizError
from ..core.roles import Action
from ..corpora import own
from ..corpora.importing import Checked, Plan, corpus
from . import loaders, visitors


def save(plan: Plan, checked: Checked, *, replace: bool) -> None:
    """Import a corpus.

    Args:
        plan: plan of the import.
        checked: rows that were checked by it.
        replace: whether a corpus of that name, imported before, is replaced.

    Raises:
        EmovizError: if the corpus cannot be saved, or one of that name is there and stays.
        RoleError: if the visitor may import none.
    """
    visitors.require(Action.IMPORT)
    own.save(corpus(plan, checked), loaders.settings().imports, replace=replace)


def forget(name: str) -> None:
    """Forget an imported corpus; its clips, and features in the store, stay.

    Raises:
        RoleError: if the visitor may forget none.
    """
    visitors.require(Action.FORGET_CORPORA)
    own.remove(name, loaders.settings().imports)


def offer_to_forget(name: str) -> None:
    """Draw the button that forgets an imported corpus, and say why it could not."""
    if st.button("Forget this import", help="Its clips, and features in the store, stay."):
        try:
            forget(name)
        except EmovizError as error:
            st.error(str(error))
        else:
            st.rerun()
