"""The Data page: what is here, what one's own table says wrong, and what an import leaves behind."""

import dataclasses
from pathlib import Path

import pytest
from own_corpus import TABLE, write_own
from reading import specs, texts
from streamlit.testing.v1 import AppTest

from emoviz.core.settings import Settings
from emoviz.corpora import own
from emoviz.training import preset
from emoviz.ui import cache, job_cards, loaders


@pytest.fixture(scope="module")
def clips(tmp_path_factory) -> Path:
    return write_own(tmp_path_factory.mktemp("own"), speakers=2, takes=1)


@pytest.fixture
def page(open_page, monkeypatch):
    """Opens the page; no job is ever started."""
    cache.clear()

    class Engine:
        slots = ("cpu",)

    class NoJobs:
        engines = {"local": Engine()}
        submitted: list = []

        def list(self):
            return ()

        def submit(self, work, where):
            self.submitted.append((work, where))

    monkeypatch.setattr(job_cards, "jobs", lambda: NoJobs)
    monkeypatch.setattr(NoJobs, "list", staticmethod(lambda: ()))
    monkeypatch.setattr(NoJobs, "submit", staticmethod(lambda work, where: NoJobs.submitted.append((work, where))))
    return lambda **query: open_page("data", **query)


def choose(test: AppTest, folder: Path, name: str = "mine") -> AppTest:
    test.text_input(key="clips-folder").set_value(str(folder)).run()
    test.text_input(key="import-name").set_value(name).run()
    assert not test.exception
    return test


def test_without_corpora_it_says_how_to_get_some(page):
    test = page()
    assert not test.exception
    assert "No corpus is on this machine yet" in texts(test)
    assert "**emodb**: No data folder is set: EMOVIZ_DATA" in texts(test)


def test_a_wrong_row_is_listed_with_its_line_and_sound_rows_can_be_imported(page, clips, settings: Settings):
    table = clips / TABLE
    right = table.read_text()
    table.write_text(right + "none.wav,joy,S1,Here\n")
    try:
        test = choose(page(), clips)
        assert "**8 rows are sound, 1 problems.**" in texts(test)
        assert "clips.csv, line 10: There is no clip 'none.wav'" in texts(test).replace("\\", "")
        assert test.button(key="import").disabled
        test.checkbox(key="skip-wrong").set_value(True).run()
        test.button(key="import").click().run()
    finally:
        table.write_text(right)
    assert not test.exception and not test.error
    assert "'mine' is imported" in texts(test)
    assert own.names(settings.imports) == ("mine",)
    assert "mine" in test.selectbox(key="corpus").options


def test_parts_of_files_are_imported_and_shown(page, tmp_path, settings: Settings):
    clips = write_own(tmp_path / "own", speakers=2, takes=1, seconds=1)
    header, *rows = (clips / TABLE).read_text().splitlines()
    halves = [f"{row},{times}" for row in rows for times in ("0,0.5", "0.5,")]
    (clips / TABLE).write_text("\n".join([f"{header},from,to", *halves, f"{rows[0]},soon,1", f"{rows[0]},0.4,0.2"]))
    test = choose(page(), clips, "parts")
    assert f"**{len(halves)} rows are sound, 2 problems.**" in texts(test)
    assert "'soon' is no time in 'from'" in texts(test) and "a part ends after it starts" in texts(test)
    test.checkbox(key="skip-wrong").set_value(True).run()
    test.button(key="import").click().run()
    test.selectbox(key="corpus").set_value("parts").run()
    assert not test.exception and not test.error
    recordings = own.read("parts", settings.imports).recordings
    assert recordings["start"].tolist() == [0.0, 0.5] * len(rows)
    assert (recordings["end"] > recordings["start"]).all() and recordings["session"].nunique() == len(rows)
    assert f"egemaps (sound=conditioned) of {len(halves)} recordings" in texts(test)


def test_unknown_words_are_asked_for(page, tmp_path):
    clips = write_own(tmp_path / "own", speakers=1, takes=1)
    table = clips / TABLE
    table.write_text(table.read_text().replace(",joy,", ",chirpy,"))
    test = choose(page(), clips)
    assert "'chirpy' is no emotion" in texts(test)
    test.selectbox(key="word-chirpy").set_value("happy").run()
    assert "**4 rows are sound, 0 problems.**" in texts(test)


def test_ratings_are_imported_on_their_scale_and_shown(page, tmp_path, settings: Settings):
    clips = write_own(tmp_path / "own", speakers=2, takes=1)
    header, *rows = (clips / TABLE).read_text().splitlines()
    lines = [f"{row},{1 + number % 5},3" for number, row in enumerate(rows)]
    (clips / TABLE).write_text("\n".join([f"{header},valence,arousal", *lines]))
    test = choose(page(), clips, "rated")
    low, high = (next(n for n in test.number_input if n.label == f"{end} rating") for end in ("Lowest", "Highest"))
    assert (low.value, high.value) == (1, 5)
    high.set_value(4).run()
    assert "**7 rows are sound, 1 problems.**" in texts(test)
    next(n for n in test.number_input if n.label == "Highest rating").set_value(5).run()
    test.button(key="import").click().run()
    test.selectbox(key="corpus").set_value("rated").run()
    assert not test.exception
    labels = own.read("rated", settings.imports).labels
    assert labels["valence"].tolist() == [-1, -0.5, 0, 0.5, 1, -1, -0.5, 0] and set(labels["arousal"]) == {0}
    assert list(specs(test)) == ["labels", "ratings"]


def test_an_imported_corpus_is_shown_extracted_as_a_job_and_forgotten(page, clips, settings: Settings):
    test = choose(page(), clips)
    test.button(key="import").click().run()
    test.selectbox(key="corpus").set_value("mine").run()
    assert "Imported; nothing is known of how it was recorded." in texts(test)
    assert "whisper (sound=conditioned) of 8 recordings, egemaps (sound=conditioned) of 8 recordings" in texts(test)
    next(b for b in test.button if b.label == "Extract").click().run()
    work, where = job_cards.jobs().submitted[-1]
    assert (work.corpus, work.features, where.device) == ("mine", ("whisper", "egemaps"), "cpu")
    assert work.settings == {entry.feature: entry.settings for entry in preset("speech-emotion").inputs}
    test.segmented_control(key="sound").set_value("as recorded").run()
    assert "whisper of 8 recordings, egemaps of 8 recordings" in texts(test)
    next(b for b in test.button if b.label == "Forget this import").click().run()
    assert not test.exception and own.names(settings.imports) == ()


def test_a_folder_that_is_none_is_said(page):
    test = page()
    test.text_input(key="clips-folder").set_value("/nowhere/at/all").run()
    assert "Name a folder on this machine and a table" in texts(test)
    test.segmented_control(key="kind").set_value("An audformat database").run()
    assert any("is no readable audformat database" in e.value for e in test.error)


def test_where_folders_are_named_no_other_is_read(page, monkeypatch, settings: Settings, clips, tmp_path):
    monkeypatch.setattr(loaders, "settings", lambda: dataclasses.replace(settings, folders=(tmp_path / "shared",)))
    test = page()
    test.text_input(key="clips-folder").set_value(str(clips)).run()
    (said,) = [error.value for error in test.error]
    assert f"'{clips}' is not inside {tmp_path / 'shared'}" in said and "EMOVIZ_FOLDERS names no other" in said
    monkeypatch.setattr(loaders, "settings", lambda: dataclasses.replace(settings, folders=(clips.parent,)))
    test.text_input(key="clips-folder").set_value(str(clips)).run()
    assert not test.error and not test.exception
