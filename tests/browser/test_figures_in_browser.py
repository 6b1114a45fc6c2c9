"""What all figures share, in Chromium: who draws them, how they change, and their colours."""

import re
from functools import partial
from pathlib import Path

import pandas as pd
import pytest
from looking import plot, settled, wait_until_done
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

CHANNELS = plot("channels")


def background(page) -> str:
    return page.evaluate(f"document.querySelector('{CHANNELS}')._fullLayout.paper_bgcolor")


def test_a_change_is_drawn_into_the_figure_that_is_there(app: str, page):
    page.goto(f"{app}/attention")
    page.wait_for_selector(f"{CHANNELS} .bars")
    page.evaluate(f"document.querySelector('{CHANNELS}').mark = 'the same'")
    shown = settled(page, lambda: page.evaluate(f"document.querySelector('{CHANNELS}')._fullData[0].x.length"))
    page.get_by_role("slider", name="Channels").press("ArrowRight")
    page.wait_for_function(f"document.querySelector('{CHANNELS}')._fullData[0].x.length === {shown + 1}")
    page.wait_for_function(f"document.querySelector('{CHANNELS}').mark === 'the same'")


def test_figures_take_the_colours_of_the_theme_and_the_width_of_the_window(app: str, page):
    page.emulate_media(color_scheme="light")
    page.goto(f"{app}/attention")
    page.wait_for_selector(f"{CHANNELS} .bars")
    light, wide = settled(page, lambda: (background(page), page.locator(CHANNELS).bounding_box()["width"]))
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"document.querySelector('{CHANNELS}')._fullLayout.paper_bgcolor !== '{light}'")
    assert background(page) != light
    page.set_viewport_size({"width": 1000, "height": 800})
    page.wait_for_function(f"document.querySelector('{CHANNELS}')._fullLayout.width < {wide} - 100")


def test_without_what_draws_them_a_page_says_so_where_its_figures_were(app: str, page):
    page.route("**/figures/*.js", lambda route: route.abort())
    page.goto(f"{app}/attention")
    page.get_by_text("The part that draws figures could not be read from the server: reload the page.").first.wait_for()


def test_flat_figures_do_without_the_whole_of_plotly_and_those_in_space_have_it(app: str, page):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{app}/embeddings?method=PCA")
    page.wait_for_selector(".st-key-map .js-plotly-plot .scatterlayer .trace")
    assert not any("PlotlyChart" in url for url in asked)
    page.goto(f"{app}/embeddings?method=PCA&space=3D")
    page.wait_for_selector(".st-key-map .js-plotly-plot .gl-container canvas")
    for format_ in ("PNG", "SVG"):
        with page.expect_download() as download:
            page.get_by_role("button", name=format_).first.click()
        assert download.value.suggested_filename.endswith(format_.lower())


NAMES = ["Table", "CSV", "Parquet", "PNG", "SVG", "PDF", "What am I looking at?"]
"""Names of the buttons beneath a figure."""
PAPER = re.compile(r"background: white|fill: rgb\(255, 255, 255\)|fill: white|fill=.white")


def test_the_row_opens_one_thing_at_a_time_and_saves_files(app: str, page, tmp_path: Path):
    page.goto(f"{app}/attention")
    page.wait_for_selector(f"{CHANNELS} .bars")
    row = page.locator(".st-key-channels-row")
    table, about = (row.get_by_role("button", name=name) for name in ("Table", "What am I looking at?"))
    expect(row.get_by_role("button")).to_have_text(NAMES)
    shown = page.get_by_test_id("stDataFrame").filter(has=page.locator("canvas"))
    wait_until_done(page)
    before = settled(page, shown.count)

    table.press("Enter")
    expect(shown).to_have_count(before + 1)
    expect(table).to_have_attribute("aria-expanded", "true")
    expect(table).to_be_focused()
    about.click()
    page.get_by_text("channel attention").first.wait_for()
    expect(shown).to_have_count(before)
    expect(table).to_have_attribute("aria-expanded", "false")
    about.click()
    expect(about).to_have_attribute("aria-expanded", "false")

    saved = {}
    page.emulate_media(color_scheme="dark")
    for name in ("CSV", "CSV", "Parquet", "PNG", "SVG", "PDF"):
        with page.expect_download() as download:
            row.get_by_role("button", name=name).click()
        saved[name] = tmp_path / download.value.suggested_filename
        download.value.save_as(saved[name])
    assert len({file.stem for file in saved.values()}) == 1
    pd.testing.assert_frame_equal(pd.read_csv(saved["CSV"]), pd.read_parquet(saved["Parquet"]), check_dtype=False)
    assert saved["PNG"].read_bytes().startswith(b"\x89PNG") and b"<svg" in saved["SVG"].read_bytes()
    assert PAPER.search(saved["SVG"].read_text()), "what is saved is for paper, also from a dark page"
    printed = saved["PDF"].read_bytes()
    assert printed.startswith(b"%PDF-1.4") and printed.count(b"\xff\xd8\xff") == 1
    place = int(printed.rsplit(b"startxref", 1)[1].split()[0])
    assert printed[place:].startswith(b"xref") and b" 0 obj" in printed


ROOM = """figure => {
    const { margin, _size } = figure._fullLayout
    const labels = [...figure.querySelectorAll('.ytick text, .ytick2 text')]
    const left = Math.min(...labels.map(label => label.getBoundingClientRect().left))
    return [margin, _size, labels.length ? left - figure.getBoundingClientRect().left : 0]
}"""
"""In JavaScript: the margins that a figure was told and that it took, and the pixels beside its labels."""


@pytest.mark.parametrize("address", ["cultures", "attention", "compare", "results", "embeddings?method=PCA"])
def test_labels_have_the_room_that_they_need_at_once_and_not_much_more(app: str, page, address: str):
    """Or else plotly draws the figure twice, which is seen by its margins being other than it was told."""
    page.goto(f"{app}/{address}")
    page.wait_for_selector(".emoviz-figure.js-plotly-plot")
    page.wait_for_function(
        "[...document.querySelectorAll('.emoviz-figure')].every(one => one._fullLayout || !one.style.minHeight)"
    )
    for figure in page.locator(".emoviz-figure.js-plotly-plot").all():
        told, taken, free = settled(page, partial(figure.evaluate, ROOM))
        below = () if figure.locator(".legend").count() else ("b",)  # a legend there takes what its lines need
        for side in ("l", *below):
            assert taken[side] == pytest.approx(told[side], abs=1), (side, told, taken)
        assert 0 <= free < 40
