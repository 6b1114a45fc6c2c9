"""Confusions and errors by slice, worked out by hand."""

import numpy as np
import pytest
from contenders import DIMENSIONS, classifier, row_of, tracer

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
