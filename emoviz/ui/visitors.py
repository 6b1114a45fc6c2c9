"""The role of the visitor of a page, and the actions that it allows."""

import streamlit as st

from ..core import roles
from ..core.errors import RoleError
from ..core.roles import Action, Role
from . import loaders, login

HEADER = "x-emoviz-role"
"""Header by which the server's entry tells a page the role of its visitor; one that a browser sends is dropped."""


def role() -> Role:
    """Return the role of this page's visitor."""
    if not loaders.settings().guarded:
        return Role.ADMIN
    told = st.context.headers.get(HEADER, "")
    return Role(told) if told in set(Role) else Role.LOOK


def address() -> str:
    """Return the address with which this page's visitor logged in; empty where nobody logs in."""
    return str(st.user.get("email", "")) if loaders.settings().login else ""


def require(action: Action) -> None:
    """Refuse an action to a visitor who may not do it.

    Raises:
        RoleError: if the visitor's role does not allow it.
    """
    roles.require(role(), action)


def refusal(action: Action) -> str | None:
    """Return the sentence that refuses an action to this visitor, for the help of its button; None where it may be."""
    try:
        require(action)
    except RoleError as error:
        return str(error)
    return None


def show() -> None:
    """Say in the sidebar who is here, where visitors have roles."""
    settings = loaders.settings()
    if not settings.guarded:
        return
    with st.sidebar:
        st.caption(f"Your role here: {role()}")
        if settings.login and st.user.get("is_logged_in"):
            login.offer_logout()
