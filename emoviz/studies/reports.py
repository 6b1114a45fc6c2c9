"""What protocols found, as tables: figures with intervals, the training-mean row, and who is better than whom.

results/<study>.<protocol>.<system>.json     config, folds, versions, command, and the rows of one system
results/summary.json                         every figure once, flat
"""

import dataclasses
import json
import platform
import re
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from ..core.errors import ConfigError
from ..core.files import raising, write_text
from ..evaluation import bootstrap
from ..evaluation import scores as evaluate
from ..evaluation.scores import ALL, Result, Score
from ..training.protocols import VALIDATION, Outcome, Outcomes
from .results import ARROW, SUMMARY, parse_test, read_reports

SHOTS = re.compile(r"(?P<test>.*) (?P<shots>\d+)-shot (?P<draw>\d+)")


@dataclasses.dataclass(frozen=True)
class Replicate:
    """What one seed, or one draw of shots, said of a test, and what the training mean would have said."""

    results: list[Result]
    constant: list[Result]


Group = list[Replicate]
"""The replicates of one test; a figure of it is the mean over them."""


def gather(found: Sequence[Mapping[int, Outcomes]]) -> dict[str, Group]:
    """Outcomes of all folds, joined into tests.

    Folds that are shares of one test are joined per seed, and that test is also split by culture. Draws of one
    number of shots are replicates of one test, named ``<source>-><target> <k>-shot``.

    Returns:
        Name of the test -> its replicates.
    """
    groups: dict[str, dict[Any, Replicate]] = {}
    for fold in found:
        for seed, outcomes in fold.items():
            for name, outcome in outcomes.items():
                if name == VALIDATION:
                    continue
                few = SHOTS.fullmatch(name)
                test = f"{few['test']} {few['shots']}-shot" if few else name or ALL
                own = groups.setdefault(test, {}).setdefault((seed, few and few["draw"]), Replicate([], []))
                own.results.extend(outcome.results)
                own.constant.extend(_constant(outcome))
    joined = {name: list(replicates.values()) for name, replicates in groups.items()}
    cultures = sorted({r.culture for rep in joined.get(ALL, []) for r in rep.results if r.culture})
    if len(cultures) > 1:
        joined |= {culture: [_of_culture(rep, culture) for rep in joined[ALL]] for culture in cultures}
    return joined


def _constant(outcome: Outcome) -> list[Result]:
    mean = outcome.training_mean
    return [dataclasses.replace(r, prediction=np.broadcast_to(mean, r.truth.shape)) for r in outcome.results]


def _of_culture(replicate: Replicate, culture: str) -> Replicate:
    return Replicate(
        [r for r in replicate.results if r.culture == culture],
        [r for r in replicate.constant if r.culture == culture],
    )


def value(score: Score, group: Group) -> float:
    """A figure of a test: the mean over its replicates."""
    return float(np.mean([score.compute(replicate.results) for replicate in group]))


def draws(score: Score, group: Group, test: str) -> np.ndarray:
    """Bootstrap values of a figure, (bootstrap.DRAWS,), resampling recordings.

    Replicates of the same recordings, as seeds are, meet the same draw of them. Others, as draws of shots are, each
    have a draw of their own, and are resampled themselves. Systems that were tested on the same recordings meet the
    same draws, so the difference of their values is that of a paired bootstrap.
    """
    each = [score.statistic(replicate.results) for replicate in group]
    sizes = [len(replicate.results) for replicate in group]
    alike = len({tuple(r.id for r in replicate.results) for replicate in group}) == 1
    random = np.random.default_rng([*test.encode()])
    values = np.empty(bootstrap.DRAWS)
    for n in range(len(values)):
        if alike:
            drawn = random.integers(0, sizes[0], sizes[0])
            values[n] = np.mean([statistic(drawn) for statistic in each])
        else:
            chosen = random.integers(0, len(group), len(group))
            values[n] = np.mean([each[k](random.integers(0, sizes[k], sizes[k])) for k in chosen])
    return values


@dataclasses.dataclass(frozen=True)
class Figure:
    """One figure of one test, or the mean of one over several tests, with its bootstrap values."""

    test: str
    score: Score
    value: float
    training_mean: float
    draws: np.ndarray
    recordings: int
    speakers: int
    replicates: int
    collapsed: bool


def figures(groups: Mapping[str, Group], scores: Sequence[Score], means: Mapping[str, Sequence[str]]) -> list[Figure]:
    """Figures of all tests, then of means over several of them.

    Args:
        groups: as :func:`gather` gives them.
        scores: what to compute; their training mean is not read.
        means: name -> the tests whose figures are averaged; left out where one of them is not there.
    """
    found: dict[tuple[str, int], Figure] = {}
    collapsed = _collapsed(groups, scores)
    for test, group in groups.items():
        for k, score in enumerate(scores):
            found[test, k] = Figure(
                test,
                score,
                value(score, group),
                float(np.mean([score.compute(replicate.constant) for replicate in group])),
                draws(score, group, test),
                max(len(replicate.results) for replicate in group),
                len({r.speaker for replicate in group for r in replicate.results}),
                len(group),
                collapsed[test, k],
            )
    whole = {name: tests for name, tests in means.items() if all(test in groups for test in tests)}
    averaged = [
        _average(name, [found[t, k] for t in tests]) for name, tests in whole.items() for k in range(len(scores))
    ]
    return list(found.values()) + averaged


def _average(name: str, parts: Sequence[Figure]) -> Figure:
    """The mean of one figure over tests, each of which was resampled by itself."""
    return Figure(
        name,
        parts[0].score,
        float(np.mean([p.value for p in parts])),
        float(np.mean([p.training_mean for p in parts])),
        np.mean([p.draws for p in parts], axis=0),
        sum(p.recordings for p in parts),
        sum(p.speakers for p in parts),
        parts[0].replicates,
        all(p.collapsed for p in parts),
    )


def _collapsed(groups: Mapping[str, Group], scores: Sequence[Score]) -> dict[tuple[str, int], bool]:
    """Whether each figure is no better than the training mean's, or its predictions are constant."""
    everything = {test: [r for replicate in group for r in replicate.results] for test, group in groups.items()}
    rows = [
        {
            "culture": test,
            "output": score.output,
            "metric": score.metric,
            "value": value(score, group),
            "training_mean": float(np.mean([score.compute(replicate.constant) for replicate in group])),
        }
        for test, group in groups.items()
        for score in scores
    ]
    flagged = evaluate.flag_collapsed(rows, everything)
    keys = [(test, k) for test in groups for k in range(len(scores))]
    return {key: row["collapsed"] for key, row in zip(keys, flagged, strict=True)}


def rows(found: Sequence[Figure]) -> list[dict[str, Any]]:
    """Figures as plain rows: test, output, metric, aggregation, value, low, high (95 % bootstrap interval) ..."""
    table = []
    for f in found:
        low, high = bootstrap.percentiles(f.draws) if f.recordings > 1 else (np.nan, np.nan)
        what = {"test": f.test, "output": f.score.output, "metric": f.score.metric, "aggregation": f.score.aggregation}
        numbers = {"value": f.value, "low": low, "high": high, "training_mean": f.training_mean}
        counts = {name: getattr(f, name) for name in ("recordings", "speakers", "replicates", "collapsed")}
        table.append({**what, **numbers, **counts})
    return table


def compare(first: Sequence[Figure], second: Sequence[Figure], against: str) -> list[dict[str, Any]]:
    """Paired bootstrap of one system against another on what both were tested on.

    Returns:
        One dict per figure: test, output, metric, aggregation, against, difference (first minus second), low, high, p.
    """
    others = {_key(f): f for f in second}
    table = []
    for f in first:
        other = others.get(_key(f))
        if other is None or other.recordings != f.recordings:
            continue
        values = f.draws - other.draws
        difference = bootstrap.judge(f.value - other.value, values)
        what = {"test": f.test, "output": f.score.output, "metric": f.score.metric, "aggregation": f.score.aggregation}
        numbers = {"difference": difference.value, "low": difference.low, "high": difference.high, "p": difference.p}
        table.append({**what, "against": against, **numbers})
    return table


def _key(figure: Figure) -> tuple[str, str, str, str]:
    return figure.test, figure.score.output, figure.score.metric, figure.score.aggregation


def write_report(folder: Path, report: Mapping[str, Any]) -> Path:
    """Write the results of one system, with the versions that they were made with.

    Raises:
        ConfigError: the disk is full or the folder cannot be written to.
    """
    versions = {name: version(name) for name in ("torch", "lightning", "numpy", "scikit-learn")}
    content = clean({**report, "versions": {**versions, "python": platform.python_version()}})
    path = folder / f"{report['study']}.{report['protocol']}.{report['system'].replace(' ', '-')}.json"
    _write(path, content)
    return path


def summarise(folder: Path) -> Path:
    """Write every figure once, flat: ``<study>.<protocol>.<system>[.<source>-><target>].<metric>``.

    A figure of one culture has that culture for source and target; one over all recordings has neither. Metrics of
    one of several outputs begin with its name, as ``arousal_ccc``; of CCC it is the pooled one.
    """
    flat = {
        _key_of(report, row): row["value"]
        for report in read_reports(folder)
        for row in report["figures"]
        if row["aggregation"] == "pooled"
    }
    path = folder / SUMMARY
    _write(path, dict(sorted(flat.items())))
    return path


def _key_of(report: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    source, target, shots = parse_test(row["test"])
    protocol = ".".join(filter(None, (report["protocol"], shots)))
    place = "" if row["test"] == ALL else f".{source}{ARROW}{target}" if source else f".{row['test'].replace(' ', '-')}"
    if place and not source and not row["test"].startswith("mean"):
        place = f".{row['test']}{ARROW}{row['test']}"
    single = row["output"] in ("emotion", evaluate.MEAN)
    metric = row["metric"] if single else f"{row['output'].replace(' ', '-')}_{row['metric']}"
    return f"{report['study']}.{protocol}.{report['system'].replace(' ', '-')}{place}.{metric}"


def clean(value: Any) -> Any:
    """Plain JSON: NaN becomes null, figures have six digits."""
    if isinstance(value, Mapping):
        return {str(k): clean(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [clean(v) for v in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return round(value, 6) if np.isfinite(value) else None
    return value


def _text(content: Mapping[str, Any]) -> str:
    """JSON with a line per entry, and per row of a table: half as long as with a line per number."""

    def dump(value: Any) -> str:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)

    def entry(value: Any) -> str:
        table = isinstance(value, list) and value and all(isinstance(row, Mapping) for row in value)
        return "[\n  " + ",\n  ".join(map(dump, value)) + "\n ]" if table else dump(value)

    return "{\n " + ",\n ".join(f"{dump(key)}: {entry(value)}" for key, value in content.items()) + "\n}\n"


def _write(path: Path, content: Mapping[str, Any]) -> None:
    with raising(ConfigError, path):
        write_text(path, _text(content))
