"""The Results page: any subset of reports, filters, and what is behind a figure."""

import copy
import dataclasses
import itertools
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from places import ROOT
from reading import tables, texts

from emoviz import plots
from emoviz.ui import loaders

CULTURES = ("Here", "There", "Yon")
PART = {"recordings": 5, "speakers": ["x/1"]}


def on(source: str = "", target: str = "", shots: int | None = None) -> dict:
    return {"mean": "", "source": [source], "target": target, "shots": shots, "calibrated": "", "tests": []}


def score(what: dict, value: float, **other) -> dict:
    return (
        what
        | {
            "output": "emotion",
            "metric": "ua",
            "aggregation": "pooled",
            "value": value,
            "low": value - 0.05,
            "high": value + 0.05,
            "training_mean": 0.25,
            "recordings": 10,
            "speakers": 2,
            "unit": "recordings",
            "clusters": 10,
            "replicates": 1,
            "collapsed": False,
        }
        | other
    )


def write(folder: Path, system: str, level: float, protocol: str = "cross-culture", *, shots: bool = False) -> dict:
    """A made-up report of all pairs of three cultures and their mean."""
    pairs = list(itertools.permutations(CULTURES, 2))
    numbers = (0, 5) if shots else (None,)
    rows = [score(on(*pair, k), level + 0.01 * n) for k in numbers for n, pair in enumerate(pairs)]
    means = {
        k: {
            "mean": "mean",
            "source": [],
            "target": "",
            "shots": k,
            "calibrated": "",
            "tests": [on(a, b, k) for a, b in pairs],
        }
        for k in numbers
    }
    rows += [score(means[k], level + 0.025, recordings=60, speakers=12) for k in numbers]
    rows += [row | {"metric": "accuracy", "value": 0.9} for row in rows]
    better = {"against": "svm", "difference": 0.05, "low": 0.01, "high": 0.09, "p": 0.02}
    shared = ("mean", "source", "target", "shots", "calibrated", "output", "metric", "aggregation", "unit", "clusters")
    compared = [{key: row[key] for key in shared} | better for row in rows]
    drawn = (0, 0) if shots else (None, None)
    tests = [
        {
            "source": [a],
            "target": b,
            "shots": drawn[0],
            "calibrated": "",
            "draw": drawn[1],
            "fold": None,
            "recordings": 10,
            "speakers": [f"{a}->{b}/1", f"{a}->{b}/2"],
        }
        for a, b in pairs
    ]
    split = [
        {
            "fold": c,
            "train": PART | {"speakers": [f"{c}/9"]},
            "validation": PART,
            "tests": [test for test in tests if test["source"] == [c]],
        }
        for c in CULTURES
    ]
    report = {
        "study": "made-up",
        "title": "A made-up study",
        "protocol": protocol,
        "system": system,
        "command": f"python -m emoviz protocol {protocol} --study made-up --system {system}",
        "note": "Nothing is real.",
        "seeds": [0, 7],
        "config": {"model": "cats", "selection": "ua"},
        "scores": rows,
        "compared": compared if system != "svm" else [],
        "split": split,
        "versions": {"torch": "9.9"},
    }
    folder.mkdir(exist_ok=True)
    (folder / f"made-up.{protocol}.{system}.json").write_text(json.dumps(report))
    return report


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "results"
    return folder


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> dict[str, list]:
    """Name of a plot -> the arguments that it was called with."""
    calls: dict[str, list] = {}
    for name in ("standing", "paired_differences", "results_matrix", "few_shot", "confusion_matrices"):
        draw = getattr(plots, name)

        def remember(*args, name: str = name, draw: Callable = draw, **kwargs):
            calls.setdefault(name, []).append(args)
            return draw(*args, **kwargs)

        monkeypatch.setattr(plots, name, remember)
    return calls


def test_without_reports_the_page_says_how_to_make_them(open_page, folder):
    test = open_page("results")
    assert not test.exception
    assert "make results" in texts(test)


def test_the_first_view_shows_how_systems_stand_and_what_is_behind_the_best(open_page, folder, drawn):
    write(folder, "svm", 0.4)
    write(folder, "cats", 0.6)
    test = open_page("results")
    assert not test.exception
    ((shown, score, chosen),) = drawn["standing"]
    assert list(shown.system) == ["svm", "cats"] and score == "UA"
    assert chosen == ["cats", "mean", "emotion"]
    ((differ, *_),) = drawn["paired_differences"]
    assert list(differ.system) == ["cats"]
    ((cells, *_),) = drawn["results_matrix"]
    assert set(cells.system) == {"cats"} and len(cells) == 6
    everything = texts(test)
    assert "A made-up study" in everything and "Nothing is real." in everything
    assert "in each of 6 tests" in everything
    assert "--study made-up --system cats" in everything and "Seeds: 0, 7. Versions: torch 9.9." in everything
    assert len(tables(test)) == 2


def test_a_link_names_the_figure_whose_recordings_are_shown(open_page, folder, drawn):
    write(folder, "svm", 0.4)
    write(folder, "cats", 0.6)
    test = open_page("results", number="svm|Here->Yon|emotion")
    assert "svm, Here->Yon, emotion" in texts(test)
    assert "UA .41 [.36, .46] on 10 recordings of 2 speakers" in texts(test)
    tested, *_ = tables(test)
    assert tested.speakers.tolist() == ["Here->Yon/1, Here->Yon/2"]
    ((cells, *_),) = drawn["results_matrix"]
    assert set(cells.system) == {"svm"}, "the matrix is that of the chosen system"


def test_a_link_to_what_is_not_there_shows_the_default(open_page, folder):
    write(folder, "cats", 0.6)
    test = open_page("results", number="gone|Here->Yon|emotion", study="gone", score="gone", systems="gone")
    assert not test.exception
    assert "cats, mean, emotion" in texts(test)


def test_filters_of_metric_culture_and_system(open_page, folder, drawn):
    write(folder, "svm", 0.4)
    write(folder, "cats", 0.6)
    test = open_page("results", score="accuracy", tested="Yon", systems="svm")
    assert not test.exception
    ((shown, score, _),) = drawn["standing"]
    assert score == "accuracy" and set(shown.system) == {"svm"}
    assert set(shown.test) == {"Here->Yon", "There->Yon"}
    test.selectbox(key="tested").set_value("Here").run()
    assert set(drawn["standing"][-1][0].test) == {"There->Here", "Yon->Here"}
    test.multiselect(key="systems").set_value([]).run()
    assert set(drawn["standing"][-1][0].system) == {"svm", "cats"}


def test_k_shot_is_drawn_as_curves(open_page, folder, drawn):
    write(folder, "svm", 0.4, "k-shot", shots=True)
    write(folder, "cats", 0.6, "k-shot", shots=True)
    test = open_page("results")
    assert not test.exception and "standing" not in drawn
    ((shown, _, question, _, same_corpus),) = drawn["few_shot"]
    assert sorted(shown.shots) == [0, 0, 5, 5] and "mean" in question and same_corpus == {}
    ((differ, *_),) = drawn["paired_differences"]
    assert sorted(differ.shots) == [0, 5]
    test.selectbox(key="test").set_value("Here->Yon").run()
    assert set(drawn["few_shot"][-1][0].base) == {"Here->Yon"}
    test.query_params["number"] = "cats|Here->Yon 5-shot|emotion"
    test.run()
    assert set(drawn["results_matrix"][-1][0].shots) == {5}


def test_many_pairs_without_a_mean_are_a_matrix_of_one_system(open_page, folder, drawn):
    names = "ABCD"
    for system in ("valence", "arousal"):
        report = write(folder, system, 0.3)
        report["scores"] = [score(on(a, b), 0.3, output=system) for a, b in itertools.product(names, repeat=2)]
        report["compared"] = []
        (folder / f"made-up.cross-culture.{system}.json").write_text(json.dumps(report))
    test = open_page("results", system="arousal")
    assert not test.exception and "standing" not in drawn
    ((cells, *_),) = drawn["results_matrix"]
    assert set(cells.output) == {"arousal"} and len(cells) == 16
    assert "Behind the number" in texts(test)
    test.selectbox(key="tested").set_value("B").run()
    assert len(drawn["standing"][-1][0]) == 8


def test_a_damaged_report_is_named_and_the_others_shown(open_page, folder):
    write(folder, "cats", 0.6)
    (folder / "broken.json").write_text("{")
    test = open_page("results")
    assert not test.exception
    assert "broken.json" in test.warning[0].value
    assert "cats, mean, emotion" in texts(test)


@pytest.mark.parametrize("shots", [False, True])
def test_undefined_figures_are_no_trouble(open_page, folder, shots):
    report = write(folder, "cats", 0.6, shots=shots)
    for row in report["scores"]:
        row |= {"value": None, "low": None, "high": None, "training_mean": None}
    for row in report["compared"]:
        row |= {"difference": None, "low": None, "high": None, "p": None}
    (folder / "made-up.cross-culture.cats.json").write_text(json.dumps(report))
    test = open_page("results")
    assert not test.exception
    assert "undefined" in texts(test)


def test_a_study_without_that_protocol_has_its_own(open_page, folder):
    write(folder, "cats", 0.6)
    other = copy.deepcopy(write(folder, "svm", 0.4))
    other |= {"study": "other", "protocol": "within", "title": "Another study"}
    (folder / "other.within.svm.json").write_text(json.dumps(other))
    test = open_page("results")
    test.selectbox(key="study").set_value("other").run()
    assert not test.exception
    assert test.selectbox(key="protocol").value == "within" and "Another study" in texts(test)


@pytest.mark.slow
def test_every_committed_table_opens(open_page, settings, monkeypatch):
    committed = dataclasses.replace(settings, results=(ROOT / "results",))
    monkeypatch.setattr(loaders, "settings", lambda: committed)
    reports, problems, _ = loaders.reports()
    assert reports and not problems
    for study, protocol in {(r["study"], r["protocol"]) for r in reports}:
        test = open_page("results", study=study, protocol=protocol)
        assert not test.exception, (study, protocol)
        assert "Behind the number" in texts(test)


def test_what_is_taken_for_what_is_drawn_for_each_test(open_page, folder, drawn):
    report = write(folder, "net", 0.4)
    report["confusions"] = [
        on("Here", target) | {"classes": ["low arousal", "high arousal"], "counts": [[3, 1], [0, 2]]}
        for target in ("There", "Yon")
    ]
    (folder / "made-up.cross-culture.net.json").write_text(json.dumps(report))
    page = open_page("results")
    assert not page.exception
    table, tests = drawn["confusion_matrices"][0][:2]
    assert tests == ["Here->There", "Here->Yon"] and list(table["share"]) == [0.75, 0.25, 0, 1] * 2
    assert list(table["truth"][:2]) == ["low arousal"] * 2 and list(table["count"][:4]) == [3, 1, 0, 2]
