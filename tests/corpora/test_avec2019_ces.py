"""AVEC 2019 CES: traces, the organisers' predictions, and the challenge's own row from both."""

import numpy as np
import pytest
from layouts import LAYOUTS

from emoviz import cli
from emoviz.core.errors import CorpusError, UnknownNameError
from emoviz.corpora import avec2019_ces, load
from emoviz.evaluation.metrics.aggregation import pooled
from emoviz.evaluation.metrics.ccc import ccc
from emoviz.features.store import FeatureStore

HEADER = "name;timestamp;arousal;valence;liking"


def test_traces_and_predictions_share_ids_and_times(tmp_path):
    LAYOUTS["avec2019_ces"].write(tmp_path / "avec2019_ces", [])
    traces = load("avec2019_ces", tmp_path).traces
    assert list(traces.columns) == ["id", "time", "arousal", "valence", "liking"]
    assert len(traces) == 28 * 3
    np.testing.assert_allclose(traces["time"][:3], [0, 0.1, 0.2])
    predictions = avec2019_ces.predictions(tmp_path, "svr")
    assert len(traces.merge(predictions, on=["id", "time"])) == len(traces)


def test_a_system_that_was_not_copied_is_named(tmp_path):
    LAYOUTS["avec2019_ces"].write(tmp_path / "avec2019_ces", [])
    with pytest.raises(CorpusError, match="predictions_visual-vgg.*Devel_DE_01.csv"):
        avec2019_ces.predictions(tmp_path, "visual-vgg")
    with pytest.raises(UnknownNameError, match="visual-vgg"):
        avec2019_ces.predictions(tmp_path, "visual_vgg")


def test_a_feature_that_comes_with_the_corpus_is_stored_by_the_command_of_the_cards(tmp_path, capsys, monkeypatch):
    LAYOUTS["avec2019_ces"].write(tmp_path / "avec2019_ces", [])
    command = ["--data", str(tmp_path), "--store", str(tmp_path / "store"), "extract", "avec2019_ces", "--features"]
    assert cli.main([*command, "avec2019-svr"]) == 0
    assert {*FeatureStore(tmp_path / "store").corpus("avec2019_ces").shipped} == {"avec2019-svr"}
    capsys.readouterr()
    assert cli.main([*command, "avec2019-svr,avec2019-smile"]) == 1
    assert "no feature extractor named 'avec2019-smile'" in capsys.readouterr().err

    monkeypatch.setattr("emoviz.training.held_out.evaluate", lambda *_, **__: [])
    evaluate = ["--store", str(tmp_path / "store"), "evaluate", "avec-eaf", "--corpus", "avec2019_ces"]
    assert cli.main(evaluate) == 0, "traces have no class that a model could lack"


@pytest.mark.parametrize("content", ["", "name;timestamp\n'a';0\n", f"{HEADER}\n'a';0;x;0;0\n", f"{HEADER}\n'a';0;0\n"])
def test_a_damaged_file_is_named(tmp_path, content):
    LAYOUTS["avec2019_ces"].write(tmp_path / "avec2019_ces", [])
    (tmp_path / "avec2019_ces" / "labels_devel" / "Devel_HU_02.csv").write_text(content)
    with pytest.raises(CorpusError, match="Devel_HU_02.csv"):
        load("avec2019_ces", tmp_path)


def test_the_two_people_of_a_conversation_share_a_session(tmp_path):
    LAYOUTS["avec2019_ces"].write(tmp_path / "avec2019_ces", [])
    recordings = load("avec2019_ces", tmp_path).recordings
    assert recordings["session"].value_counts().eq(2).all() and recordings["session"].nunique() == 14
    assert recordings["session"][["avec2019_ces/Devel_HU_04", "avec2019_ces/Devel_HU_10"]].tolist() == ["HU 04-10"] * 2


@pytest.fixture(scope="module")
def corpus(data):
    """The real corpus, read once."""
    return load("avec2019_ces", data)


@pytest.mark.corpora
def test_conversations_are_of_one_length_and_mood(corpus):
    lengths = corpus.traces.groupby("id").size()
    wide = corpus.traces.pivot(index="time", columns="id", values="valence")
    together = [list(ids) for ids in corpus.recordings.groupby("session").groups.values()]
    assert max(abs(lengths[a] - lengths[b]) for a, b in together) <= 1  # a tenth of a second
    assert np.mean([wide[a].corr(wide[b]) for a, b in together]) == pytest.approx(0.47, abs=0.01)


CHALLENGE = {
    ("arousal", "German"): 0.629,
    ("arousal", "Hungarian"): 0.583,
    ("arousal", "both"): 0.614,
    ("valence", "German"): 0.684,
    ("valence", "Hungarian"): 0.508,
    ("valence", "both"): 0.615,
    ("liking", "Hungarian"): 0.260,
    ("liking", "both"): 0.222,
}
"""Development partition, F. Ringeval et al. 2019; German liking: see the reader's docstring."""


@pytest.mark.corpora
def test_pooled_ccc_of_svr_is_the_challenges_row(data, corpus):
    culture = corpus.recordings["culture"]
    merged = corpus.traces.merge(avec2019_ces.predictions(data, "svr"), on=["id", "time"], suffixes=("", ".svr"))
    assert len(merged) == len(corpus.traces)
    for (dimension, of), figure in CHALLENGE.items():
        chosen = [part for id_, part in merged.groupby("id") if of in ("both", culture[id_])]
        value = pooled(ccc, [part[dimension] for part in chosen], [part[f"{dimension}.svr"] for part in chosen])
        assert value == pytest.approx(figure, abs=5e-4), (dimension, of)


@pytest.mark.corpora
@pytest.mark.parametrize("system", avec2019_ces.UNIMODAL_SYSTEMS)
def test_every_system_covers_every_label(data, corpus, system):
    predictions = avec2019_ces.predictions(data, system)
    assert len(corpus.traces.merge(predictions, on=["id", "time"])) == len(corpus.traces)
    assert predictions.notna().all(axis=None)
