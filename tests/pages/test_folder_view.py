"""Predict on a whole folder of the machine: what is offered, what is refused, and the job that is made."""

import dataclasses
import shutil
from pathlib import Path

import pytest
from reading import texts

from emoviz.core.settings import Settings
from emoviz.jobs.kinds.prediction import Prediction
from emoviz.ui import job_cards, loaders, server_folders


@pytest.fixture
def submitted(monkeypatch) -> list[Prediction]:
    """The works that are submitted; no job is ever started."""
    works: list[Prediction] = []

    class NoJobs:
        engines = {"local": type("Engine", (), {"slots": ("cpu",)})}

        def list(self):
            return ()

        def submit(self, work, where):
            works.append(work)

    monkeypatch.setattr(job_cards, "jobs", NoJobs)
    return works


@pytest.fixture
def folder(tmp_path, monkeypatch, settings: Settings, clip) -> Path:
    """A folder that the setting names, with a recording and a link out of it."""
    root = tmp_path / "interviews"
    (root / "anna").mkdir(parents=True)
    shutil.copy(clip, root / "anna" / "one.mp4")
    shutil.copy(clip, tmp_path / "private.mp4")
    (root / "private.mp4").symlink_to(tmp_path / "private.mp4")
    monkeypatch.setattr(loaders, "settings", lambda: dataclasses.replace(settings, folders=(root,)))
    return root


def test_without_the_setting_it_says_how_to_name_folders(open_page, finish, submitted):
    test = finish(open_page("predict", many="true"))
    assert not test.exception and "EMOVIZ_FOLDERS" in texts(test)


def test_a_folder_becomes_a_job_with_the_models_of_the_page(open_page, finish, submitted, folder):
    test = finish(open_page("predict", many="true", models="speech-emotion"))
    assert not test.exception and not test.error
    assert "1 recordings, and 1 links or folders that are not read." in texts(test)
    assert test.selectbox(key="folder").options == [str(folder), str(folder / "anna")]
    test.selectbox(key="folder-segments").set_value("windows of one length").run()
    test.text_input(key="patterns").set_value("*.mp4").run()
    test.button(key="predict-all").click().run()
    assert not test.exception and not test.error
    (work,) = submitted
    assert work == Prediction(
        (str(folder),), str(folder / "emoviz-tables"), ("speech-emotion",), "5", "", ("*.mp4",), inside=(str(folder),)
    )  # fmt: skip
    test.selectbox(key="folder-segments").set_value("each person's turn").run()
    test.selectbox(key="folder-voices").set_value("2").run()
    test.button(key="predict-all").click().run()
    assert (submitted[-1].persons, submitted[-1].voices, submitted[-1].segments) == (True, 2, "")


def test_what_fits_nothing_is_said(open_page, finish, submitted, folder):
    test = finish(open_page("predict", many="true"))
    test.text_input(key="patterns").set_value("*.wav").run()
    assert "There is no recording that fits *.wav" in test.error[0].value and not submitted


def test_a_link_opens_a_recording_of_a_named_folder(open_page, finish, predictor, folder):
    name = "Folder: interviews/anna/one.mp4"
    test = finish(open_page("predict", clip=name))
    assert not test.exception and test.selectbox(key="clip").value == name
    assert [call[0] for call in predictor.calls] == [folder / "anna" / "one.mp4"]


def test_no_link_leads_out_of_the_named_folders(folder):
    for path in (
        "private.mp4",
        "../private.mp4",
        "anna/../../private.mp4",
        "anna",
        "none.mp4",
        "\0.mp4",
        "/etc/passwd",
    ):
        assert server_folders.found([f"Folder: interviews/{path}", f"Folder: {path}"]) == {}
    assert list(server_folders.found(["Folder: interviews/anna/one.mp4"]).values()) == [folder / "anna" / "one.mp4"]
