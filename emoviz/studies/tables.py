"""Tidy tables of reports: every score, every paired comparison, and the ways in which the Results page narrows them."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ..core import words
from ..core.words import interval, p_value
from ..evaluation.metrics import METRICS
from ..evaluation.metrics.aggregation import POOLED
from ..evaluation.metrics.base import score_title
from ..training.protocols.base import name_of
from .reports import Report, Row, base_of_row, name_of_row, primary

WIDEST = 8
"""Largest number of columns of scores in a table; more tests are shown as a matrix per system."""
WITHIN = "within"
"""Protocol that trains and tests on one culture."""
KEYS = ("study", "protocol", "system")
"""Fields of a report that are repeated in each row of a table."""
ON = ("base", "test", "mean", "source", "target", "shots", "calibrated", "output", "metric", "aggregation")
"""Columns that name the test of a row."""
SHARED = ("output", "metric", "aggregation", "base")
"""Columns that are equal in a score and a comparison of the same test, after any number of shots."""


def scores(reports: Iterable[Report]) -> pd.DataFrame:
    """Tabulate every score of some reports.

    Returns:
        Columns study, protocol, system; test, the name of what the score is on, and base, the same without its shots;
        mean (its name, or empty), source and target (names, or empty), shots (a number, or missing), calibrated (words,
        or empty), output, metric, aggregation; value, low, high, training_mean, recordings, speakers, unit and clusters
        (the unit that the interval draws, and the number of units), replicates, collapsed; then text, the score with
        its interval, and rests, a warning where that rests on few people.
    """
    rows = []
    for report in reports:
        who = {name: report[name] for name in KEYS}
        for row in report["scores"]:
            text = interval(row["value"], row["low"], row["high"])
            rows.append({**who, **_with_names(row), "text": text, "rests": rests_on(row)})
    numbers = {name: float for name in ("value", "low", "high", "training_mean")}
    return pd.DataFrame(rows).astype({"shots": "Int64", **numbers}) if rows else pd.DataFrame()


def comparisons(reports: Iterable[Report], score: Row | None = None) -> pd.DataFrame:
    """Tabulate every paired bootstrap of some reports.

    Args:
        reports: reports that may have comparisons.
        score: score, a row of :func:`scores`; then only comparisons of its output, metric and aggregation on its test
            are returned, with any number of shots.

    Returns:
        The columns of :func:`scores` up to aggregation; against, difference, low, high, p, unit, clusters; then text,
        the difference with its interval and p, and rests.
    """
    rows = []
    for report in reports:
        who = {name: report[name] for name in KEYS}
        for row in report["compared"]:
            own = _with_names(row)
            if score is not None and any(score[key] != own[key] for key in SHARED):
                continue
            text = f"{interval(row['difference'], row['low'], row['high'], 3)}, {p_value(row['p'])}"
            rows.append({**who, **own, "text": text, "rests": rests_on(row)})
    numbers = ("difference", "low", "high", "p")
    columns = [*KEYS, *ON, "against", *numbers, "unit", "clusters", "text", "rests"]
    return pd.DataFrame(rows, columns=columns).astype({"shots": "Int64", **dict.fromkeys(numbers, float)})


def confusions(report: Report) -> pd.DataFrame:
    """Tabulate the confusions of a system on each of its tests.

    Args:
        report: report of a system; one of outputs that are no classes gives an empty table.

    Returns:
        Columns model (name of the test), truth, prediction, count (over all seeds), and share (of the recordings with
        that truth), as :func:`emoviz.plots.confusion_matrices` draws them.
    """
    rows = []
    for row in report["confusions"]:
        counts = np.array(row["counts"])
        shares = counts / np.maximum(1, counts.sum(1, keepdims=True))
        for i, j in np.ndindex(counts.shape):
            pair = row["classes"][i], row["classes"][j]
            rows.append((name_of_row(row), *pair, int(counts[i, j]), float(shares[i, j])))
    return pd.DataFrame(rows, columns=["model", "truth", "prediction", "count", "share"])


def _with_names(row: Row) -> dict[str, Any]:
    """A row of a report with the names of what it is on; the tests behind a mean stay in the report."""
    names = {"base": base_of_row(row), "test": name_of_row(row), "source": name_of(row["source"])}
    on = {key: names.get(key, row.get(key)) for key in ON}
    return on | {key: value for key, value in row.items() if key not in ON and key != "tests"}


def by_protocol(reports: Iterable[Report]) -> dict[tuple[str, str], list[Report]]:
    """Group reports by study and protocol, those of the best systems last."""
    groups: dict[tuple[str, str], list[Report]] = {}
    for report in reports:
        groups.setdefault((report["study"], report["protocol"]), []).append(report)
    return {key: _sorted(group) for key, group in groups.items()}


def _sorted(group: Sequence[Report]) -> list[Report]:
    metric = primary(group)
    return sorted(group, key=lambda report: _level(report, metric))


def _level(report: Report, metric: str) -> float:
    """Mean of the shown scores of a system, to order systems by."""
    rows = [row for row in report["scores"] if row["aggregation"] == POOLED and row["metric"] == metric]
    keys = [column_of(row, name_of_row(row)) for row in rows]
    shown = set(columns_shown(keys))
    known = [row["value"] for row, key in zip(rows, keys, strict=True) if key in shown and row["value"] is not None]
    return sum(known) / len(known) if known else float("-inf")


def readings(group: Sequence[Report]) -> dict[str, tuple[str, str]]:
    """Return metric and aggregation of a group's scores by their titles, the primary metric first."""
    found = {(row["metric"], row["aggregation"]) for report in group for row in report["scores"]}
    order = sorted(found, key=lambda key: (key != (primary(group), POOLED), *key))
    return {score_title(*key): key for key in order}


def narrowed(table: pd.DataFrame, systems: Sequence[str], metric: str, aggregation: str) -> pd.DataFrame:
    """Return the scores of some systems in one metric."""
    wanted = table["system"].isin(systems) & (table["metric"] == metric) & (table["aggregation"] == aggregation)
    return table[wanted].reset_index(drop=True)


def find(table: pd.DataFrame, system: str, test: str, output: str) -> pd.DataFrame:
    """Find the scores of a system on a named test; empty if there are none."""
    return table[(table["system"] == system) & (table["test"] == test) & (table["output"] == output)]


def intervals_over(table: pd.DataFrame) -> str:
    """Return the units that the intervals of some scores draw, in words, e.g. ``people``."""
    return " or ".join(words.UNITS[unit][1] for unit in dict.fromkeys(table["unit"]))


def cultures(table: pd.DataFrame) -> list[str]:
    """Return the cultures on which scores were computed."""
    return sorted({*table["target"]} - {""})


def on_culture(table: pd.DataFrame, culture: str) -> pd.DataFrame:
    """Return the scores that were computed on one culture alone."""
    return table[table["target"] == culture]


def pairs(table: pd.DataFrame, shots: int | None = None, calibrated: str = "") -> pd.DataFrame:
    """Return the scores from one culture to another, with a number of shots and one way of calibration."""
    after = table["shots"].isna() if shots is None else table["shots"] == shots
    return table[(table["source"] != "") & after & (table["calibrated"] == calibrated)]


def pairs_like(table: pd.DataFrame, score: Row) -> pd.DataFrame:
    """Return the scores between cultures with the system, output, shots and calibration of a score."""
    found = pairs(table, None if pd.isna(score["shots"]) else score["shots"], score["calibrated"])
    return found[(found["system"] == score["system"]) & (found["output"] == score["output"])]


def same_corpus(reports: Iterable[Report], shown: pd.DataFrame) -> dict[str, float]:
    """Return the scores of systems that were trained on other people of the target culture, by the name of the system.

    Args:
        reports: reports of all studies.
        shown: scores of one metric and output on one base test, whose target is one culture; there are none of a mean.
    """
    first = shown.iloc[0]
    within = [report for report in reports if (report["study"], report["protocol"]) == (first["study"], WITHIN)]
    table = scores(within)
    if table.empty or not first["target"]:
        return {}
    alike = (table[["target", *SHARED[:3]]] == first[["target", *SHARED[:3]]]).all(axis=1)
    found = table[alike & table["system"].isin(set(shown["system"]))]
    return dict(zip(found["system"], found["value"], strict=True))


def bases(table: pd.DataFrame) -> list[str]:
    """Return the names of tests without their shots, means first."""
    means = dict(zip(table["base"], table["mean"] != "", strict=True))
    return sorted(means, key=lambda base: not means[base])


class Column(NamedTuple):
    """A column of a table of systems.

    Attributes:
        test: name of the test.
        output: output of the scores.
        mean: whether the test is a mean over several.
        everything: whether the test is that of all recordings.
    """

    test: str
    output: str
    mean: bool
    everything: bool


def column_of(row: Row, test: str) -> Column:
    """Return the column of a row of a report or of :func:`scores`; ``test`` is the name of its test."""
    mean = bool(row["mean"])
    return Column(test, row["output"], mean, not (mean or row["source"] or row["target"]))


def columns_shown(found: Iterable[Column]) -> list[Column]:
    """Return the columns that show at a glance how good systems are.

    These are the means if there are some, else the scores over everything, else all columns; if there are many, only
    the means over outputs.
    """
    columns = list(dict.fromkeys(found))
    columns = [c for c in columns if c.mean] or [c for c in columns if c.everything] or columns
    over_outputs = [c for c in columns if c.output == "mean"]
    return over_outputs if over_outputs and len(columns) > WIDEST else columns


def titles_of(columns: Sequence[Column]) -> dict[Column, str]:
    """Return titles of columns in words, made from their differences."""
    tests, outputs = {c.test for c in columns}, {c.output for c in columns}

    def title(column: Column) -> str:
        parts = [column.test] if len(tests) > 1 or not column.everything else []
        parts += [column.output] if len(outputs) > 1 or not parts else []
        return " ".join(parts)

    return {column: title(column) for column in columns}


def standing(table: pd.DataFrame) -> pd.DataFrame:
    """Return the scores that show at a glance how good systems are, the best system last.

    Args:
        table: scores in one metric.

    Returns:
        Its rows in the columns that a table of systems has (:func:`columns_shown`), with the title of that column as
        ``column``. Systems are ordered by their mean over these.
    """
    keys = [column_of(row, row["test"]) for row in table.to_dict("records")]
    titles = titles_of(columns_shown(keys))
    columns = pd.Series([titles.get(key) for key in keys], table.index, dtype=object)
    shown = table.assign(column=columns)[columns.notna()]
    level = shown.groupby("system")["value"].mean().fillna(float("-inf"))
    if all(METRICS[metric].lower_is_better for metric in shown["metric"].unique()):
        level = -level
    order = {system: place for place, system in enumerate(level.sort_values(kind="stable").index)}
    place = {title: n for n, title in enumerate(titles.values())}
    rank = shown["system"].map(order) * len(place) + shown["column"].map(place)
    return shown.loc[rank.sort_values().index].reset_index(drop=True)


def rests_on(row: Row) -> str:
    """Return the warning that the interval of a row rests on few people, else an empty text."""
    return words.rests_on(row["clusters"], row["unit"])
