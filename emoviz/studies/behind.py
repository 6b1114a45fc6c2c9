"""The tests, folds, speakers and networks behind a score."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from ..core.words import number
from ..training.protocols import Test
from ..training.protocols.base import name_of
from .reports import TEST, Report, Row

COUNTS = ("recordings", "speakers")
SAME_SYSTEM = ("model", "options", "data", "corpora", "inputs", "outputs", "loss", "metric_loss")
"""Fields of a training config that are equal in all trainings of one system."""


def tests_behind(report: Report, score: Row) -> list[Test]:
    """Return the tests behind a score: its own, or those of a mean.

    Args:
        report: report of the system.
        score: one of its scores, as a row of :func:`emoviz.studies.tables.scores`.
    """
    shots = None if pd.isna(score["shots"]) else int(score["shots"])
    on = (score["mean"], score["source"], score["target"], shots, score["calibrated"])
    row = next(r for r in report["scores"] if (r["mean"], name_of(r["source"]), *(r[k] for k in TEST[1:])) == on)
    return [Test.of(fields) for fields in row["tests"]] if row["mean"] else [Test.of(row)]


def folds_behind(report: Report, tests: Sequence[Test]) -> pd.DataFrame:
    """Return the recordings and speakers that were trained on, selected by and tested for some tests.

    Args:
        report: report of the system.
        tests: tests of the system.

    Returns:
        One row per fold and test: fold, test (its name), and for each of train, validation and tested the number of
        recordings and the speakers, as ``train_recordings`` (int) and ``train_speakers`` (list of str).
    """
    rows = []
    for fold in report["split"]:
        for tested in fold["tests"]:
            share = Test.of(tested)
            if any(_is_part(share, test) for test in tests):
                parts = {"train": fold["train"], "validation": fold["validation"], "tested": tested}
                who = {f"{part}_{count}": parts[part][count] for part in parts for count in COUNTS}
                rows.append({"fold": fold["fold"], "test": share.name, **who})
    columns = [f"{part}_{count}" for part in ("train", "validation", "tested") for count in COUNTS]
    return pd.DataFrame(rows, columns=["fold", "test", *columns])


def _is_part(share: Test, test: Test) -> bool:
    """Whether what a fold tests is, or is a share of, a test after any number of shots.

    All numbers of shots are tested on the same recordings. A fold of all cultures together has a share of each one's.
    """
    if share.calibrated != test.calibrated:
        return False
    return share.source == test.source and (share.target == test.target or not (share.target and test.target))


def not_shared(report: Report, tests: Sequence[Test]) -> str:
    """Return a sentence on emotions that only the training or only the tested recordings have; else an empty text."""
    folds = [fold for fold in report["split"] if any(_is_part(Test.of(own), t) for own in fold["tests"] for t in tests)]
    names = sorted({name for fold in folds for name in fold.get("unshared", ())})
    if not names:
        return ""
    return f"Either the training or the tested recordings lack {', '.join(names)}: only what both have is tested."


def speakers_in(folds: pd.DataFrame, parts: Sequence[str]) -> pd.DataFrame:
    """Return recordings and speakers of parts of the split, a row for each fold or test that differs in them.

    Args:
        folds: folds that :func:`folds_behind` returned.
        parts: names of the parts: ``train``, ``validation`` and ``tested``, or some of them.

    Returns:
        Columns fold or test, part where there are several, recordings, and speakers, their names joined by commas.
    """
    named = [
        folds[["fold", "test"]].assign(
            part=part,
            recordings=folds[f"{part}_recordings"],
            speakers=folds[f"{part}_speakers"].map(", ".join),
        )
        for part in parts
    ]
    table = pd.concat(named).sort_index(kind="stable")
    same = "fold" if len(parts) > 1 or table["test"].nunique() < 2 else "test"
    table = table.drop_duplicates([same, "part"]).drop(columns={"fold", "test"} - {same})
    return table if len(parts) > 1 else table.drop(columns="part")


def sentence(score: Row, title: str, folds: pd.DataFrame) -> str:
    """Return a sentence on a score, and on the recordings on which it was computed.

    Args:
        score: score, a row of :func:`emoviz.studies.tables.scores`.
        title: title of its metric, e.g. ``UA``.
        folds: folds behind the score (:func:`folds_behind`).
    """
    tests, recordings = folds["test"].nunique(), int(folds["tested_recordings"].sum())
    on = f"{score['recordings']} recordings of {score['speakers']} speakers"
    if score["mean"]:
        on = f"{on}, counted anew in each of {tests} tests, whose mean this is"
    elif len(folds) == 1 and recordings != score["recordings"]:
        on = f"{score['recordings']} sequences of {recordings} recordings of {score['speakers']} speakers"
    runs = f", mean over {score['replicates']} trainings" if score["replicates"] > 1 else ""
    rests = f" The interval {score['rests']}." if score["rests"] else ""
    flag = " Collapsed: constant, or no better than the training mean." if score["collapsed"] else ""
    floor = number(score["training_mean"], 2)
    words = f"{title} {score['text']} on {on}{runs}.{rests} Always answering the training mean gets {floor}.{flag}"
    return words[0].upper() + words[1:]


def same_system(report: Report, trained: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the names of the trainings of a report's system, with any split and seed.

    Args:
        report: report of the system.
        trained: training configs by the names of the trainings, as a checkpoint's ``config.json`` has them.
    """
    config = report["config"]
    if "model" not in config:
        return []
    return [name for name, other in trained.items() if all(config.get(k) == other.get(k) for k in SAME_SYSTEM)]


def trained_here(folds: pd.DataFrame, split: Mapping[str, Sequence[str]]) -> bool:
    """Return whether a checkpoint has the split of one of some folds, so that it may be the same network.

    Args:
        folds: folds that :func:`folds_behind` returned.
        split: speakers of each part, as a checkpoint's ``config.json`` has them.
    """
    train = set(split.get("train", ()))
    return bool(train) and any(set(speakers) == train for speakers in folds["train_speakers"])
