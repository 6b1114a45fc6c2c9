"""Confusions and errors by slice, worked out by hand."""

import numpy as np
import pytest
from contenders import DIMENSIONS, classifier, rater, row_of, tracer
from sklearn.metrics import confusion_matrix

from emoviz.analysis import comparison, comparison_errors
from emoviz.analysis.comparison import Contender
from emoviz.core.vocabulary import CIRCUMPLEX, Emotion


def test_confusions_by_hand_and_of_a_model_that_kept_only_them():
    stated = {"confusion": {"classes": ["x", "y"], "counts": [[3, 1], [0, 0]]}}
    mute = Contender("mute", "emotion", False, ("x", "y"), stated)
    table = comparison_errors.confusions(comparison.compare([classifier("a", 6), mute]))
    cell = row_of(table, model="a", truth="angry", prediction="happy")
    assert cell["count"] == 2 and cell.share == pytest.approx(2 / 20)
    assert row_of(table, model="mute", truth="x", prediction="x").share == 0.75
    assert row_of(table, model="mute", truth="y", prediction="x").share == 0


REACTIONS = ("intensity of happy", "intensity of fearful")


def test_levels_are_numpys_histogram_and_their_shares_scikit_learns_confusion_matrix():
    random = np.random.default_rng(3)
    truth, prediction = random.random((200, 2)), random.random((200, 2))
    truth[:9, 0] = np.nan
    both = comparison.compare([rater("a", REACTIONS, truth, prediction), rater("b", REACTIONS, truth, truth)])
    table = comparison_errors.level_confusions(both)
    assert list(dict.fromkeys(table.truth))[:2] == [".0 to .1", ".1 to .2"] and table.truth.iloc[-1] == ".9 to 1.00"
    for k, output in enumerate(REACTIONS):
        own = table[(table.model == "a") & (table.output == output)]
        known = ~np.isnan(truth[:, k])
        expected, *_ = np.histogram2d(truth[known, k], prediction[known, k], bins=10, range=[[0, 1], [0, 1]])
        np.testing.assert_array_equal(own["count"].to_numpy().reshape(10, 10), expected)
        levels = [np.digitize(v[known, k], np.arange(1, 10) / 10) for v in (truth, prediction)]
        shares = confusion_matrix(*levels, normalize="true")
        np.testing.assert_allclose(own.share.to_numpy().reshape(10, 10), shares)
        right = table[(table.model == "b") & (table.output == output) & (table.truth == table.prediction)]
        assert (right.share == 1).all()


def test_levels_at_and_beyond_the_ends_and_without_labels_by_hand():
    truth = np.array([[0.0, 1.0], [0.5, 1.0], [1.0, 1.0]])
    said = np.array([[-0.2, 1.0], [0.49, 0.99], [1.3, 0.0]])
    table = comparison_errors.level_confusions(comparison.compare([rater(n, REACTIONS, truth, said) for n in "ab"]))
    cells = table[(table.model == "a") & (table["count"] > 0)][["output", "truth", "prediction", "count"]]
    assert [(output[13:], *rest) for output, *rest in cells.itertuples(index=False)] == [
        ("happy", ".0 to .1", ".0 to .1", 1),
        ("happy", ".5 to .6", ".4 to .5", 1),
        ("happy", ".9 to 1.00", ".9 to 1.00", 1),
        ("fearful", ".9 to 1.00", ".0 to .1", 1),
        ("fearful", ".9 to 1.00", ".9 to 1.00", 2),
    ]
    assert row_of(table, model="a", output=REACTIONS[0], truth=".2 to .3", prediction=".2 to .3").isna().share
    dimensions = comparison_errors.level_confusions(comparison.compare([tracer("a", 0.1), tracer("b", 0.4)]))
    assert dimensions.truth.iloc[0] == "−1.00 to −.8" and set(dimensions.output) == set(DIMENSIONS)
    assert dimensions.groupby(["model", "output"])["count"].sum().tolist() == [12 * 40] * 4
    assert comparison_errors.level_confusions(comparison.compare([classifier("a", 6), classifier("b", 9)])).empty


def test_errors_by_slice_by_hand():
    both = comparison.compare([classifier("a", 6), classifier("b", 30)])
    assert comparison_errors.slice_columns(both) == ["culture", "label", "speaker"]
    table = comparison_errors.slice_errors(both, "label")
    row = row_of(table, slice="happy", model="b")
    assert row.error == pytest.approx(10 / 20) and row.low < 0.5 < row.high and row.recordings == 20


def test_frames_are_told_apart_by_the_emotion_that_their_labels_stand_for():
    both = comparison.compare([tracer("a", 0.1), tracer("b", 0.4)])
    assert comparison_errors.slice_columns(both) == ["label", "speaker"]
    table = comparison_errors.slice_errors(both, "label")
    assert set(table.slice) == set(list(Emotion)[:3])
    row = row_of(table, slice="angry", model="b", output=DIMENSIONS[0])
    frames = [
        (r.truth[:, 0] - r.prediction[:, 0])[np.isclose(r.truth[:, 0], CIRCUMPLEX[Emotion.ANGRY][0])]
        for r in both["b"].results
    ]
    assert row.error == pytest.approx(np.sqrt((np.concatenate(frames) ** 2).mean()), rel=1e-4)
