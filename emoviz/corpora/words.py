"""An import in words: its content, and its problems, with equal ones grouped."""

from collections import defaultdict
from collections.abc import Iterable

from ..core.vocabulary import Dimension
from ..core.words import count, counted, listed
from .base import Corpus
from .importing import Checked, Plan
from .roles import LEFT_OUT
from .table import Problem

MOST_LINES = 5
"""Largest number of lines that are named for equal problems."""


def account(plan: Plan, checked: Checked, made: Corpus) -> list[str]:
    """Return the content of an import: its size, the columns that were read, and the meaning of its labels.

    Args:
        plan: meaning of the columns of the table.
        checked: sound rows of the table.
        made: corpus that was made from these rows.
    """
    people = counted(made.recordings["speaker"].nunique(), "speakers")
    sessions = made.recordings["session"].nunique()
    within = f"in {counted(sessions, 'sessions')}" if sessions else "without named sessions"
    columns = ", ".join(f"{role} from '{column}'" for role, column in plan.columns.items())
    lines = [
        f"{counted(len(made.recordings), 'recordings')} of {people} {within}.",
        f"Columns: {columns}.",
        f"Labels: {', '.join(_labels(plan, made)) or 'none'}.",
    ]
    if checked.left_out:
        words = [word for word, emotion in plan.emotions.items() if emotion == LEFT_OUT]
        lines.append(f"Left out: {counted(checked.left_out, 'rows')} ({', '.join(words)}).")
    if made.limits != plan.limits:
        lines.append(made.limits.removeprefix(plan.limits).strip())
    return lines


def grouped(problems: Iterable[Problem]) -> list[str]:
    """Return a sentence for each problem, with the lines of all rows that have the same one."""
    lines: dict[tuple[str, str], list[int]] = defaultdict(list)
    for problem in problems:
        lines[problem.file, problem.sentence].append(problem.line)
    return [
        str(Problem(file, found[0], sentence)) if len(found) == 1 else f"{file}, lines {_listed(found)}: {sentence}"
        for (file, sentence), found in lines.items()
    ]


def _labels(plan: Plan, made: Corpus) -> list[str]:
    """Each label with its number, and the words that stand for it in the table."""
    found = []
    if "emotion" in made.labels:
        for emotion, number in made.labels["emotion"].value_counts().items():
            words = [word for word, meant in plan.emotions.items() if meant == emotion and word.lower() != emotion]
            found.append(f"{emotion} {count(number)}" + (f" (written {', '.join(words)})" if words else ""))
    low, high = plan.scale
    rated = [d for d in Dimension if d in made.labels]
    found += [f"{d} {count(made.labels[d].count())} (rated from {low:g} to {high:g})" for d in rated]
    return found + [f"traces of {d}" for d in Dimension if d in made.traces]


def _listed(lines: list[int]) -> str:
    """Some line numbers in words."""
    if len(lines) <= MOST_LINES:
        return listed(map(str, lines))
    return listed([*map(str, lines[:MOST_LINES]), f"{count(len(lines) - MOST_LINES)} more"])
