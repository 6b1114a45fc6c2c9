"""What is said of corpora that are missing, found, imported, extracted in part or whole."""

import dataclasses
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from own_corpus import TABLE, write_own

from emoviz import corpora
from emoviz.core.errors import FeatureError
from emoviz.corpora import inventory, own
from emoviz.corpora.importing import Plan, check, corpus
from emoviz.corpora.sources import gather
from emoviz.features import estimate
from emoviz.features.base import CONDITIONED
from emoviz.features.store import FeatureStore
from emoviz.features.stored_corpus import StoredCorpus

COLUMNS = {"file": "file", "emotion": "label", "speaker": "actor", "culture": "country"}
WORDS = {"anger": "angry", "joy": "happy", "sadness": "sad"}


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A folder with an imported corpus of 16 clips."""
    folder = tmp_path_factory.mktemp("own")
    clips = write_own(folder / "clips", speakers=2)
    plan = Plan("mine", COLUMNS, emotions=WORDS, title="Mine")
    own.save(corpus(plan, check(gather(clips, clips / TABLE), plan)), folder / "imported")
    return folder


def holding(place: Path, store: FeatureStore) -> inventory.Holding:
    (found,) = [one for one in inventory.holdings(None, place / "imported", store) if one.name == "mine"]
    return found


def test_a_corpus_is_found_then_extracted_feature_by_feature(place, tmp_path):
    store = FeatureStore(tmp_path)
    one = holding(place, store)
    assert (one.state, one.features, one.imported) == ("not extracted", {}, True)
    assert estimate.lacking(one, {"egemaps": {}, "spectrogram": {}}, store) == {"egemaps": 16, "spectrogram": 16}

    read = corpora.load("mine", None, place / "imported")
    found = estimate.estimate(read, ["egemaps"], store)
    assert (found.tried, found.recordings) == (estimate.TRIED, 12)
    assert found.seconds > 0 and found.size > 16 * 25 * 4
    store.add_corpus(read, [])
    one = holding(place, store)
    assert (one.state, one.features) == ("ready", {"egemaps": estimate.TRIED})
    assert estimate.lacking(one, {"egemaps": {}}, store) == {"egemaps": 12}
    assert estimate.lacking(one, {"egemaps": CONDITIONED}, store) == {"egemaps": 16}
    again = estimate.estimate(read, ["egemaps"], store)
    assert (again.tried, again.recordings) == (estimate.TRIED, 12)  # others than before, which are there
    assert store.count([*store.corpus("mine").recordings["key"]], "egemaps") == 2 * estimate.TRIED

    store.add_corpus(read, ["egemaps"])
    one = holding(place, store)
    assert one.features == {"egemaps": 16} and estimate.lacking(one, {"egemaps": {}}, store) == {}


def test_features_outlive_the_files(tmp_path):
    clips = write_own(tmp_path / "clips", speakers=1, takes=1)
    plan = Plan("mine", COLUMNS, emotions=WORDS)
    made = corpus(plan, check(gather(clips, clips / TABLE), plan))
    own.save(made, tmp_path / "imported")
    store = FeatureStore(tmp_path)
    store.add_corpus(made, [])
    (clips / "s0-joy-0.wav").unlink()
    found = holding(tmp_path, store)
    assert found.state == "ready, files missing" and "s0-joy-0.wav is gone" in found.missing


def test_a_row_per_corpus_those_that_are_here_first(place, tmp_path):
    table = inventory.table(inventory.holdings(None, place / "imported", FeatureStore(tmp_path)))
    assert table["corpus"].iloc[0] == "mine" and set(table["state"].iloc[1:]) == {"missing"}
    first = table.iloc[0]
    assert (first["recordings"], first["speakers"], first["cultures"]) == (16, 2, "Here")
    assert first["labels"] == "angry, happy, neutral, sad"
    assert table["missing"].iloc[1:].str.contains("EMOVIZ_DATA").all()


def test_emotions_are_counted_by_speaker_and_none_is_lost(place, tmp_path):
    found = inventory.holdings(None, place / "imported", FeatureStore(tmp_path))
    counts = inventory.emotions(found)
    assert counts["recordings"].sum() == 16 and len(counts) == 8
    assert counts.groupby("speaker")["recordings"].sum().to_dict() == {"mine/S0": 8, "mine/S1": 8}


def traced() -> inventory.Holding:
    recordings = pd.DataFrame({"culture": ["A", "B"]}, pd.Index(["a", "b"], name="id"))
    traces = pd.DataFrame(
        {"id": ["a"] * 4 + ["b"] * 2, "time": [0, 1, 2, 3, 0, 1], "valence": [-1.0, -1.0, 0.96, 0.99, 0.0, 0.05]}
    )
    tables = StoredCorpus("t", "T", "", "", recordings, pd.DataFrame(), traces, None)
    return inventory.Holding("t", "", True, tables, {})


def test_values_over_time_are_shares_of_each_culture():
    shares = inventory.dimensions([traced()])
    assert set(shares["dimension"]) == {"valence"} and len(shares) == 2 * inventory.BINS
    first = shares[shares["culture"] == "A"].set_index("value")["share"]
    assert first[-0.95] == 0.5 and first[0.95] == 0.5 and first.sum() == pytest.approx(1)
    assert inventory.emotions([traced()]).empty


def test_ratings_of_whole_recordings_are_shares_too_and_emotions_stand_beside():
    one = traced()
    labels = pd.DataFrame({"emotion": ["happy", None], "arousal": [0.05, None]}, index=one.tables.recordings.index[:2])
    rated = dataclasses.replace(one, tables=dataclasses.replace(one.tables, traces=pd.DataFrame(), labels=labels))
    shares = inventory.dimensions([rated])
    assert shares[["dimension", "value", "share"]][shares["share"] > 0].values.tolist() == [["arousal", 0.05, 1.0]]
    assert corpora.label_names(rated.tables.labels, rated.tables.traces) == ["happy", "arousal"]


def test_without_clips_nothing_is_estimated(tmp_path):
    from emoviz.corpora.base import RECORDING_COLUMNS, Corpus

    recordings = pd.DataFrame(None, pd.Index(["a"], name="id"), RECORDING_COLUMNS, dtype=object)
    with pytest.raises(FeatureError, match="comes without clips"):
        estimate.estimate(Corpus("c", "C", "", recordings), ["egemaps"], FeatureStore(tmp_path))


def test_a_sentence_says_how_much_can_be_learnt_from(tmp_path):
    absent = inventory.Holding("x", "none", stored=False, tables=None, features={})
    assert inventory.in_words([absent]) == "**There is nothing to learn from yet.**"
    recordings = pd.DataFrame({"speaker": ["a", "a", "b"]})
    here = inventory.Holding("y", "", stored=True, tables=SimpleNamespace(recordings=recordings), features={})
    assert inventory.in_words([here, absent]).endswith("3 recordings of 2 people, ready to be learnt from.")
    later = dataclasses.replace(here, stored=False)
    assert "2 corpora are here" in inventory.in_words([here, later])
    assert "1 is prepared" in inventory.in_words([here, later]) and "none is prepared" in inventory.in_words([later])
