"""The bootstrap: it draws people, is paired, and says how few it rests on."""

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from emoviz.evaluation import bootstrap
from emoviz.evaluation.bootstrap import cluster, clusters_in, clusters_of, each
from emoviz.evaluation.scores import Result, class_scores, frame_scores

VALUES = st.floats(-1, 1, allow_subnormal=False).map(lambda value: round(value, 3))
CLIPS = st.lists(st.tuples(st.sampled_from("abcdefgh"), VALUES), min_size=1, max_size=20)
"""Who speaks in each clip, and a score of it."""


def plain(statistic: Callable[[np.ndarray], float], count: int, draws: int, seed: int = 0) -> np.ndarray:
    """The textbook's bootstrap of independent results, written apart from the code under test."""
    random = np.random.default_rng(seed)
    return np.array([statistic(random.integers(0, count, count)) for _ in range(draws)])


def mean_of(values: np.ndarray) -> bootstrap.SumStatistic:
    return bootstrap.SumStatistic(np.stack([values, np.ones_like(values)], 1), lambda sums: sums[..., 0] / sums[..., 1])


@given(values=st.lists(VALUES, min_size=2, max_size=12).map(np.array), seed=st.integers(0, 9))
def test_clusters_of_one_recording_each_are_drawn_as_recordings_always_were(values: np.ndarray, seed: int) -> None:
    clusters = cluster([f"r{n}" for n in range(len(values))])
    assert (clusters.unit, clusters.count) == ("recordings", len(values))
    both = [mean_of(values), lambda drawn: float(values[drawn].mean())]
    quick, slow = bootstrap.resample(both, clusters, draws=150, seed=seed)
    wanted = plain(lambda drawn: values[drawn].mean(), len(values), 150, seed)
    np.testing.assert_array_equal(slow, wanted)
    np.testing.assert_allclose(quick, wanted, atol=1e-12)


@given(clips=CLIPS, times=st.integers(2, 5))
def test_an_interval_does_not_narrow_when_people_say_the_same_more_often(
    clips: list[tuple[str, float]], times: int
) -> None:
    def interval(clips: list[tuple[str, float]]) -> tuple[float, float]:
        values = np.array([value for _, value in clips])
        clusters = cluster(range(len(clips)), [speaker for speaker, _ in clips])
        assert (clusters.unit, clusters.count) == ("speakers", len({speaker for speaker, _ in clips}))
        return bootstrap.interval(mean_of(values), clusters, draws=60)

    assert interval(clips * times) == pytest.approx(interval(clips), abs=1e-9, nan_ok=True)


@given(clips=CLIPS)
def test_sums_over_clusters_are_those_of_the_results_drawn(clips: list[tuple[str, float]]) -> None:
    values = mean_of(np.array([value for _, value in clips]))
    clusters = cluster(range(len(clips)), [speaker for speaker, _ in clips])
    quick, slow = bootstrap.resample([values, lambda drawn: values(drawn)], clusters, draws=20)
    np.testing.assert_allclose(quick, slow, atol=1e-12)
    assert sorted(np.concatenate(clusters.members)) == list(range(len(clips)))
    assert all((clusters.codes[own] == number).all() for number, own in enumerate(clusters.members))


@pytest.mark.parametrize(
    ("speakers", "sessions", "unit", "codes"),
    [
        (None, None, "recordings", [0, 1, 2, 3]),
        ([None, np.nan, "", None], [None] * 4, "recordings", [0, 1, 2, 3]),
        (["a", "b", "a", "b"], None, "speakers", [0, 1, 0, 1]),
        (["a", None, "a", None], None, "speakers", [0, 1, 0, 2]),  # those of unknown speakers stand alone
        (["a", "b", "c", "d"], ["x", "x", "y", "y"], "sessions", [0, 0, 1, 1]),
        (["a", "b", "c", "c"], ["x", "x", "y", "z"], "sessions", [0, 0, 1, 1]),  # c talks in two of them
        (["a", "b", "c", "d"], ["x", "x", None, None], "speakers", [0, 0, 1, 2]),  # still not independent
        (None, ["x", "y", "x", "y"], "sessions", [0, 1, 0, 1]),
    ],
)
def test_people_of_one_session_and_clips_of_one_person_are_drawn_together(speakers, sessions, unit, codes) -> None:
    clusters = cluster(["p", "q", "r", "s"], speakers, sessions)
    assert (clusters.unit, clusters.codes.tolist()) == (unit, codes)


def test_clusters_of_results_and_of_a_table_are_the_same() -> None:
    who = [("p", "a", "x"), ("q", "b", "x"), ("r", "c", "y"), ("r", "c", "y")]
    results = [Result(i, None, speaker, "", *[np.empty(0)] * 3, session=session) for i, speaker, session in who]
    table = pd.DataFrame(who, columns=["id", "speaker", "session"]).set_index("id")
    assert clusters_of(results).codes.tolist() == clusters_in(table).codes.tolist() == [0, 0, 1, 1]
    assert clusters_in(table[["speaker"]].astype("category")).codes.tolist() == [0, 1, 2, 2]
    assert clusters_in(table[[]]).codes.tolist() == [0, 1, 2, 2]  # one recording is never drawn apart from itself
    assert (clusters_of([]).unit, clusters_of([]).count, clusters_of([]).members) == ("recordings", 0, [])


@pytest.mark.parametrize(
    ("speakers", "sentence"),
    [("aaaa", "rests on 1 person"), ("aabb", "rests on 2 people"), ("abcd", "rests on 4 people"), ("abcde", "")],
)
def test_few_people_are_said_to_be_few_and_one_gives_no_interval(speakers: str, sentence: str) -> None:
    clusters = cluster(range(len(speakers)), list(speakers))
    assert clusters.rests_on == sentence
    low, high = bootstrap.interval(mean_of(np.arange(len(speakers), dtype=float)), clusters, draws=50)
    assert math.isnan(low) == math.isnan(high) == (clusters.count == 1)


def test_few_sessions_and_few_recordings_are_called_so() -> None:
    assert cluster(range(4), None, list("aabb")).rests_on == "rests on 2 sessions"
    assert each(3).rests_on == "rests on 3 recordings"


def test_scores_of_all_kinds_meet_the_draws_of_a_plain_bootstrap() -> None:
    random = np.random.default_rng(0)
    truths = [random.uniform(-1, 1, size=(30, 2)) for _ in range(6)]
    courses = [Result(f"r{n}", None, None, "", t, t + random.normal(size=t.shape), t) for n, t in enumerate(truths)]
    classes = [Result(f"r{n}", None, None, "", np.eye(3)[n % 3], random.random(3), truths[n]) for n in range(6)]
    for results, scores in ((courses, frame_scores(("v", "a"), np.zeros(2))), (classes, class_scores(np.ones(3)))):
        quick = bootstrap.resample([score.statistic(results) for score in scores], clusters_of(results), draws=150)
        for score, values in zip(scores, quick, strict=True):
            wanted = plain(lambda drawn, s=score, r=results: s.compute([r[i] for i in drawn]), 6, 150)
            np.testing.assert_allclose(values, wanted, atol=1e-9)


def test_samples_are_drawn_anew_only_with_another_seed() -> None:
    clusters = each(7)
    one, same, other = (np.concatenate(list(bootstrap.draw(clusters, 150, seed))) for seed in (0, 0, [1, 2]))
    assert one.shape == (150, 7)
    assert (one == same).all() and (one != other).any()
    assert list(bootstrap.draw(each(1), 150)) == []
    np.testing.assert_array_equal(cluster("pqr", "aba").positions(np.array([1, 0, 0])), [1, 0, 2, 0, 2])


def test_the_interval_of_a_mean_is_the_normal_one() -> None:
    values = np.random.default_rng(0).normal(3, 1, 400)
    low, high = bootstrap.interval(lambda drawn: values[drawn].mean(), each(len(values)), draws=4000)
    half = stats.norm.ppf(0.975) * values.std() / math.sqrt(len(values))
    assert (low, high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.1 * half)


def test_the_interval_is_seeded_and_wider_at_a_higher_level() -> None:
    def mean(drawn: np.ndarray) -> float:
        return float(drawn.mean())

    assert (
        bootstrap.interval(mean, each(9))
        == bootstrap.interval(mean, each(9))
        != bootstrap.interval(mean, each(9), seed=1)
    )
    narrow, wide = bootstrap.interval(mean, each(9), level=0.5), bootstrap.interval(mean, each(9), level=0.99)
    assert wide[0] < narrow[0] < narrow[1] < wide[1]


def test_one_group_says_nothing_of_its_spread() -> None:
    assert all(map(math.isnan, bootstrap.interval(lambda drawn: 1.0, each(1))))
    assert all(map(math.isnan, bootstrap.interval(lambda drawn: float("nan"), each(5))))


SCORES = st.lists(st.tuples(VALUES, VALUES), min_size=2, max_size=12).map(np.array)
"""(recordings, 2): a score of each of two systems."""


def means(scores: np.ndarray) -> tuple[Callable[[np.ndarray], float], Callable[[np.ndarray], float]]:
    """The two systems' mean scores over drawn recordings."""
    return lambda drawn: scores[drawn, 0].mean(), lambda drawn: scores[drawn, 1].mean()


@given(scores=SCORES)
def test_swapping_two_systems_flips_their_difference(scores: np.ndarray) -> None:
    first, second = means(scores)
    one = bootstrap.paired_difference(first, second, each(len(scores)), draws=50)
    other = bootstrap.paired_difference(second, first, each(len(scores)), draws=50)
    assert (one.value, one.low, one.high, one.p) == pytest.approx((-other.value, -other.high, -other.low, other.p))
    assert one.low <= one.high and 1 / 50 <= one.p <= 1


@given(scores=SCORES)
def test_a_paired_difference_is_the_interval_of_the_differences(scores: np.ndarray) -> None:
    result = bootstrap.paired_difference(*means(scores), each(len(scores)), draws=50, level=0.8)
    differences = scores[:, 0] - scores[:, 1]
    low, high = bootstrap.interval(lambda drawn: differences[drawn].mean(), each(len(scores)), draws=50, level=0.8)
    assert result[:3] == pytest.approx((differences.mean(), low, high), abs=1e-12)


def test_p_counts_the_draws_on_the_other_side_of_zero() -> None:
    # Every draw of two out of two recordings: mean difference 3 (a quarter), 1 (half) and -1 (a quarter).
    scores = np.array([[3.0, 0.0], [0.0, 1.0]])
    result = bootstrap.paired_difference(*means(scores), each(2), draws=20_000)
    assert (result.value, result.low, result.high) == (1, -1, 3)
    assert result.p == pytest.approx(0.5, abs=0.02)


def test_p_of_a_paired_difference_is_that_of_a_test_of_means() -> None:
    random = np.random.default_rng(0)
    scores = random.normal(0, 1, (200, 1)) + random.normal([0.1, 0], 0.5, (200, 2))
    expected = stats.ttest_rel(scores[:, 0], scores[:, 1]).pvalue
    assert bootstrap.paired_difference(*means(scores), each(200), draws=4000).p == pytest.approx(expected, abs=0.03)


def test_p_is_one_without_a_difference_and_never_zero() -> None:
    same = np.tile(np.arange(5.0)[:, None], 2)
    assert bootstrap.paired_difference(*means(same), each(5)) == (0, 0, 0, 1)
    apart = same + [1, 0]
    assert bootstrap.paired_difference(*means(apart), each(5), draws=200) == pytest.approx((1, 1, 1, 1 / 200))


def test_a_difference_that_is_undefined_is_nan() -> None:
    def nothing(drawn: np.ndarray) -> float:
        return float("nan")

    first, second = means(np.array([[1.0, 0.0]]))
    value, *rest = bootstrap.paired_difference(first, second, each(1))
    assert value == 1 and all(map(math.isnan, rest))
    assert all(map(math.isnan, bootstrap.paired_difference(nothing, lambda drawn: 1.0, each(5))))
