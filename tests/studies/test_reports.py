"""Reports come back as they were written, with fields and not names, and a summary of all of them."""

import json

import numpy as np
import pytest

from emoviz.core.errors import ConfigError
from emoviz.studies.reports import (
    SUMMARY,
    base_of_row,
    name_of_row,
    primary,
    read_report,
    read_reports,
    report_files,
    summarise,
    write_report,
)
from studies.rows import mean, test


def report(system: str, protocol: str = "cross-culture", **changes):
    row = {"output": "emotion", "metric": "ua", "aggregation": "pooled", "value": 0.5, "low": np.nan, "high": 1.0}
    scores = [{**row, **on, "value": value} for on, value in changes.pop("scores", [(test("A", "B"), 0.25)])]
    texts = {"study": "toy", "title": "Toy", "protocol": protocol, "system": system, "command": "make", "note": "."}
    content = {"scores": scores, "compared": [], "split": []}
    return {**texts, "seeds": [0], "options": {}, "config": {}, **content}


def test_reports_come_back_as_they_were_written(tmp_path):
    folder = tmp_path / "results"
    path = write_report(
        folder, report("a system", scores=[(test("A", "B"), 1 / 3), (test("B", "A"), np.float32(np.nan))])
    )
    assert path == folder / "toy.cross-culture.a-system.json"
    summarise(folder)
    (read,) = read_reports(folder)
    assert [row["value"] for row in read["scores"]] == [0.333333, None]
    assert read["system"] == "a system"
    assert set(read["versions"]) == {"torch", "lightning", "numpy", "scikit-learn", "python"}
    assert sorted(p.name for p in folder.iterdir()) == ["summary.json", path.name]


def test_reports_are_read_in_the_order_of_their_names(tmp_path):
    for name in ("c", "a", "b"):
        write_report(tmp_path, report(name))
    assert [r["system"] for r in read_reports(tmp_path)] == ["a", "b", "c"]


def test_the_summary_holds_every_figure_once(tmp_path):
    pooled, each = ({"output": "arousal", "metric": "ccc", "aggregation": a} for a in ("pooled", "per_recording"))
    means = [(mean("mean"), 0.5), (mean("mean of the paper's pairs"), 0.75)]
    write_report(tmp_path, report("svm", scores=[(test("A", "B"), 0.25), *means]))
    write_report(tmp_path, report("two words", "k-shot", scores=[(test("A", "B", 5), 0.25), (mean("mean", 5), 0.5)]))
    everything = [(test(), 0.25), (test(target="A"), 0.5), (test() | pooled, 0.1), (test() | each, 0.9)]
    write_report(tmp_path, report("net", "folds", scores=everything))
    path = summarise(tmp_path)
    assert path == tmp_path / "summary.json"
    assert json.loads(path.read_text()) == {
        "toy.cross-culture.svm.A->B.ua": 0.25,
        "toy.cross-culture.svm.mean-of-the-paper's-pairs.ua": 0.75,
        "toy.cross-culture.svm.mean.ua": 0.5,
        "toy.folds.net.A->A.ua": 0.5,
        "toy.folds.net.arousal_ccc": 0.1,
        "toy.folds.net.ua": 0.25,
        "toy.k-shot.5-shot.two-words.A->B.ua": 0.25,
        "toy.k-shot.two-words.mean-5-shot.ua": 0.5,
    }
    assert list(json.loads(path.read_text())) == sorted(json.loads(path.read_text()))


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="^'.*toy.cross-culture.svm.json' cannot be written: "):
        write_report(tmp_path / "file", report("svm"))


@pytest.mark.parametrize(
    ("row", "name", "base"),
    [
        (test(), "all", "all"),
        (test(target="German"), "German", "German"),
        (test("German", "Italian"), "German->Italian", "German->Italian"),
        (test("North American", "Urdu", 10), "North American->Urdu 10-shot", "North American->Urdu"),
        (mean("mean of the paper's pairs", 10), "mean of the paper's pairs 10-shot", "mean of the paper's pairs"),
        (mean("mean"), "mean", "mean"),
    ],
)
def test_rows_have_names_for_people(row, name, base):
    assert (name_of_row(row), base_of_row(row)) == (name, base)


def test_the_summary_is_no_report(tmp_path):
    for name in ("b", "a"):
        write_report(tmp_path, report(name))
    (tmp_path / SUMMARY).write_text("{}")
    assert [r["system"] for r in read_reports(tmp_path)] == ["a", "b"]
    assert read_reports(tmp_path / "none") == []


@pytest.mark.parametrize(
    ("text", "says"), [("{", "no readable JSON"), ("[]", "no report"), ('{"study": "x"}', "title")]
)
def test_a_file_that_is_no_report_is_named(tmp_path, text, says):
    (tmp_path / "broken.json").write_text(text)
    with pytest.raises(ConfigError, match="broken.json") as error:
        read_report(tmp_path / "broken.json")
    assert says in str(error.value)


def test_report_files_are_only_json(tmp_path):
    (tmp_path / ".a.json.draft").write_text("{}")
    (tmp_path / "a.txt").write_text("")
    assert report_files(tmp_path) == []


def test_a_study_is_read_in_the_metric_that_selects_its_epochs():
    fusion = {**report("fusion"), "config": {"systems": ["a"], "rule": "average"}}
    assert primary([fusion, {**report("net"), "config": {"selection": "ccc"}}]) == "ccc"
    assert primary([fusion]) == "ua", "a late fusion alone has no selection"
