"""Whose requests the server hears, and what it says to others."""

import hashlib
import json
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emoviz.core.errors import ConfigError
from emoviz.core.roles import Role
from emoviz.core.settings import Settings, is_local
from emoviz.ui import insides, login
from emoviz.ui.doors import Doors, doors, headers
from emoviz.ui.entry import DOOR, HEALTH, LONGEST_FORM, ONWARD, Entry
from emoviz.ui.visitors import HEADER

TOKEN = "a token that nobody guesses"
COOKIE = f"emoviz-{hashlib.sha256(TOKEN.encode()).hexdigest()[:8]}={hashlib.sha256(TOKEN.encode()).hexdigest()}"


async def behind(scope, receive, send):
    """An app that lets everybody in."""
    if scope["type"] == "websocket":
        return await send({"type": "websocket.accept"})
    told = [(b"role", value) for name, value in scope["headers"] if name == HEADER.encode()]
    await send({"type": "http.response.start", "status": 200, "headers": told})
    await send({"type": "http.response.body", "body": b"let in"})


def ask(
    path="/",
    *,
    host="localhost:8501",
    kind="http",
    method="GET",
    body=b"",
    token="",
    tokens=None,
    roles=None,
    hosts=(),
    base="",
    **headers,
):
    """The answer to a request: its status or what was said to a websocket, its headers and its body."""
    path, _, query = path.partition("?")
    named = {"host": host, **{name.replace("_", "-"): value for name, value in headers.items()}}
    scope = {
        "type": kind,
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in named.items() if value is not None],
        "method": method,
        "scheme": "http",
    }
    sent = []

    async def send(message):
        sent.append(message)

    async def receive():
        return {"type": "http.request", "body": body}

    entry = Entry(tokens or ({token: Role.ADMIN} if token else {}), roles, base)
    answer = Doors(behind, hosts=frozenset(hosts), entry=entry)(scope, receive, send)
    with pytest.raises(StopIteration):
        answer.send(None)  # nothing waits, so that no loop is needed
    if kind == "websocket":
        return sent[0]["type"], {}, ""
    found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], found, b"".join(message.get("body", b"") for message in sent[1:]).decode()


@pytest.mark.parametrize("host", ["localhost:8501", "localhost", "127.0.0.1:8501", "[::1]:8501", "192.168.0.7", "Lab."])
def test_the_server_hears_its_own_names_and_numbers(host):
    assert ask(host=host, hosts=["lab"])[0] == 200
    assert ask(host=host, hosts=["lab"], kind="websocket")[0] == "websocket.accept"


@pytest.mark.parametrize(
    "host", ["rebound.example:8501", "localhost.example", "", None, "[", "evil@localhost.x", "lab"]
)
def test_a_name_that_is_not_its_own_is_refused(host):
    status, _, text = ask(host=host)
    assert status == 403 and "EMOVIZ_HOSTS" in text
    assert ask(host=host, kind="websocket")[0] == "websocket.close"


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://localhost:8501", "localhost:8501"),
        ("https://lab.example", "lab.example"),
        ("https://lab.example", "lab.example:443"),
        ("https://lab.example", "127.0.0.1:8501"),  # through a proxy
    ],
)
def test_its_own_pages_are_heard(origin, host):
    for kind, let_in in (("http", 200), ("websocket", "websocket.accept")):
        assert ask(origin=origin, host=host, hosts=["lab.example"], kind=kind)[0] == let_in


@pytest.mark.parametrize("origin", ["http://localhost:9999", "https://evil.example", "null", "", "http://[", "file://"])
def test_pages_of_other_servers_are_not_heard(origin):
    status, _, text = ask(origin=origin)
    assert status == 403 and "pages of other servers" in text
    assert ask(origin=origin, kind="websocket")[0] == "websocket.close"


def test_whoever_does_not_know_the_token_gets_a_form_and_nothing_else():
    status, found, text = ask("/results?study=sewa", token=TOKEN)
    assert status == 401 and "Token" in text and "let in" not in text
    assert 'value="/results?study=sewa"' in text and found["cache-control"] == "no-store"
    assert ask("/_stcore/metrics", token=TOKEN)[0] == 401
    assert ask(token=TOKEN, kind="websocket")[0] == "websocket.close"
    assert ask(token=TOKEN, cookie=COOKIE.replace("=", "=0"))[0] == 401
    assert ask(HEALTH, token=TOKEN)[0] == 200


def test_the_token_opens_the_door_and_the_cookie_keeps_it_open():
    form = urlencode({"token": TOKEN, "to": "/results?study=sewa"}).encode()
    status, found, _ = ask(DOOR, token=TOKEN, method="POST", body=form, origin="http://localhost:8501")
    assert status == 303 and found["location"] == "/results?study=sewa"
    cookie = found["set-cookie"]
    assert cookie.startswith(COOKIE) and "HttpOnly" in cookie and "SameSite=lax" in cookie and TOKEN not in cookie
    assert ask(token=TOKEN, cookie=f"other=1; {COOKIE}")[0] == 200
    assert ask(token=TOKEN, cookie=COOKIE, kind="websocket")[0] == "websocket.accept"
    assert "Secure" in ask(DOOR, token=TOKEN, method="POST", body=form, x_forwarded_proto="https")[1]["set-cookie"]


def test_a_link_with_the_token_leads_to_its_page_without_it():
    status, found, _ = ask(f"/lab/predict?{urlencode({'face': '2', 'token': TOKEN})}", token=TOKEN, base="/lab")
    assert status == 303 and found["location"] == "/lab/predict?face=2" and "Path=/lab/" in found["set-cookie"]


@pytest.mark.parametrize("token", ["", "another", TOKEN[:-1], TOKEN + " ", "é" * 30])
def test_a_wrong_token_is_told(token):
    status, found, text = ask(DOOR, token=TOKEN, method="POST", body=urlencode({"token": token}).encode())
    assert status == 401 and "That is not the token" in text and "set-cookie" not in found


@pytest.mark.parametrize(
    "to", ["//evil.example/", "https://evil.example", "/\\evil.example", "", "/door", '/"><script>']
)
def test_the_form_leads_nowhere_but_into_the_app(to):
    body = urlencode({"token": TOKEN, "to": to}).encode()
    location = ask(DOOR, token=TOKEN, method="POST", body=body)[1]["location"]
    assert location.startswith("/") and not location.startswith(("//", "/\\", DOOR))
    assert "<script>" not in ask(f"/x?{urlencode({'a': to})}", token=TOKEN)[2]


def test_a_form_that_is_too_long_is_not_read():
    body = urlencode({"token": TOKEN, "to": "x" * LONGEST_FORM}).encode()
    assert ask(DOOR, token=TOKEN, method="POST", body=body)[0] == 401


@given(st.text(st.characters(max_codepoint=255)), st.text(st.characters(max_codepoint=255)))
def test_whatever_a_request_says_there_is_an_answer(text, other):
    assert ask(host=text, origin=other)[0] in (200, 403)
    assert ask(token=TOKEN, cookie=text)[0] in (200, 401)
    assert ask(DOOR, token=TOKEN, method="POST", body=text.encode("latin-1"))[0] == 401


def test_every_answer_says_what_pages_may_load():
    for found in (ask()[1], ask(token=TOKEN)[1], ask(host="evil.example")[1]):
        assert {name: found[name.lower()] for name in headers()} == headers()
    policy = headers()["Content-Security-Policy"]
    assert "frame-ancestors 'self'" in policy and "object-src 'none'" in policy
    scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert "unsafe" not in scripts and "sha256-" in scripts and "http" not in policy


def test_beyond_this_machine_the_server_starts_with_a_token_only():
    settings = Settings.read({})
    for address in (None, "", "0.0.0.0", "::", "192.168.0.7", "lab.example"):
        assert not is_local(address)
        with pytest.raises(ConfigError, match="Start it by `python -m emoviz app`, which makes a token"):
            doors(settings, address, "")
        assert doors(Settings.read({"EMOVIZ_TOKEN": TOKEN}), address, "")
        assert doors(Settings.read({"EMOVIZ_NO_LOGIN": "1"}), address, "")
    for address in ("localhost", "127.0.0.1", "127.1.2.3", "::1"):
        assert is_local(address) and doors(settings, address, "")
    with pytest.raises(ConfigError, match="EMOVIZ_TOKEN has 5 characters"):
        Settings.read({"EMOVIZ_TOKEN": "guess"})
    assert Settings.read({"EMOVIZ_HOSTS": "lab.example, lab,"}).hosts == ("lab.example", "lab")


def test_each_token_gives_its_role_and_the_role_is_told_to_the_page_by_the_server_alone():
    tokens = {f"the token of those who {role}": role for role in Role}
    for token, role in tokens.items():
        form = urlencode({"token": token, "to": "/data"}).encode()
        status, found, _ = ask(DOOR, tokens=tokens, method="POST", body=form)
        assert status == 303 and found["location"] == "/data"
        cookie = found["set-cookie"].partition(";")[0]
        status, found, _ = ask(tokens=tokens, cookie=cookie, **{HEADER: "admin"})
        assert status == 200 and found["role"] == role
        assert "Token" in ask(DOOR, tokens=tokens, cookie=cookie)[2], "who is known may come in as somebody else"
    assert ask(**{HEADER: "look"})[1]["role"] == "admin"


LAB = {"*@lab.example": Role.LOOK, "anna@lab.example": Role.WORK}


@pytest.fixture
def logged_in(monkeypatch):
    """Lets somebody be logged in, as the provider's cookie says."""
    return lambda **user: monkeypatch.setattr(insides, "logged_in", lambda cookies: {"is_logged_in": True, **user})


@pytest.mark.parametrize(
    ("address", "role"), [("anna@lab.example", "work"), ("Bob@Lab.Example", "look"), ("eve@evil.example", None)]
)
def test_who_logs_in_has_the_role_of_the_address(logged_in, address, role):
    logged_in(email=address)
    status, found, text = ask("/data", roles=LAB)
    assert found.get("role") == role and status == (200 if role else 401)
    if not role:
        assert "has no role here" in text and "/auth/logout" in text and address in text
        assert ask(roles=LAB, kind="websocket")[0] == "websocket.close"


@pytest.mark.parametrize(
    "user",
    [
        {},
        {"email": "anna@lab.example", "email_verified": False},
        {"email": "anna@lab.example", "is_logged_in": False},
        {"email": ["anna@lab.example"]},
        {"email": "@lab.example"},
    ],
)
def test_an_address_that_nobody_vouches_for_opens_nothing(logged_in, user):
    logged_in(**user)
    assert ask(roles=LAB)[0] == 401


def test_a_stranger_is_led_to_the_login_and_back_to_the_page(monkeypatch, logged_in):
    monkeypatch.setattr(insides, "login_url", lambda: "/lab/auth/login?provider=x")
    at = {"roles": LAB, "base": "/lab"}
    text = ask("/lab/results?study=sewa", **at)[2]
    assert 'href="/lab/door?to=%2Flab%2Fresults%3Fstudy%3Dsewa"' in text and "Token" not in text
    status, found, _ = ask("/lab/door?to=%2Flab%2Fresults%3Fstudy%3Dsewa", **at)
    assert status == 303 and found["location"] == "/lab/auth/login?provider=x"
    cookie = found["set-cookie"].partition(";")[0]
    for path in sorted(login.PATHS):
        assert ask(f"/lab{path}", **at)[0] == 200 and ask(f"/lab{path}", token=TOKEN, base="/lab")[0] == 401
    logged_in(email="anna@lab.example")
    status, found, _ = ask("/lab/", cookie=cookie, **at)
    assert status == 303 and found["location"] == "/lab/results?study=sewa" and "Max-Age=0" in found["set-cookie"]
    assert ask("/lab/data", cookie=cookie, **at)[0] == 200
    assert ask("/lab/", cookie=f"{ONWARD}=//evil.example", **at)[1]["location"] == "/lab/"


def test_streamlits_own_cookie_says_who_logged_in_if_its_signature_is_the_servers(monkeypatch):
    from streamlit.runtime.secrets import secrets_singleton
    from streamlit.web.server.starlette.starlette_app_utils import create_signed_value

    monkeypatch.setattr(secrets_singleton, "_secrets", {"auth": {"cookie_secret": "a secret of the server"}})
    told = json.dumps({"is_logged_in": True, "email": "anna@lab.example"})
    for secret, found in (("a secret of the server", "anna@lab.example"), ("a secret of others", "")):
        cookie = create_signed_value(secret, "_streamlit_user", told).decode()
        assert login.address_of({"_streamlit_user": cookie}) == found
    assert login.address_of({"_streamlit_user": "chunks-9"}) == login.address_of({}) == ""


def test_a_login_that_cannot_work_is_told_when_the_server_starts(tmp_path):
    file = tmp_path / "login.toml"
    told = dict.fromkeys(login.NEEDED, "a text that is long enough") | {
        "redirect_uri": "https://lab.example/oauth2callback"
    }
    whole = "[auth]\n" + "".join(f'{name} = "{value}"\n' for name, value in told.items())
    cases = {
        None: "cannot be read",
        "[auth": "TOML with a part",
        "auth = 1": "TOML with a part",
        whole.replace("client_id", "client"): r"lacks client_id\.",
        whole.replace('cookie_secret = "a text that is long enough"', 'cookie_secret = "guess"'): "could be guessed",
        whole.replace("oauth2callback", "back"): "redirect_uri .* is the address of the app",
        whole: "EMOVIZ_LOGIN needs EMOVIZ_ROLES",
    }
    for text, message in cases.items():
        if text is not None:
            file.write_text(text)
        with pytest.raises(ConfigError, match=message):
            doors(Settings.read({"EMOVIZ_LOGIN": str(file)}), "0.0.0.0", "")
    settings = Settings.read({"EMOVIZ_LOGIN": str(file), "EMOVIZ_ROLES": "*@lab.example=look"})
    assert settings.shared and login.secrets(settings) == {"auth": told} and login.secrets(Settings.read({})) == {}
    (found,) = doors(settings, "0.0.0.0", "")
    assert found.kwargs["hosts"] == {"lab.example"}, "the name by which the provider leads back is one of the server's"
