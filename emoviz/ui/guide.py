"""Guided questions for a first visitor, each with the page that is prepared to answer it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

import pandas as pd

from ..checkpoints.description import Description
from ..checkpoints.folder import PER_CULTURE
from ..core.errors import EmovizError
from ..evaluation import findings
from ..prediction.inputs import can_be_extracted
from . import loaders, navigation

QUESTIONS = 3


@dataclass(frozen=True)
class Question:
    """A question, and the page that answers it.

    Attributes:
        words: question in words.
        about: sentence on what the page will show.
        page: script of the page.
        query: query parameters of the page.
    """

    words: str
    about: str
    page: str
    query: Mapping[str, str | list[str]] = field(default_factory=dict)


def questions() -> list[Question]:
    """Return up to three questions that the models and pages that are here can answer."""
    found = [ask() for ask in (_predict, _explain, _compare, _embeddings, _cultures, _results)]
    return [question for question in found if question and navigation.has(question.page)][:QUESTIONS]


def comparable(name: str, descriptions: Mapping[str, Description]) -> list[str]:
    """Return other checkpoints that predict the same outputs for the same held-out speakers."""
    own = descriptions[name]
    return [
        other
        for other, description in descriptions.items()
        if other != name
        and description.outputs == own.outputs
        and set(description.split.get("test", ())) == set(own.split.get("test", ())) != set()
    ]


def described(table: str) -> dict[str, Description]:
    """Return the sound checkpoints outside of groups that have a table of held-out recordings."""
    with_table = {n: f for n, f in loaders.checkpoints().items() if (f / f"{table}.parquet").exists()}
    found = {name: loaders.description(folder) for name, folder in with_table.items()}
    return {name: description for name, description in found.items() if description}


def _cultures() -> Question | None:
    """The two cultures whose models weigh channels most differently."""
    tables: dict[tuple[str, ...], list[pd.DataFrame]] = {}
    for folder in loaders.checkpoints(PER_CULTURE).values():
        table, description = _attention(folder), loaders.description(folder)
        if table is not None and description:
            tables.setdefault(description.outputs, []).append(table)
    for outputs, same in tables.items():
        if pair := findings.least_alike(pd.concat(same)):
            return Question(
                f"Which channels do {pair[0]} and {pair[1]} models weigh differently?",
                "Channel weights of models of one culture each, and whether they differ by more than chance.",
                "pages/cultures.py",
                {"pair": ",".join(pair), "task": outputs[0]},
            )
    return None


def _attention(folder: Path) -> pd.DataFrame | None:
    try:
        return loaders.table(folder, "attention")
    except EmovizError:
        return None


def _embeddings() -> Question | None:
    """The classifier that was trained on most corpora: its map has the most to tell."""
    models = described("embeddings")
    if not models:
        return None
    breadth = {n: (d.kind == "emotion", len(d.training.get("corpora", ()))) for n, d in models.items()}
    broadest = max(models, key=lambda name: breadth[name])
    return Question(
        f"Does {broadest} tell emotions or cultures apart?",
        "A map of recordings that the model never met, coloured by emotion or culture, with a number for each.",
        "pages/embeddings.py",
        {"model": broadest},
    )


def _compare() -> Question | None:
    """The first two models that were tested on the same recordings, those that read clips before others."""
    found = described("predictions")
    models = dict(sorted(found.items(), key=lambda item: not can_be_extracted(item[1])))
    pair = next((pair for pair in combinations(models, 2) if pair[1] in comparable(pair[0], models)), None)
    if pair is None:
        return None
    return Question(
        f"Which is better, {pair[0]} or {pair[1]}, and is that luck?",
        "Both on the same held-out recordings: scores with intervals, where they differ, and how surely.",
        "pages/compare.py",
        {"compared": list(pair)},
    )


def _results() -> Question | None:
    """The card of the committed results, if there are some."""
    if not loaders.reports().found:
        return None
    return Question(
        "How good is each system on people it never met?",
        "All committed scores with their intervals, and the recordings behind each of them.",
        "pages/results.py",
    )


def _predict() -> Question:
    return Question(
        "What do a face and a voice say, moment by moment?",
        "How pleasant and how excited the example is, and which emotions, on the clock of its player.",
        "pages/predict.py",
        _example(),
    )


def _explain() -> Question | None:
    """The card of the question where models look in the example, if there is one."""
    if not _example() or not any(map(_reads_clips, loaders.checkpoints().values())):
        return None
    return Question(
        "Where in the face and the voice do models see it?",
        "Heat over the face, and the moments and sounds of the example that changed the answer.",
        "pages/explain.py",
        _example(),
    )


def _example() -> dict[str, str | list[str]]:
    """The query that opens the first example clip; empty without one."""
    first = next(iter(loaders.examples()), None)
    return {"clip": first} if first else {}


def _reads_clips(folder: Path) -> bool:
    description = loaders.description(folder)
    return description is not None and can_be_extracted(description)
