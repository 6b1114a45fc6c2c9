"""Reports hold the figures of the joined results, and say who is better than whom."""

import json

import numpy as np
import pytest

from emoviz.core.errors import ConfigError
from emoviz.core.vocabulary import Dimension
from emoviz.evaluation import bootstrap
from emoviz.evaluation.metrics.aggregation import per_recording
from emoviz.evaluation.metrics.ccc import ccc
from emoviz.evaluation.metrics.rmse import rmse
from emoviz.evaluation.scores import Result, scores_of
from emoviz.studies.reports import (
    clean,
    compare,
    draws,
    figures,
    gather,
    parse_test,
    read_reports,
    rows,
    summarise,
    write_report,
)
from emoviz.training.protocols import VALIDATION, Outcome

OUTPUTS = (Dimension.AROUSAL, Dimension.VALENCE)
FRAMES = scores_of("dimension", OUTPUTS, np.zeros(2))
CLASSES = scores_of("emotion", ("angry", "happy", "sad"), np.zeros(3))


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


def of(found, test, metric, output=None, aggregation="pooled"):
    """The one figure, or row, of a test."""
    wanted = {"test": test, "metric": metric, "aggregation": aggregation, **({"output": output} if output else {})}
    (row,) = [r for r in rows(found) if all(r[key] == value for key, value in wanted.items())]
    return row


def joined(groups, test, k):
    """Truths and predictions of one output in each replicate of a test."""
    for replicate in groups[test]:
        yield (
            np.concatenate([r.truth[:, k] for r in replicate.results]),
            np.concatenate([r.prediction[:, k] for r in replicate.results]),
        )


def folds_and_seeds():
    """Two folds, shares of one test over two cultures, each trained with two seeds."""
    first = {seed: {"": outcome([traced(n, 1.0, "A", seed) for n in range(4)], (1.0, -1.0))} for seed in (0, 1)}
    second = {seed: {"": outcome([traced(n, 2.0, "B", seed) for n in range(4, 9)], (3.0, 0.0))} for seed in (0, 1)}
    return [first, second]


def test_shares_of_one_test_are_joined_per_seed_and_split_by_culture():
    groups = gather(folds_and_seeds())
    assert list(groups) == ["all", "A", "B"]
    for test, ids in {"A": range(4), "B": range(4, 9), "all": range(9)}.items():
        assert len(groups[test]) == 2
        for replicate in groups[test]:
            assert [int(r.id.partition("/")[2]) for r in replicate.results] == list(ids)
            assert [r.id for r in replicate.constant] == [r.id for r in replicate.results]
    means = {r.culture: set(r.prediction[:, 0]) for r in groups["all"][0].constant}
    assert means == {"A": {1.0}, "B": {3.0}}  # each fold has a training mean of its own


def test_draws_of_shots_are_replicates_and_what_validated_is_no_test():
    fold = {
        0: {
            "A->B 0-shot 0": outcome([traced(0, 1)]),
            "A->B 0-shot 1": outcome([traced(1, 1), traced(2, 1)]),
            VALIDATION: outcome([traced(9, 1)]),
            "A->B 5-shot 0": outcome([traced(0, 1)]),
            "A->C": outcome([traced(3, 1)]),
        }
    }
    groups = gather([fold])
    assert {test: [len(r.results) for r in group] for test, group in groups.items()} == {
        "A->B 0-shot": [1, 2],
        "A->B 5-shot": [1],
        "A->C": [1],
    }


def test_figures_are_the_metrics_of_the_joined_results():
    groups = gather(folds_and_seeds())
    found = figures(groups, FRAMES, {})
    for test in ("all", "A", "B"):
        for k, output in enumerate(OUTPUTS):
            pairs = list(joined(groups, test, k))
            row = of(found, test, "ccc", output)
            assert row["value"] == pytest.approx(np.mean([ccc(*pair) for pair in pairs]))
            assert of(found, test, "rmse", output)["value"] == pytest.approx(np.mean([rmse(*p) for p in pairs]))
            each = [
                per_recording(ccc, [r.truth[:, k] for r in rep.results], [r.prediction[:, k] for r in rep.results])
                for rep in groups[test]
            ]
            per_recording = of(found, test, "ccc", output, "per_recording")
            assert per_recording["value"] == pytest.approx(np.mean(each))
            for figure in (row, per_recording):
                assert figure["low"] < figure["value"] < figure["high"]
    assert {name: of(found, "B", "rmse", "valence")[name] for name in ("recordings", "speakers", "replicates")} == {
        "recordings": 5,
        "speakers": 3,
        "replicates": 2,
    }


def test_the_training_mean_is_judged_like_a_system():
    groups = gather(folds_and_seeds())
    found = figures(groups, FRAMES, {})
    errors = [r.truth[:, 0] - {"A": 1.0, "B": 3.0}[r.culture] for r in groups["all"][0].results]
    assert of(found, "all", "rmse", "arousal")["training_mean"] == pytest.approx(
        np.sqrt(np.mean(np.concatenate(errors) ** 2))
    )
    assert of(found, "A", "ccc", "arousal")["training_mean"] == pytest.approx(0)  # a constant agrees with nothing
    classes = gather([{0: {"A->B": outcome([classified(n, True) for n in range(9)], (0.2, 0.5, 0.3))}}])
    assert of(figures(classes, CLASSES, {}), "A->B", "ua")["training_mean"] == pytest.approx(1 / 3)


def test_intervals_of_seeds_meet_the_same_recordings_and_those_of_shots_their_own():
    results = [classified(n, n % 2 == 0) for n in range(12)]
    score = CLASSES[0]  # accuracy
    one = gather([{0: {"t": outcome(results)}}])["t"]
    right = np.array([n % 2 == 0 for n in range(12)])
    random = np.random.default_rng([*b"t"])
    expected = [right[random.integers(0, 12, 12)].mean() for _ in range(50)]
    np.testing.assert_allclose(draws(score, one, "t"), expected)
    twice = gather([{0: {"t": outcome(results)}, 1: {"t": outcome(results)}}])["t"]
    np.testing.assert_allclose(draws(score, twice, "t"), expected)  # a seed that says the same adds nothing
    halves = [classified(n, n < 12) for n in range(24)]
    shots = gather([{0: {"A->B 5-shot 0": outcome(halves[:12]), "A->B 5-shot 1": outcome(halves[12:])}}])
    values = draws(score, shots["A->B 5-shot"], "A->B 5-shot")
    assert set(values) == {0.0, 0.5, 1.0}  # the draws of shots are resampled themselves


def test_one_recording_has_no_interval():
    row = of(figures(gather([{0: {"A->B": outcome([traced(0, 1)])}}]), FRAMES, {}), "A->B", "rmse", "arousal")
    assert np.isfinite(row["value"])
    assert np.isnan([row["low"], row["high"]]).all()


def test_means_average_figures_where_all_their_tests_are_there():
    tests = {"A->B": [classified(n, n % 3 > 0) for n in range(9)], "B->A": [classified(n, n > 0) for n in range(6)]}
    groups = gather([{0: {name: outcome(results) for name, results in tests.items()}}])
    found = figures(groups, CLASSES, {"mean": list(tests), "mean of others": ["A->B", "A->C"]})
    first, second, mean = (of(found, test, "accuracy") for test in (*tests, "mean"))
    assert mean["value"] == pytest.approx((first["value"] + second["value"]) / 2)
    assert mean["training_mean"] == pytest.approx((first["training_mean"] + second["training_mean"]) / 2)
    assert mean["low"] < mean["value"] < mean["high"]
    assert mean["high"] - mean["low"] < first["high"] - first["low"]
    assert mean["recordings"] == 15
    assert {r["test"] for r in rows(found)} == {*tests, "mean"}


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
    groups = gather([{0: {name: outcome(rs, mean) for name, rs in (("g", good), ("c", constant), ("h", half))}}])
    found = figures(groups, FRAMES, {"mean": ["g", "c"], "mean of collapsed": ["c"]})
    flags = {(r["test"], r["output"]): r["collapsed"] for r in rows(found)}
    assert flags == {
        ("g", "arousal"): False, ("g", "valence"): False,
        ("c", "arousal"): True, ("c", "valence"): True,
        ("h", "arousal"): False, ("h", "valence"): True,
        ("mean", "arousal"): False, ("mean", "valence"): False,
        ("mean of collapsed", "arousal"): True, ("mean of collapsed", "valence"): True,
    }  # fmt: skip


def test_classes_no_better_than_the_most_frequent_one_are_collapsed():
    always = [
        Result(str(n), "A", str(n), "", np.eye(3)[n % 3], np.array([0.9, 0.1, 0.0]), np.empty(0)) for n in range(9)
    ]
    tests = {"always": always, "right": [classified(n, True) for n in range(9)]}
    groups = gather([{0: {name: outcome(results, (0.4, 0.3, 0.3)) for name, results in tests.items()}}])
    found = figures(groups, CLASSES, {})
    assert {of(found, "always", m)["collapsed"] for m in ("accuracy", "ua")} == {True}
    assert {of(found, "right", m)["collapsed"] for m in ("accuracy", "ua")} == {False}


def system(noise: float, tests: int = 12, seed: int = 0):
    """Figures of a system on two tests and their mean."""
    names = ("A->B", "B->A")
    outcomes = {name: outcome([traced(n, noise, seed=seed) for n in range(tests)]) for name in names}
    return figures(gather([{0: outcomes}]), FRAMES, {"mean": names})


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
    row = next(r for r in compared if (r["test"], r["output"], r["metric"]) == ("A->B", "arousal", "rmse"))
    pairs = [[(r.truth[:, 0], r.prediction[:, 0]) for r in (traced(n, *how) for n in range(12))]
             for how in ((0.5, "A", 0), (3.0, "A", 1))]  # fmt: skip
    random, differences = np.random.default_rng([*b"A->B"]), []
    for _ in range(50):
        drawn = random.integers(0, 12, 12)
        first, second = (rmse(*map(np.concatenate, zip(*[p[i] for i in drawn], strict=True))) for p in pairs)
        differences.append(first - second)
    np.testing.assert_allclose([row["low"], row["high"]], bootstrap.percentiles(np.array(differences)))
    back = next(r for r in compare(worse, better, "better") if r["test"] == "A->B" and r["metric"] == "rmse")
    assert back["difference"] == pytest.approx(-row["difference"])


def test_systems_are_compared_on_the_same_recordings_only():
    assert not compare(system(1.0), system(1.0, tests=11), "other")
    fewer = [f for f in system(1.0) if f.test == "A->B"]
    assert {row["test"] for row in compare(system(1.0), fewer, "other")} == {"A->B"}


@pytest.mark.parametrize(
    ("test", "parts"),
    [
        ("all", ("", "", "")),
        ("German", ("", "", "")),
        ("mean 5-shot", ("", "", "")),
        ("German->Italian", ("German", "Italian", "")),
        ("German->Italian 5-shot", ("German", "Italian", "5-shot")),
        ("German+Italian->North American", ("German+Italian", "North American", "")),
        ("North American->Urdu 10-shot", ("North American", "Urdu", "10-shot")),
    ],
)
def test_names_of_tests_are_read(test, parts):
    assert parse_test(test) == parts


def report(system: str, protocol: str = "cross-culture", **changes):
    row = {"output": "emotion", "metric": "ua", "aggregation": "pooled", "value": 0.5, "low": np.nan, "high": 1.0}
    tests = changes.pop("tests", {"A->B": 0.25})
    figures = [{**row, "test": test, "value": value} for test, value in tests.items()]
    texts = {"study": "toy", "title": "Toy", "protocol": protocol, "system": system, "command": "make", "note": "."}
    content = {"figures": [*figures, *changes.pop("more", ())], "compared": [], "split": []}
    return {**texts, "seeds": [0], "options": {}, "config": {}, **content}


def test_reports_come_back_as_they_were_written(tmp_path):
    folder = tmp_path / "results"
    path = write_report(folder, report("a system", tests={"A->B": 1 / 3, "B->A": np.float32(np.nan)}))
    assert path == folder / "toy.cross-culture.a-system.json"
    summarise(folder)
    (read,) = read_reports(folder)
    assert [row["value"] for row in read["figures"]] == [0.333333, None]
    assert read["system"] == "a system"
    assert set(read["versions"]) == {"torch", "lightning", "numpy", "scikit-learn", "python"}
    assert sorted(p.name for p in folder.iterdir()) == ["summary.json", path.name]


def test_reports_are_read_in_the_order_of_their_names(tmp_path):
    for name in ("c", "a", "b"):
        write_report(tmp_path, report(name))
    assert [r["system"] for r in read_reports(tmp_path)] == ["a", "b", "c"]


def test_the_summary_holds_every_figure_once(tmp_path):
    dimension = {"test": "all", "output": "arousal", "metric": "ccc", "aggregation": "pooled", "value": 0.1}
    more = [dimension, {**dimension, "aggregation": "per_recording", "value": 0.9}]
    write_report(tmp_path, report("svm", tests={"A->B": 0.25, "mean": 0.5, "mean of the paper's pairs": 0.75}))
    write_report(tmp_path, report("two words", "k-shot", tests={"A->B 5-shot": 0.25, "mean 5-shot": 0.5}))
    write_report(tmp_path, report("net", "folds", tests={"all": 0.25, "A": 0.5}, more=more))
    path = summarise(tmp_path)
    assert path == tmp_path / "summary.json"
    assert json.loads(path.read_text()) == {
        "toy.cross-culture.svm.A->B.ua": 0.25,
        "toy.cross-culture.svm.mean-of-the-paper's-pairs.ua": 0.75,
        "toy.cross-culture.svm.mean.ua": 0.5,
        "toy.folds.net.A->A.ua": 0.5,
        "toy.folds.net.arousal_ccc": 0.1,
        "toy.folds.net.ua": 0.25,
        "toy.k-shot.5-shot.two-words.A->B.ua": 0.25,
        "toy.k-shot.two-words.mean-5-shot.ua": 0.5,
    }
    assert list(json.loads(path.read_text())) == sorted(json.loads(path.read_text()))


def test_what_json_cannot_hold_is_cleaned():
    found = clean({1: np.float64("nan"), "a": (np.int64(3), np.bool_(True), 1 / 3), "b": [float("inf"), "x", None]})
    assert found == {"1": None, "a": [3, True, 0.333333], "b": [None, "x", None]}
    assert json.dumps(found, allow_nan=False)


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="^'.*toy.cross-culture.svm.json' cannot be written: "):
        write_report(tmp_path / "file", report("svm"))
