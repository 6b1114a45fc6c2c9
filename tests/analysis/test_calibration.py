"""Calibration of planted models that are too sure, just sure enough, or half as strong as their labels."""

import dataclasses

import numpy as np
import pytest
from contenders import classifier, row_of, tracer

from emoviz.analysis import calibration, comparison


def test_reliability_by_hand():
    both = comparison.compare([classifier("sure", 30, sure=0.95), classifier("right", 12, sure=0.8)])
    bins, errors = calibration.reliability(both)
    row = row_of(bins, model="sure")
    assert (row.confidence, row.accuracy, row.recordings) == (pytest.approx(0.95), 0.5, 60)
    assert row.low < 0.5 < row.high
    assert row_of(errors, model="sure").error == pytest.approx(0.45)
    assert row_of(errors, model="right").error == pytest.approx(0, abs=1e-9)


def test_wilsons_interval_by_hand():
    share, low, high = calibration.wilson(0, 10)
    assert (share, high) == (0, pytest.approx(1.96**2 / (10 + 1.96**2)))
    assert low == pytest.approx(0, abs=1e-12)
    assert calibration.wilson(5, 10)[1] == pytest.approx(1 - calibration.wilson(5, 10)[2])


def test_predicted_and_true_of_a_model_that_halves_its_labels():
    whole = tracer("half", 0)
    half = dataclasses.replace(
        whole, results=tuple(dataclasses.replace(r, prediction=r.truth / 2) for r in whole.results)
    )
    table = calibration.predicted_and_true(comparison.compare([half, tracer("b", 0.1)]))
    own = table[table.model == "half"]
    np.testing.assert_allclose(own.true, 2 * own.predicted, atol=1e-6)
    assert own.groupby("output").frames.sum().tolist() == [12 * 40] * 2
    assert (own.low <= own.true + 1e-6).all() and (own.high >= own.true - 1e-6).all()
