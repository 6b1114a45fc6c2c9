"""Metrics against independent formulas."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics as sklearn_metrics

from emoviz.evaluation import metrics

VALUES = st.floats(-1, 1, allow_subnormal=False).map(lambda value: round(value, 3))
PAIRS = st.lists(st.tuples(VALUES, VALUES), min_size=2, max_size=40).map(np.array)


def lin(x: np.ndarray, y: np.ndarray) -> float:
    """Lin's coefficient by his first form: one minus the expected squared distance over that without agreement."""
    independent = np.mean((x[:, None] - y[None, :]) ** 2)
    return 1 - np.mean((x - y) ** 2) / independent


@given(pairs=PAIRS)
def test_ccc_is_lins(pairs: np.ndarray) -> None:
    assume(np.ptp(pairs) > 0)
    assert metrics.ccc(pairs[:, 0], pairs[:, 1]) == pytest.approx(lin(pairs[:, 0], pairs[:, 1]), abs=1e-9)


def test_ccc_takes_population_moments() -> None:
    # By hand: means 1 and 4/3, variances 2/3 and 14/9, covariance 1.
    assert metrics.ccc(np.array([0, 1, 2]), np.array([0, 1, 3])) == pytest.approx(2 / (2 / 3 + 14 / 9 + 1 / 9))


@given(pairs=PAIRS)
def test_pearson_is_scipys(pairs: np.ndarray) -> None:
    assume(np.ptp(pairs[:, 0]) > 0 and np.ptp(pairs[:, 1]) > 0)
    assert metrics.pearson(*pairs.T) == pytest.approx(stats.pearsonr(*pairs.T).statistic, abs=1e-9)


@given(pairs=PAIRS)
def test_ccc_is_at_most_pearson_and_both_are_symmetric(pairs: np.ndarray) -> None:
    assume(np.ptp(pairs[:, 0]) > 0 and np.ptp(pairs[:, 1]) > 0)
    x, y = pairs.T
    assert abs(metrics.ccc(x, y)) <= abs(metrics.pearson(x, y)) + 1e-9
    assert metrics.ccc(x, y) == pytest.approx(metrics.ccc(y, x))


@given(pairs=PAIRS)
def test_rmse_is_sklearns(pairs: np.ndarray) -> None:
    assert metrics.rmse(*pairs.T) == pytest.approx(sklearn_metrics.root_mean_squared_error(*pairs.T))


@pytest.mark.parametrize("value", [0.0, 0.1, -0.7])
@pytest.mark.parametrize("count", [1, 3, 10])
def test_what_is_undefined_is_nan(value: float, count: int) -> None:
    constant, nothing = np.full(count, value), np.array([])
    assert math.isnan(metrics.ccc(constant, constant))
    assert math.isnan(metrics.pearson(constant, np.arange(count)))
    for metric in (metrics.ccc, metrics.pearson, metrics.rmse, metrics.accuracy, metrics.unweighted_average_recall):
        assert math.isnan(metric(nothing, nothing))


def test_a_constant_prediction_has_a_ccc_of_zero() -> None:
    assert metrics.ccc(np.array([0.1, 0.5, 0.9]), np.full(3, 0.1)) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("metric", [metrics.ccc, metrics.pearson, metrics.rmse])
def test_pairs_with_a_gap_are_left_out(metric) -> None:
    truth, prediction = np.array([0.1, np.nan, 0.4, 0.9]), np.array([0.2, 0.3, np.nan, 0.5])
    assert metric(truth, prediction) == metric(truth[[0, 3]], prediction[[0, 3]])


def test_series_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="differ in length: 3 and 2"):
        metrics.ccc(np.zeros(3), np.zeros(2))


@given(pairs=st.lists(st.tuples(st.sampled_from("ahns"), st.sampled_from("ahns")), min_size=1).map(np.array))
def test_class_metrics_are_sklearns(pairs: np.ndarray) -> None:
    truth, prediction = pairs.T
    assert metrics.accuracy(truth, prediction) == pytest.approx(sklearn_metrics.accuracy_score(truth, prediction))
    recall = sklearn_metrics.recall_score(
        truth, prediction, labels=np.unique(truth), average="macro", zero_division=0.0
    )
    assert metrics.unweighted_average_recall(truth, prediction) == pytest.approx(recall)
    expected = sklearn_metrics.confusion_matrix(truth, prediction, labels=list("ahns"))
    np.testing.assert_array_equal(metrics.confusion(truth, prediction, "ahns"), expected)


def test_pooled_and_per_recording_differ_as_their_names_say() -> None:
    truths = [np.array([0.0, 0.1, 0.2]), np.array([0.8, 0.9, 1.0])]
    predictions = [np.array([0.1, 0.1, 0.1]), np.array([0.9, 0.9, 0.9])]
    # Each recording's own level is found, its course is not.
    assert metrics.per_recording_ccc(truths, predictions) == pytest.approx(0, abs=1e-9)
    assert metrics.pooled_ccc(truths, predictions) == pytest.approx(lin(np.hstack(truths), np.hstack(predictions)))
    assert metrics.pooled_ccc(truths, predictions) > 0.9


def test_recordings_without_a_value_are_left_out_of_the_mean() -> None:
    constant, course = np.full(3, 0.1), np.array([0.0, 0.5, 1.0])
    assert metrics.per_recording_ccc([constant, course], [constant, course]) == pytest.approx(1)
    assert math.isnan(metrics.per_recording_ccc([constant], [constant]))
    assert math.isnan(metrics.pooled_ccc([], []))


def test_the_interval_of_a_mean_is_the_normal_one() -> None:
    values = np.random.default_rng(0).normal(3, 1, 400)
    low, high = metrics.interval(lambda drawn: values[drawn].mean(), len(values), draws=4000)
    half = stats.norm.ppf(0.975) * values.std() / math.sqrt(len(values))
    assert (low, high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.1 * half)


def test_the_interval_is_seeded_and_wider_at_a_higher_level() -> None:
    def mean(drawn: np.ndarray) -> float:
        return float(drawn.mean())

    assert metrics.interval(mean, 9) == metrics.interval(mean, 9) != metrics.interval(mean, 9, seed=1)
    narrow, wide = metrics.interval(mean, 9, level=0.5), metrics.interval(mean, 9, level=0.99)
    assert wide[0] < narrow[0] < narrow[1] < wide[1]


def test_one_group_says_nothing_of_its_spread() -> None:
    assert all(map(math.isnan, metrics.interval(lambda drawn: 1.0, 1)))
    assert all(map(math.isnan, metrics.interval(lambda drawn: float("nan"), 5)))


SCORES = st.lists(st.tuples(VALUES, VALUES), min_size=2, max_size=12).map(np.array)
"""(recordings, 2): a score of each of two systems."""


def means(scores: np.ndarray) -> tuple[Callable[[np.ndarray], float], Callable[[np.ndarray], float]]:
    """The two systems' mean scores over drawn recordings."""
    return lambda drawn: scores[drawn, 0].mean(), lambda drawn: scores[drawn, 1].mean()


@given(scores=SCORES)
def test_swapping_two_systems_flips_their_difference(scores: np.ndarray) -> None:
    first, second = means(scores)
    one = metrics.paired_difference(first, second, len(scores), draws=50)
    other = metrics.paired_difference(second, first, len(scores), draws=50)
    assert (one.value, one.low, one.high, one.p) == pytest.approx((-other.value, -other.high, -other.low, other.p))
    assert one.low <= one.high and 1 / 50 <= one.p <= 1


@given(scores=SCORES)
def test_a_paired_difference_is_the_interval_of_the_differences(scores: np.ndarray) -> None:
    result = metrics.paired_difference(*means(scores), len(scores), draws=50, level=0.8)
    differences = scores[:, 0] - scores[:, 1]
    low, high = metrics.interval(lambda drawn: differences[drawn].mean(), len(scores), draws=50, level=0.8)
    assert result[:3] == pytest.approx((differences.mean(), low, high), abs=1e-12)


def test_p_counts_the_draws_on_the_other_side_of_zero() -> None:
    # Every draw of two out of two recordings: mean difference 3 (a quarter), 1 (half) and -1 (a quarter).
    scores = np.array([[3.0, 0.0], [0.0, 1.0]])
    result = metrics.paired_difference(*means(scores), 2, draws=20_000)
    assert (result.value, result.low, result.high) == (1, -1, 3)
    assert result.p == pytest.approx(0.5, abs=0.02)


def test_p_of_a_paired_difference_is_that_of_a_test_of_means() -> None:
    random = np.random.default_rng(0)
    scores = random.normal(0, 1, (200, 1)) + random.normal([0.1, 0], 0.5, (200, 2))
    expected = stats.ttest_rel(scores[:, 0], scores[:, 1]).pvalue
    assert metrics.paired_difference(*means(scores), 200, draws=4000).p == pytest.approx(expected, abs=0.03)


def test_p_is_one_without_a_difference_and_never_zero() -> None:
    same = np.tile(np.arange(5.0)[:, None], 2)
    assert metrics.paired_difference(*means(same), 5) == (0, 0, 0, 1)
    apart = same + [1, 0]
    assert metrics.paired_difference(*means(apart), 5, draws=200) == pytest.approx((1, 1, 1, 1 / 200))


def test_a_difference_that_is_undefined_is_nan() -> None:
    def nothing(drawn: np.ndarray) -> float:
        return float("nan")

    first, second = means(np.array([[1.0, 0.0]]))
    value, *rest = metrics.paired_difference(first, second, 1)
    assert value == 1 and all(map(math.isnan, rest))
    assert all(map(math.isnan, metrics.paired_difference(nothing, lambda drawn: 1.0, 5)))


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
    assert metrics.is_collapsed(truth, np.array(prediction)) is collapsed


def test_constant_labels_flag_nobody() -> None:
    assert metrics.is_collapsed(np.full(3, 0.1), np.array([0.1, 0.2, 0.3])) is False


def test_kappa_is_scikit_learns() -> None:
    random = np.random.default_rng(0)
    first = random.integers(0, 4, 60)
    second = np.where(random.random(60) < 0.5, first, random.integers(0, 4, 60))
    assert metrics.kappa(first, second) == pytest.approx(sklearn_metrics.cohen_kappa_score(first, second))
    assert metrics.kappa(first, first) == 1
    assert math.isnan(metrics.kappa(np.ones(3), np.ones(3))) and math.isnan(metrics.kappa(np.empty(0), np.empty(0)))


def test_calibration_error_by_hand() -> None:
    # Bin .5 to .6: confidence .55, accuracy .5, two of five. Bin .9 to 1: confidence (.9 + .95 + 1) / 3, accuracy 1.
    confidence = np.array([0.5, 0.6 - 1e-9, 0.9, 0.95, 1.0])
    expected = 2 / 5 * abs(0.5 - 0.55) + 3 / 5 * (1 - 0.95)
    assert metrics.calibration_error(confidence, np.array([1, 0, 1, 1, 1])) == pytest.approx(expected)
    assert metrics.calibration_error(np.array([0.7, 0.7]), np.array([1, 0]), bins=1) == pytest.approx(0.2)
    assert math.isnan(metrics.calibration_error(np.empty(0), np.empty(0)))
