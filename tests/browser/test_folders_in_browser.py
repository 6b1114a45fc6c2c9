"""Folders of the server in Chromium: open one of their recordings, keep an upload, predict all, stop and resume."""

import re
import shutil
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from clips import speech, write_clip
from looking import shuts_nobody_out
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

LONG = 300_000
"""Milliseconds for a job on a slow and busy machine."""


@pytest.fixture(scope="module")
def filled(folders: Path) -> Path:
    """The folder that the app may read, with recordings of a second and a damaged one."""
    made = write_clip(folders / "0.wav", (), speech(1), audio_codec="pcm_s16le")
    for number in range(1, 60):
        shutil.copy(made, folders / f"{number}.wav")
    (folders / "broken.wav").write_bytes(made.read_bytes()[:30])
    return folders


@pytest.mark.slow
def test_a_folder_is_predicted_by_a_job_that_is_stopped_and_resumed(app: str, page: Page, filled: Path):
    page.goto(f"{app}/predict?models=speech-emotion")
    page.get_by_text("Predict all recordings of a folder").click(timeout=LONG)
    expect(page.get_by_text("61 recordings.")).to_be_visible(timeout=LONG)
    page.get_by_role("button", name="Predict all", exact=True).click()
    card = page.locator('[class*="st-key-job-"]', has_text=f"Predict {filled.name}")
    expect(card.get_by_text("Predicting recordings")).to_be_visible(timeout=LONG)
    expect(card.get_by_text("left")).to_be_visible(timeout=LONG)
    card.get_by_role("button", name="Stop").click()
    expect(card.get_by_text("cancelled", exact=True)).to_be_visible(timeout=LONG)
    done = len(list((filled / "emoviz-tables").glob("*.wav.csv")))
    assert 0 < done < 60
    card.get_by_role("button", name="Resume").click()
    expect(card.get_by_text("61 recordings, 1 problems")).to_be_visible(timeout=LONG)
    expect(card.get_by_text("cut off or of another kind")).to_be_visible()
    assert len(list((filled / "emoviz-tables").glob("*.wav.csv"))) == 60


def test_a_recording_of_a_folder_is_opened_without_an_upload(app: str, page: Page, filled: Path):
    page.goto(f"{app}/predict?models=speech-emotion")
    page.get_by_test_id("stPopoverButton").filter(has_text="Folder").click(timeout=LONG)
    page.locator(".st-key-server-open button").click(timeout=LONG)
    name = f"Folder: {filled.name}/0.wav"
    expect(page.locator(".st-key-clip input")).to_have_value(name, timeout=LONG)
    expect(page.get_by_text("by speech-emotion").first).to_be_visible(timeout=LONG)
    assert parse_qs(urlsplit(page.url).query)["clip"] == [name]


def test_an_upload_is_kept_opened_from_the_library_and_deleted(app: str, page: Page, filled: Path):
    page.goto(f"{app}/predict?models=speech-emotion&clip=Folder: {filled.name}/0.wav")
    expect(page.get_by_text("by speech-emotion").first).to_be_visible(timeout=LONG)
    page.get_by_role("button", name="Upload", exact=True).click()
    page.locator("input[type=file]").set_input_files(filled / "0.wav")
    page.locator(".st-key-keep button").first.click(timeout=LONG)
    expect(page.locator(".st-key-clip input")).to_have_value("Kept: 0.wav", timeout=LONG)
    page.get_by_role("link", name="Library", exact=True).click()
    card = page.locator('[class*="st-key-entry-"]').filter(has_text="Kept: 0.wav")
    expect(card.get_by_text(f"also as Folder: {filled.name}/0.wav")).to_be_visible(timeout=LONG)
    card.get_by_role("link", name="Predict").click()
    expect(page.locator(".st-key-clip input")).to_have_value("Kept: 0.wav", timeout=LONG)
    assert parse_qs(urlsplit(page.url).query)["clip"] == ["Kept: 0.wav"]
    page.get_by_role("link", name="Library", exact=True).click()
    page.locator(".st-key-library_search input").fill("kept:")
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile(r"^1 of \d+ recordings"))).to_be_visible(timeout=LONG)
    shuts_nobody_out(page)
    card.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_text("No recording fits.")).to_be_visible(timeout=LONG)
    page.get_by_role("link", name="Storage").click()
    page.wait_for_selector(".st-key-storage table")
    shuts_nobody_out(page)
