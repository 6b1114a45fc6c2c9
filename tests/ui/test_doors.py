"""Whose requests the server hears, and what it says to others."""

import hashlib
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emoviz.core.errors import ConfigError
from emoviz.core.settings import Settings, is_local
from emoviz.ui.doors import DOOR, HEALTH, LONGEST_FORM, Doors, doors, headers

TOKEN = "a token that nobody guesses"
COOKIE = f"emoviz-{hashlib.sha256(TOKEN.encode()).hexdigest()[:8]}={hashlib.sha256(TOKEN.encode()).hexdigest()}"


async def behind(scope, receive, send):
    """An app that lets everybody in."""
    if scope["type"] == "websocket":
        return await send({"type": "websocket.accept"})
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"let in"})


def ask(
    path="/", *, host="localhost:8501", kind="http", method="GET", body=b"", token="", hosts=(), base="", **headers
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

    answer = Doors(behind, hosts=frozenset(hosts), token=token, base=base)(scope, receive, send)
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
