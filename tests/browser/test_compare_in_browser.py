"""The Compare page in Chromium, with the bundled checkpoints: what a researcher does with two models."""

import os
import re
from pathlib import Path

import pytest
from looking import plot, shuts_nobody_out, wait_until_still
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

FOREST = plot("differences")
FIRST, SECOND = "speech-cats", "speech-bigru"


def choose(page, *names: str) -> None:
    """Empty the list of models and choose these."""
    box = page.get_by_test_id("stMultiSelect")
    box.get_by_role("button", name="Clear all").click()
    for name in names:
        wait_until_still(page)
        box.locator("input").fill(name)
        page.get_by_role("option", name=name, exact=True).click()
        page.keyboard.press("Escape")
        expect(box.get_by_text(name, exact=True)).to_be_visible()


def wait_for_differences(page) -> None:
    """Wait until both models' differences are drawn: figures are drawn in no order that could be relied on."""
    page.wait_for_function(f"document.querySelector('{FOREST}')?.layout.xaxis.title.text.includes('{SECOND} minus')")


def test_a_lab_looks_into_the_worst_recordings_and_reopens_them_by_a_link(app: str, page, elsewhere):
    page.goto(f"{app}/compare?slice=culture:German&depth=Disagreement&order=worst+of+speech-mdat")
    page.get_by_text("the 50 worst of speech-mdat").wait_for()
    page.wait_for_selector(".st-key-said .js-plotly-plot .main-svg")
    row = page.locator(".st-key-selected")
    for k in range(3):
        table = page.locator(".st-key-disagreements canvas").first
        table.scroll_into_view_if_needed()
        box = table.bounding_box()
        page.mouse.click(box["x"] + 18, box["y"] + 36 + 35 * k + 17)
        expect(row).to_contain_text(f"{k + 1} recording")
    expect(row).to_contain_text("German, worst of speech-mdat")
    entries = page.evaluate("history.length")

    row.get_by_role("button", name="Recordings").click()
    page.get_by_role("link", name="Predict", exact=True).nth(1).click()  # after that of the menu
    row.get_by_role("link", name="Back to Compare").wait_for()
    if os.environ.get("EMOVIZ_DATA"):
        expect(page.get_by_role("combobox", name="Clip")).to_have_value(re.compile("^Recording: emodb/"))
    else:
        page.get_by_text("EMOVIZ_DATA").first.wait_for()
    assert page.evaluate("history.length") == entries + 1
    page.go_back()
    page.get_by_text("the 50 worst of speech-mdat").wait_for()

    row.get_by_role("button", name="Save as").click()
    page.get_by_label("Name").fill("worst German")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url(re.compile("selection=worst"))
    elsewhere.goto(f"{app}/compare?selection=worst+German&only_selected=true")
    expect(elsewhere.locator(".st-key-selected")).to_contain_text("saved as worst German")
    expect(elsewhere.get_by_text("compared on the same 3 held-out recordings")).to_be_visible()


def test_two_models_are_chosen_compared_shared_and_reported(app: str, page, elsewhere, tmp_path: Path):
    page.goto(f"{app}/compare")
    page.wait_for_selector(f"{FOREST} .errorbar")
    choose(page, FIRST, SECOND)
    wait_for_differences(page)
    page.get_by_text("compared on the same").wait_for()
    shuts_nobody_out(page)
    grid = page.locator(".st-key-figures table").first
    for said in (FIRST, SECOND, "training mean", "["):
        expect(grid).to_contain_text(said)
    expect(page.locator(f"{FOREST} .yaxislayer-above .ytick, {FOREST} .ytick")).to_have_count(7)  # all, six cultures

    page.get_by_test_id("stButtonGroup").get_by_text("Levels").click()
    expect(page.locator(f"{plot('levels')} .heatmaplayer image")).to_have_count(2)
    expect(page.locator(plot("levels"))).to_contain_text("How high is valence (derived) predicted")
    page.set_viewport_size({"width": 390, "height": 844})  # where a figure scrolls that would be too narrow
    page.wait_for_function(f"(e => e.scrollWidth > e.clientWidth + 200)(document.querySelector('{plot('levels')}'))")
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") == 390
    page.set_viewport_size({"width": 1280, "height": 800})

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
