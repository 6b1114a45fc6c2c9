"""Estimates from outcomes: scores of tests with their intervals, means over tests, and differences of systems."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..evaluation import bootstrap
from ..evaluation.bootstrap import clusters_of
from ..evaluation.scores import Result, Score, flag_collapsed
from ..evaluation.tables import confusion_table
from ..training.protocols import Test
from .outcomes import Outcome, Outcomes


@dataclass(frozen=True)
class Replicate:
    """Results of a test by one seed or one draw of shots, and those of always predicting the training mean."""

    results: list[Result]
    constant: list[Result]


Group = list[Replicate]
"""The replicates of one test; a score of the test is the mean over them."""


@dataclass(frozen=True)
class Mean:
    """A mean over tests.

    Attributes:
        name: name for people.
        shots: number of shots in all the tests, if any.
        tests: tests in the mean.
        calibrated: way in which the model is calibrated in all the tests, if it is.
    """

    name: str
    shots: int | None
    tests: tuple[Test, ...]
    calibrated: str = ""


@dataclass(frozen=True)
class Estimate:
    """A score of one test, or its mean over several tests, with its values in bootstrap samples.

    Attributes:
        on: test or mean.
        score: score that is computed.
        value: value of the score.
        training_mean: value of the score for always answering the training mean.
        draws: values (bootstrap.DRAWS,) for the samples.
        recordings: number of recordings that are tested.
        speakers: number of speakers who are tested.
        unit: unit of the samples: sessions, speakers or recordings.
        clusters: number of these units.
        replicates: number of replicates in the mean.
        collapsed: whether the value is no better than the training mean's, or the predictions are constant.
    """

    on: Test | Mean
    score: Score
    value: float
    training_mean: float
    draws: np.ndarray
    recordings: int
    speakers: int
    unit: str
    clusters: int
    replicates: int
    collapsed: bool


def gather(found: Sequence[Mapping[int, Outcomes]]) -> dict[Test, Group]:
    """Join the outcomes of all folds into tests.

    Folds that are shares of a test without a source are joined per seed into one test of everything, which is also
    split by culture. Draws of one number of shots are replicates of one test.

    Returns:
        The replicates of each test.
    """
    groups: dict[Test, dict[tuple[int, int | None], Replicate]] = {}
    for fold in found:
        for seed, outcomes in fold.items():
            for test, outcome in outcomes.tests.items():
                whole = test.whole if test.source else Test()
                own = groups.setdefault(whole, {}).setdefault((seed, test.draw), Replicate([], []))
                own.results.extend(outcome.results)
                own.constant.extend(_constant(outcome))
    joined = {test: list(replicates.values()) for test, replicates in groups.items()}
    everything = joined.get(Test(), [])
    cultures = sorted({r.culture for replicate in everything for r in replicate.results if r.culture})
    if len(cultures) > 1:
        joined |= {Test(target=culture): [_of_culture(rep, culture) for rep in everything] for culture in cultures}
    return joined


def _constant(outcome: Outcome) -> list[Result]:
    mean = outcome.training_mean
    return [dataclasses.replace(r, prediction=np.broadcast_to(mean, r.truth.shape)) for r in outcome.results]


def _of_culture(replicate: Replicate, culture: str) -> Replicate:
    return Replicate(
        [r for r in replicate.results if r.culture == culture],
        [r for r in replicate.constant if r.culture == culture],
    )


def estimate(groups: Mapping[Test, Group], scores: Sequence[Score], means: Sequence[Mean]) -> list[Estimate]:
    """Estimate the scores of all tests, then their means over several of them.

    Args:
        groups: replicates of each test, as :func:`gather` returns them.
        scores: scores to compute; their training mean is not read.
        means: means over tests; a mean is left out if one of its tests is missing.
    """
    found: dict[tuple[Test, int], Estimate] = {}
    collapsed = _collapsed(groups, scores)
    for test, group in groups.items():
        clusters = clusters_of(_everyone([group]))
        for k, score in enumerate(scores):
            found[test, k] = Estimate(
                test,
                score,
                value_of(score, group),
                _constant_value(score, group),
                draws_of(score, group, test),
                max(len(replicate.results) for replicate in group),
                len({r.speaker for replicate in group for r in replicate.results}),
                clusters.unit,
                clusters.count,
                len(group),
                collapsed[test, k],
            )
    averaged = []
    for mean in means:
        if all(test in groups for test in mean.tests):
            clusters = clusters_of(_everyone([groups[test] for test in mean.tests]))
            averaged += [_average(mean, [found[t, k] for t in mean.tests], clusters) for k in range(len(scores))]
    return list(found.values()) + averaged


def value_of(score: Score, group: Group) -> float:
    """Compute a score of a test, the mean over its replicates."""
    return float(np.mean([score.compute(replicate.results) for replicate in group]))


def _constant_value(score: Score, group: Group) -> float:
    """The same for always answering the training mean."""
    return float(np.mean([score.compute(replicate.constant) for replicate in group]))


def draws_of(score: Score, group: Group, test: Test) -> np.ndarray:
    """Compute the values of a score in bootstrap samples of the test's clusters, (bootstrap.DRAWS,).

    Replicates of the same recordings, as seeds are, meet the same sample. Others, as draws of shots are, each have a
    sample of their own, and are sampled themselves. The samples depend on the target alone: systems that were tested on
    the same recordings meet the same ones, so that the difference of their values is that of a paired bootstrap, and
    so do tests of the same people within a mean, who are thus counted once.
    """
    seed = [*test.target.encode()]
    statistics = [score.statistic(replicate.results) for replicate in group]
    clusters = [clusters_of(replicate.results) for replicate in group]
    if len({tuple(r.id for r in replicate.results) for replicate in group}) == 1:
        return np.asarray(bootstrap.resample(statistics, clusters[0], seed=seed).mean(0))
    places, draws = len(group), bootstrap.DRAWS
    values = np.stack(
        [
            bootstrap.resample([statistic], own, draws=places * draws, seed=[*seed, k]).reshape(places, draws)
            for k, (statistic, own) in enumerate(zip(statistics, clusters, strict=True))
        ]
    )
    chosen = np.random.default_rng(seed).integers(0, places, (1, places, draws))
    return np.asarray(np.take_along_axis(values, chosen, axis=0)[0].mean(0))


def _everyone(groups: Sequence[Group]) -> list[Result]:
    return [result for group in groups for replicate in group for result in replicate.results]


def _average(mean: Mean, parts: Sequence[Estimate], clusters: bootstrap.Clusters) -> Estimate:
    """The mean of one score over tests; ``clusters`` are those of all their results."""
    return Estimate(
        mean,
        parts[0].score,
        float(np.mean([p.value for p in parts])),
        float(np.mean([p.training_mean for p in parts])),
        np.mean([p.draws for p in parts], axis=0),
        sum(p.recordings for p in parts),
        sum(p.speakers for p in parts),
        clusters.unit,
        clusters.count,
        parts[0].replicates,
        all(p.collapsed for p in parts),
    )


def _collapsed(groups: Mapping[Test, Group], scores: Sequence[Score]) -> dict[tuple[Test, int], bool]:
    """Whether each score is no better than the training mean's, or its predictions are constant."""
    keys = [(test, k) for test in groups for k in range(len(scores))]
    rows = [
        {
            "culture": test.name,
            "output": scores[k].output,
            "metric": scores[k].metric,
            "value": value_of(scores[k], groups[test]),
            "training_mean": _constant_value(scores[k], groups[test]),
        }
        for test, k in keys
    ]
    flagged = flag_collapsed(rows, {test.name: _everyone([group]) for test, group in groups.items()})
    return {key: row["collapsed"] for key, row in zip(keys, flagged, strict=True)}


def rows(found: Sequence[Estimate]) -> list[dict[str, Any]]:
    """Return estimates as the rows of a report: the test, the value, and its 95 % bootstrap interval."""
    table = []
    for e in found:
        low, high = bootstrap.percentiles(e.draws)
        numbers = {"value": e.value, "low": low, "high": high, "training_mean": e.training_mean}
        counts = {name: getattr(e, name) for name in ("recordings", "speakers", "unit", "clusters", "replicates")}
        table.append({**_on(e), **numbers, **counts, "collapsed": e.collapsed})
    return table


def confusions(groups: Mapping[Test, Group], classes: Sequence[str]) -> list[dict[str, Any]]:
    """Return the confusions of classes, a row of a report for each test.

    Args:
        groups: replicates of each test, as :func:`gather` returns them; their counts are added up.
        classes: names of the K classes.

    Returns:
        One dict per test: what it is on, as in :func:`rows`; classes, and counts (K x K, a row per true class).
    """
    table = []
    for test, group in groups.items():
        counts = np.array(confusion_table(_everyone([group]), classes))
        table.append({"mean": "", **_fields(test), "tests": [], "classes": list(classes), "counts": counts.tolist()})
    return table


def compare(first: Sequence[Estimate], second: Sequence[Estimate], against: str) -> list[dict[str, Any]]:
    """Compare two systems on their common tests by a paired bootstrap.

    Returns:
        One dict per score: what it is on, as in :func:`rows`; against, difference (first minus second), low, high, p,
        and unit and clusters (the unit that the samples draw, and the number of units).
    """
    others = {_key(e): e for e in second}
    table = []
    for e in first:
        other = others.get(_key(e))
        if other is None or other.recordings != e.recordings:
            continue
        difference = bootstrap.judge(e.value - other.value, e.draws - other.draws)
        numbers = {"difference": difference.value, "low": difference.low, "high": difference.high, "p": difference.p}
        table.append({**_on(e), "against": against, **numbers, "unit": e.unit, "clusters": e.clusters})
    return table


def _key(e: Estimate) -> tuple[Test | Mean, str, str, str]:
    return e.on, e.score.output, e.score.metric, e.score.aggregation


def _on(e: Estimate) -> dict[str, Any]:
    """What an estimate is on, as fields of a row."""
    test = e.on if isinstance(e.on, Test) else Test(shots=e.on.shots, calibrated=e.on.calibrated)
    mean, tests = ("", ()) if isinstance(e.on, Test) else (e.on.name, e.on.tests)
    return {
        "mean": mean,
        **_fields(test),
        "tests": [_fields(test) for test in tests],
        "output": e.score.output,
        "metric": e.score.metric,
        "aggregation": e.score.aggregation,
    }


def _fields(test: Test) -> dict[str, Any]:
    return {
        "source": list(test.source),
        "target": test.target,
        "shots": test.shots,
        "calibrated": test.calibrated,
    }
