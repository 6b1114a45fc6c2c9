"""Confidence and temperature against scikit-learn's, on answers whose sureness was planted."""

import numpy as np
import pytest
from sklearn.metrics import log_loss

from emoviz.evaluation import bootstrap, confidence
from emoviz.evaluation.scores import Result

CLASSES = 4
TRUE_TEMPERATURE = 2.5


@pytest.fixture(autouse=True)
def few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "DRAWS", 40)


def answered(count: int = 1200, people: int = 12) -> list[Result]:
    """Answers whose classes are drawn by scores at the true temperature, and whose probabilities are at 1."""
    random = np.random.default_rng(1)
    scores = random.normal(size=(count, CLASSES)) * 4
    sure, honest = (np.exp(s) / np.exp(s).sum(1, keepdims=True) for s in (scores, scores / TRUE_TEMPERATURE))
    true = [random.choice(CLASSES, p=p) for p in honest]
    return [
        Result(str(i), None, f"s{i % people}", "", np.eye(CLASSES)[true[i]], sure[i].astype(np.float32), np.empty(0))
        for i in range(count)
    ]


def test_tempering_divides_the_scores() -> None:
    scores = np.array([[1.0, -2.0, 0.5], [0.0, 0.0, 300.0]])
    sure, calm = (np.exp(s - s.max(1, keepdims=True)) for s in (scores, scores / 3))
    sure, calm = (values / values.sum(1, keepdims=True) for values in (sure, calm))
    found = confidence.tempered(sure.astype(np.float32), 3.0)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[0], calm[0], rtol=1e-5)
    np.testing.assert_allclose(found.sum(1), 1, rtol=1e-6)
    assert confidence.tempered(sure, 1.0) is sure


def test_the_planted_temperature_is_found_at_the_least_log_loss() -> None:
    results = answered()
    found = confidence.fit_temperature(results)
    assert found == pytest.approx(TRUE_TEMPERATURE, rel=0.1)
    true = [int(r.truth.argmax()) for r in results]

    def loss(temperature: float) -> float:
        said = np.stack([r.prediction for r in confidence.at_temperature(results, temperature)]).astype(float)
        return float(log_loss(true, said / said.sum(1, keepdims=True)))

    assert loss(found) < min(loss(1.0), loss(found * 0.9), loss(found * 1.1))


def test_of_temperatures_that_few_people_do_not_tell_apart_the_highest_is_taken() -> None:
    many, few = answered(1200, people=100), answered(120, people=4)
    least, humble = confidence.fit_temperature(few), confidence.humble_temperature(few)
    losses = []
    for temperature in (least, humble, humble * 1.03):
        said = [r.prediction for r in confidence.at_temperature(few, temperature)]
        own = -np.log([float(p[r.truth.argmax()]) for p, r in zip(said, few, strict=True)])
        losses.append(own.reshape(-1, 4).mean(0))  # of each of the four people
    within, beyond = (other - losses[0] for other in losses[1:])
    assert humble > least and within.mean() <= within.std(ddof=1) / 2 * 1.01
    assert beyond.mean() > beyond.std(ddof=1) / 2
    assert 1 <= confidence.humble_temperature(many) / confidence.fit_temperature(many) < humble / least
    assert confidence.humble_temperature(answered(50, people=1)) == confidence.fit_temperature(answered(50, people=1))


def test_each_person_counts_the_same() -> None:
    results = answered(600, people=2)
    own = [r for r in results if r.speaker == "s0"]
    others = confidence.at_temperature([r for r in results if r.speaker == "s1"], 0.5)  # twice as sure
    even = confidence.fit_temperature(own + others)
    assert confidence.fit_temperature(own * 5 + others) == pytest.approx(even, rel=1e-4)


def test_at_its_temperature_the_error_is_no_more_than_chance_and_answers_stay() -> None:
    results = answered()
    before = confidence.judged_confidence(results)
    calm = confidence.at_temperature(results, confidence.fit_temperature(results))
    after = confidence.judged_confidence(calm)
    assert before["value"] > 0.15 and after["value"] < after["floor"] + 0.015
    assert before["accuracy"] == after["accuracy"] and before["low"] < before["value"] < before["high"]
    assert after["confidence"] == pytest.approx(after["accuracy"], abs=0.02)
    assert (after["unit"], after["clusters"]) == ("speakers", 12)
    assert [r.prediction.argmax() for r in calm] == [r.prediction.argmax() for r in results]


def test_the_floor_is_what_chance_leaves_of_an_honest_classifier() -> None:
    honest = [confidence.at_temperature(answered(people=1)[i : i + 90], TRUE_TEMPERATURE) for i in range(0, 720, 90)]
    judged = [confidence.judged_confidence(own) for own in honest]
    found, floor = (np.mean([j[key] for j in judged]) for key in ("value", "floor"))
    assert floor > 0.05 and found == pytest.approx(floor, rel=0.15)
