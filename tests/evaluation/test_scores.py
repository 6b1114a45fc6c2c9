"""Held-out figures: values by hand, the training-mean row, collapse, intervals that behave."""

import numpy as np
import pytest

from emoviz.evaluation import bootstrap, tables
from emoviz.evaluation.scores import Result, class_scores, frame_scores, score_table
from emoviz.evaluation.tables import prediction_table, results_of


@pytest.fixture(autouse=True)
def few_draws(monkeypatch):
    monkeypatch.setattr(bootstrap, "DRAWS", 200)


def frame_result(number, culture, noise):
    random = np.random.default_rng(number)
    truth = random.uniform(-1, 1, size=(30, 2))
    prediction = truth + noise * random.normal(size=truth.shape)
    return Result(f"r{number}", culture, f"s{number}", "", truth, prediction, np.zeros(3), np.full(4, number / 10))


def row(rows, culture, output, metric, aggregation="pooled"):
    found = [r for r in rows if (r["culture"], r["output"], r["metric"]) == (culture, output, metric)]
    return next(r for r in found if r["aggregation"] == aggregation)


def test_frame_figures_by_hand():
    results = [frame_result(i, "AB"[i % 2], 0.3) for i in range(8)]
    rows = score_table(results, frame_scores(("v", "a"), np.array([0.1, -0.2])))
    truth = np.concatenate([r.truth[:, 1] for r in results])
    prediction = np.concatenate([r.prediction[:, 1] for r in results])
    expected = 2 * np.cov(truth, prediction, bias=True)[0, 1]
    expected /= truth.var() + prediction.var() + (truth.mean() - prediction.mean()) ** 2
    found = row(rows, "all", "a", "ccc")
    assert found["value"] == pytest.approx(expected)
    assert found["low"] < expected < found["high"]
    assert row(rows, "all", "a", "rmse")["value"] == pytest.approx(np.sqrt(((truth - prediction) ** 2).mean()))
    assert row(rows, "all", "a", "rmse")["training_mean"] == pytest.approx(np.sqrt(((truth + 0.2) ** 2).mean()))
    assert found["training_mean"] == pytest.approx(0)
    assert row(rows, "A", "v", "rmse")["recordings"] == row(rows, "A", "v", "rmse")["speakers"] == 4
    assert not any(r["collapsed"] for r in rows)


@pytest.mark.parametrize("constant", [0.0, 0.7])
def test_constant_predictions_are_flagged(constant):
    results = [frame_result(i, None, 0) for i in range(4)]
    flat = [Result(r.id, None, r.speaker, "", r.truth, np.full_like(r.truth, constant), r.embedding) for r in results]
    assert all(r["collapsed"] for r in score_table(flat, frame_scores(("v", "a"), np.zeros(2))))


def test_each_figure_is_held_against_the_training_means():
    results = [frame_result(i, None, 0.8) for i in range(8)]
    rows = score_table(results, frame_scores(("v", "a"), np.zeros(2)))
    assert row(rows, "all", "v", "rmse")["value"] > row(rows, "all", "v", "rmse")["training_mean"]
    assert row(rows, "all", "v", "rmse")["collapsed"]
    assert row(rows, "all", "v", "ccc")["value"] > 0.3 and not row(rows, "all", "v", "ccc")["collapsed"]


def test_class_figures_by_hand():
    truth, prediction = [0, 0, 0, 1, 1, 2], [0, 0, 1, 1, 0, 2]
    results = [
        Result(str(i), None, None, "", np.eye(3)[t], np.eye(3)[p], np.zeros(2))
        for i, (t, p) in enumerate(zip(truth, prediction, strict=True))
    ]
    rows = score_table(results, class_scores(np.array([0.5, 0.3, 0.2])))
    assert row(rows, "all", "emotion", "accuracy")["value"] == pytest.approx(4 / 6)
    assert row(rows, "all", "emotion", "ua")["value"] == pytest.approx((2 / 3 + 1 / 2 + 1) / 3)
    assert row(rows, "all", "emotion", "accuracy")["training_mean"] == pytest.approx(3 / 6)
    assert row(rows, "all", "emotion", "ua")["training_mean"] == pytest.approx(1 / 3)
    assert tables.confusion_table(results, "abc") == [[2, 1, 0], [1, 1, 0], [0, 0, 1]]


def test_one_recording_has_no_interval():
    rows = score_table([frame_result(0, None, 0.1)], frame_scores(("v", "a"), np.zeros(2)))
    assert np.isnan(rows[0]["low"]) and np.isnan(rows[0]["high"])


def test_tables_name_channels_and_thin_out_embeddings():
    results = [frame_result(i, "A", 0.1) for i in range(9)]
    attention = tables.attention_table(results, ["p", "q", "r", "s"])
    assert list(attention.columns) == ["culture", "speaker", "label", "p", "q", "r", "s"]
    assert attention.loc["r3", "q"] == pytest.approx(0.3, abs=1e-3)
    thinned = tables.embedding_table(results, most=3)
    assert list(thinned.index) == ["r0", "r4", "r8"]
    assert tables.attention_table([Result("x", None, None, "", *[np.zeros((2, 1))] * 2, np.zeros(2))], []) is None


def test_quick_figures_of_draws_equal_the_slow_ones():
    results = [frame_result(i, None, 0.4) for i in range(6)]
    results[2].truth[3, 0] = np.nan
    random = np.random.default_rng(0)
    for score in frame_scores(("v", "a"), np.zeros(2)):
        statistic = score.statistic(results)
        for _ in range(5):
            drawn = random.integers(0, 6, 6)
            assert statistic(drawn) == pytest.approx(score.compute([results[i] for i in drawn]), abs=1e-9)


def test_quick_class_figures_of_draws_equal_the_slow_ones():
    random = np.random.default_rng(0)
    results = [
        Result(str(n), None, None, "", np.eye(4)[n % 3], random.random(4), np.zeros(2)) for n in range(12)
    ]  # the fourth class is predicted, never true
    for score in class_scores(np.full(4, 0.25)):
        statistic = score.statistic(results)
        for _ in range(20):
            drawn = random.integers(0, 12, 12)
            assert statistic(drawn) == pytest.approx(score.compute([results[i] for i in drawn]), abs=1e-12)


@pytest.mark.parametrize("frames", [False, True])
def test_a_prediction_table_and_back(frames: bool):
    random = np.random.default_rng(0)
    shapes = [(3, 2), (1, 2), (5, 2)] if frames else [(2,)] * 3
    results = [
        Result(
            f"r{n}",
            "Here" if n else None,
            f"s{n}",
            "x",
            random.random(shape, np.float32),
            random.random(shape).astype(np.float16).astype(np.float32),
            np.empty(0),
        )
        for n, shape in enumerate(shapes)
    ]
    table = prediction_table(results, ("valence", "arousal"))
    assert len(table) == (9 if frames else 3)
    for result, back in zip(results, results_of(table, ("valence", "arousal"), frames=frames), strict=True):
        assert (back.id, back.culture, back.speaker, back.label) == (result.id, result.culture, result.speaker, "x")
        np.testing.assert_array_equal(back.truth, result.truth)
        np.testing.assert_array_equal(back.prediction, result.prediction)
