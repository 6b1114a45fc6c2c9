"""The Runs page: what it lists, how runs are narrowed and compared, and what somebody notes on them."""

import dataclasses
import json
from pathlib import Path

import pandas as pd
import pytest
from job_queue import Queue
from reading import tables, texts, titled
from streamlit.testing.v1 import AppTest

from emoviz.core.settings import Settings
from emoviz.jobs.folder import State
from emoviz.jobs.notes import Note, read_note
from emoviz.training import preset
from emoviz.ui import job_cards

CONFIG = dataclasses.replace(preset("speech-emotion"), name="mine", corpora=("emodb",))


@pytest.fixture
def queue(monkeypatch, settings: Settings) -> Queue:
    made = Queue(settings.runs / "jobs")
    monkeypatch.setattr(job_cards, "jobs", lambda: made)
    return made


def grid(test: AppTest) -> pd.DataFrame:
    """The table of runs."""
    assert not test.exception
    return next(frame.value for frame in test.dataframe if "left" in frame.value)


def test_jobs_and_models_are_listed_with_their_scores_and_what_is_left(open_page, queue):
    queue.put("a", State.RUNNING, CONFIG, done=1.0, total=4, stage="Training", stage_started=(0.0, 0.0))
    test = open_page("runs")
    assert "None of these runs has such a score" in texts(test) or "**Only" in texts(test), texts(test)
    table = grid(test).set_index("name")
    assert table.index.tolist() == ["mine", "face-expression", "speech-cats", "speech-emotion"]
    assert table.loc["mine", "state"] == "running" and table.loc["mine", "left"].startswith("about ")
    assert table.loc["speech-cats", ["state", "left", "interval"]].tolist() == ["finished", "", "[.55, .66]"]


def test_nothing_leads_to_a_training(open_page, queue, settings: Settings):
    for folder in settings.checkpoints[0].iterdir():
        (folder / "config.json").unlink()
    test = open_page("runs")
    assert not test.exception and "There are no trainings or models yet; they will be listed here." in texts(test)


def test_the_link_narrows_and_compares(open_page, queue):
    queue.put("a", State.FINISHED, CONFIG)
    queue.put("b", State.FINISHED, dataclasses.replace(CONFIG, name="other", seed=7, epochs=9))
    test = open_page("runs", runs_search="emodb", runs="mine")
    assert grid(test)["name"].tolist() == ["other", "mine"]
    assert test.multiselect(key="runs").value == ["mine"]
    assert "Choose two runs or more to see in which settings they differ." in texts(test)
    test.multiselect(key="runs").set_value(["mine", "other"]).run()
    drawn = titled(test)["How did they learn?"]["data"]
    assert [trace["name"] for trace in drawn if trace["showlegend"]] == ["mine", "other"]
    (differences,) = (table for table in tables(test) if "setting" in table)
    assert differences.set_index("setting").T.to_dict("list") == {"epochs": ["60", "9"], "seed": ["0", "7"]}


def test_sweeps_are_rows(open_page, queue, settings: Settings):
    for seed in (0, 1):
        name = f"mine-seed{seed}"
        queue.put(str(seed), State.FINISHED, dataclasses.replace(CONFIG, name=name, seed=seed), group="two seeds")
        folder = settings.checkpoints[0] / name
        folder.mkdir()
        kept = settings.checkpoints[0] / "speech-emotion"
        (folder / "config.json").write_text((kept / "config.json").read_text())
        rows = json.loads((kept / "metrics.json").read_text())["test"]
        (folder / "metrics.json").write_text(json.dumps({"test": [{**rows[0], "value": 0.5 + seed / 5}]}))
    test = open_page("runs", runs_rows="sweeps and sets")
    assert not test.exception
    (table,) = (table for table in tables(test) if "lowest" in table)
    assert table[["sweep", "runs", "mean", "lowest", "highest"]].values.tolist() == [
        ["two seeds", "2", "0.6", "0.5", "0.7"]
    ]


def test_a_note_is_kept_beside_the_model_and_finds_it_again(open_page, queue, settings: Settings):
    test = open_page("runs", runs="speech-cats")
    next(box for box in test.text_input if box.label == "Tags").set_value("paper")
    next(box for box in test.text_area if box.label == "Note").set_value("as printed")
    next(button for button in test.button if button.label == "Save").click().run()
    assert read_note(Path(settings.checkpoints[-1] / "speech-cats")) == Note("as printed", ("paper",))
    assert grid(test).set_index("name").loc["speech-cats", "tags"] == "paper"
    assert grid(open_page("runs", runs_tag="paper"))["name"].tolist() == ["speech-cats"]
    test = open_page("runs", runs="speech-cats")
    next(box for box in test.text_input if box.label == "Tags").set_value("x" * 31)
    next(button for button in test.button if button.label == "Save").click().run()
    assert [error.value for error in test.error] == [
        f"A tag has 1 to 30 characters without a comma, unlike '{'x' * 31}'."
    ]
