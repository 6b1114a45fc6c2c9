"""Held-out recordings are scored again as the training scored them, whatever it did to them before."""

import dataclasses

import numpy as np
import pytest
from places import ROOT

from emoviz import checkpoints
from emoviz.analysis import comparison
from emoviz.analysis.comparison_errors import confusions
from emoviz.core.errors import CalibrationError, ConfigError, CorpusError
from emoviz.core.vocabulary import BINARY, Dimension, Split
from emoviz.evaluation import bootstrap
from emoviz.evaluation.slices import Slice
from emoviz.prediction.corpus import evaluate_corpus, other_classes
from emoviz.training import train
from emoviz.training.held_out import evaluate, held_out

from .made_up import TRACES, UTTERANCES, MadeUpStore, RatedStore, TracedStore, folders
from .test_loop import FRAMES

NAMES = ("culture", "output", "metric", "aggregation", "recordings", "speakers")
TRAININGS = {
    "sequences": FRAMES,
    "utterances": UTTERANCES,
    "windows": dataclasses.replace(UTTERANCES, data="windows"),
    "by culture": dataclasses.replace(UTTERANCES, standardise_by="culture"),
    "by speaker": dataclasses.replace(UTTERANCES, standardise_by="speaker", speaker_weight=2.0),
    "adapted": dataclasses.replace(UTTERANCES, adapt_norm=True),
}


@pytest.fixture(autouse=True)
def few_draws(monkeypatch):
    monkeypatch.setattr(bootstrap, "DRAWS", 50)


@pytest.mark.parametrize("config", TRAININGS.values(), ids=TRAININGS)
def test_evaluation_gives_the_scores_of_the_card(config, tmp_path):
    found = checkpoints.load(train(dataclasses.replace(config, epochs=2), MadeUpStore(), *folders(tmp_path)))
    rows, stated = evaluate(found, MadeUpStore(), "made-up"), found.metrics["test"]
    assert [[row[name] for name in NAMES] for row in rows] == [[row[name] for name in NAMES] for row in stated]
    for row, other in zip(rows, stated, strict=True):
        for value in ("value", "training_mean"):
            assert row[value] == pytest.approx(other[value], abs=5e-4)


BINARY_TASK = dataclasses.replace(
    UTTERANCES, epochs=1, outputs=BINARY[Dimension.AROUSAL], threshold=-0.25, neutral=0.05
)
STRETCHES = dataclasses.replace(
    BINARY_TASK, data="stretches", inputs=TRACES.inputs, hop=0.2, window=1.0, resample="mean", threshold=0.0
)


@pytest.mark.parametrize(("config", "store"), [(BINARY_TASK, RatedStore()), (STRETCHES, TracedStore())])
def test_high_and_low_are_evaluated_as_they_were_trained(config, store, tmp_path):
    found = checkpoints.load(train(config, store, *folders(tmp_path)))
    assert found.metrics["confusion"]["classes"] == ["low arousal", "high arousal"]
    rows, stated = evaluate(found, store, "made-up"), found.metrics["test"]
    assert [[row[name] for name in NAMES] for row in rows] == [[row[name] for name in NAMES] for row in stated]
    assert [row["value"] for row in rows] == pytest.approx([row["value"] for row in stated], abs=5e-4)
    pair = [comparison.read(name, found.folder) for name in ("a", "b")]
    here = confusions(comparison.compare(pair, Slice({"culture": ("Here",)})))
    assert here["count"].sum() == 2 * next(row["recordings"] for row in rows if row["culture"] == "Here")
    if config is STRETCHES:
        assert len({result.speaker for result in held_out(found, store, "another")}) == 10
    else:
        one_by_one = evaluate_corpus(found, store, "made-up")
        assert [row["value"] for row in one_by_one] == pytest.approx([row["value"] for row in rows], abs=5e-4)
        with pytest.raises(CorpusError, match="no ratings of arousal of whole recordings"):
            evaluate_corpus(found, MadeUpStore(), "made-up")


def test_all_recordings_of_an_unseen_corpus_count_in_the_same_samples(tmp_path):
    found = checkpoints.load(train(dataclasses.replace(FRAMES, epochs=1), MadeUpStore(), *folders(tmp_path)))
    results = held_out(found, MadeUpStore(), "another")
    assert len({result.speaker for result in results}) == 10
    assert {len(result.prediction) for result in results} == {50, 10}  # 8 utterances of 20 frames in windows of 50


class Lacking(MadeUpStore):
    """Answers like a store in which nobody is sad in the corpus ``another``, and some are bored."""

    def corpus(self, name):
        found = super().corpus(name)
        changed = {"another": {"sad": "bored"}}.get(name, {})
        return dataclasses.replace(found, labels=found.labels.replace({"emotion": changed}))


def test_a_corpus_that_lacks_a_class_is_scored_on_those_that_it_has(tmp_path):
    found = checkpoints.load(train(dataclasses.replace(UTTERANCES, epochs=1), MadeUpStore(), *folders(tmp_path)))
    rows = evaluate(found, Lacking(), "another")
    results = held_out(found, Lacking(), "another")
    right = {label: [] for label in ("angry", "happy", "neutral")}
    for result in results:
        right[result.label].append(found.description.outputs[result.prediction.argmax()] == result.label)
    ua = next(row for row in rows if row["metric"] == "ua" and row["culture"] == "all")
    assert ua["value"] == pytest.approx(np.mean([np.mean(answers) for answers in right.values()]))
    assert ua["recordings"] == len(results) == 60
    assert other_classes(found.description, Lacking(), "another") == [
        f"'another' has no sad to score, which '{found.name}' predicts: UA is the mean over "
        f"{', '.join(e for e in found.description.outputs if e != 'sad')} alone.",
        f"Recordings of bored, which '{found.name}' does not predict, are left out.",
    ]
    assert other_classes(found.description, Lacking(), "made-up") == []


def test_a_checkpoint_that_names_no_test_speakers_and_a_corpus_without_any_are_refused(tmp_path):
    found = checkpoints.load(train(dataclasses.replace(UTTERANCES, epochs=1), MadeUpStore(), *folders(tmp_path)))
    about = found.description
    silent = dataclasses.replace(found, description=dataclasses.replace(about, split={}))
    with pytest.raises(ConfigError, match="does not say on which speakers it was tested"):
        held_out(silent, MadeUpStore())
    elsewhere = dataclasses.replace(about, split={Split.TEST: ("nobody",)})
    with pytest.raises(CorpusError, match="No recording of 'made-up' was held out"):
        held_out(dataclasses.replace(found, description=elsewhere), MadeUpStore())


@pytest.mark.parametrize(
    ("name", "stream"), [("face-expression", "crop"), ("avec-eaf", "avec2019-audio"), ("ravdess-softmax", "openface")]
)
def test_a_model_of_streams_that_its_corpus_ships_is_not_judged_on_another(name, stream):
    bundled = checkpoints.load(ROOT / "checkpoints" / name)
    with pytest.raises(CorpusError) as refused:
        evaluate(bundled, MadeUpStore(), "another")
    assert str(refused.value) == (
        f"The model '{name}' reads '{stream}', a stream that only its own corpus ships, so it cannot be judged on "
        "'another'."
    )


class FarStore(MadeUpStore):
    """Answers like a store whose people of even numbers are at another level and spread than the others."""

    def stream(self, key, name, settings=None):
        found = super().stream(key, name, settings)
        return dataclasses.replace(found, values=found.values * 1.5 + 4) if int(key.split("/")[1]) % 2 == 0 else found


def test_calibration_to_each_speaker_finds_those_at_another_level(tmp_path):
    trained = train(dataclasses.replace(UTTERANCES, epochs=8), MadeUpStore(seconds=4.0), *folders(tmp_path))
    found = checkpoints.load(trained)

    def accuracy(rows):
        return next(row["value"] for row in rows if row["metric"] == "ua" and row["culture"] == "all")

    usual = accuracy(evaluate(found, MadeUpStore(seconds=4.0), "another"))
    as_it_is = accuracy(evaluate(found, FarStore(seconds=4.0), "another"))
    fitted = accuracy(evaluate(found, FarStore(seconds=4.0), "another", by="speaker"))
    assert as_it_is < usual - 0.2
    assert fitted > as_it_is + 0.1


@pytest.mark.parametrize(("group", "other"), [("culture", "speaker"), ("speaker", "culture")])
def test_a_model_that_standardises_recordings_is_calibrated_to_its_groups_as_its_card_was(group, other, tmp_path):
    config = dataclasses.replace(TRAININGS[f"by {group}"], epochs=1)
    found = checkpoints.load(train(config, FarStore(), *folders(tmp_path)))
    rows, stated = evaluate(found, FarStore(), "made-up", by=group), found.metrics["test"]
    assert [row["value"] for row in rows] == pytest.approx([row["value"] for row in stated], abs=5e-4)
    calibrated, usual = (
        {r.id: r.prediction for r in held_out(found, FarStore(), **given)} for given in ({"by": group}, {})
    )
    assert calibrated.keys() == usual.keys()
    for identity, prediction in calibrated.items():
        np.testing.assert_allclose(prediction, usual[identity], atol=1e-5)
    with pytest.raises(CalibrationError, match=f"standardised by {group}: calibrate it by {group}, too"):
        evaluate(found, FarStore(), "made-up", by=other)
