"""The Attention page in Chromium, with the bundled checkpoints: what a researcher does."""

import re

import pytest
from looking import lane, place_at, plot, settled, shuts_nobody_out, wait_until_at
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


SHOWN = """Object.fromEntries(Array.from(document.querySelector(selector)._fullData[0].customdata,
    (row, i) => [row[0], document.querySelector(selector)._fullData[0].x[i]]))"""


def bars(page, key: str) -> dict:
    """What the figure of bars shows: channel -> value."""
    page.wait_for_selector(f"{plot(key)} .bars .point")
    return page.evaluate(f"selector => {SHOWN}", plot(key))


def wait_for_bars(page, key: str, expected: dict) -> None:
    """Wait until the figure of bars shows these channels and values: a choice redraws figures one after the other."""
    page.wait_for_function(
        f"([selector, expected]) => JSON.stringify(Object.entries({SHOWN})) === JSON.stringify(expected)",
        arg=[plot(key), list(map(list, expected.items()))],
    )


@pytest.fixture(scope="module")
def opened(app: str, shared_page):
    shared_page.goto(f"{app}/attention")
    return shared_page


def test_the_first_view_has_bars_with_whiskers_and_the_verdict(opened):
    shown = bars(opened, "channels")
    assert len(shown) == 20 and any(name.startswith("egemaps.") for name in shown)  # what a first visit draws at once
    expect(opened.locator(f"{plot('channels')} .errorbar")).to_have_count(20)
    expect(opened.get_by_text("Is it faithful?").first).to_be_visible()
    opened.wait_for_selector(f"{plot('deletion')} .scatterlayer .trace")


def test_the_example_clip_is_read_and_its_channels_shown(opened):
    opened.locator(f"{lane('valence')} canvas").wait_for()
    assert len(bars(opened, "clip-channels")) == 20
    shuts_nobody_out(opened)


def test_two_slices_are_chosen_and_the_link_opens_the_same_bars(opened, elsewhere):
    page = opened
    before = bars(page, "channels")
    for button, culture in (("Slice:", "German"), ("Compared with:", "Italian")):
        page.get_by_role("button", name=button).click()
        page.locator("[data-testid=stPopoverBody]").get_by_role("combobox", name="Culture").click()
        page.get_by_role("option", name=culture).click()
        page.get_by_text(f"{button} {culture}").wait_for()  # behind the open list, which hides it from roles
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
        page.locator("[data-testid=stPopoverBody]").wait_for(state="detached")
    page.get_by_text("Compared with Italian").first.wait_for()
    page.wait_for_url(re.compile("slice=culture.*German.*slice_b=culture.*Italian"))
    elsewhere.goto(page.url)
    linked, difference = bars(elsewhere, "channels"), bars(elsewhere, "difference")
    assert linked != before and min(difference.values()) < 0 < max(difference.values())
    wait_for_bars(page, "channels", linked)
    wait_for_bars(page, "difference", difference)


def test_moments_follow_the_player_and_every_map_is_drawn(app: str, page):
    page.goto(f"{app}/attention?model=speech-mdat")
    page.locator(f"{lane('attention')} canvas").wait_for()
    for kind in ("graph", "co", "temporal"):
        page.wait_for_selector(f"{plot(f'map-{kind}-whisper')} .heatmaplayer image")
    x, y = place_at(page, 3.0, "attention")
    page.mouse.click(x, y)
    page.wait_for_function("new URL(location.href).searchParams.get('time')?.match(/^(2.9|3.0)/)")
    wait_until_at(page, 3.0)
    cursor = settled(page, page.locator("#now").bounding_box)
    assert abs(cursor["x"] + cursor["width"] / 2 - x) < 5
    expect(page.locator(f"{lane('attention')} .value b").first).to_have_text(re.compile(r"\.\d\d"))
