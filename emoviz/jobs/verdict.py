"""The verdict on runs in plain words: which scores best on held-out recordings, as far as intervals can tell."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..core import words
from ..evaluation.metrics import METRICS
from .runs import Run, Score


def in_words(chosen: Sequence[Run], score: Score | None = None) -> str:
    """Say which run scores best on held-out recordings, as far as intervals allow, and which ones still learn.

    Args:
        chosen: runs that are compared.
        score: held-out score by which they are compared; None for each run's own.
    """
    judged = {}
    for run in chosen:
        found = run.scores()
        if (own := score or next(iter(found), None)) in found:
            judged[run.name] = (own, run.data, found[own])
    if not judged:
        said = "**None of these runs has such a score** on held-out recordings yet."
    elif len(judged) == 1:
        ((name, (own, _, row)),) = judged.items()
        said = f"**Only {name} has a score to compare:** {own.title} {_interval(row)}."
    elif len({(own, data) for own, data, _ in judged.values()}) > 1:
        said = "**Which of these runs is best cannot be told:** they were tested by other scores or on other data."
    else:
        own = next(iter(judged.values()))[0]
        said = _best({name: row for name, (_, _, row) in judged.items()}, own)
    return said + _learning(chosen)


def _learning(chosen: Sequence[Run]) -> str:
    """The runs whose validation score was never higher than at their last epoch."""
    names = [run.name for run in chosen if len(run.epochs) > 1 and run.epochs[-1].get("validation") == run.validation]
    return f" {words.listed(names)} did best at the last epoch: more epochs may help." if names else ""


def _best(rows: Mapping[str, Mapping[str, Any]], score: Score) -> str:
    """Which of several scores is the best, and from which others its interval is apart."""
    lower = METRICS[score.metric].lower_is_better
    first, *others = sorted(rows, key=lambda name: float(rows[name]["value"]), reverse=not lower)
    best = rows[first]
    near = [name for name in others if not _apart(rows[name], best, lower)]
    said = f"{score.title} {_interval(best)}"
    if "recordings" in best:
        said += f" on {words.counted(int(best['recordings']), 'recordings')}"
    if near:
        return f"**Whether {first} is better than {words.listed(near)} cannot be told:** {said}, and intervals overlap."
    return f"**{first} is probably the best:** {said}, with an interval apart from all others."


def _apart(worse: Mapping[str, Any], better: Mapping[str, Any], lower: bool) -> bool:
    """Whether two intervals do not meet; an interval that is not known meets every other."""
    ends = (better, "high", worse, "low") if lower else (worse, "high", better, "low")
    below, above = ends[0].get(ends[1]), ends[2].get(ends[3])
    return below is not None and above is not None and below < above


def _interval(row: Mapping[str, Any]) -> str:
    return words.interval(row["value"], row.get("low"), row.get("high"))
