"""The verdict on the systems of a study in plain words: who does best, and whether that is more than luck."""

from typing import Any

import pandas as pd

from ..core.words import listed, number
from ..evaluation.metrics import METRICS
from .reports import Row

MOST = 3
"""Systems that are named; of more, the number is told."""


def in_words(best: Row, title: str, compared: pd.DataFrame) -> str:
    """Say which system does best on a test, and whether that is more than luck.

    Args:
        best: score of the best system there, a row of :func:`emoviz.studies.tables.scores`.
        title: title of its metric, e.g. ``UA``.
        compared: paired differences on that test (:func:`emoviz.studies.tables.comparisons`).
    """
    lower = METRICS[best["metric"]].lower_is_better
    if best["collapsed"]:
        return f"**No system has learnt this:** even {best['system']} does no better than always answering the same."
    floor = best["training_mean"]
    skill = "" if pd.isna(floor) else f"; always answering the same gets {number(floor)}"
    where = "on average" if best["mean"] else f"on {best['test']}"
    said = f"**{best['system']} does best** {where}: {title} {number(best['value'])}{skill}."
    said += f" It {best['rests']}." if best["rests"] else ""
    better, unclear = _against(best["system"], compared, lower)
    if better:
        said += f" It is better than {_named(better)} by more than luck."
    if unclear:
        said += f" Whether it is better than {_named(unclear)} cannot be told."
    return said if better or unclear else f"{said} Whether that is more than luck was not tested."


def _against(system: str, compared: pd.DataFrame, lower: bool) -> tuple[list[str], list[str]]:
    """The systems than which one is better by an interval on one side of zero, and those of which that is not known."""
    better: list[str] = []
    unclear: list[str] = []
    for row in compared.to_dict("records"):
        if system not in (row["system"], row["against"]):
            continue
        other, side = (row["against"], 1) if row["system"] == system else (row["system"], -1)
        low, high = sorted((side * row["low"], side * row["high"]))
        (better if (high < 0 if lower else low > 0) else unclear).append(str(other))
    return better, unclear


def _named(systems: list[str]) -> str:
    return listed(systems) if len(systems) <= MOST else f"{len(systems)} others"


def best_of(standing: pd.DataFrame) -> dict[str, Any]:
    """Return the score of the best system in the first column of a table of systems, whose best stands last."""
    return dict(standing[standing["system"] == standing["system"].iloc[-1]].iloc[0])
