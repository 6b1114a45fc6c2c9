"""The Compare page in Chromium, with the bundled checkpoints: what a researcher does with two models."""

import re
from pathlib import Path

import pytest
from looking import plot
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

FOREST = plot("differences")
FIRST, SECOND = "speech-cats", "speech-bigru"


def choose(page, *names: str) -> None:
    """Empty the list of models and choose these."""
    box = page.get_by_test_id("stMultiSelect")
    box.get_by_role("button", name="Clear all").click()
    for name in names:
        box.locator("input").fill(name)
        page.get_by_role("option", name=name, exact=True).click()
        page.keyboard.press("Escape")
        expect(box.get_by_text(name, exact=True)).to_be_visible()


def wait_for_differences(page) -> None:
    """Wait until both models' differences are drawn: figures are drawn in no order that could be relied on."""
    page.wait_for_function(f"document.querySelector('{FOREST}')?.layout.xaxis.title.text.includes('{SECOND} minus')")


def test_two_models_are_chosen_compared_shared_and_reported(app: str, page, elsewhere, tmp_path: Path):
    page.goto(f"{app}/compare")
    page.wait_for_selector(f"{FOREST} .errorbar")
    choose(page, FIRST, SECOND)
    wait_for_differences(page)
    page.get_by_text("compared on the same").wait_for()
    grid = page.locator(".st-key-figures table").first
    for said in (FIRST, SECOND, "training mean", "["):
        expect(grid).to_contain_text(said)
    expect(page.locator(f"{FOREST} .yaxislayer-above .ytick, {FOREST} .ytick")).to_have_count(7)  # all, six cultures

    page.get_by_test_id("stButtonGroup").get_by_text("Levels").click()
    expect(page.locator(f"{plot('levels')} .heatmaplayer image")).to_have_count(2)
    expect(page.locator(plot("levels"))).to_contain_text("How high is valence (derived) predicted")

    page.get_by_test_id("stButtonGroup").get_by_text("Disagreement").click()
    page.wait_for_selector(".st-key-said .js-plotly-plot .scatterlayer .trace")

    page.wait_for_url(re.compile(f"compared=.*{FIRST}.*{SECOND}.*depth=Disagreement"))
    elsewhere.goto(page.url)
    elsewhere.wait_for_selector(".st-key-said .js-plotly-plot .scatterlayer .trace")
    wait_for_differences(elsewhere)

    with page.expect_download() as download:
        page.get_by_role("button", name="Report").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    assert file.name == f"{FIRST}-and-{SECOND}.html"
    elsewhere.goto("about:blank")
    elsewhere.context.set_offline(True)
    asked: list[str] = []
    elsewhere.on("request", lambda request: asked.append(request.url))
    elsewhere.goto(file.as_uri())
    elsewhere.wait_for_function("document.querySelectorAll('.js-plotly-plot .main-svg').length > 10")
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    expect(elsewhere).to_have_title(re.compile(f"{FIRST} and {SECOND}"))
    expect(elsewhere.get_by_text("training mean").first).to_be_attached()
