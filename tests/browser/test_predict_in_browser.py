"""The Predict page in Chromium, with the bundled checkpoints: what a first visitor does."""

import io
import re
from pathlib import Path

import pandas as pd
import pytest
from example import EXAMPLES
from looking import (
    TIMELINE,
    VIDEO,
    lane,
    place_at,
    place_in,
    plot,
    settled,
    shown,
    shuts_nobody_out,
    wait_until_at,
    wait_until_done,
)
from playwright.sync_api import expect

from emoviz.features import transcripts
from emoviz.features.clip_store import kept_recordings
from emoviz.features.transcripts import Transcript, Word
from emoviz.media import ClipMedia

pytestmark = pytest.mark.browser

PORTRAIT = Path(__file__).resolve().parent.parent / "media" / "astronaut.jpg"


def open_result(page, address: str) -> None:
    """Open the page and wait until the analysis is done and its curves are drawn."""
    page.goto(address)
    wait_for_result(page)


def wait_for_result(page) -> None:
    page.locator(f"{lane('valence')} canvas").wait_for()
    wait_until_done(page)
    page.locator(f"{TIMELINE}:not(.running)").wait_for()
    page.wait_for_function(f"{VIDEO}.duration > 0")
    # The curves are those of the clip in the player, and not of the one before.
    duration = page.evaluate(f"{VIDEO}.duration")
    settled(page, lambda: shown(page))
    assert abs(shown(page)[1] - duration) < 0.5


def time_of(page) -> float:
    return page.locator("video").evaluate("video => video.currentTime")


@pytest.fixture(scope="module")
def opened(app: str, shared_page):
    """The page with the example's result."""
    open_result(shared_page, f"{app}/predict")
    return shared_page


@pytest.fixture
def result(opened):
    """The same page, its player at rest."""
    opened.evaluate(f"{VIDEO}.pause()")
    opened.locator(TIMELINE).focus()
    for key in ("Escape", "0"):  # no span, and the whole recording
        opened.keyboard.press(key)
    opened.locator("#loop[aria-pressed=false]").wait_for()
    return opened


def test_a_clip_that_stands_still_is_hardly_drawn(result):
    """The screen asks for a picture sixty times a second, which costs half a core; a few times, a hundredth."""
    drawn = result.evaluate(
        """async (seconds) => {
            const real = window.requestAnimationFrame
            let count = 0
            window.requestAnimationFrame = (draw) => { count++; return real(draw) }
            await new Promise(done => setTimeout(done, 1000 * seconds))
            window.requestAnimationFrame = real
            return count
        }""",
        2,
    )
    assert 0 < drawn < 30


def test_a_click_on_a_curve_moves_the_clip_and_the_cursor(result):
    page = result
    page.mouse.click(*place_at(page, 2.0))
    wait_until_at(page, 2.0)
    x, _ = place_at(page, 2.0)
    cursor = settled(page, page.locator("#now").bounding_box)
    assert abs(cursor["x"] + cursor["width"] / 2 - x) < 5
    face = page.locator(f"{lane('valence')} .value[data-name=face]")
    expect(face).to_have_text(re.compile(r"face −?\.\d\d \[−?[.\d]+, −?[.\d]+\]"))
    before = face.inner_text()
    page.mouse.click(*place_at(page, 5.4))
    expect(face).not_to_have_text(before)
    page.mouse.click(*place_at(page, 2.0))
    expect(face).to_have_text(before)
    page.wait_for_function("Math.abs(new URL(location.href).searchParams.get('time') - 2) < 0.1")


def test_the_video_is_written_and_saved(result):
    page = result
    page.get_by_text("Video with all of this burnt in").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the video").click()
    content = download.value.path().read_bytes()
    assert download.value.suggested_filename.endswith("-emoviz.mp4") and b"ftyp" in content[:16]
    page.get_by_text("Video with all of this burnt in").click()
    expect(page.get_by_role("button", name="Save the video")).to_have_count(0)


def test_a_drag_over_a_curve_marks_a_span_that_a_button_repeats(result):
    page = result
    page.mouse.move(*place_at(page, 1.0))
    page.mouse.down()
    page.mouse.move(*place_at(page, 1.5))
    page.mouse.move(*place_at(page, 1.7))
    page.mouse.up()
    expect(page.locator(TIMELINE)).to_have_attribute("data-span", re.compile("^(0.9|1.0).-1[.](6|7).$"))
    page.wait_for_function("new URL(location.href).searchParams.get('marked')?.match(/^(0.9|1.0).-1[.](6|7)./)")
    page.locator("#fit:not([hidden])").wait_for()
    assert page.evaluate(f"{VIDEO}.paused")
    page.locator("#loop").click()
    page.wait_for_function(f"{VIDEO}.currentTime > 1.4")
    page.wait_for_function(f"{VIDEO}.currentTime < 1.3")
    assert time_of(page) > 0.8
    page.keyboard.press("Escape")
    page.locator("#loop[aria-pressed=false]").wait_for()
    assert page.locator("#fit").is_hidden()
    page.wait_for_function(f"{VIDEO}.currentTime > 1.8")


def test_the_views_of_a_recording_share_zoom_span_and_cursor(result):
    page = result
    timeline = page.locator(TIMELINE)
    page.mouse.move(*place_at(page, 6.0))
    page.keyboard.down("Control")
    page.mouse.wheel(0, -300)
    page.keyboard.up("Control")
    expect(timeline).not_to_have_attribute("data-from", "0.00")
    zoomed = settled(page, lambda: shown(page))
    assert zoomed[0] < 6 < zoomed[1] and zoomed[1] - zoomed[0] < 6
    timeline.focus()
    page.keyboard.press("-")
    page.keyboard.press("+")  # around the middle, as the present moment is not seen
    assert settled(page, lambda: shown(page))[1] - shown(page)[0] == pytest.approx(zoomed[1] - zoomed[0], abs=0.02)
    page.mouse.click(*place_at(page, 6.2))
    wait_until_at(page, 6.2)
    page.mouse.move(*place_at(page, 5.8))
    page.mouse.down()
    page.mouse.move(*place_at(page, 6.4))
    page.mouse.up()
    page.wait_for_function("new URL(location.href).searchParams.get('marked') !== null")
    seen = [timeline.get_attribute(f"data-{name}") for name in ("from", "to", "time", "span")]
    page.get_by_role("button", name="Why this span?").click()
    page.get_by_role("heading", name="Explain", exact=True).wait_for()
    page.locator(f"{lane('emotions-face')} canvas").wait_for()
    expect(page.get_by_role("slider", name="Mean over (s)").first).to_have_value("5.8")
    for name, value in zip(("from", "to", "time", "span"), seen, strict=True):
        expect(timeline).to_have_attribute(f"data-{name}", value)
    page.locator(".st-key-views").get_by_role("link", name="Result").click()
    page.get_by_role("heading", name="Predict", exact=True).wait_for()
    page.locator(f"{lane('emotions-fused')} canvas").wait_for()
    for name, value in zip(("from", "to", "time", "span"), seen, strict=True):
        expect(timeline).to_have_attribute(f"data-{name}", value)


@pytest.mark.parametrize("focus", ["figure", "player"])
def test_the_keyboard_plays_and_seeks(result, focus: str):
    page = result
    page.mouse.click(*place_at(page, 1.0))
    wait_until_at(page, 1.0)
    if focus == "player":
        page.locator("#player").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"Math.abs({VIDEO}.currentTime - 2) < 0.1")
    page.keyboard.press("Space")
    page.wait_for_function(f"{VIDEO}.currentTime > 2.3")
    page.keyboard.press("Space")
    page.wait_for_function(f"{VIDEO}.paused")


def test_the_table_can_be_downloaded(result):
    page = result
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").first.click()
    table = pd.read_csv(io.BytesIO(Path(download.value.path()).read_bytes()))
    assert table.columns[0] == "time"
    assert table.filter(regex=r"^(face|speech|fused)\.").notna().any().all()


def test_a_figure_can_be_saved_as_svg(result):
    page = result
    with page.expect_download() as download:
        page.locator(".st-key-timeline-row").get_by_role("button", name="SVG").click()
    drawn = Path(download.value.path()).read_text(encoding="utf-8")
    assert drawn.startswith("<svg") and "Valence" in drawn and drawn.count("<path") > 8


def test_windows_have_a_row_each_and_stand_in_the_link(result):
    page = result
    box = page.get_by_role("combobox", name="A row for each segment")
    box.scroll_into_view_if_needed()
    settled(page, box.bounding_box)  # a list closes when the page is still scrolled, or grows above it
    box.click()
    page.get_by_role("option", name="windows of one length").click()
    cells = page.locator(".st-key-segments-table tbody tr").first.locator("td")
    expect(cells.nth(2)).to_have_text("5.00")
    page.wait_for_function("new URL(location).searchParams.get('segments') === 'windows'")
    with page.expect_download() as download:
        page.locator('[class*="st-key-segments-table"]').get_by_role("button", name="CSV").first.click()
    table = pd.read_csv(io.BytesIO(Path(download.value.path()).read_bytes()))
    assert table["end"].iloc[0] == 5 and table.filter(regex=r"^face\.happy\.(mean|peak|share)$").notna().all(axis=None)


def test_the_view_shuts_nobody_out(result):
    shuts_nobody_out(result)


def test_who_speaks_is_drawn_and_named(result):
    page = result
    page.get_by_text("Who speaks when", exact=True).click()
    page.wait_for_selector(f"{plot('turns')} .bars path")
    field = page.get_by_role("textbox", name="Name")
    expect(field).to_have_value("voice A")
    field.fill("Anna")
    field.press("Enter")
    expect(page.locator(f"{plot('turns')} .ytick")).to_have_text("Anna")
    expect(page.get_by_text("speaks 10 s, face 0")).to_be_visible()
    page.mouse.click(*place_in(page, plot("turns"), 3.0))
    page.wait_for_function(f"Math.abs({VIDEO}.currentTime - 3) < 0.1")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("textbox", name="Name")).to_have_value("voice A")


def test_words_stand_on_the_clips_time(result, store: Path, weights: Path, monkeypatch):
    """The recogniser is a stand-in, as its words are already kept with the recording."""
    folder = weights / transcripts.RECOGNISER
    folder.mkdir(parents=True)
    for name in ("config.json", "tokenizer.json", "vocabulary.txt", "model.bin"):
        (folder / name).write_text("{}")
    words = Transcript((Word("came", 0.5, 0.8), Word("home.", 6.0, 6.5)), "en", 0.98)
    monkeypatch.setattr(transcripts, "_recognise", lambda *_: words)
    clip = ClipMedia(EXAMPLES / "synthetic-english.mp4", kept=kept_recordings(store, 4000))
    transcripts.transcribe(clip, transcripts.recogniser(str(folder)))
    page = result
    page.get_by_text("Words", exact=True).click()
    expect(page.get_by_text("2 words, English (98 % sure).")).to_be_visible()
    expect(page.locator(f"{plot('words')} .textpoint")).to_have_text(["came", "home."])
    page.mouse.click(*settled(page, lambda: place_in(page, plot("words"), 6.2)))
    page.wait_for_function(f"Math.abs({VIDEO}.currentTime - 6.2) < 0.1")
    with page.expect_download() as download:
        page.get_by_role("button", name=".srt", exact=True).first.click()  # that of who speaks comes below
    assert "00:00:06,000 --> 00:00:06,500\nhome." in Path(download.value.path()).read_text("utf-8")


def test_the_camera_records_what_it_sees_and_hears(result):
    """It comes last on this page, as another clip is shown there then."""
    page = result
    page.get_by_role("button", name="Record", exact=True).click()
    page.get_by_role("button", name="Picture and sound").click()
    camera = page.get_by_role("group", name="Camera")
    camera.get_by_text("Ready.").wait_for()
    camera.get_by_role("button", name="Record").click()
    camera.get_by_text(re.compile("Face: .*[.]")).wait_for()  # its preview
    camera.get_by_role("img", name="Preview of valence and arousal").wait_for()
    camera.get_by_role("button", name="Stop").click()
    camera.wait_for(state="detached")
    wait_for_result(page)
    expect(page.get_by_label("Clip", exact=True)).to_have_value("Upload: camera 1.webm")
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").first.click()
    table = pd.read_csv(io.BytesIO(Path(download.value.path()).read_bytes()))
    assert table.filter(regex=r"^(face|speech)\.").notna().any().all()


def test_a_link_opens_the_same_view(app: str, page):
    open_result(page, f"{app}/predict?video_weight=0.25&time=1.50")
    page.wait_for_function(f"Math.abs({VIDEO}.currentTime - 1.5) < 0.1")
    expect(page.get_by_role("slider", name="Weight of the face")).to_have_value("0.25")


@pytest.mark.corpora
def test_an_uploaded_clip_is_analysed_and_played(app: str, page, data: Path):
    open_result(page, f"{app}/predict")
    page.get_by_role("button", name="Upload").click()
    page.locator("input[type=file]").set_input_files(data / "clips" / "crema-d" / "1001_DFA_HAP_XX.flv")
    page.get_by_text("a copy of what is analysed").wait_for()
    wait_for_result(page)
    page.locator("[data-testid=stPopoverBody]").wait_for(state="detached")
    page.mouse.click(*place_at(page, 1.0))
    page.wait_for_function(f"Math.abs({VIDEO}.currentTime - 1) < 0.1")
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").first.click()
    assert download.value.suggested_filename.startswith("1001_DFA_HAP_XX")
    page.wait_for_function("new URL(location.href).searchParams.get('clip') === 'Upload: 1001_DFA_HAP_XX.flv'")
    page.get_by_role("button", name="Why here?").click()  # with a link that names the recording
    page.get_by_role("heading", name="Explain", exact=True).wait_for()
    expect(page.get_by_label("Clip", exact=True)).to_have_value("Upload: 1001_DFA_HAP_XX.flv")
    page.get_by_role("link", name="Storage").click()
    page.get_by_role("button", name="Delete my uploads").click()
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_role("button", name="Delete my uploads")).to_have_count(0)


def test_a_picture_has_bars_in_place_of_curves_and_survives_that_its_page_is_loaded_anew(app: str, page, elsewhere):
    page.goto(f"{app}/predict?models=face-expression")
    page.get_by_role("button", name="Upload", exact=True).click()
    page.locator("input[type=file]").set_input_files(PORTRAIT)
    page.get_by_text(re.compile(r"^Happy \S+ by face-expression[.]")).wait_for()
    expect(page.get_by_text("What does the face say?")).to_be_visible()
    expect(page.locator(".st-key-timeline .bars .point")).to_have_count(8)
    page.wait_for_function(f"{VIDEO}.readyState >= 2")  # the player shows the picture

    page.wait_for_url(re.compile("clip=Upload"))
    page.reload()
    expect(page.get_by_text("What does the face say?")).to_be_visible()
    expect(page.get_by_role("combobox", name="Clip")).to_have_value(f"Upload: {PORTRAIT.name}")
    elsewhere.goto(page.url)  # as anybody may who gets the link
    elsewhere.get_by_text("no other clip is shown in its place").wait_for()
    expect(elsewhere.get_by_text("What does the face say?")).to_have_count(0)
    elsewhere.locator("input[type=file]").first.set_input_files(PORTRAIT)
    expect(elsewhere.get_by_text("What does the face say?")).to_be_visible()
