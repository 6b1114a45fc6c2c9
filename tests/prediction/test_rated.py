"""Valence and arousal that are derived from what a model says, against ratings of whole clips."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
from untrained import DIMENSIONS, save_face, save_speech

from emoviz import checkpoints, cli
from emoviz.analysis.comparison import compare
from emoviz.analysis.comparison_ratings import on_ratings
from emoviz.core.errors import CalibrationError, CorpusError
from emoviz.core.vocabulary import CIRCUMPLEX, FOUR_EMOTIONS, Task
from emoviz.evaluation import bootstrap
from emoviz.evaluation.metrics.ccc import ccc
from emoviz.features.store import FeatureStore
from emoviz.prediction import rated
from emoviz.training.held_out import evaluate

from .test_corpus import SPLIT, put, rows_of
from .test_corpus import store as _store

RATINGS = {"va": (0.5, -0.2), "vb": (-0.4, 0.6), "wa": (0.1, None), "wb": (None, None)}

store = pytest.fixture(scope="module")(_store.__wrapped__)


@pytest.fixture(scope="module")
def rated_store(store) -> FeatureStore:
    """The corpus ``new`` again, four clips of which were rated instead of acted."""
    recordings = store.corpus("new").recordings.iloc[[0, 1, 4, 5]].set_axis(pd.Index(RATINGS, name="id"))
    labels = pd.DataFrame(RATINGS.values(), recordings.index, ["valence", "arousal"], dtype=float)
    put(store, "rated", recordings, labels.assign(emotion=None))
    return store


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> dict:
    """An untrained model that follows dimensions, one that tells emotions apart, and one of pictures."""
    folder = tmp_path_factory.mktemp("models")
    options = {"hidden": 4, "layers": 1}
    save_speech(folder, "curves", "bi-gru", Task.FRAMES, options, DIMENSIONS, corpora=("seen",), split=SPLIT)
    save_speech(folder, "classes", "bi-gru", Task.CLIP, {**options, "pooling": "mean"}, FOUR_EMOTIONS)
    save_speech(folder, "again", "bi-gru", Task.FRAMES, options, DIMENSIONS, corpora=("seen",), split=SPLIT)
    save_face(folder)
    return {name: checkpoints.load(folder / name) for name in ("curves", "classes", "face-expression")}


def middles(store, key):
    """The grid's frames, which lie halfway between those of the streams."""
    values = {name: store.stream(key, name).values for name in ("whisper", "egemaps")}
    return {name: (v[:-1] + v[1:]) / 2 for name, v in values.items()}


@pytest.mark.parametrize("name", ["curves", "classes"])
def test_what_a_model_says_of_a_clip_is_set_against_its_ratings(rated_store, models, name):
    model = dataclasses.replace(models[name], metrics={"training_mean": [0.1, 0.2] if name == "curves" else [0.25] * 4})
    said = []
    for key in rated_store.corpus("rated").recordings["key"].iloc[:3]:
        prediction = model(middles(rated_store, key)).prediction[0]
        if name == "curves":
            said.append(prediction.mean(0).numpy())
        else:
            shares = prediction.softmax(0).numpy()
            said.append(sum(p * np.array(CIRCUMPLEX[e]) for p, e in zip(shares, FOUR_EMOTIONS, strict=True)))
    outputs, results = rated.rated_results(model, rated_store, "rated")
    assert outputs == DIMENSIONS and [r.id for r in results] == ["va", "vb", "wa"]
    np.testing.assert_allclose(np.concatenate([r.prediction for r in results]), said, atol=1e-5)
    np.testing.assert_array_equal([r.truth[0] for r in results], [RATINGS[r.id] for r in results][:2] + [[0.1, np.nan]])
    rows = rows_of(evaluate(model, rated_store, "rated"))
    assert {output for _, output, _, _ in rows} == {*DIMENSIONS}
    assert {aggregation for *_, aggregation in rows} == {"pooled"}
    row = rows["all", DIMENSIONS[0], "ccc", "pooled"]
    assert row["value"] == pytest.approx(ccc(np.array([0.5, -0.4, 0.1]), np.array(said)[:, 0]), abs=1e-5)
    mean = 0.1 if name == "curves" else np.mean([CIRCUMPLEX[e][0] for e in FOUR_EMOTIONS])
    floor = rows["all", DIMENSIONS[0], "rmse", "pooled"]["training_mean"]
    assert floor == pytest.approx(np.sqrt(np.mean((np.array([0.5, -0.4, 0.1]) - mean) ** 2)))


def test_models_are_compared_on_the_same_rated_clips(rated_store, models):
    pair = [dataclasses.replace(models[name], metrics={"training_mean": [0.25] * 4}) for name in ("curves", "classes")]
    both = compare([on_ratings(model, rated_store, "rated") for model in pair])
    assert both.paired == ("curves", "classes") and both.recordings == 3
    assert [c.outputs for c in both.shared] == [DIMENSIONS, DIMENSIONS]
    assert not any(c.derived for c in both.shared)  # no label is: derived is what the models say
    assert [c.note.split("'")[1] for c in both.shared] == ["curves", "classes"]


def test_what_rates_nothing_that_follows_from_a_model_is_refused(rated_store, models):
    assert rated.set_against_ratings(models["curves"].description, rated_store.corpus("rated")) == DIMENSIONS
    assert rated.set_against_ratings(models["curves"].description, rated_store.corpus("new")) == ()  # acted classes
    with pytest.raises(CorpusError, match="'new' has no ratings of whole clips against which .* 'curves' could be set"):
        rated.rated_results(models["curves"], rated_store, "new")
    with pytest.raises(CorpusError, match="'rated' has no ratings .* 'face-expression' could be set"):
        rated.rated_results(models["face-expression"], rated_store, "rated")
    with pytest.raises(CalibrationError, match="calibrate to corpus:rated, a folder or a profile, not to each speaker"):
        evaluate(models["curves"], rated_store, "rated", by="speaker")
    seen = dataclasses.replace(models["curves"].description, training={"corpora": ["rated"]}, split={"test": ("w",)})
    _, results = rated.rated_results(dataclasses.replace(models["curves"], description=seen), rated_store, "rated")
    assert [r.id for r in results] == ["wa"]  # whom its training did not hear
    silent = np.full((5, 2), np.nan)
    dimensions = [*rated.derivable(seen).values()]
    assert np.isnan(rated.of_clip(seen, silent, dimensions)).all()
    silent[1] = 0.5, -0.5
    np.testing.assert_array_equal(rated.of_clip(seen, silent, dimensions), [0.5, -0.5])


def test_commands_say_that_scores_are_derived(rated_store, models, monkeypatch, capsys):
    monkeypatch.setattr(bootstrap, "DRAWS", 20)
    monkeypatch.setenv("EMOVIZ_STORE", str(rated_store.root))
    monkeypatch.setenv("EMOVIZ_CHECKPOINTS", str(models["curves"].folder.parent))
    assert cli.main(["evaluate", "curves", "--corpus", "rated", "--json"]) == 0
    said = capsys.readouterr()
    assert {row["output"] for row in json.loads(said.out)} == {*DIMENSIONS}
    assert "what 'curves' says of a whole clip" in said.err and "not taught them from ratings" in said.err
    assert cli.main(["compare", "curves", "again", "--ratings", "rated", "--json"]) == 0
    said = capsys.readouterr()
    assert {row["output"] for row in json.loads(said.out)["differences"]} == {*DIMENSIONS}
    assert "on the same 3 held-out recordings" in said.err and "what 'again' says of a whole clip" in said.err
    assert cli.main(["compare", "curves", "face-expression", "--ratings", "rated"]) == 1
    assert "'rated' has no ratings of whole clips" in capsys.readouterr().err
