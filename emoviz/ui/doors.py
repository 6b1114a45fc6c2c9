"""The doors of the server: whose requests it hears, and what a browser may do with its answers.

A browser sends requests for every page that its user has open. Three checks keep other pages out: the server hears only
names that are its own (or a page could give the server's address a name of its own, "rebinding"), only requests that
its own pages sent, and, where it listens beyond this machine, only browsers whose user comes in by its
:class:`~emoviz.ui.entry.Entry`.
"""

import ipaddress
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse, Response

from ..core.errors import ConfigError
from ..core.settings import Settings, is_local
from . import insides, login
from .entry import Entry, Receive, Scope
from .visitors import HEADER

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

PORTS = {"http": 80, "https": 443}
"""Ports of the schemes of pages."""


def doors(settings: Settings, address: str | None, base: str) -> list[Middleware]:
    """Return the doors of a server.

    Args:
        settings: settings with the names of the server and who may come in.
        address: address that the server binds to; none is every address of the machine.
        base: path under which the app answers, without a slash at its end.

    Raises:
        ConfigError: if the server listens beyond this machine and asks nobody who they are, or nobody could log in.
    """
    if not (is_local(address) or settings.guarded or settings.no_login):
        raise ConfigError(
            f"The app listens on {address or 'every address'}, so others on the network could open it. Start it by "
            "`python -m emoviz app`, which makes a token, or name a token of your own in EMOVIZ_TOKEN."
        )
    hosts = {*settings.hosts, *(_name_of(auth["redirect_uri"]) for auth in login.secrets(settings).values())}
    return [Middleware(Doors, hosts=frozenset(hosts), entry=Entry.of(settings, base))]


def of_this_server() -> list[Middleware]:
    """Return the doors of the server that imports this; it ends with a sentence where it may not listen so."""
    base = f"/{(st.get_option('server.baseUrlPath') or '').strip('/')}".rstrip("/")
    try:
        return doors(Settings.read(), st.get_option("server.address"), base)
    except ConfigError as error:
        raise SystemExit(str(error)) from error


class Doors:
    """The checks between the network and the app, as ASGI middleware.

    Args:
        app: the app behind it.
        hosts: names of the server beside those of this machine, and numbers, which no other page can take.
        entry: entry that tells who sends a request.
    """

    def __init__(self, app: App, *, hosts: frozenset[str], entry: Entry) -> None:
        self._app, self._named, self._entry = app, frozenset(map(str.lower, hosts)), entry
        self._hosts = self._named | {"localhost", socket.gethostname().lower()}
        self._headers = headers()

    @cached_property
    def _full_name(self) -> str:
        """The machine's name in its network, which may take seconds to find and is asked for by few."""
        return socket.getfqdn().lower()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer it here."""
        if scope["type"] not in ("http", "websocket"):
            return await self._app(scope, receive, send)
        headers = Headers(scope=scope)
        answer: Response | None = self._foreign(headers)
        if answer is None and not self._entry.is_for_strangers(scope["path"]):
            role = self._entry.role(scope)
            comes_in = role is not None and not self._entry.is_door(scope["path"])
            answer = self._entry.onward(scope) if comes_in else await self._entry.answer(scope, headers, receive)
            scope = {**scope, "headers": [*_without_role(scope), (HEADER.encode(), str(role).encode())]}
        if answer is None:
            return await self._app(scope, receive, self._guarded(send))
        if scope["type"] == "http":
            return await answer(scope, receive, self._guarded(send))
        await send({"type": "websocket.close", "code": 1008})

    def _guarded(self, send: Send) -> Send:
        """Send answers with :func:`headers`."""

        async def sender(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        return sender

    def _foreign(self, headers: Headers) -> Response | None:
        """The refusal of a request for another server, or from another server's page; None for its own."""
        host, origin = headers.get("host"), headers.get("origin")
        name = _name_of(f"//{host or ''}")
        if not (name in self._hosts or _is_number(name) or name == self._full_name):
            return PlainTextResponse(
                f"This server is not called '{name[:100]}'; names of it are given in EMOVIZ_HOSTS.\n", 403
            )
        scheme, _, place = (origin or "").partition("://")
        if origin is None or scheme in PORTS and _place_of(scheme, place) == _place_of(scheme, host or ""):
            return None
        if _name_of(origin) in self._named:  # a proxy may not pass the name on
            return None
        return PlainTextResponse("This server answers no requests that pages of other servers send.\n", 403)


def headers() -> dict[str, str]:
    """Return the headers of every answer: what pages may load, who may show them, and what they tell elsewhere."""
    policy = {
        "default-src": "'self'",
        "script-src": " ".join(["'self'", "blob:", *insides.inline_scripts()]),
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "media-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "connect-src": "'self' data: blob:",
        "worker-src": "'self' blob:",
        "object-src": "'none'",
        "base-uri": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "'self'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{what} {whence}" for what, whence in policy.items()),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
    }


def _without_role(scope: Scope) -> list[tuple[bytes, bytes]]:
    """The headers of a request without those that would tell a role."""
    return [(name, value) for name, value in scope["headers"] if name.lower() != HEADER.encode()]


def _name_of(url: str) -> str:
    """The name of the host of a URL, "" where it is not one."""
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""


def _place_of(scheme: str, place: str) -> tuple[str, int] | None:
    """The host and the port of a place; a port that is left out is that of its scheme. None where it is no place."""
    try:
        parts = urlsplit(f"{scheme}://{place}")
        return (parts.hostname or "").rstrip("."), parts.port or PORTS[scheme]
    except ValueError:
        return None


def _is_number(name: str) -> bool:
    """Whether a host is named by its address, which no page can point elsewhere."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
