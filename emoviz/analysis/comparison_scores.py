"""Scores of compared models and their differences as tables, and sentences on which model is better beyond chance.

Every bootstrap sample of people is the same for all models that are compared with each other, so the interval of a
difference is that of a paired bootstrap. A difference is a model's score minus that of the first one.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..core import words
from ..core.words import counted, interval, number, p_value, rests_on
from ..evaluation import bootstrap
from ..evaluation.bootstrap import Clusters
from ..evaluation.metrics import METRICS
from ..evaluation.scores import ALL, MEAN, Result, Score, flag_collapsed
from .comparison import Comparison, Contender

MAIN_METRIC: dict[str, str] = {"dimension": "ccc", "emotion": "ua", "binary": "ua", "intensity": "pearson"}
"""Kind of outputs -> the pooled metric that summarises a model."""
SCORE_COLUMNS = ["culture", "output", "metric", "aggregation"]
"""Columns that name a score."""
CLUSTERS = ["unit", "clusters"]
"""Columns with the unit that an interval draws, and the number of units."""
COLLAPSED = "†"
COLLAPSED_NOTE = f"{COLLAPSED} Collapsed: {words.COLLAPSED}."


def judge(comparison: Comparison) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the scores of all models, and the differences between the models that are compared with each other.

    Returns:
        Scores: model, culture, output, metric, aggregation, value, low and high (95 % bootstrap interval),
        training_mean, recordings, speakers, unit and clusters (what the interval draws, and how many of them),
        collapsed, and shared: whether on the shared recordings.
        Differences: model, against, culture, output, metric, aggregation, difference, low, high, p, unit, clusters.
    """
    found: list[dict[str, Any]] = []
    differences: list[dict[str, Any]] = []
    shared = comparison.shared if comparison.recordings else []
    groups = {c.name: _by_culture(c) for c in shared}
    for culture in groups[shared[0].name] if shared else ():
        members = [groups[c.name][culture] for c in shared]
        statistics = [s.statistic(own) for c, own in zip(shared, members, strict=True) for s in c.scores]
        clusters = bootstrap.clusters_of(members[0])
        draws = bootstrap.resample(statistics, clusters).reshape(len(shared), -1, bootstrap.DRAWS)
        for place, same in enumerate(zip(*(c.scores for c in shared), strict=True)):
            rows = [_row(*triple, clusters, culture) for triple in zip(shared, same, members, strict=True)]
            for row, values in zip(rows, draws[:, place], strict=True):
                row["low"], row["high"] = bootstrap.percentiles(values)
            found += rows
            differences += [
                _difference(row, rows[0], values - draws[0, place])
                for row, values in zip(rows[1:], draws[1:, place], strict=True)
            ]
    for contender in shared:
        flag_collapsed([r for r in found if r["model"] == contender.name], groups[contender.name])
    for contender in comparison.contenders:
        if contender.name not in comparison.paired:
            stated = contender.metrics.get("test", ())
            found += [{"model": contender.name, **_drawn_by(row), "shared": False} for row in stated]
    numbers = ["value", "low", "high", "training_mean"]
    counts = ["recordings", "speakers", *CLUSTERS]
    table = pd.DataFrame(found, columns=["model", *SCORE_COLUMNS, *numbers, *counts, "collapsed", "shared"])
    table = table.astype(dict.fromkeys(numbers, float)).astype({"collapsed": bool, "shared": bool})
    difference = ["difference", "low", "high", "p", *CLUSTERS]
    return table, pd.DataFrame(differences, columns=["model", "against", *SCORE_COLUMNS, *difference])


def verdicts(scores: pd.DataFrame, differences: pd.DataFrame) -> list[str]:
    """Say in a sentence how each model compares with the first in each main score, and which models have collapsed."""
    value = scores[scores.shared].set_index(["model", *SCORE_COLUMNS]).value
    sentences = []
    for row in main_scores(differences).itertuples():
        key = (row.culture, row.output, row.metric, row.aggregation)
        what = score_title(row.output, row.metric, row.aggregation)
        both = f"{what} {number(value[row.model, *key])} against {number(value[row.against, *key])}"
        if np.isnan(row.low):
            sentences.append(f"{row.model} and {row.against} cannot be judged by one recording ({both}).")
            continue
        if row.low <= 0 <= row.high:
            size = f"a difference of {interval(row.difference, row.low, row.high, 3, sign='+')}"
            who, end = f"{row.model} and {row.against} cannot be told apart", "that luck makes easily"
        else:
            low, high = sorted((abs(row.low), abs(row.high)))
            size = f"a difference of {interval(abs(row.difference), low, high, 3)}"
            names = (row.model, row.against) if row.difference > 0 else (row.against, row.model)
            both = f"{what} {number(value[names[0], *key])} against {number(value[names[1], *key])}"
            who, end = f"{names[0]} is better than {names[1]}", "that luck rarely makes"
        reasons = ", ".join(filter(None, (p_value(row.p), rests_on(row.clusters, row.unit))))
        sentences.append(f"{who}: {both}, {size} {end} ({reasons}).")
    return sentences + collapses(scores)


def collapses(scores: pd.DataFrame) -> list[str]:
    """Return a sentence for each model that predicts a constant or is no better than the training mean."""
    whole = scores[(scores.culture == ALL) & (scores.aggregation == "pooled")]
    bad = whole[whole.metric.isin(MAIN_METRIC.values()) & whole.collapsed]
    return [
        f"{model} has collapsed ({', '.join(dict.fromkeys(rows.output))}): it predicts nearly a constant, or no "
        "better than the training mean."
        for model, rows in bad.groupby("model", sort=False)
    ]


def main_scores(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the pooled scores over all recordings that summarise the models."""
    whole = scores[(scores.culture == ALL) & (scores.aggregation == "pooled")]
    means = whole.output.eq(MEAN)
    return whole[whole.metric.isin(MAIN_METRIC.values()) & (means if means.any() else True)]


def score_names(scores: pd.DataFrame) -> list[tuple[str, str, str]]:
    """Return output, metric and aggregation of each score, first the scores that summarise the models."""
    names = pd.concat([main_scores(scores), scores])[SCORE_COLUMNS[1:]].drop_duplicates()
    return list(names.itertuples(index=False, name=None))


def score_title(output: str, metric: str, aggregation: str) -> str:
    """Return the title of a score, e.g. ``UA`` or ``CCC (per recording), valence (derived)``."""
    how = "" if aggregation == "pooled" else f" ({aggregation.replace('_', ' ')})"
    return METRICS[metric].heading + how + ("" if output in ("emotion", MEAN) else f", {output}")


def score_grid(scores: pd.DataFrame, output: str, metric: str, aggregation: str) -> pd.DataFrame:
    """Return one score as a table for people: a row per culture, and a column per model.

    The last columns are the training mean, the recordings, and the people that the intervals draw. A model that has
    collapsed is marked by :data:`COLLAPSED`.
    """
    chosen = of_score(scores, output, metric, aggregation)
    rows: dict[str, dict[str, str]] = {}
    floors = {m: rows.training_mean.round(6).tolist() for m, rows in chosen.groupby("model", sort=False)}
    one_floor = len({str(f) for f in floors.values()}) == 1
    for row in chosen.itertuples():
        cells = rows.setdefault(row.culture, {})
        cells[row.model] = interval(row.value, row.low, row.high) + (f" {COLLAPSED}" if row.collapsed else "")
        floor = "training mean" if one_floor else f"training mean of {row.model}"
        cells[floor] = number(row.training_mean)
        whose = "" if row.shared else f" of {row.model}"
        cells[f"recordings{whose}"] = str(int(row.recordings))
        cells[f"interval over{whose}"] = rests_on(row.clusters, row.unit) or counted(row.clusters, row.unit)
    table = pd.DataFrame(rows.values(), index=pd.Index(rows, name="culture"))
    models = [c for c in table if c in floors]
    return table[models + [c for c in table if c not in models]].fillna("").reset_index()


def of_score(table: pd.DataFrame, output: str, metric: str, aggregation: str) -> pd.DataFrame:
    """Return the rows of one score, from a table of scores or of differences."""
    return table[(table.output == output) & (table.metric == metric) & (table.aggregation == aggregation)]


def _by_culture(contender: Contender) -> dict[str, list[Result]]:
    """Recordings over all, and of each culture where there are several."""
    cultures = sorted({r.culture for r in contender.results if r.culture})
    own = {c: [r for r in contender.results if r.culture == c] for c in cultures} if len(cultures) > 1 else {}
    return {ALL: list(contender.results)} | own


def _drawn_by(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of ``metrics.json`` whose interval draws single recordings where it does not say what it draws."""
    return {"unit": "recordings", "clusters": row["recordings"], "collapsed": False, **row}


def _row(
    contender: Contender, score: Score, members: Sequence[Result], clusters: Clusters, culture: str
) -> dict[str, Any]:
    """Return a score without its interval."""
    return {
        "model": contender.name,
        "culture": culture,
        "output": score.output,
        "metric": score.metric,
        "aggregation": score.aggregation,
        "value": score.compute(members),
        "training_mean": _training_mean(contender, score, members, culture),
        "recordings": len(members),
        "speakers": len({r.speaker for r in members if r.speaker}),
        "unit": clusters.unit,
        "clusters": clusters.count,
        "shared": True,
    }


def _training_mean(contender: Contender, score: Score, members: Sequence[Result], culture: str) -> float:
    """The score of always predicting the training mean; NaN where the checkpoint does not tell it."""
    if contender.constant is not None:
        return score.training_mean(members)
    wanted = [culture, score.output, score.metric, score.aggregation]
    for row in contender.metrics.get("test", ()):
        if [row.get(name) for name in SCORE_COLUMNS] == wanted and row.get("recordings") == len(members):
            return float("nan") if row["training_mean"] is None else float(row["training_mean"])
    return float("nan")


def _difference(row: Mapping[str, Any], first: Mapping[str, Any], values: np.ndarray) -> dict[str, Any]:
    found = bootstrap.judge(row["value"] - first["value"], values)
    what = {"model": row["model"], "against": first["model"], **{n: row[n] for n in (*SCORE_COLUMNS, *CLUSTERS)}}
    return {**what, "difference": found.value, "low": found.low, "high": found.high, "p": found.p}
