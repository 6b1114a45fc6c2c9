"""The login by a lab's identity provider (OpenID Connect), which Streamlit's own routes carry out."""

import tomllib
from collections.abc import Mapping
from typing import Any

import streamlit as st

from ..core.errors import ConfigError, EmovizError
from ..core.settings import SHORTEST_TOKEN, Settings
from . import insides

NEEDED = ("redirect_uri", "cookie_secret", "client_id", "client_secret", "server_metadata_url")
"""Entries of ``[auth]``."""
CALLBACK, LOGOUT = "/oauth2callback", "/auth/logout"
PATHS = frozenset({"/auth/login", CALLBACK, LOGOUT})
"""Paths, below the app's own, of the routes that log in and out."""


def secrets(settings: Settings) -> dict[str, Any]:
    """Return the secrets by which Streamlit logs people in; empty where nobody logs in.

    Raises:
        ConfigError: if the file that ``EMOVIZ_LOGIN`` names is missing or incomplete, or nobody has a role.
    """
    if settings.login is None:
        return {}
    try:
        auth = tomllib.loads(settings.login.read_text("utf-8"))["auth"]
        missing = [name for name in NEEDED if not isinstance(auth.get(name), str) or not auth[name]]
    except OSError as error:
        raise ConfigError(f"The file '{settings.login}' (EMOVIZ_LOGIN) cannot be read: {error.strerror}.") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, AttributeError, TypeError):
        raise ConfigError(
            f"The file '{settings.login}' (EMOVIZ_LOGIN) has to be TOML with a part [auth], which holds "
            f"{', '.join(NEEDED)}."
        ) from None
    if missing:
        raise ConfigError(f"The part [auth] of '{settings.login}' (EMOVIZ_LOGIN) lacks {', '.join(missing)}.")
    if len(auth["cookie_secret"]) < SHORTEST_TOKEN:
        raise ConfigError(
            f"The cookie_secret in '{settings.login}' has under {SHORTEST_TOKEN} characters and could be guessed."
        )
    if not auth["redirect_uri"].endswith(CALLBACK):
        raise ConfigError(
            f"The redirect_uri in '{settings.login}' is the address of the app and then {CALLBACK}, not "
            f"'{auth['redirect_uri']}'."
        )
    if not settings.roles:
        raise ConfigError(
            "EMOVIZ_LOGIN needs EMOVIZ_ROLES, which says who may come in as what, as in *@lab.example=look, "
            "anna@lab.example=admin."
        )
    return {"auth": auth}


def of_this_server() -> dict[str, Any]:
    """Return the secrets of the server that imports this; it ends with a sentence where nobody could log in."""
    try:
        return secrets(Settings.read())
    except EmovizError as error:
        raise SystemExit(str(error)) from error


def address_of(cookies: Mapping[str, str]) -> str:
    """Return the e-mail address of who logged in, or "" for nobody or one that the provider has not verified.

    Args:
        cookies: cookies of a request.
    """
    user = insides.logged_in(cookies)
    if not user.get("is_logged_in") or user.get("email_verified") in (False, "false"):
        return ""
    address = user.get("email")
    return address if isinstance(address, str) else ""


def offer_logout() -> None:
    """Say who logged in, and let them log out."""
    st.caption(f"Logged in as {st.user.get('email', 'somebody')}")
    st.button("Log out", key="log-out", type="tertiary", on_click=st.logout)
