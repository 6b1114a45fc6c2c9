"""The other functions of the door: models, corpora, cultures and results, on what comes with emoviz."""

import pytest

import emoviz
from emoviz.core.errors import AnalysisError, ConfigError, UnknownNameError
from emoviz.core.settings import Settings
from emoviz.studies import tables
from emoviz.studies.reports import read_reports


@pytest.fixture(scope="module")
def sewa():
    return emoviz.results("sewa", "loro")


def test_results_are_those_of_the_reports_with_the_best_on_top(sewa):
    reports = [r for r in read_reports(*Settings.read().results) if (r["study"], r["protocol"]) == ("sewa", "loro")]
    every = tables.scores(reports)
    one = every[(every.system == "eaf") & (every.output == "valence") & (every.metric == "ccc")]
    pooled = one[(one.aggregation == "pooled") & (one.test == sewa.table.test.iloc[0])]
    assert sewa.summary.loc["eaf", "valence"] == pooled.text.item()
    means = sewa.table.groupby("system")["value"].mean()
    assert list(sewa.summary.index) == list(means.sort_values(ascending=False).index)
    assert "CCC" in sewa.sentences[0] and "sessions" in sewa.sentences[0]
    assert len(sewa.compared) and set(sewa.compared["against"]) <= set(sewa.table["system"])
    assert "more rows stand in" in sewa._repr_html_()


def test_a_study_that_was_not_run_names_those_that_were():
    with pytest.raises(UnknownNameError, match="sewa loro"):
        emoviz.results("sewa", "fly")


def test_a_model_says_its_scores_and_what_it_lacks(tmp_path):
    model = emoviz.model("face-expression")
    assert "Accuracy: .86 [.85, .87]" in " ".join(model.sentences) and "training mean" in model.sentences[1]
    assert model.card.startswith("---") or model.card.startswith("#")
    assert model.plot().data
    with pytest.raises(AnalysisError, match="explain face-expression --deletion"):
        model.attention_test()
    with pytest.raises(ConfigError, match="reads pictures: `python -m emoviz explain a.mp4"):
        model.explain("a.mp4")
    with pytest.raises(UnknownNameError):
        emoviz.compare_cultures("nobody")


def test_wrong_rows_are_named_and_nothing_is_imported(monkeypatch, tmp_path):
    monkeypatch.setenv("EMOVIZ_STORE", str(tmp_path / "store"))
    (tmp_path / "clips").mkdir()
    (tmp_path / "clips" / "a.wav").write_bytes(b"RIFF")
    (tmp_path / "t.csv").write_text("file,speaker,emotion\na.wav,one,angry\nb.wav,one,sad\n")
    with pytest.raises(ConfigError, match=r"Nothing was imported: .*b\.wav"):
        emoviz.import_corpus("mine", tmp_path / "clips", tmp_path / "t.csv", culture="Here")
    assert not (tmp_path / "store").exists()
