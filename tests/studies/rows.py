"""Made-up reports and their rows."""

import itertools
from collections.abc import Sequence
from typing import Any


def test(source: str = "", target: str = "", shots: int | None = None, calibrated: str = "") -> dict[str, Any]:
    """A test; without a source and a target it is that of everything."""
    sources = [source] if source else []
    return {"mean": "", "source": sources, "target": target, "shots": shots, "calibrated": calibrated, "tests": []}


test.__test__ = False  # pytest takes it for one


def mean(name: str, shots: int | None = None, over: Sequence[tuple[str, str]] = ()) -> dict[str, Any]:
    """A mean over tests from and to cultures."""
    tests = [test(source, target, shots) for source, target in over]
    return test(shots=shots) | {"mean": name, "tests": tests}


def share(
    source: str = "",
    target: str = "",
    shots: int | None = None,
    draw: int | None = None,
    fold: int | None = None,
    **who: Any,
) -> dict[str, Any]:
    """What a fold of a split tests."""
    return test(source, target, shots) | {"draw": draw, "fold": fold} | who


SHARED = {"output": "emotion", "metric": "ua", "aggregation": "pooled"}
CONFIG = {"model": "cats", "options": {}, "data": "utterances", "corpora": ["a"], "inputs": [{"feature": "whisper"}],
          "outputs": ["happy", "sad"], "loss": "cross_entropy", "metric_loss": "", "selection": "ua"}  # fmt: skip
CULTURES = ("Here", "North There", "Yon")


def score(on: dict[str, Any], value: float | None, **other: Any) -> dict[str, Any]:
    """A row of scores."""
    row = {
        **on,
        **SHARED,
        "value": value,
        "low": None,
        "high": None,
        "training_mean": 0.25,
        "recordings": 10,
        "speakers": 2,
        "unit": "recordings",
        "clusters": 10,
        "replicates": 1,
        "collapsed": False,
    }
    return row | ({"low": round(value - 0.05, 3), "high": round(value + 0.05, 3)} if value is not None else {}) | other


def compared(on: dict[str, Any], **other: Any) -> dict[str, Any]:
    """A row of paired comparisons."""
    numbers = {"against": "svm", "difference": 0.05, "low": 0.01, "high": 0.09, "p": 0.02}
    return {**on, **SHARED, **numbers, "unit": "recordings", "clusters": 10} | other


def part(*speakers: str) -> dict[str, Any]:
    """Who stands in a part of a split, with five recordings each."""
    return {"recordings": 5 * len(speakers), "speakers": list(speakers)}


def report(system: str, scores: list[dict[str, Any]], **other: Any) -> dict[str, Any]:
    """A report of a made-up study."""
    return {
        "study": "made-up",
        "title": "A made-up study",
        "protocol": "cross-culture",
        "system": system,
        "command": f"python -m emoviz protocol cross-culture --study made-up --system {system}",
        "note": "Nothing is real.",
        "seeds": [0],
        "options": {},
        "config": CONFIG,
        "scores": scores,
        "compared": [],
        "split": [],
        "versions": {"python": "3.11"},
    } | other


def crossed(system: str, level: float, **other: Any) -> dict[str, Any]:
    """A system on all pairs of three cultures, a further 0.01 each, their mean, and that of the first two."""
    pairs = list(itertools.permutations(CULTURES, 2))
    scores = [score(test(*pair), round(level + 0.01 * n, 3)) for n, pair in enumerate(pairs)]
    two = [pair for pair in pairs if set(pair) <= set(CULTURES[:2])]
    of_two = [row["value"] for row, pair in zip(scores, pairs, strict=True) if pair in two]
    scores.append(score(mean("mean", over=pairs), round(level + 0.025, 3), recordings=60, speakers=12))
    scores.append(score(mean("mean of two", over=two), sum(of_two) / 2, recordings=20, speakers=4))
    split = [
        {
            "fold": a,
            "train": part(f"{a}/1"),
            "validation": part(),
            "tests": [share(a, b, **part(f"{b}/1", f"{b}/2")) for b in CULTURES if b != a],
        }
        for a in CULTURES
    ]
    return report(system, scores, split=split, **other)
