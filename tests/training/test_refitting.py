"""How sure a model is, fitted when its training ends and anew, and heard wherever it answers."""

import dataclasses
import json

import numpy as np
import pytest

from emoviz import checkpoints
from emoviz.core.errors import ConfigError
from emoviz.evaluation import bootstrap, familiarity
from emoviz.evaluation.confidence import humble_temperature, tempered
from emoviz.prediction.corpus import predict_recording
from emoviz.prediction.model import apply
from emoviz.training import confidence, train
from emoviz.training.held_out import held_out
from emoviz.training.refitting import refit

from .made_up import UTTERANCES, MadeUpStore, folders

FILES = (checkpoints.CONFIG, checkpoints.METRICS, checkpoints.CARD, "predictions.parquet", checkpoints.FAMILIAR)


@pytest.fixture(scope="module", autouse=True)
def small():
    """Few draws, and a toy feature that counts as one that any clip has."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bootstrap, "DRAWS", 40)
        for module in (familiarity, confidence):
            patch.setattr(module, "LEAST", 10)
        patch.setattr(confidence, "reads_clips", lambda description: True)
        yield


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    return train(dataclasses.replace(UTTERANCES, epochs=6), MadeUpStore(), *folders(tmp_path_factory.mktemp("a")))


def contents(folder):
    return [(folder / name).read_bytes() for name in FILES]


def test_a_training_ends_with_a_temperature_that_fits_its_validation_people(trained):
    found = checkpoints.load(trained)
    assert found.predictor.temperature == found.description.temperature != 1.0
    card = found.card
    assert f"{found.metrics['confidence']['unlike']['share']:.0%}".replace("%", " % are.") in card
    assert f"temperature {found.description.temperature:.2f} before".replace(" 0.", " .") in card
    held = {split: set(people) for split, people in found.description.split.items()}
    assert found.metrics["confidence"]["fitted_on"] == f"{len(held['validation'])} people"
    about = dataclasses.replace(found.description, split={"test": tuple(held["validation"])})
    found.predictor.temperature = 1.0
    validation = held_out(dataclasses.replace(found, description=about), MadeUpStore())
    assert humble_temperature(validation) == pytest.approx(found.description.temperature, rel=2e-3)


def test_a_checkpoint_without_one_is_given_what_its_training_would_have(trained):
    before, weights = contents(trained), (trained / checkpoints.WEIGHTS).read_bytes()
    for name, key in ((checkpoints.CONFIG, "temperature"), (checkpoints.METRICS, "confidence")):
        values = json.loads((trained / name).read_text())
        del values[key]
        (trained / name).write_text(json.dumps(values))
    (trained / checkpoints.FAMILIAR).unlink()
    assert checkpoints.load(trained).predictor.temperature == 1.0
    metrics = json.loads((trained / checkpoints.METRICS).read_text())
    (trained / checkpoints.METRICS).write_text(json.dumps(metrics | {"corruptions": {"of": "another temperature"}}))
    judged = refit(trained, MadeUpStore())
    metrics = json.loads((trained / checkpoints.METRICS).read_text())
    assert metrics["confidence"] == judged and "corruptions" not in metrics
    assert json.loads((trained / checkpoints.CONFIG).read_text()) == json.loads(before[0])
    assert contents(trained)[2:] == before[2:] and (trained / checkpoints.WEIGHTS).read_bytes() == weights
    assert (
        f"| .{round(judged['after']['accuracy'] * 1000):03} |" in before[2].decode() or judged["after"]["accuracy"] == 1
    )


def test_every_answer_is_at_the_temperature(trained):
    hot = checkpoints.load(trained)
    cold = checkpoints.load(trained)
    hot.predictor.temperature, cold.predictor.temperature = 3.0, 1.0
    store = MadeUpStore()
    streams = {"toy": store.stream("Here/0/sad/0", "toy")}
    values = {"toy": streams["toy"].values[None]}
    answers = [[predict_recording(model, streams), apply(model, values).prediction.numpy()[0]] for model in (cold, hot)]
    for before, after in zip(*answers, strict=True):
        np.testing.assert_allclose(after, tempered(before, 3.0), rtol=1e-4)
        assert after.max() < before.max() and after.argmax() == before.argmax()
    results = [held_out(model, store) for model in (cold, hot)]
    for before, after in zip(*results, strict=True):
        np.testing.assert_allclose(after.prediction, tempered(before.prediction, 3.0), rtol=1e-4)


def test_without_validation_people_nothing_is_fitted_and_nothing_is_changed(trained):
    path = trained / checkpoints.CONFIG
    values = json.loads(path.read_text())
    path.write_text(json.dumps(values | {"split": {**values["split"], "validation": []}}))
    before = contents(trained)
    with pytest.raises(ConfigError, match="names no validation people"):
        refit(trained, MadeUpStore())
    assert contents(trained) == before
