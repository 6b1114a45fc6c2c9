"""Forms and links for the Results page: the form that suits a study's scores, and views of its networks."""

from enum import Enum, auto
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from ..checkpoints.tables import TABLES
from ..studies import behind, tables
from ..studies.reports import Report
from . import guide, loaders, navigation

FEW = 2
"""Pairs of cultures that need no matrix."""
MOST = 3
"""Checkpoints of one system that are named: its seeds."""
SIDE_BY_SIDE = 4
"""Panels of systems that leave room for the differences beside them."""


class Form(Enum):
    """The form in which scores of several systems are drawn: rows, rows over the whole width, curves, or a matrix."""

    SYSTEMS = auto()
    WIDE_SYSTEMS = auto()
    SHOTS = auto()
    MATRIX = auto()


def form_of(tested: pd.DataFrame, standing: pd.DataFrame) -> Form:
    """Return the form that suits some scores.

    Args:
        tested: table of the scores.
        standing: rows of it that say how systems stand (:func:`emoviz.studies.tables.standing`).
    """
    panels = standing["column"].nunique()
    if tested["shots"].notna().any():
        return Form.SHOTS
    if panels > tables.WIDEST and len(tables.pairs(tested)) > FEW:
        return Form.MATRIX
    return Form.WIDE_SYSTEMS if panels > SIDE_BY_SIDE else Form.SYSTEMS


def chosen_score(table: pd.DataFrame, shown: pd.DataFrame, named: tuple[str, str, str]) -> dict[str, Any]:
    """Return the score to mark: the one of that system, test and output, or the first of the best system.

    Args:
        table: table of all scores.
        shown: scores in the figure, the best system last.
        named: names of system, test and output.
    """
    found = tables.find(table, *named)
    best = shown[shown["system"] == shown["system"].iloc[-1]]
    return dict((found if len(found) else best).iloc[0])


class Link(NamedTuple):
    """A link to a page.

    Attributes:
        page: script of the page.
        label: label for people.
        query: query parameters of the page.
    """

    page: str
    label: str
    query: dict[str, str | list[str]]


def checkpoint_links(report: Report, folds: pd.DataFrame) -> tuple[list[Link], bool]:
    """Return links to views of a system's networks, and whether these were trained on the same speakers.

    Args:
        report: report of the system.
        folds: folds behind the chosen score (:func:`emoviz.studies.behind.folds_behind`).
    """
    found = loaders.every_checkpoint()
    descriptions = {name: loaders.description(folder) for name, folder in found.items()}
    known = {name: description for name, description in descriptions.items() if description}
    names = behind.same_system(report, {name: d.training for name, d in known.items()})
    exact = [name for name in names if behind.trained_here(folds, known[name].split)]
    links = [link for name in (exact or names)[:MOST] for link in _views(name, found[name])]
    return [link for link in links if navigation.has(link.page)], bool(exact)


def _views(name: str, folder: Path) -> list[Link]:
    """The pages that show a checkpoint's held-out recordings."""
    stored = [table for table in TABLES if (folder / f"{table}.parquet").exists()]
    links = []
    if "attention" in stored:
        links.append(Link("pages/attention.py", f"Attention of {name}", {"model": name}))
    if folder.name != name:
        return links  # other pages show no groups
    if "embeddings" in stored:
        links.append(Link("pages/embeddings.py", f"Embeddings of {name}", {"model": name}))
    described = guide.described("predictions")
    if name in described and (others := guide.comparable(name, described)):
        both = f"Predictions of {name} and {others[0]}"
        links.append(Link("pages/compare.py", both, {"compared": [name, others[0]]}))
    return links
