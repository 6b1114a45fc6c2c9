"""The entry of the server: it knows a browser's user by a token or a login, and answers strangers."""

import hashlib
import html
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote, unquote, urlencode

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, RedirectResponse, Response

from ..core.roles import Role, role_of
from ..core.settings import Settings
from . import insides, login

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

HEALTH = "/_stcore/health"
"""Path that says only that the server runs, for what watches it."""
DOOR = "/door"
"""Path to which the token is sent, and from which the login begins."""
ONWARD = "emoviz-to"
"""Cookie with the page that was asked for before the login."""
LONGEST_FORM = 4096
"""Bytes of a form with a token."""
YEAR = 365 * 24 * 3600
"""Seconds for which a browser remembers that its user knew the token."""
LOGIN_LASTS = 600
"""Seconds for which the page is remembered that was asked for before the login."""
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>emoviz</title>
<meta name="viewport" content="width=device-width">
<style>body{{font:16px system-ui,sans-serif;max-width:26rem;margin:15vh auto;padding:0 1rem;color-scheme:light dark}}
input,button{{font:inherit;padding:.45rem .6rem}}input{{width:100%;box-sizing:border-box;margin:.4rem 0 .8rem}}</style>
<h1>emoviz</h1><p>{message}</p>{ways}</html>"""
FORM = """<form method="post" action="{action}"><label for="token">Token</label>
<input id="token" name="token" type="password" autocomplete="current-password" autofocus required>
<input name="to" type="hidden" value="{to}"><button>Open</button></form>"""
ASKS = "This app is open to those who have its token, which was printed where the app was started."
WRONG = "That is not the token of this app, which was printed where the app was started."
ASKS_LOGIN = "This app is open to those who log in."
NO_ROLE = "You are logged in as {address}, who has no role here: whoever runs this server gives roles (EMOVIZ_ROLES)."


class Entry:
    """The entry of a server.

    Args:
        tokens: roles by the tokens that give them.
        roles: roles by patterns of e-mail addresses, of those who log in; None where nobody can.
        base: path under which the app answers, without a slash at its end.
    """

    def __init__(self, tokens: Mapping[str, Role], roles: Mapping[str, Role] | None, base: str) -> None:
        self._roles, self._base = roles, base
        self._tokens = dict(tokens)
        self._shown = {_digest([token]): role for token, role in tokens.items()}
        self._cookie = f"emoviz-{_digest(tokens)[:8]}"  # of its own, as servers of one machine share their cookies

    @classmethod
    def of(cls, settings: Settings, base: str) -> "Entry":
        """Return the entry of a server with these settings."""
        tokens = {token: role for role, token in settings.role_tokens}
        tokens |= {settings.token: Role.ADMIN} if settings.token else {}
        return cls(tokens, settings.roles if settings.login else None, base)

    @property
    def is_open(self) -> bool:
        """Whether everybody may come in and do everything."""
        return not self._tokens and self._roles is None

    def role(self, scope: Scope) -> Role | None:
        """Return the role of who sends a request, or None for a stranger."""
        if self.is_open:
            return Role.ADMIN
        cookies = HTTPConnection(scope).cookies
        found = [role for shown, role in self._shown.items() if _is(cookies.get(self._cookie, ""), shown)]
        if self._roles is not None and (named := role_of(login.address_of(cookies), self._roles)):
            found.append(named)
        return max(found, key=list(Role).index, default=None)

    def is_for_strangers(self, path: str) -> bool:
        """Return whether a path answers everybody: the health, and the routes of the login."""
        inside = path.removeprefix(self._base)
        return path.startswith(self._base) and (inside == HEALTH or (self._roles is not None and inside in login.PATHS))

    def is_door(self, path: str) -> bool:
        """Return whether a path is the door, through which known people can also come in as somebody else."""
        return not self.is_open and path == self._base + DOOR

    def onward(self, scope: Scope) -> Response | None:
        """Return the way to the page that was asked for before the login, for who comes from there, else None."""
        to = HTTPConnection(scope).cookies.get(ONWARD)
        if to is None or scope["type"] != "http" or scope["path"] != f"{self._base}/":
            return None
        answer = RedirectResponse(self._own(unquote(to)), 303, {"Cache-Control": "no-store"})
        answer.delete_cookie(ONWARD, path=f"{self._base}/")
        return answer

    async def answer(self, scope: Scope, headers: Headers, receive: Receive) -> Response:
        """Return the answer to a stranger: the ways in, or the app where the token is shown now."""
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        at_door = self.is_door(scope["path"])
        rest = urlencode([(key, value) for key, value in query if key != "token"])
        to = scope["path"] + (f"?{rest}" if rest else "")
        tokens = [value for key, value in query if key == "token"]
        if scope["type"] == "http" and scope["method"] == "POST" and at_door:
            form = parse_qs((await _body(receive)).decode("latin-1"))
            to, tokens = form.get("to", [""])[0], form.get("token", [""])
        elif at_door and self._roles is not None and not tokens:
            return self._to_login(self._own(dict(query).get("to", "")), self._is_https(scope, headers))
        to = self._own(to)
        shown = [_digest([own]) for own in self._tokens for one in tokens if _is(one, own)]
        if not shown:
            return self._ways(to, bool(tokens), login.address_of(HTTPConnection(scope).cookies))
        answer = RedirectResponse(to, 303, {"Cache-Control": "no-store"})
        self._remember(answer, self._cookie, shown[0], YEAR, self._is_https(scope, headers))
        return answer

    def _ways(self, to: str, was_wrong: bool, address: str) -> Response:
        """The page that says how to come in."""
        message, ways = ASKS_LOGIN, ""
        if self._tokens:
            message = WRONG if was_wrong else ASKS
            ways = FORM.format(action=html.escape(self._base + DOOR), to=html.escape(to))
        if self._roles is not None and address:
            message = NO_ROLE.format(address=html.escape(address))
            ways += f'<p><a href="{html.escape(self._base + login.LOGOUT)}">Log out</a></p>'
        elif self._roles is not None:
            begins = f"{self._base}{DOOR}?{urlencode({'to': to})}"
            ways += f'<p><a href="{html.escape(begins)}">Log in</a></p>'
        return HTMLResponse(PAGE.format(message=message, ways=ways), 401, {"Cache-Control": "no-store"})

    def _to_login(self, to: str, https: bool) -> Response:
        answer = RedirectResponse(insides.login_url(), 303, {"Cache-Control": "no-store"})
        self._remember(answer, ONWARD, quote(to), LOGIN_LASTS, https)
        return answer

    def _remember(self, answer: Response, name: str, value: str, seconds: int, https: bool) -> None:
        answer.set_cookie(
            name, value, max_age=seconds, path=f"{self._base}/", secure=https, httponly=True, samesite="lax"
        )

    def _own(self, to: str) -> str:
        """A path, if it leads into this app and not to its door, else that of the app."""
        leads_elsewhere = to.startswith(("//", "/\\", self._base + DOOR))
        return to if to.startswith(f"{self._base}/") and not leads_elsewhere else f"{self._base}/"

    @staticmethod
    def _is_https(scope: Scope, headers: Headers) -> bool:
        return "https" in (scope["scheme"], headers.get("x-forwarded-proto"))


def _digest(texts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


def _is(shown: str, own: str) -> bool:
    """Whether two texts are the same, which takes as long where they are not."""
    return secrets.compare_digest(shown.encode(), own.encode())


async def _body(receive: Receive) -> bytes:
    """The body of a request, as far as a form with a token may reach."""
    body, more = b"", True
    while more and len(body) <= LONGEST_FORM:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    return body if len(body) <= LONGEST_FORM else b""
