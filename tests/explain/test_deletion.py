"""Deletion curves: by hand, on planted channels, at chance, and what is refused."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from emoviz.core.errors import Cancelled, ConfigError, FeatureError
from emoviz.evaluation.bootstrap import Difference
from emoviz.evaluation.metrics.rmse import rmse
from emoviz.evaluation.scores import class_scores, frame_scores
from emoviz.explain import Deletion, Example, Faithfulness, deletion, gradient_weights
from emoviz.explain.deletion import verdict

from .toys import Linear, Quadratic

CCC, _, RMSE = frame_scores(("valence",), np.zeros(1))
ACCURACY, UA = class_scores(np.array([0.5, 0.5]))
STREAMS = {"a": 12, "b": 8}
PLANTED = [3, 5, 13, 19]
QUICK = {"steps": 3, "orders": 4, "draws": 20}


def examples(model, count: int = 8, frames: int = 6, seed: int = 0, noise: float = 0.0) -> list[Example]:
    """Recordings of different lengths of which the model's predictions are (nearly) true."""
    generator = np.random.default_rng(seed)
    made = []
    for number in range(count):
        streams = {
            name: generator.normal(size=(frames + number % 3, width)).astype(np.float32)
            for name, width in model.config.streams.items()
        }
        truth = np.concatenate(list(streams.values()), 1) @ model.weights.detach().numpy().T
        made.append(Example(str(number), streams, truth + noise * generator.normal(size=truth.shape)))
    return made


def planted() -> Linear:
    weights = np.zeros((1, 20))
    weights[0, PLANTED] = [1, -1, 2, -1.5]
    return Linear(STREAMS, weights)


def curve(found: Deletion, order: str) -> pd.DataFrame:
    return found.curves[found.curves.order == order]


def test_errors_by_hand():
    """Hiding channel 0 first leaves an error of RMS(2 x_0), channel 1 first of RMS(x_1); both, of their sum."""
    model = Linear({"a": 2}, np.array([[2.0, 1.0]]))
    recordings = examples(model)
    values = np.concatenate([recording.streams["a"] for recording in recordings])
    truth = np.concatenate([recording.truth[:, 0] for recording in recordings])
    found = deletion(model, recordings, np.array([0.9, 0.1]), RMSE, steps=2, orders=2, draws=20)
    expected = {"highest first": [0, rmse(truth, values[:, 1]), rmse(truth, 0 * truth)]}
    expected["lowest first"] = [0, rmse(truth, 2 * values[:, 0]), rmse(truth, 0 * truth)]
    for order, errors in expected.items():
        np.testing.assert_allclose(curve(found, order).error, errors, atol=1e-6)
        assert found.areas[order] == pytest.approx((errors[0] + 2 * errors[1] + errors[2]) / 4, abs=1e-6)
    assert list(curve(found, "random").hidden) == [0, 1, 2]
    np.testing.assert_allclose(curve(found, "random").share, [0, 0.5, 1])


def test_highest_and_lowest_of_each_recording_are_its_own():
    model = Linear({"a": 2}, np.array([[2.0, 1.0]]))
    recordings = examples(model, 2)
    own = deletion(model, recordings, np.array([[1.0, 0.0], [0.0, 1.0]]), RMSE, steps=2, orders=2, draws=20)
    kept = [recordings[0].streams["a"][:, 1], 2 * recordings[1].streams["a"][:, 0]]
    truth = np.concatenate([recording.truth[:, 0] for recording in recordings])
    assert curve(own, "highest first").error.iloc[1] == pytest.approx(rmse(truth, np.concatenate(kept)), abs=1e-6)


@pytest.mark.parametrize("score", [CCC, RMSE], ids=["ccc", "rmse"])
def test_planted_channels_are_found(score):
    model = planted()
    recordings = examples(model, 12, noise=0.3)
    weights = gradient_weights(model, recordings, [0] * len(recordings))
    is_planted = np.isin(np.arange(20), PLANTED)
    assert min(roc_auc_score(is_planted, row) for row in weights) >= 0.95
    found = deletion(model, recordings, weights, score, steps=5, draws=100)
    assert found.verdict.faithfulness is Faithfulness.BETTER
    assert found.areas["highest first"] > found.areas["random"] > found.areas["lowest first"]
    after = curve(found, "highest first").set_index("hidden").error
    assert after[4] == pytest.approx(after[20])  # the four planted ones are all that counts
    low, error, high = (curve(found, "random")[name].to_numpy() for name in ("low", "error", "high"))
    assert (low <= error).all() and (error <= high).all()
    backwards = deletion(model, recordings, -weights, score, steps=5, draws=100)
    assert backwards.verdict.faithfulness is Faithfulness.WORSE
    assert backwards.areas["highest first"] == pytest.approx(found.areas["lowest first"])


@pytest.mark.parametrize("score", [ACCURACY, UA], ids=["accuracy", "ua"])
def test_classes(score):
    weights = np.zeros((2, 60))  # of so many channels no random order hides the planted ones first
    weights[0, 0:8:2] = weights[1, 8:16:2] = 1
    model = Quadratic({"a": 36, "b": 24}, weights)
    recordings = [
        dataclasses.replace(r, truth=np.eye(2)[(r.truth if r.truth.ndim == 1 else 0).argmax()])
        for r in (_scored(model, recording) for recording in examples(model, 40))
    ]
    found = deletion(model, recordings, np.abs(weights).sum(0), score, steps=10, draws=300)
    assert curve(found, "highest first").error.iloc[0] == 0
    assert found.verdict.faithfulness is Faithfulness.BETTER
    assert f"1 - {'UA' if score is UA else 'accuracy'}" in found.verdict.sentence


def _scored(model: Quadratic, recording: Example) -> Example:
    squares = np.concatenate(list(recording.streams.values()), 1) ** 2
    return dataclasses.replace(recording, truth=(squares @ model.weights.detach().numpy().T).mean(0))


@pytest.mark.slow
def test_weights_without_meaning_are_called_better_no_more_often_than_stated():
    answers = []
    for seed in range(40):
        generator = np.random.default_rng(seed)
        model = Linear({"a": 10}, generator.exponential(size=(1, 10)))
        recordings = examples(model, 4, frames=3, seed=seed, noise=0.5)
        weights = generator.normal(size=(4, 10) if seed % 2 else 10)
        found = deletion(model, recordings, weights, RMSE, steps=2, draws=80, seed=seed)
        answers.append(found.verdict.faithfulness)
    # 2.5 % of 40 are 1; more than 5 has a probability of .001.
    assert answers.count(Faithfulness.BETTER) <= 5
    assert answers.count(Faithfulness.WORSE) <= 5


def test_intervals_draw_people_with_all_their_recordings():
    """Where each person's recordings are copies, more copies make the interval no narrower, and few people say so."""
    model = planted()
    people = [dataclasses.replace(r, speaker=r.id) for r in examples(model, 4, noise=0.3)]
    copies = [dataclasses.replace(r, id=f"{r.id}/{n}") for n in range(5) for r in people]
    weights = np.abs(model.weights.detach().numpy()[0])
    one, many = (deletion(model, given, weights, RMSE, **QUICK) for given in (people, copies))
    assert (many.clusters.unit, many.clusters.count) == ("speakers", 4)
    np.testing.assert_allclose(many.verdict.difference, one.verdict.difference, atol=1e-6)
    assert "which rests on 4 people)" in many.verdict.sentence
    alone = deletion(model, [dataclasses.replace(r, speaker="p") for r in people], weights, RMSE, **QUICK)
    assert np.isnan(alone.verdict.difference.low) and alone.curves.low.isna().all()


def test_equal_weights_are_chance_whatever_the_order_of_channels():
    model = Linear({"a": 10}, np.arange(10.0)[None])
    found = deletion(model, examples(model), np.ones(10), RMSE, steps=2, draws=50)
    assert found.verdict.faithfulness is Faithfulness.CHANCE


def test_one_seed_gives_one_result_and_progress_ends():
    model, reports = planted(), []
    first, second = (
        deletion(
            model,
            examples(model),
            np.arange(20),
            CCC,
            **QUICK,
            progress=lambda *report: reports.append(report),
        )
        for _ in range(2)
    )
    pd.testing.assert_frame_equal(first.curves, second.curves)
    assert reports[-1][1] == reports[-1][2]


def test_small_batches_give_the_same(monkeypatch):
    model = planted()
    whole = deletion(model, examples(model), np.arange(20), CCC, **QUICK)
    monkeypatch.setattr("emoviz.explain.examples.VALUES_AT_ONCE", 300)
    pd.testing.assert_frame_equal(deletion(model, examples(model), np.arange(20), CCC, **QUICK).curves, whole.curves)


def test_it_can_be_stopped():
    def stop(stage, done, total):
        raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        deletion(planted(), examples(planted()), np.arange(20), CCC, progress=stop)


def test_verdict_in_words():
    said = verdict(Difference(0.1234, 0.05, 0.2, 0.01), "ccc")
    assert said.sentence == (
        "Hiding the highest-weighted channels first hurts more than a random order (+.123 [+.050, +.200] "
        "in 1 - CCC), so the weights tell better than chance what this training of the model relies on."
    )
    nan = float("nan")
    assert "cannot be told" in verdict(Difference(nan, nan, nan, nan), "ccc").sentence
    assert verdict(Difference(0.1, -0.1, 0.2, 0.5), "rmse").faithfulness is Faithfulness.CHANCE


def test_bad_input_is_refused_in_one_sentence():
    model = planted()
    recordings = examples(model, 3)
    with pytest.raises(ConfigError, match="two recordings or more, not on 1"):
        deletion(model, recordings[:1], np.ones(20), CCC)
    for weights in (np.ones(19), np.ones((2, 20)), np.full(20, np.nan)):
        with pytest.raises(ConfigError, match=r"finite numbers of shape \(20,\) or \(3, 20\)"):
            deletion(model, recordings, weights, CCC)
    with pytest.raises(ConfigError, match="one step and one random order"):
        deletion(model, recordings, np.ones(20), CCC, orders=0)
    empty = Example("empty", {name: values[:0] for name, values in recordings[0].streams.items()}, np.empty((0, 1)))
    with pytest.raises(FeatureError, match="a held-out recording has no frame"):
        deletion(model, [*recordings[:2], empty], np.ones(20), CCC)
