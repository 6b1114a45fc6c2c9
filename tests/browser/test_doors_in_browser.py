"""The door of an app that asks for a token or a login, in Chromium."""

import os
import re
import sys
from contextlib import ExitStack

import pytest
from conftest import ROOT, serving
from looking import lane
from playwright.sync_api import expect
from provider import CLIENT, SECRET, provider

pytestmark = pytest.mark.browser

TOKEN = "a token of this test"
LOGIN = """[auth]
redirect_uri = "http://localhost:{{port}}/oauth2callback"
cookie_secret = "a secret of this server"
client_id = "{client}"
client_secret = "{secret}"
server_metadata_url = "{provider}/.well-known/openid-configuration"
"""


def test_token_and_login_open_the_page_that_was_asked_for_and_once_is_enough(page, elsewhere, tmp_path):
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port"]
    own = {"EMOVIZ_STORE": str(tmp_path / "store"), "EMOVIZ_TOKEN": TOKEN, "EMOVIZ_ROLES": "*@lab.example=look"}
    with ExitStack() as running:
        at = running.enter_context(provider("anna@lab.example"))
        (tmp_path / "login.toml").write_text(LOGIN.format(client=CLIENT, secret=SECRET, provider=at))
        environment = os.environ | own | {"EMOVIZ_LOGIN": str(tmp_path / "login.toml")}
        address = running.enter_context(serving(command, ROOT, environment, tmp_path / "log.txt"))
        page.goto(f"{address}/results")
        page.get_by_label("Token").fill("another token")
        page.get_by_role("button", name="Open").click()
        expect(page.get_by_text("That is not the token of this app")).to_be_visible()
        page.get_by_label("Token").fill(TOKEN)
        page.get_by_role("button", name="Open").click()
        expect(page.get_by_role("heading", name="Results", exact=True)).to_be_visible()
        page.goto(f"{address}/cultures")
        expect(page.get_by_role("heading", name="Cultures", exact=True)).to_be_visible()
        elsewhere.goto(address)
        expect(elsewhere.get_by_label("Token")).to_be_visible()
        elsewhere.goto(f"{address}/results?study=sewa")
        elsewhere.get_by_role("link", name="Log in").click()
        expect(elsewhere.get_by_role("heading", name="Results", exact=True)).to_be_visible()
        expect(elsewhere).to_have_url(re.compile("/results.study=sewa"))
        expect(elsewhere.get_by_text("Your role here: look")).to_be_visible()
        expect(elsewhere.get_by_text("Logged in as anna@lab.example")).to_be_visible()
        elsewhere.get_by_role("button", name="Log out").click()
        expect(elsewhere.get_by_role("link", name="Log in")).to_be_visible()


def test_all_pages_keep_to_the_policy_and_ask_for_nothing_that_is_not_there(strict_page, app):
    missing: list[str] = []
    strict_page.on("response", lambda answer: missing.append(answer.url) if answer.status >= 400 else None)
    for page in sorted(path.stem for path in (ROOT / "pages").glob("*.py")):
        strict_page.goto(f"{app}/{page}")
        expect(strict_page.get_by_role("heading", level=1)).to_be_visible()
        expect(strict_page).to_have_title(re.compile(f"{page} · emoviz", re.IGNORECASE))
        strict_page.locator("[data-testid=stStatusWidget]").wait_for(state="detached")
    strict_page.goto(f"{app}/predict")
    strict_page.locator(f"{lane('valence')} canvas").wait_for()
    strict_page.locator(".st-key-stop").wait_for(state="detached")
    assert strict_page.locator("video").first.is_visible()
    assert not missing
