"""The door of an app that asks for a token, in Chromium."""

import os
import re
import sys

import pytest
from conftest import ROOT, serving
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

TOKEN = "a token of this test"


def test_the_token_opens_the_page_that_was_asked_for_and_once_is_enough(page, elsewhere, tmp_path):
    environment = os.environ | {"EMOVIZ_STORE": str(tmp_path / "store"), "EMOVIZ_TOKEN": TOKEN}
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port"]
    with serving(command, ROOT, environment, tmp_path / "log.txt") as address:
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


def test_all_pages_keep_to_the_policy_and_ask_for_nothing_that_is_not_there(strict_page, app):
    missing: list[str] = []
    strict_page.on("response", lambda answer: missing.append(answer.url) if answer.status >= 400 else None)
    for page in sorted(path.stem for path in (ROOT / "pages").glob("*.py")):
        strict_page.goto(f"{app}/{page}")
        expect(strict_page.get_by_role("heading", level=1)).to_be_visible()
        expect(strict_page).to_have_title(re.compile(f"{page} · emoviz", re.IGNORECASE))
        strict_page.locator("[data-testid=stStatusWidget]").wait_for(state="detached")
    strict_page.goto(f"{app}/predict")
    strict_page.locator(".st-key-timeline .js-plotly-plot .scatterlayer .trace").first.wait_for()
    strict_page.locator(".st-key-stop").wait_for(state="detached")
    assert strict_page.locator("video").first.is_visible()
    assert not missing
