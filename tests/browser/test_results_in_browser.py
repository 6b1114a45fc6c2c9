"""The Results page in Chromium, with the committed results: filter, click a cell, share the link."""

import io
import re
from pathlib import Path

import pandas as pd
import pytest
from looking import place_in, shuts_nobody_out
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

SYSTEMS, MATRIX = (f'[class*="st-key-{kind}-"] .js-plotly-plot' for kind in ("standing", "matrix"))
PANEL = ".st-key-behind"


def open_results(page, address: str) -> None:
    page.goto(address)
    page.wait_for_selector(f"{SYSTEMS} .scatterlayer .trace")
    page.wait_for_selector(f"{MATRIX} .heatmaplayer image")
    page.wait_for_selector(f"{PANEL} p")


def click_cell(page, source: str, target: str) -> None:
    page.locator(MATRIX).scroll_into_view_if_needed()
    page.mouse.click(*place_in(page, MATRIX, target, source))


def test_a_cell_opens_the_recordings_behind_it_and_the_link_opens_them_again(app: str, page, elsewhere):
    open_results(page, f"{app}/results?study=speech&protocol=cross-culture")
    click_cell(page, "German", "Italian")
    page.locator(f"{PANEL} p", has_text="German->Italian").wait_for()
    said = page.locator(PANEL).get_by_text("336 recordings of 6 speakers")
    seen = said.inner_text()
    expect(page.locator(".st-key-selected")).to_contain_text("on whom average was tested, German->Italian")
    shuts_nobody_out(page)
    page.wait_for_function("new URL(location.href).searchParams.get('number')?.includes('German->Italian')")

    open_results(elsewhere, page.url)
    elsewhere.locator(f"{PANEL} p", has_text="German->Italian").wait_for()
    expect(elsewhere.locator(PANEL).get_by_text("336 recordings of 6 speakers")).to_have_text(seen)


def test_filters_change_what_is_drawn_and_stand_in_the_link(app: str, page):
    open_results(page, f"{app}/results?study=speech&protocol=cross-culture")
    page.get_by_role("combobox", name="Tested on").click()
    page.get_by_role("option", name="Italian").click()
    page.locator(SYSTEMS).get_by_text("German->Italian").wait_for()
    page.get_by_role("combobox", name="Score").click()
    page.get_by_role("option", name="accuracy").click()
    page.locator(f"{SYSTEMS} .xtitle", has_text="accuracy").first.wait_for()
    page.wait_for_function("new URL(location.href).searchParams.get('score') === 'accuracy'")
    page.wait_for_function("new URL(location.href).searchParams.get('tested') === 'Italian'")
    with page.expect_download() as download:
        page.locator('[class*="st-key-standing-"]').get_by_role("button", name="CSV").first.click()
    table = pd.read_csv(io.BytesIO(Path(download.value.path()).read_bytes()))
    assert set(table.metric) == {"accuracy"} and set(table.target) == {"Italian"}
    assert {"value", "low", "high", "training_mean", "collapsed"} <= set(table)


def test_a_system_that_is_clicked_shows_its_matrix(app: str, page):
    open_results(page, f"{app}/results?study=speech&protocol=cross-culture")
    page.mouse.click(
        *page.evaluate(
            """selector => {
                const plot = document.querySelector(selector)
                const { xaxis, yaxis } = plot._fullLayout
                const box = plot.getBoundingClientRect()
                const row = plot.data[0].customdata.findIndex(point => point[0] === 'svm')
                const point = plot.calcdata[0][row]
                return [box.left + xaxis._offset + xaxis.d2p(point.x), box.top + yaxis._offset + yaxis.d2p(point.y)]
            }""",
            SYSTEMS,
        )
    )
    page.locator(PANEL).get_by_text(re.compile("^Behind the number: svm")).wait_for()
    page.locator(MATRIX).get_by_text("From where to where? (svm)").wait_for()
