"""What will happen is said before it does, and what cannot happen is refused before anything starts."""

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from own_corpus import TABLE, write_own

from emoviz.core.errors import ConfigError, CorpusError, FeatureError, SplitError, UnknownNameError
from emoviz.core.keys import key_of_copy
from emoviz.core.vocabulary import FOUR_EMOTIONS
from emoviz.corpora import inventory, own
from emoviz.corpora.base import RECORDING_COLUMNS
from emoviz.corpora.importing import Plan, check, corpus
from emoviz.corpora.inventory import Holding
from emoviz.corpora.sources import gather
from emoviz.features.base import make
from emoviz.features.store import FeatureStore
from emoviz.features.stored_corpus import StoredCorpus
from emoviz.jobs.folder import Places
from emoviz.jobs.kinds.training import Training
from emoviz.models.inputs import InputConfig
from emoviz.training import preset
from emoviz.training.outlook import complete, extractions, outlook, step_seconds, steps_per_epoch, told_gaps

from .made_up import TRACES, TracedStore

BASE = dataclasses.replace(
    preset("speech-emotion"), corpora=("c",), inputs=(InputConfig("egemaps"),), batch_size=4, window=1.0, copies=0
)

EMPTY = FeatureStore(Path("no store"))


def holding(speakers: int = 5, features: int | None = None, missing: str = "", stored: bool = True) -> Holding:
    """A corpus of one culture with four utterances per speaker."""
    rows = [
        {"id": f"c/{s}/{e}", "speaker": f"c/{s}", "culture": "A", "emotion": str(e), "key": f"{s}{e}"}
        for s in range(speakers)
        for e in FOUR_EMOTIONS
    ]
    table = pd.DataFrame(rows).set_index("id")
    recordings = table.reindex(columns=[*RECORDING_COLUMNS, "key"])
    tables = StoredCorpus("c", "C", "", "", recordings, table[["emotion"]], pd.DataFrame(), None)
    return Holding("c", missing, stored, tables, {} if features is None else {"egemaps": features})


def test_the_split_and_the_size_are_those_of_the_training():
    view = outlook(BASE, [holding(features=20)], EMPTY)
    counts = view.parts.set_index("part")
    assert counts["speakers"].to_dict() == {"train": 3, "validation": 1, "test": 1}
    assert counts["recordings"].to_dict() == {"train": 12, "validation": 4, "test": 4} and view.samples == 12
    assert view.widths == {"egemaps": 25} and view.parameters > 25 * 128
    assert view.lacking == {} and "Fewer than 3 speakers are tested of A" in view.warnings[0]


def test_recordings_whose_copies_are_not_stored_are_extracted_first(tmp_path):
    store = FeatureStore(tmp_path)
    one = holding(features=20)
    for key in one.tables.recordings["key"]:
        for stored in (key, key_of_copy(key, 1)):
            path = store._path(make("egemaps"), stored)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    copied = dataclasses.replace(BASE, copies=1)
    assert outlook(copied, [one], store).lacking == {}
    path.unlink()
    assert outlook(copied, [one], store).lacking == {"c": {"egemaps": 1}}
    assert outlook(BASE, [one], store).lacking == {}


def test_sessions_of_one_name_in_two_corpora_are_two():
    def told(name: str) -> Holding:
        one = holding(features=20)
        assert one.tables is not None
        recordings = one.tables.recordings.assign(
            session=one.tables.recordings["speaker"].str[-1],
            speaker=name + one.tables.recordings["speaker"].str[1:],
        ).rename(index=lambda identity: name + identity[1:])
        labels = one.tables.labels.rename(index=lambda identity: name + identity[1:])
        tables = dataclasses.replace(one.tables, name=name, recordings=recordings, labels=labels)
        return dataclasses.replace(one, name=name, tables=tables)

    view = outlook(dataclasses.replace(BASE, corpora=("c", "d")), [told("c"), told("d")], EMPTY)
    assert view.parts.set_index("part")["speakers"].to_dict() == {"train": 6, "validation": 2, "test": 2}


def test_what_is_not_extracted_is_said_and_refused_only_without_files():
    assert outlook(BASE, [holding(features=15)], EMPTY).lacking == {"c": {"egemaps": 5}}
    assert outlook(BASE, [holding(stored=False)], EMPTY).lacking == {"c": {"egemaps": 20}}
    assert outlook(BASE, [holding(features=20, missing="gone")], EMPTY).lacking == {}
    with pytest.raises(FeatureError, match="lacks egemaps of 'c', whose files are not here: gone"):
        outlook(BASE, [holding(features=15, missing="gone")], EMPTY)


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"corpora": ("d",)}, UnknownNameError, "no corpus named 'd'"),
        ({"model": "none"}, UnknownNameError, "no model named 'none'"),
        ({"data": "traces"}, ConfigError, "Training on traces predicts valence, arousal, liking"),
        ({"data": "none"}, UnknownNameError, "no kind of training data named 'none'"),
        ({"loss": "none"}, UnknownNameError, "named 'none'"),
        ({"options": {"hidden": 0}}, ConfigError, "'hidden' is at least 1"),
        ({"options": {"depth": 1}}, ConfigError, "Unknown key 'depth'"),
        ({"model": "cats"}, ConfigError, "'windows' has labels per clip, but 'cats' predicts per frames"),
        ({"inputs": (InputConfig("egemaps", components=30),)}, ConfigError, "has 25 channels, so it has no 30"),
        ({"inputs": (InputConfig("said"),)}, FeatureError, "comes with none of the chosen corpora"),
        ({"outputs": ("calm", "bored")}, CorpusError, "No recording of c has one of the outputs"),
        (
            {"outputs": ("calm", "happy")},
            CorpusError,
            "predicts calm, but no recording of c is that; they are angry, happy",
        ),
    ],
)
def test_contradictions_are_refused_in_words(changes, error, said):
    with pytest.raises(error, match=said):
        outlook(dataclasses.replace(BASE, **changes), [holding(features=20)], EMPTY)


def test_features_of_sound_are_refused_for_pictures():
    one = holding(features=20)
    assert one.tables is not None
    seen = dataclasses.replace(one, tables=dataclasses.replace(one.tables, pictures=np.zeros((20, 48, 48), np.uint8)))
    with pytest.raises(FeatureError, match="'c' is a corpus of pictures, from which 'egemaps' cannot be extracted"):
        outlook(BASE, [seen], EMPTY)
    with pytest.raises(ConfigError, match="reads the pictures themselves, the feature 'crop', not 'egemaps'"):
        outlook(dataclasses.replace(BASE, data="pictures"), [seen], EMPTY)


def test_too_few_speakers_and_absent_corpora_are_refused():
    with pytest.raises(SplitError, match="'A' has 2 speaker"):
        outlook(BASE, [holding(speakers=2, features=8)], EMPTY)
    with pytest.raises(CorpusError, match="'c' is not on this machine: it is not in the folder"):
        outlook(BASE, [Holding("c", "it is not in the folder", False, None, {})], EMPTY)


def traced() -> Holding:
    stored = TracedStore().corpus("made-up")
    return Holding("made-up", "", True, stored, {"said": 10})


def test_features_that_came_with_the_corpus_need_no_extraction(tmp_path):
    view = outlook(TRACES, [traced()], EMPTY)
    assert view.widths == {"said": 4} and view.lacking == {}
    assert {*view.parts["culture"]} == {"Here", "There"} and view.samples == 6
    assert steps_per_epoch(TRACES, view, [traced()], FeatureStore(tmp_path)) == 1
    longer = dataclasses.replace(TRACES, window=0.5, batch_size=2)
    assert steps_per_epoch(longer, view, [traced()], FeatureStore(tmp_path)) == round(6 * 3.9 / 0.5 / 2)


@pytest.mark.parametrize("config", [BASE, TRACES], ids=["utterances", "traces"])
def test_a_step_can_be_timed(config):
    assert step_seconds(config, {entry.feature: 4 for entry in config.inputs}) > 0


def test_what_is_lacking_is_extracted_and_nothing_twice(tmp_path):
    clips = write_own(tmp_path / "clips", speakers=3, takes=1)
    plan = Plan(
        "c",
        {"file": "file", "emotion": "label", "speaker": "actor", "culture": "country"},
        emotions={"anger": "angry", "joy": "happy", "sadness": "sad"},
    )
    own.save(corpus(plan, check(gather(clips, clips / TABLE), plan)), tmp_path / "imports")
    store = FeatureStore(tmp_path / "store")
    said: list[str] = []
    here = [inventory.holding("c", None, tmp_path / "imports", store)]
    (first,) = extractions(BASE, outlook(BASE, here, store), None, tmp_path / "imports", store)
    assert (first.tried, first.recordings) == (4, 8) and first.seconds > 0
    for _ in range(2):
        complete(BASE, None, tmp_path / "imports", store, lambda stage, done, total: said.append(stage))
        assert store.count(list(store.corpus("c").recordings["key"]), "egemaps") == 12
    assert said.count("Extracting features of c") == 12 + 1

    own_window = dataclasses.replace(BASE, inputs=(InputConfig("egemaps-functionals", settings={"window": 1.0}),))
    for lacking, told in (({"c": {"egemaps-functionals": 12}}, "c: egemaps-functionals (window=1.0)"), ({}, "")):
        here = [inventory.holding("c", None, tmp_path / "imports", store)]
        view = outlook(own_window, here, store)
        assert view.lacking == lacking and told_gaps(own_window, view) == told
        complete(own_window, None, tmp_path / "imports", store)


def test_a_job_is_refused_by_the_same_outlook(tmp_path):
    places = Places("", str(tmp_path / "store"), str(tmp_path / "checkpoints"), "")
    with pytest.raises(UnknownNameError, match="no corpus named 'c'"):
        Training(BASE).check(places)
    known = dataclasses.replace(BASE, corpora=("emodb",))
    with pytest.raises(CorpusError, match="'emodb' is not on this machine: No data folder is set"):
        Training(known).check(places)
