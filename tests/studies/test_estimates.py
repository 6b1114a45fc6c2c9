"""Scores are those of the joined results, with intervals over people, and say who is better than whom."""

import numpy as np
import pytest

from emoviz.core.vocabulary import Dimension
from emoviz.evaluation import bootstrap
from emoviz.evaluation.metrics.aggregation import per_recording
from emoviz.evaluation.metrics.ccc import ccc
from emoviz.evaluation.metrics.rmse import rmse
from emoviz.evaluation.scores import Result, scores_of
from emoviz.studies.estimates import Mean, compare, draws_of, estimate, gather, rows
from emoviz.studies.outcomes import Outcome, Outcomes
from emoviz.training.protocols import Test

OUTPUTS = (Dimension.AROUSAL, Dimension.VALENCE)
FRAMES = scores_of("dimension", OUTPUTS, np.zeros(2))
COUNTS = ("recordings", "speakers", "unit", "clusters", "replicates")
CLASSES = scores_of("emotion", ("angry", "happy", "sad"), np.zeros(3))
ALL, A, B = Test(), Test(target="A"), Test(target="B")
A_TO_B, B_TO_A = Test(("A",), "B"), Test(("B",), "A")


@pytest.fixture(autouse=True)
def few_draws(monkeypatch):
    """Intervals as wide as they are, from fewer draws, to save time."""
    monkeypatch.setattr(bootstrap, "DRAWS", 50)


def traced(number: int, noise: float, culture: str = "A", seed: int = 0) -> Result:
    """A recording whose prediction is its label and noise."""
    truth = np.random.default_rng(number).normal(size=(30, 2)).cumsum(0)
    prediction = truth + noise * np.random.default_rng([number, seed]).normal(size=truth.shape)
    return Result(f"{culture}/{number}", culture, f"{culture}{number // 2}", "", truth, prediction, np.empty(0))


def classified(number: int, right: bool, culture: str = "A", classes: int = 3) -> Result:
    """An utterance, one class of three after the other."""
    k = number % classes
    scores = np.eye(classes)[k if right else (k + 1) % classes]
    return Result(f"{culture}/{number}", culture, f"{culture}{number}", "", np.eye(classes)[k], scores, np.empty(0))


def outcome(results: list[Result], mean=0.0) -> Outcome:
    return Outcome(results, np.array(mean))


def on(row):
    """The test or mean of a row."""
    if not row["mean"]:
        return Test.of(row)
    return Mean(row["mean"], row["shots"], tuple(Test.of(test) for test in row["tests"]))


def of(found, test, metric, output=None, aggregation="pooled"):
    """The one row of a test or mean."""
    wanted = {"metric": metric, "aggregation": aggregation, **({"output": output} if output else {})}
    (row,) = [r for r in rows(found) if on(r) == test and all(r[key] == value for key, value in wanted.items())]
    return row


def replicate(tests: dict[Test, Outcome]) -> dict[int, Outcomes]:
    """One fold of one seed."""
    return {0: Outcomes(tests)}


def joined(groups, test, k):
    """Truths and predictions of one output in each replicate of a test."""
    for replicate in groups[test]:
        yield (
            np.concatenate([r.truth[:, k] for r in replicate.results]),
            np.concatenate([r.prediction[:, k] for r in replicate.results]),
        )


def folds_and_seeds():
    """Two folds, shares of one test over two cultures, each trained with two seeds."""
    shares = (range(4), 1.0, "A", (1.0, -1.0)), (range(4, 9), 2.0, "B", (3.0, 0.0))
    return [
        {
            seed: Outcomes({Test(fold=k): outcome([traced(n, noise, culture, seed) for n in ids], mean)})
            for seed in (0, 1)
        }
        for k, (ids, noise, culture, mean) in enumerate(shares)
    ]


def test_shares_of_one_test_are_joined_per_seed_and_split_by_culture():
    groups = gather(folds_and_seeds())
    assert list(groups) == [ALL, A, B]
    for test, ids in {A: range(4), B: range(4, 9), ALL: range(9)}.items():
        assert len(groups[test]) == 2
        for replicate in groups[test]:
            assert [int(r.id.partition("/")[2]) for r in replicate.results] == list(ids)
            assert [r.id for r in replicate.constant] == [r.id for r in replicate.results]
    means = {r.culture: set(r.prediction[:, 0]) for r in groups[ALL][0].constant}
    assert means == {"A": {1.0}, "B": {3.0}}  # each fold has a training mean of its own


def test_draws_of_shots_are_replicates_and_what_validated_is_no_test():
    tests = {
        Test(("A",), "B", 0, 0): outcome([traced(0, 1)]),
        Test(("A",), "B", 0, 1): outcome([traced(1, 1), traced(2, 1)]),
        Test(("A",), "B", 5, 0): outcome([traced(0, 1)]),
        Test(("A",), "C"): outcome([traced(3, 1)]),
    }
    groups = gather([{0: Outcomes(tests, validation=outcome([traced(9, 1)]))}])
    assert {test: [len(r.results) for r in group] for test, group in groups.items()} == {
        Test(("A",), "B", 0): [1, 2],
        Test(("A",), "B", 5): [1],
        Test(("A",), "C"): [1],
    }


def test_folds_within_cultures_are_also_joined_over_all():
    folds = [
        replicate({Test(target=culture, fold=k): outcome([traced(n, 1.0, culture) for n in range(3 * k, 3 * k + 3)])})
        for culture in "AB"
        for k in (0, 1)
    ]
    assert {test: len(group[0].results) for test, group in gather(folds).items()} == {ALL: 12, A: 6, B: 6}
    assert list(gather(folds[:2])) == [ALL], "one culture alone is everything"


def test_figures_are_the_metrics_of_the_joined_results():
    groups = gather(folds_and_seeds())
    found = estimate(groups, FRAMES, ())
    for test in (ALL, A, B):
        for k, output in enumerate(OUTPUTS):
            pairs = list(joined(groups, test, k))
            row = of(found, test, "ccc", output)
            assert row["value"] == pytest.approx(np.mean([ccc(*pair) for pair in pairs]))
            assert of(found, test, "rmse", output)["value"] == pytest.approx(np.mean([rmse(*p) for p in pairs]))
            each = [
                per_recording(ccc, [r.truth[:, k] for r in rep.results], [r.prediction[:, k] for r in rep.results])
                for rep in groups[test]
            ]
            each_alone = of(found, test, "ccc", output, "per_recording")
            assert each_alone["value"] == pytest.approx(np.mean(each))
            for figure in (row, each_alone):
                assert figure["low"] <= figure["value"] <= figure["high"]  # A has but two people
                assert figure["low"] < figure["high"]
    assert {name: of(found, B, "rmse", "valence")[name] for name in COUNTS} == {
        "recordings": 5,
        "speakers": 3,
        "unit": "speakers",
        "clusters": 3,
        "replicates": 2,
    }


def test_the_training_mean_is_judged_like_a_system():
    groups = gather(folds_and_seeds())
    found = estimate(groups, FRAMES, ())
    errors = [r.truth[:, 0] - {"A": 1.0, "B": 3.0}[r.culture] for r in groups[ALL][0].results]
    assert of(found, ALL, "rmse", "arousal")["training_mean"] == pytest.approx(
        np.sqrt(np.mean(np.concatenate(errors) ** 2))
    )
    assert of(found, A, "ccc", "arousal")["training_mean"] == pytest.approx(0)  # a constant agrees with nothing
    classes = gather([replicate({A_TO_B: outcome([classified(n, True) for n in range(9)], (0.2, 0.5, 0.3))})])
    assert of(estimate(classes, CLASSES, ()), A_TO_B, "ua")["training_mean"] == pytest.approx(1 / 3)


def test_intervals_of_seeds_meet_the_same_people_and_those_of_shots_their_own():
    results = [classified(n, n % 2 == 0) for n in range(12)]
    score = CLASSES[0]  # accuracy
    one = gather([replicate({A_TO_B: outcome(results)})])[A_TO_B]
    right = np.array([n % 2 == 0 for n in range(12)])
    random = np.random.default_rng([*b"B"])
    expected = [right[random.integers(0, 12, 12)].mean() for _ in range(50)]
    np.testing.assert_allclose(draws_of(score, one, A_TO_B), expected)
    twice = gather([{seed: Outcomes({A_TO_B: outcome(results)}) for seed in (0, 1)}])[A_TO_B]
    np.testing.assert_allclose(draws_of(score, twice, A_TO_B), expected)  # a seed that says the same adds nothing
    halves = [classified(n, n < 12) for n in range(24)]
    shots = Test(("A",), "B", 5)
    drawn = {Test(("A",), "B", 5, k): outcome(part) for k, part in enumerate((halves[:12], halves[12:]))}
    values = draws_of(score, gather([replicate(drawn)])[shots], shots)
    assert set(values) == {0.0, 0.5, 1.0}  # the draws of shots are resampled themselves


def test_clips_of_one_person_are_drawn_together():
    results = [
        Result(
            f"A/{n}", "A", f"A{n // 6}", "", np.eye(3)[n % 3], np.eye(3)[n % 3 if n < 6 else (n + 1) % 3], np.empty(0)
        )
        for n in range(12)
    ]
    groups = gather([replicate({A_TO_B: outcome(results)})])
    assert set(draws_of(CLASSES[0], groups[A_TO_B], A_TO_B)) == {0.0, 0.5, 1.0}, "both right, one, or none of them"
    row = of(estimate(groups, CLASSES, ()), A_TO_B, "accuracy")
    assert (row["unit"], row["clusters"], row["low"], row["high"]) == ("speakers", 2, 0.0, 1.0)


def test_a_mean_counts_each_person_once():
    """Two tests of the same people say no more than one: the interval of their mean is that of each."""
    results = [classified(n, n % 2 == 0) for n in range(12)]
    tests = (Test(("A",), "B"), Test(("C",), "B"))
    mean = Mean("mean", None, tests)
    found = estimate(gather([replicate({test: outcome(results) for test in tests})]), CLASSES, (mean,))
    one, both = of(found, tests[0], "accuracy"), of(found, mean, "accuracy")
    assert [one[key] for key in ("value", "low", "high", "clusters")] == [
        both[key] for key in ("value", "low", "high", "clusters")
    ]


def test_one_recording_has_no_interval():
    row = of(estimate(gather([replicate({A_TO_B: outcome([traced(0, 1)])})]), FRAMES, ()), A_TO_B, "rmse", "arousal")
    assert np.isfinite(row["value"])
    assert np.isnan([row["low"], row["high"]]).all()


def test_means_average_figures_where_all_their_tests_are_there():
    tests = {A_TO_B: [classified(n, n % 3 > 0) for n in range(9)], B_TO_A: [classified(n, n > 0) for n in range(6)]}
    groups = gather([replicate({test: outcome(results) for test, results in tests.items()})])
    whole = Mean("mean", None, tuple(tests))
    found = estimate(groups, CLASSES, (whole, Mean("mean of others", None, (A_TO_B, Test(("A",), "C")))))
    first, second, mean = (of(found, test, "accuracy") for test in (*tests, whole))
    assert mean["value"] == pytest.approx((first["value"] + second["value"]) / 2)
    assert mean["training_mean"] == pytest.approx((first["training_mean"] + second["training_mean"]) / 2)
    assert mean["low"] < mean["value"] < mean["high"]
    assert mean["high"] - mean["low"] < first["high"] - first["low"]
    assert mean["recordings"] == 15
    assert {on(r) for r in rows(found)} == {*tests, whole}


def test_a_collapsed_system_is_flagged():
    good = [traced(n, 0.3) for n in range(6)]
    constant = [
        Result(r.id, r.culture, r.speaker, "", r.truth, np.zeros_like(r.truth) + [1.0, 0.0], np.empty(0)) for r in good
    ]
    half = [
        Result(r.id, r.culture, r.speaker, "", r.truth, np.stack([r.truth[:, 0], 0 * r.truth[:, 1]], 1), np.empty(0))
        for r in good
    ]
    mean = np.concatenate([r.truth for r in good]).mean(0)
    g, c, h = (Test(("A",), name) for name in "gch")
    groups = gather([replicate({test: outcome(rs, mean) for test, rs in ((g, good), (c, constant), (h, half))})])
    both, alone = Mean("mean", None, (g, c)), Mean("mean of collapsed", None, (c,))
    found = estimate(groups, FRAMES, (both, alone))
    flags = {(on(r), r["output"]): r["collapsed"] for r in rows(found)}
    assert flags == {
        (g, "arousal"): False,
        (g, "valence"): False,
        (c, "arousal"): True,
        (c, "valence"): True,
        (h, "arousal"): False,
        (h, "valence"): True,
        (both, "arousal"): False,
        (both, "valence"): False,
        (alone, "arousal"): True,
        (alone, "valence"): True,
    }


def test_classes_no_better_than_the_most_frequent_one_are_collapsed():
    always = [
        Result(str(n), "A", str(n), "", np.eye(3)[n % 3], np.array([0.9, 0.1, 0.0]), np.empty(0)) for n in range(9)
    ]
    tests = {A_TO_B: always, B_TO_A: [classified(n, True) for n in range(9)]}
    groups = gather([replicate({test: outcome(results, (0.4, 0.3, 0.3)) for test, results in tests.items()})])
    found = estimate(groups, CLASSES, ())
    assert {of(found, A_TO_B, m)["collapsed"] for m in ("accuracy", "ua")} == {True}
    assert {of(found, B_TO_A, m)["collapsed"] for m in ("accuracy", "ua")} == {False}


def system(noise: float, tests: int = 12, seed: int = 0):
    """Scores of a system on two tests and their mean, of two recordings per speaker."""
    both = (A_TO_B, B_TO_A)
    outcomes = {test: outcome([traced(n, noise, seed=seed) for n in range(tests)]) for test in both}
    return estimate(gather([replicate(outcomes)]), FRAMES, (Mean("mean", None, both),))


def test_a_system_does_not_differ_from_itself():
    compared = compare(system(1.0), system(1.0), "twin")
    assert len(compared) == len(system(1.0))
    for row in compared:
        assert (row["difference"], row["low"], row["high"], row["p"]) == (0, 0, 0, 1)
        assert row["against"] == "twin"


def test_a_better_system_is_so_by_a_paired_bootstrap():
    better, worse = system(0.5), system(3.0, seed=1)
    compared = compare(better, worse, "worse")
    for row in compared:
        if row["metric"] == "ccc":
            assert 0 < row["low"] < row["difference"] < row["high"]
            assert row["p"] == pytest.approx(1 / 50)
    row = next(r for r in compared if (on(r), r["output"], r["metric"]) == (A_TO_B, "arousal", "rmse"))
    pairs = [
        [(r.truth[:, 0], r.prediction[:, 0]) for r in (traced(n, *how) for n in range(12))]
        for how in ((0.5, "A", 0), (3.0, "A", 1))
    ]
    random, differences = np.random.default_rng([*b"B"]), []
    for _ in range(50):
        drawn = [i for k in random.integers(0, 6, 6) for i in (2 * k, 2 * k + 1)]  # a speaker has two recordings
        first, second = (rmse(*map(np.concatenate, zip(*[p[i] for i in drawn], strict=True))) for p in pairs)
        differences.append(first - second)
    np.testing.assert_allclose([row["low"], row["high"]], bootstrap.percentiles(np.array(differences)))
    back = next(r for r in compare(worse, better, "better") if on(r) == A_TO_B and r["metric"] == "rmse")
    assert back["difference"] == pytest.approx(-row["difference"])


def test_systems_are_compared_on_the_same_recordings_only():
    assert not compare(system(1.0), system(1.0, tests=11), "other")
    fewer = [e for e in system(1.0) if e.on == A_TO_B]
    assert {on(row) for row in compare(system(1.0), fewer, "other")} == {A_TO_B}
