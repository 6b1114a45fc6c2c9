"""The doors of the server: whose requests it hears, and what a browser may do with its answers.

A browser sends requests for every page that its user has open. Three checks keep other pages out: the server hears only
names that are its own (or a page could give the server's address a name of its own, "rebinding"), only requests that
its own pages sent, and, where it listens beyond this machine, only browsers whose user knows the token.
"""

import hashlib
import html
import ipaddress
import secrets
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from ..core.errors import ConfigError
from ..core.settings import Settings, is_local
from . import insides

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

HEALTH = "/_stcore/health"
"""Path that says only that the server runs, for what watches it."""
DOOR = "/door"
"""Path to which the token is sent."""
PORTS = {"http": 80, "https": 443}
"""Ports of the schemes of pages."""
LONGEST_FORM = 4096
"""Bytes of a form with a token."""
YEAR = 365 * 24 * 3600
"""Seconds for which a browser remembers that its user knew the token."""
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>emoviz</title>
<meta name="viewport" content="width=device-width">
<style>body{{font:16px system-ui,sans-serif;max-width:26rem;margin:15vh auto;padding:0 1rem;color-scheme:light dark}}
input,button{{font:inherit;padding:.45rem .6rem}}input{{width:100%;box-sizing:border-box;margin:.4rem 0 .8rem}}</style>
<h1>emoviz</h1><p>{message}</p><form method="post" action="{action}"><label for="token">Token</label>
<input id="token" name="token" type="password" autocomplete="current-password" autofocus required>
<input name="to" type="hidden" value="{to}"><button>Open</button></form></html>"""
ASKS = "This app is open to those who have its token, which was printed where the app was started."
WRONG = "That is not the token of this app, which was printed where the app was started."


def doors(settings: Settings, address: str | None, base: str) -> list[Middleware]:
    """Return the doors of a server.

    Args:
        settings: settings with the token and the names of the server.
        address: address that the server binds to; none is every address of the machine.
        base: path under which the app answers, without a slash at its end.

    Raises:
        ConfigError: if the server listens beyond this machine and has no token.
    """
    if not (is_local(address) or settings.token or settings.no_login):
        raise ConfigError(
            f"The app listens on {address or 'every address'}, so others on the network could open it. Start it by "
            "`python -m emoviz app`, which makes a token, or name a token of your own in EMOVIZ_TOKEN."
        )
    return [Middleware(Doors, hosts=frozenset(settings.hosts), token=settings.token, base=base)]


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
        token: token that a browser must have shown once, or "" where none is asked for.
        base: path under which the app answers, without a slash at its end.
    """

    def __init__(self, app: App, *, hosts: frozenset[str], token: str, base: str) -> None:
        self._app, self._named, self._token, self._base = app, frozenset(map(str.lower, hosts)), token, base
        self._hosts = self._named | {"localhost", socket.gethostname().lower()}
        self._headers = headers()
        self._shown = hashlib.sha256(token.encode()).hexdigest()
        self._cookie = f"emoviz-{self._shown[:8]}"  # of its own, as servers of one machine share their cookies

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
        if answer is None and not self._is_known(scope):
            answer = await self._ask(scope, headers, receive)
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

    def _is_known(self, scope: Scope) -> bool:
        """Whether the browser has shown the token, or none is asked for."""
        if not self._token or scope["path"] == self._base + HEALTH:
            return True
        shown = HTTPConnection(scope).cookies.get(self._cookie, "")
        return secrets.compare_digest(shown.encode(), self._shown.encode())

    async def _ask(self, scope: Scope, headers: Headers, receive: Receive) -> Response:
        """The answer to a browser that has not shown the token: the form, or the app if it shows it now."""
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        rest = urlencode([(key, value) for key, value in query if key != "token"])
        to = scope["path"] + (f"?{rest}" if rest else "")
        tokens = [value for key, value in query if key == "token"]
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"] == self._base + DOOR:
            form = parse_qs((await _body(receive)).decode("latin-1"))
            to, tokens = form.get("to", [""])[0], form.get("token", [""])
        if not to.startswith(f"{self._base}/") or to.startswith(("//", "/\\", self._base + DOOR)):
            to = f"{self._base}/"  # nowhere but in this app
        if not any(secrets.compare_digest(one.encode(), self._token.encode()) for one in tokens):
            page = PAGE.format(
                message=WRONG if tokens else ASKS, action=html.escape(self._base + DOOR), to=html.escape(to)
            )
            return HTMLResponse(page, 401, {"Cache-Control": "no-store"})
        answer = RedirectResponse(to, 303, {"Cache-Control": "no-store"})
        https = "https" in (scope["scheme"], headers.get("x-forwarded-proto"))
        answer.set_cookie(
            self._cookie, self._shown, max_age=YEAR, path=f"{self._base}/", secure=https, httponly=True, samesite="lax"
        )
        return answer


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


async def _body(receive: Receive) -> bytes:
    """The body of a request, as far as a form with a token may reach."""
    body, more = b"", True
    while more and len(body) <= LONGEST_FORM:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    return body if len(body) <= LONGEST_FORM else b""


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
