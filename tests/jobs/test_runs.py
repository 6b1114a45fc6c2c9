"""Runs: jobs and trained models in one list, narrowed, tabulated and compared."""

import dataclasses
from pathlib import Path
from types import SimpleNamespace

import pytest
from job_queue import EPOCHS, Queue

from emoviz.core.configuration import to_dict
from emoviz.jobs import runs
from emoviz.jobs.folder import State, Status
from emoviz.jobs.notes import Note, write_note
from emoviz.jobs.runs import Model, Run, Score
from emoviz.training import preset

CONFIG = dataclasses.replace(preset("speech-emotion"), name="one", corpora=("emodb",), seed=3)
TESTED = [
    {"culture": "German", "output": "emotion", "metric": "ua", "value": 0.9, "low": 0.8, "high": 1.0},
    {"culture": "all", "output": "emotion", "metric": "accuracy", "value": 0.7, "low": 0.6, "high": 0.8},
    {"culture": "all", "output": "emotion", "metric": "ua", "value": 0.61, "low": 0.55, "high": 0.66},
    {"culture": "all", "output": "emotion", "metric": "ua", "aggregation": "per_recording", "value": 0.1},
]
UA, ACCURACY = Score("ua", "emotion"), Score("accuracy", "emotion")


def model(config=CONFIG, **metrics) -> Model:
    return Model(SimpleNamespace(training=to_dict(config)), {"test": TESTED, **metrics})


def run(name: str, **facts) -> Run:
    return Run(name, State.FINISHED, Path(name), **{"settings": to_dict(CONFIG)} | facts)


def test_jobs_and_models_are_one_list_in_which_a_job_and_its_model_are_one(tmp_path):
    two, queue = dataclasses.replace(CONFIG, name="two"), Queue(tmp_path / "jobs")
    queue.put("a", State.FINISHED, CONFIG, started=100.0, ended=160.0)
    queue.put("b", State.QUEUED, two, group="g")
    queue.put("c", State.QUEUED, two, kind="extract")
    write_note(tmp_path / "jobs" / "a", Note("from when it ran"))
    write_note(tmp_path / "own" / "set" / "m", Note("", ("kept",)))
    found = runs.runs_of(queue, {"one": model(), "set/m": model(epochs=[{}, *EPOCHS])}, tmp_path / "own")
    assert [one.name for one in found] == ["two", "one", "set/m"]
    waiting, made, kept = found
    assert (waiting.state, waiting.sweep, waiting.left, waiting.tested) == (
        State.QUEUED,
        "g",
        "waits for its device",
        (),
    )
    assert (made.seconds, made.system, made.data, made.validation) == (60.0, CONFIG.model, "emodb", 0.4)
    assert made.note.text == "from when it ran" and made.place == tmp_path / "own" / "one"
    assert (kept.sweep, kept.note.tags, len(kept.epochs)) == ("set", ("kept",), 2)


def test_runs_of_one_name_are_told_apart(tmp_path):
    queue = Queue(tmp_path)
    for identity, state in (("a", State.CANCELLED), ("b", State.FAILED)):
        queue.put(identity, state, CONFIG)
    assert [one.name for one in runs.runs_of(queue, {}, tmp_path)] == ["one", "one (a)"]
    found = runs.runs_of(queue, {"one": model()}, tmp_path)
    assert [(one.name, one.state) for one in found] == [
        ("one (b)", State.FAILED),
        ("one (a)", State.CANCELLED),
        ("one", State.FINISHED),
    ]


def test_a_job_of_unknown_settings_is_still_listed(tmp_path):
    queue = Queue(tmp_path)
    queue.put("a", State.LOST, CONFIG)
    queue.shown["a"] = dataclasses.replace(queue.shown["a"][0], work={"config": 3}), Status(State.LOST)
    (found,) = runs.runs_of(queue, {}, tmp_path)
    assert (found.name, found.system, found.state) == ("one", "", State.LOST)
    assert runs.table([found])["state"].tolist() == ["lost"]


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (Status(State.FINISHED, stage="Training", done=3, total=3), ""),
        (Status(State.QUEUED), "waits for its device"),
        (Status(State.RUNNING), "not known yet"),
    ],
)
def test_what_is_left_is_said_of_jobs_that_go_on_alone(status, said):
    assert runs.left_of(status) == said


def test_the_time_that_is_left_is_said(monkeypatch):
    monkeypatch.setattr("emoviz.jobs.folder.time.time", lambda: 110.0)
    status = Status(State.RUNNING, done=5, total=20, stage_started=(100.0, 0.0))
    assert runs.left_of(status) == "about 30 s"


def test_the_score_is_that_of_the_selection_or_the_chosen_one():
    found = [run("one", tested=TESTED), run("without")]
    table = runs.table(found)
    assert table["score"].tolist() == ["UA of emotion", ""]
    assert table["value"].tolist()[0] == 0.61 and table["interval"].tolist() == ["[.55, .66]", ""]
    assert runs.table(found, ACCURACY)["value"].tolist()[0] == 0.7
    assert runs.measured(found) == [UA, ACCURACY] and table["seed"].tolist() == [3, 3]


def test_runs_are_narrowed_by_all_conditions():
    found = [
        run("one", note=Note("Best so far", ("paper",))),
        run("two", settings={"model": "cats", "corpora": ["ravdess"]}, sweep="g"),
    ]

    def names(**conditions) -> list[str]:
        return [one.name for one in runs.narrowed(found, **conditions)]

    assert names() == ["one", "two"] and names(text="best") == ["one"] and names(text="RAVD") == ["two"]
    assert names(systems=["cats"]) == ["two"] and names(tags=["paper"]) == ["one"] and names(sweep="g") == ["two"]
    assert names(states=["running"]) == [] and names(states=["finished"], text="o") == ["one", "two"]


def test_a_sweep_is_one_row_for_each_system():
    rows = [{**TESTED[2], "value": value} for value in (0.5, 0.7)]
    found = [run(str(place), sweep="g", tested=[row]) for place, row in enumerate(rows)] + [run("alone")]
    (row,) = runs.by_sweep(runs.table(found)).to_dict("records")
    assert (row["sweep"], row["runs"], row["finished"]) == ("g", 2, 2)
    assert row["mean"] == pytest.approx(0.6) and (row["lowest"], row["highest"]) == (0.5, 0.7)


def test_curves_of_several_runs_lie_side_by_side():
    table = runs.curves([run("one", epochs=EPOCHS), run("none")])
    assert table.to_dict("list") == {
        "model": ["one"] * 2,
        "epoch": [1, 2],
        "loss": [2.0, 1.0],
        "validation": [0.3, 0.4],
        "metric": ["ua"] * 2,
    }
    assert runs.curves([]).empty


def test_only_settings_that_differ_are_told_also_those_inside_and_those_left_to_their_defaults():
    other = dataclasses.replace(CONFIG, name="other", title="Other", seed=4, voices=0.5, options={"hidden": 64})
    settings = to_dict(other)
    settings["inputs"] = [{**settings["inputs"][0], "components": 16}, *settings["inputs"][1:]]
    del settings["patience"]
    table = runs.differences([run("one"), run("other", settings=settings)]).set_index("setting")
    assert table.loc["seed"].tolist() == ["3", "4"] and table.loc["voices"].tolist()[1] == "0.5"
    assert table.loc[f"inputs.{CONFIG.inputs[0].feature}.components", "other"] == "16"
    assert table.loc["options.hidden", "other"] == "64"
    assert not {"name", "title", "epochs"} & {*table.index}
    foreign = runs.differences([run("one"), run("foreign", settings={"model": "unheard", "seed": 3})])
    assert "seed" not in foreign["setting"].tolist() and "model" in foreign["setting"].tolist()
