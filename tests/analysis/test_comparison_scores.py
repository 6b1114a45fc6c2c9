"""Scores of compared models, their differences and verdicts on planted models that are worse by a known amount."""

import dataclasses

import numpy as np
import pytest
from contenders import COUNT, classifier, row_of, tracer

from emoviz.analysis import comparison, comparison_scores
from emoviz.evaluation import bootstrap
from emoviz.evaluation.scores import ALL
from emoviz.evaluation.slices import Slice


def test_a_better_model_is_told_from_luck_and_an_equal_one_is_not():
    both = comparison.compare([classifier("good", 6), classifier("bad", 30), classifier("same", 6)])
    figures, differences = comparison_scores.judge(both)
    assert both.paired == ("good", "bad", "same") and both.recordings == COUNT
    good = row_of(figures, model="good", culture=ALL, metric="accuracy")
    assert good.value == pytest.approx(0.9) and good.low < 0.9 < good.high and good.shared and not good.collapsed
    assert good.training_mean == pytest.approx(1 / 3) and good.recordings == COUNT and good.speakers == 4
    worse = row_of(differences, model="bad", culture=ALL, metric="accuracy")
    assert worse.difference == pytest.approx(-0.4) and worse.high < 0 and worse.p <= 0.01 and worse.against == "good"
    assert row_of(differences, model="same", culture=ALL, metric="ua").p == 1
    assert set(figures.culture) == {ALL, "German", "Korean"}
    words = comparison_scores.verdicts(figures, differences)
    assert words[0].startswith("good is better than bad: UA .90 against .50, a difference of .400 [")
    assert "rests on 4 people" in words[0]
    assert (good.unit, good.clusters, worse.unit, worse.clusters) == ("speakers", 4, "speakers", 4)
    grid = comparison_scores.score_grid(figures, "emotion", "ua", "pooled").set_index("culture")
    assert grid.loc[ALL, "interval over"] == "rests on 4 people"
    assert words[1].startswith("same and good cannot be told apart")


def test_the_interval_of_a_difference_is_that_of_the_paired_bootstrap():
    first, second = classifier("a", 10), classifier("b", 25)
    _, differences = comparison_scores.judge(comparison.compare([first, second]))
    ua = next(s for s in first.scores if s.metric == "ua")
    wanted = bootstrap.paired_difference(
        ua.statistic(second.results), ua.statistic(first.results), bootstrap.clusters_of(first.results)
    )
    found = row_of(differences, culture=ALL, metric="ua")
    np.testing.assert_allclose([found.difference, found.low, found.high, found.p], wanted)


def test_models_that_share_nothing_stand_beside_the_others_with_their_own_figures():
    row = {
        "culture": ALL,
        "output": "emotion",
        "metric": "ua",
        "aggregation": "pooled",
        "value": 0.4,
        "low": 0.3,
        "high": 0.5,
        "training_mean": 1 / 3,
        "recordings": 9,
        "speakers": 2,
        "collapsed": True,
    }
    mute = dataclasses.replace(classifier("mute", 0), results=(), metrics={"test": [row]})
    far = dataclasses.replace(classifier("far", 0, first=900), metrics={"test": [row]})
    both = comparison.compare([mute, classifier("a", 3), far, classifier("b", 9)])
    assert both.paired == ("a", "b")
    assert both.reasons == {
        "mute": "mute was stored without its predictions of single recordings.",
        "far": "far has no held-out recording in common with a.",
    }
    figures, differences = comparison_scores.judge(both)
    assert set(differences.model) == {"b"}
    own = row_of(figures, model="mute", metric="ua")
    assert (own.value, own.shared, own.recordings) == (0.4, False, 9)
    assert (own.unit, own.clusters) == ("recordings", 9)  # a row that was written before intervals drew people
    grid = comparison_scores.score_grid(figures, "emotion", "ua", "pooled")
    assert list(grid.columns[:5]) == ["culture", "a", "b", "mute", "far"]
    assert grid.set_index("culture").loc[ALL, "mute"] == ".40 [.30, .50] †"
    assert "mute has collapsed (emotion)" in " ".join(comparison_scores.verdicts(figures, differences))
    alone = comparison.compare([mute, far])
    assert not alone.paired and comparison_scores.judge(alone)[1].empty


def test_a_slice_is_compared_alone_and_one_recording_judges_nothing():
    models = [classifier("a", 6), classifier("b", 30)]
    korean = comparison.compare(models, Slice({"culture": ("Korean",), "label": ("sad",)}))
    assert {(r.culture, r.label) for r in korean["b"].results} == {("Korean", "sad")} and korean.recordings == 10
    single = comparison.compare(models, Slice({"id": ("corpus/3",)}))
    figures, differences = comparison_scores.judge(single)
    assert np.isnan(differences.low).all()
    assert "cannot be judged by one recording" in comparison_scores.verdicts(figures, differences)[0]
    nothing = comparison.compare(models, Slice({"culture": ("Polish",)}))
    assert nothing.recordings == 0 and all(table.empty for table in comparison_scores.judge(nothing))


def test_without_the_training_mean_that_of_the_checkpoint_stands_where_it_is_of_the_same_recordings():
    row = {
        "culture": ALL,
        "output": "emotion",
        "metric": "ua",
        "aggregation": "pooled",
        "training_mean": 0.37,
        "recordings": COUNT,
    }
    models = [dataclasses.replace(classifier(n, 6), constant=None, metrics={"test": [row]}) for n in "ab"]
    figures, _ = comparison_scores.judge(comparison.compare(models))
    assert row_of(figures, model="a", culture=ALL, metric="ua").training_mean == 0.37
    assert np.isnan(row_of(figures, model="a", culture="Korean", metric="ua").training_mean)
    part, _ = comparison_scores.judge(comparison.compare(models, Slice({"label": ("sad",)})))
    assert part.training_mean.isna().all()


def test_a_collapsed_model_is_flagged():
    flat = tracer("flat", 0)
    flat = dataclasses.replace(
        flat, results=tuple(dataclasses.replace(r, prediction=np.zeros_like(r.truth)) for r in flat.results)
    )
    figures, differences = comparison_scores.judge(comparison.compare([tracer("good", 0.2), flat]))
    assert [w for w in comparison_scores.verdicts(figures, differences) if "collapsed" in w] == [
        "flat has collapsed (valence (derived), arousal (derived)): it predicts nearly a constant, or no better than "
        "the training mean."
    ]
