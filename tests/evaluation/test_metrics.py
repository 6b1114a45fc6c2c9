"""Metrics against independent formulas."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics as sklearn_metrics
from sklearn.calibration import calibration_curve

from emoviz.evaluation.metrics.accuracy import accuracy
from emoviz.evaluation.metrics.aggregation import per_recording, pooled
from emoviz.evaluation.metrics.calibration_error import calibration_error
from emoviz.evaluation.metrics.ccc import ccc
from emoviz.evaluation.metrics.kappa import kappa
from emoviz.evaluation.metrics.pearson import pearson
from emoviz.evaluation.metrics.rmse import rmse
from emoviz.evaluation.metrics.ua import unweighted_average_recall
from emoviz.evaluation.scores import is_collapsed
from emoviz.evaluation.tables import confusion

VALUES = st.floats(-1, 1, allow_subnormal=False).map(lambda value: round(value, 3))
PAIRS = st.lists(st.tuples(VALUES, VALUES), min_size=2, max_size=40).map(np.array)


def lin(x: np.ndarray, y: np.ndarray) -> float:
    """Lin's coefficient by his first form: one minus the expected squared distance over that without agreement."""
    independent = np.mean((x[:, None] - y[None, :]) ** 2)
    return 1 - np.mean((x - y) ** 2) / independent


@given(pairs=PAIRS)
def test_ccc_is_lins(pairs: np.ndarray) -> None:
    assume(np.ptp(pairs) > 0)
    assert ccc(pairs[:, 0], pairs[:, 1]) == pytest.approx(lin(pairs[:, 0], pairs[:, 1]), abs=1e-9)


def test_ccc_takes_population_moments() -> None:
    # By hand: means 1 and 4/3, variances 2/3 and 14/9, covariance 1.
    assert ccc(np.array([0, 1, 2]), np.array([0, 1, 3])) == pytest.approx(2 / (2 / 3 + 14 / 9 + 1 / 9))


@given(pairs=PAIRS)
def test_pearson_is_scipys(pairs: np.ndarray) -> None:
    assume(np.ptp(pairs[:, 0]) > 0 and np.ptp(pairs[:, 1]) > 0)
    assert pearson(*pairs.T) == pytest.approx(stats.pearsonr(*pairs.T).statistic, abs=1e-9)


@given(pairs=PAIRS)
def test_ccc_is_at_most_pearson_and_both_are_symmetric(pairs: np.ndarray) -> None:
    assume(np.ptp(pairs[:, 0]) > 0 and np.ptp(pairs[:, 1]) > 0)
    x, y = pairs.T
    assert abs(ccc(x, y)) <= abs(pearson(x, y)) + 1e-9
    assert ccc(x, y) == pytest.approx(ccc(y, x))


@given(pairs=PAIRS)
def test_rmse_is_sklearns(pairs: np.ndarray) -> None:
    assert rmse(*pairs.T) == pytest.approx(sklearn_metrics.root_mean_squared_error(*pairs.T))


@pytest.mark.parametrize("value", [0.0, 0.1, -0.7])
@pytest.mark.parametrize("count", [1, 3, 10])
def test_what_is_undefined_is_nan(value: float, count: int) -> None:
    constant, nothing = np.full(count, value), np.array([])
    assert math.isnan(ccc(constant, constant))
    assert math.isnan(pearson(constant, np.arange(count)))
    for metric in (ccc, pearson, rmse, accuracy, unweighted_average_recall):
        assert math.isnan(metric(nothing, nothing))


def test_a_constant_prediction_has_a_ccc_of_zero() -> None:
    assert ccc(np.array([0.1, 0.5, 0.9]), np.full(3, 0.1)) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("metric", [ccc, pearson, rmse])
def test_pairs_with_a_gap_are_left_out(metric) -> None:
    truth, prediction = np.array([0.1, np.nan, 0.4, 0.9]), np.array([0.2, 0.3, np.nan, 0.5])
    assert metric(truth, prediction) == metric(truth[[0, 3]], prediction[[0, 3]])


def test_series_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="differ in length: 3 and 2"):
        ccc(np.zeros(3), np.zeros(2))


@given(pairs=st.lists(st.tuples(st.sampled_from("ahns"), st.sampled_from("ahns")), min_size=1).map(np.array))
def test_class_metrics_are_sklearns(pairs: np.ndarray) -> None:
    truth, prediction = pairs.T
    assert accuracy(truth, prediction) == pytest.approx(sklearn_metrics.accuracy_score(truth, prediction))
    recall = sklearn_metrics.recall_score(
        truth, prediction, labels=np.unique(truth), average="macro", zero_division=0.0
    )
    assert unweighted_average_recall(truth, prediction) == pytest.approx(recall)
    expected = sklearn_metrics.confusion_matrix(truth, prediction, labels=list("ahns"))
    np.testing.assert_array_equal(confusion(truth, prediction, "ahns"), expected)


def test_pooled_and_per_recording_differ_as_their_names_say() -> None:
    truths = [np.array([0.0, 0.1, 0.2]), np.array([0.8, 0.9, 1.0])]
    predictions = [np.array([0.1, 0.1, 0.1]), np.array([0.9, 0.9, 0.9])]
    # Each recording's own level is found, its course is not.
    assert per_recording(ccc, truths, predictions) == pytest.approx(0, abs=1e-9)
    assert pooled(ccc, truths, predictions) == pytest.approx(lin(np.hstack(truths), np.hstack(predictions)))
    assert pooled(ccc, truths, predictions) > 0.9


def test_recordings_without_a_value_are_left_out_of_the_mean() -> None:
    constant, course = np.full(3, 0.1), np.array([0.0, 0.5, 1.0])
    assert per_recording(ccc, [constant, course], [constant, course]) == pytest.approx(1)
    assert math.isnan(per_recording(ccc, [constant], [constant]))
    assert math.isnan(pooled(ccc, [], []))


@pytest.mark.parametrize(
    ("prediction", "collapsed"),
    [
        ([0.5, 0.5, 0.5, 0.5], True),  # a constant
        ([0.49, 0.5, 0.5, 0.51], True),  # nearly one
        ([0.9, 0.7, 0.2, 0.1], True),  # the other way round
        ([0.7, 0.1, 0.9, 0.3], True),  # CCC below 0
        ([0.1, 0.3, 0.7, 0.8], False),
        ([5.1, 5.3, 5.7, 6.8], True),  # all of them too high: CCC .02
        ([0.7, 0.9, 1.4, 1.7], False),  # RMSE .68 to the training mean's .38, but CCC .40
    ],
)
def test_a_collapsed_model_is_flagged(prediction: list[float], collapsed: bool) -> None:
    truth = np.array([0.0, 0.3, 0.7, 1.0])
    assert is_collapsed(truth, np.array(prediction)) is collapsed


def test_constant_labels_flag_nobody() -> None:
    assert is_collapsed(np.full(3, 0.1), np.array([0.1, 0.2, 0.3])) is False


def test_kappa_is_scikit_learns() -> None:
    random = np.random.default_rng(0)
    first = random.integers(0, 4, 60)
    second = np.where(random.random(60) < 0.5, first, random.integers(0, 4, 60))
    assert kappa(first, second) == pytest.approx(sklearn_metrics.cohen_kappa_score(first, second))
    assert kappa(first, first) == 1
    assert math.isnan(kappa(np.ones(3), np.ones(3))) and math.isnan(kappa(np.empty(0), np.empty(0)))


def test_calibration_error_by_hand() -> None:
    # Bin .5 to .6: confidence .55, accuracy .5, two of five. Bin .9 to 1: confidence (.9 + .95 + 1) / 3, accuracy 1.
    confidence = np.array([0.5, 0.6 - 1e-9, 0.9, 0.95, 1.0])
    expected = 2 / 5 * abs(0.5 - 0.55) + 3 / 5 * (1 - 0.95)
    right = np.array([1, 0, 1, 1, 1])
    assert calibration_error(confidence, right, bins=10, equal_mass=False) == pytest.approx(expected)
    assert calibration_error(np.array([0.7, 0.7]), np.array([1, 0]), bins=1) == pytest.approx(0.2)
    assert math.isnan(calibration_error(np.empty(0), np.empty(0)))


def test_calibration_error_in_bins_of_equal_mass_is_that_of_sklearns_curve() -> None:
    random = np.random.default_rng(0)
    confidence = random.beta(5, 2, 150)
    right = random.random(150) < confidence**2
    true, said = calibration_curve(right, confidence, n_bins=15, strategy="quantile")  # 10 of 150 in each of 15 bins
    assert calibration_error(confidence, right) == pytest.approx(np.abs(true - said).mean())
    order = random.permutation(150)
    assert calibration_error(confidence[order], right[order]) == pytest.approx(calibration_error(confidence, right))
    assert calibration_error(np.full(30, 0.8), np.arange(30) < 24) == pytest.approx(0)  # equal values share a bin
