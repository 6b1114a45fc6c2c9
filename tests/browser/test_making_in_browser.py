"""Data and Train in Chromium: import one's own clips, train, watch, cancel, resume, and open what was made."""

import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
from looking import shuts_nobody_out, wait_until_still
from own_corpus import EMOTIONS, TABLE, write_own
from playwright.sync_api import Locator, Page, expect

from emoviz import corpora

pytestmark = pytest.mark.browser

LONG = 300_000
"""Milliseconds for an extraction or a training on a slow and busy machine."""
CURVE = ".subplot.xy .scatterlayer .point"
"""Points of the loss, one for each epoch."""


def choose(box: Locator, *names: str) -> None:
    """Leave only these in a list of several."""
    box.locator("input").wait_for(timeout=LONG)
    box.get_by_role("button", name="Clear all").click()
    wait_until_still(box.page)
    for name in names:
        box.locator("input").fill(name)
        box.page.get_by_role("option", name=name, exact=True).click()
        box.page.keyboard.press("Escape")
        expect(box.get_by_text(name, exact=True)).to_be_visible()
    wait_until_still(box.page)


def fill(page: Page, key: str, text: str) -> None:
    """Type into a field, and leave it."""
    field = page.locator(f".st-key-{key} input")
    field.fill(text)
    field.press("Enter")


def test_a_wrong_row_is_told_with_its_line_and_the_rest_is_imported(app: str, page: Page, folders: Path):
    clips = write_own(folders / "wrong-row", takes=1)
    table = clips / TABLE
    table.write_text(table.read_text().replace("s1-joy-0.wav,joy", "s1-joy-9.wav,joy"))
    page.goto(f"{app}/data")
    page.get_by_role("tab", name="Import clips of your own").click(timeout=LONG)
    fill(page, "clips-folder", str(clips))
    expect(page.get_by_text("16 rows in clips.csv, 16 clips.")).to_be_visible(timeout=LONG)
    fill(page, "import-name", "in-the-browser")
    expect(page.locator(".st-key-problems")).to_contain_text("clips.csv, line 7: There is no clip 's1-joy-9.wav'")
    expect(page.get_by_text("15 rows are sound, 1 problems.")).to_be_visible()
    page.get_by_text("Import the correct rows although others are wrong").click()
    button = page.get_by_role("button", name="Import", exact=True)
    expect(button).to_be_enabled()
    button.click()
    expect(page.get_by_text("'in-the-browser' is imported")).to_be_visible(timeout=LONG)
    shuts_nobody_out(page)


def import_own(app: str, page: Page, clips: Path, name: str) -> None:
    """Import clips and their table on the Data page."""
    page.goto(f"{app}/data")
    page.get_by_role("tab", name="Import clips of your own").click(timeout=LONG)
    fill(page, "clips-folder", str(clips))
    expect(page.get_by_text(re.compile("rows in clips.csv"))).to_be_visible(timeout=LONG)
    fill(page, "import-name", name)
    button = page.get_by_role("button", name="Import", exact=True)
    expect(button).to_be_enabled()
    button.click()
    expect(page.get_by_text(f"'{name}' is imported")).to_be_visible(timeout=LONG)


def test_runs_are_marked_compared_and_noted(app: str, page: Page):
    page.goto(f"{app}/runs?runs_search=speech-")
    grid = page.locator(".st-key-runs-grid .dvn-scroller")
    grid.wait_for(timeout=LONG)
    expect(page.locator(".st-key-run-curves .js-plotly-plot")).to_be_visible(timeout=LONG)
    wait_until_still(page)
    for row in (1, 2):  # the marks stand in the first column, beneath the headings
        grid.click(position={"x": 15, "y": 34 + 28 * row - 14})
        wait_until_still(page)
    expect(page.locator(".st-key-differences")).to_contain_text("options.", timeout=LONG)
    expect(page.get_by_test_id("stMultiSelect").get_by_text("speech-bigru", exact=True)).to_be_visible()
    noted = page.get_by_test_id("stExpander").filter(has_text="Note on speech-bigru")
    noted.get_by_text("Note on speech-bigru").click()
    noted.get_by_label("Tags", exact=True).fill("baseline")
    noted.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Note on speech-bigru: baseline")).to_be_visible(timeout=LONG)
    shuts_nobody_out(page)
    page.reload()  # the link has what is compared, and the note is kept
    expect(page.get_by_text("Note on speech-bigru: baseline")).to_be_visible(timeout=LONG)


@pytest.mark.slow
def test_the_preset_compare_cultures_starts_one_job(app: str, page: Page, folders: Path):
    clips = write_own(folders / "two-cultures", speakers=5, takes=1)
    table = clips / TABLE
    table.write_text(re.sub("(S[34]),Here", r"\1,There", table.read_text()))
    import_own(app, page, clips, "two-cultures")
    page.goto(f"{app}/train")
    page.get_by_role("combobox", name="Start from").fill("compare-cultures", timeout=LONG)
    page.get_by_role("option", name="compare-cultures").click()
    wait_until_still(page)
    choose(page.locator(".st-key-compare-cultures-corpora"), "two-cultures")
    expect(page.get_by_text("'There' has 2 people and needs 1 more")).to_be_visible(timeout=LONG)
    expect(page.get_by_text(re.compile("^10 trainings in one job"))).to_be_visible(timeout=LONG)
    shuts_nobody_out(page)
    page.get_by_text("More settings").click()
    fill(page, "per-culture-seeds", "0, 1")
    expect(page.get_by_text(re.compile("^4 trainings in one job"))).to_be_visible(timeout=LONG)
    fill(page, "compare-cultures-name", "my-cultures")
    wait_until_still(page)
    page.get_by_role("button", name="Start", exact=True).click()
    card = page.locator('[class*="st-key-job-"]', has_text="my-cultures")
    expect(card.get_by_text(re.compile("^(running|queued)$"))).to_be_visible(timeout=LONG)
    card.get_by_role("button", name="Stop").click()
    expect(card.get_by_text("cancelled", exact=True)).to_be_visible(timeout=LONG)


def write_few_of_emodb(folder: Path, data: Path) -> Path:
    """Two clips of each speaker and emotion of EMO-DB, all of which takes minutes to extract, and their table."""
    emodb = corpora.load("emodb", data)
    emotions = emodb.labels["emotion"].rename("label")
    clips = emodb.recordings[["audio", "speaker"]].join(emotions[emotions.isin(EMOTIONS.values())], how="inner")
    few = clips.groupby(["speaker", "label"]).head(2)
    folder.mkdir(parents=True)
    for path in few["audio"]:
        shutil.copy(path, folder)
    table = pd.DataFrame({"file": few["audio"].map(lambda path: Path(path).name), "actor": few["speaker"]})
    table.assign(label=few["label"], country="Here").to_csv(folder / TABLE, index=False)
    return folder


def begin(page: Page, name: str, epochs: int) -> Locator:
    """Start a training; its card."""
    key = "speech-emotion-"
    fill(page, f"{key}-epochs", str(epochs))
    wait_until_still(page)
    fill(page, f"{key}name", name)
    wait_until_still(page)
    page.get_by_role("button", name="Start", exact=True).click()
    card = page.locator('[class*="st-key-job-"]', has_text=name)
    expect(card).to_be_visible(timeout=LONG)
    return card


@pytest.mark.slow
@pytest.mark.corpora
def test_a_training_is_started_watched_cancelled_resumed_and_compared(app: str, page: Page, folders: Path, data: Path):
    import_own(app, page, write_few_of_emodb(folders / "few", data), "few-of-emodb")
    page.goto(f"{app}/train?base=speech-emotion")
    choose(page.locator(".st-key-speech-emotion-corpora"), "few-of-emodb")
    choose(page.locator(".st-key-speech-emotion-features"), "egemaps")
    expect(page.get_by_text("Extracted first: few-of-emodb: egemaps (sound=conditioned).")).to_be_visible(timeout=LONG)

    first = begin(page, "three-epochs", 3)
    extracting = first.get_by_text("Extracting features of few-of-emodb")
    expect(extracting.or_(first.get_by_text("Training")).first).to_be_visible(timeout=LONG)
    expect(first.locator(CURVE)).not_to_have_count(0, timeout=LONG)
    expect(first.get_by_text("finished", exact=True)).to_be_visible(timeout=LONG)
    expect(first.locator(CURVE)).to_have_count(3, timeout=LONG)

    second = begin(page, "many-epochs", 900)
    expect(second.locator(CURVE)).not_to_have_count(0, timeout=LONG)
    second.get_by_role("button", name="Stop").click()
    expect(second.get_by_text("cancelled", exact=True)).to_be_visible(timeout=LONG)
    before = second.locator(CURVE).count()
    wait_until_still(page)  # the list of jobs is drawn anew once none runs any more
    second.get_by_role("button", name="Resume").click()
    expect(second.get_by_text("running", exact=True)).to_be_visible(timeout=LONG)
    expect(second.locator(CURVE).nth(before)).to_be_attached(timeout=LONG)
    expect(second.get_by_text("finished", exact=True)).to_be_visible(timeout=LONG)  # it gained nothing any more

    wait_until_still(page)
    second.get_by_role("link", name=re.compile("Compare many-epochs")).click()
    page.get_by_role("heading", name="Compare", exact=True).wait_for(timeout=LONG)
    expect(page.get_by_test_id("stMultiSelect").get_by_text("many-epochs", exact=True)).to_be_visible(timeout=LONG)
