"""The Explain page in Chromium, with the bundled checkpoints: what a first visitor sees and does."""

import pytest
from looking import IN_SHADOW, VIDEO, lane, plot, shuts_nobody_out, wait_until_done
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

FACE = plot("seen-face")
COLOURED = f"""(() => {{
    const canvas = {IN_SHADOW}?.querySelector('#overlay')
    if (!canvas?.width) return 0
    const {{ data }} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
    let count = 0
    for (let i = 3; i < data.length; i += 4) count += data[i] > 20
    return count
}})()"""
"""Pixels of the overlay that are not transparent."""
DRAWN = """canvas => {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
    return data.filter((value, place) => place % 4 === 3 && value > 20).length
}"""
"""Pixels of a canvas that are not transparent."""


def wait_for_all(page) -> None:
    page.wait_for_selector(f"{FACE} .imagelayer image")
    page.wait_for_selector(f"{plot('channels')} .bars")
    wait_until_done(page)


@pytest.fixture(scope="module")
def explained(app: str, shared_page):
    """The page with the example, explained without a click."""
    shared_page.goto(f"{app}/explain")
    wait_for_all(shared_page)
    return shared_page


def test_faces_with_heat_stand_over_the_curves(explained):
    page = explained
    expect(page.locator(f"{FACE} .imagelayer image")).to_have_count(2)
    for key in ("faces", "spectrogram", "contributions", "emotions-face"):
        expect(page.locator(f"{lane(key)} canvas")).to_be_attached()
        assert page.locator(f"{lane(key)} canvas").evaluate(DRAWN) > 500
    expect(page.get_by_text("of the heat lies in its")).to_be_visible()
    expect(page.get_by_text("with all weights destroyed")).to_have_count(3)
    shuts_nobody_out(page)


def test_heat_over_the_video_can_be_put_away(explained):
    page = explained
    page.evaluate(f"{VIDEO}.currentTime = 5.5")
    page.locator("#box").click()
    page.wait_for_function(f"{COLOURED} > 500")
    page.locator("#heat").click()
    page.wait_for_function(f"{COLOURED} === 0")
    page.locator("#heat").click()
    page.wait_for_function(f"{COLOURED} > 500")


def test_the_players_time_is_explained(explained):
    page = explained
    page.evaluate(f"{VIDEO}.currentTime = 2")
    page.wait_for_function("Math.abs(Number(new URL(location.href).searchParams.get('time')) - 2) < 0.1")
    page.get_by_role("button", name="Player's time").click()
    page.wait_for_function(f"/\\((1\\.9|2\\.0)\\d s\\)/.test(document.querySelector('{FACE} .gtitle')?.textContent)")


def test_a_link_opens_the_same_view(app: str, page):
    page.goto(f"{app}/explain?emotion=surprised&moment=4&way=occlusion&output=arousal+(derived)")
    expect(page.locator(f"{FACE} .gtitle")).to_contain_text("surprised")
    expect(page.locator(lane("contributions"))).to_contain_text("arousal (derived)")
    expect(page.get_by_text("Occluded parts are hidden one at a time")).to_be_visible()


def test_heat_stands_over_the_spectrogram_of_a_network_that_sees_it(app: str, page):
    page.goto(f"{app}/explain?model=speech-spectrogram")
    page.wait_for_selector(f"{plot('frequencies')} .bars")
    wait_until_done(page)
    expect(page.locator(f"{lane('contributions')} .unit")).to_have_text("mean heat")
    expect(page.get_by_text("; most heat lies at")).to_be_visible()
    expect(page.get_by_text("with all weights destroyed")).to_have_count(2)
    with page.expect_download() as download:
        page.locator(".st-key-frequencies-row").get_by_text("CSV").click()
    assert download.value.path().read_text().splitlines()[0] == "low,high,heat"
    assert len(download.value.path().read_text().splitlines()) == 1 + 32
