"""Sections of the model card that state what a model was tried on beside its held-out scores, and on whose data."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..core import words
from ..evaluation.metrics import METRICS

PARTS = {"train": "trained on", "validation": "selected on", "test": "held out"}
"""Part of the split -> heading of its people."""
COUNTED = ("culture", "language", "people", "women", "men", "sex not stated", "recordings")
"""Headings of what is told of all people of a culture."""


def under_corruption(judgement: Mapping[str, Any]) -> str:
    """Write how a model holds where practice changes recordings; nothing where that was not measured.

    Args:
        judgement: ``every``, ``rows`` and ``summary`` of the model, as ``benchmarks/corruptions.py`` makes them.
    """
    if not judgement:
        return ""
    rows, summary = judgement["rows"], judgement["summary"]
    title = METRICS[rows[0]["metric"]].title
    sure = "confidence" in rows[0]
    table = "\n".join(_condition(row, sure) for row in rows)
    some = f"every {_ordinal(judgement['every'])} of them" if judgement["every"] > 1 else "all of them"
    heading = "| | " + title + " [interval] | drop |" + (" accuracy | confidence |" if sure else "")
    return f"""## As practice leaves recordings

The held-out recordings ({some}: {_whose(summary)}), each changed in one way
(`python -m benchmarks.corruptions`). The mean drop is {words.number(summary["drop"], 3)}, the largest
{words.number(summary["worst_drop"], 3)} ({summary["worst"]}).
{_all_told(summary)}
{heading} unlike: AUROC | told |
|---|---|---|{"---|---|" if sure else ""}---|---|
{table}

"AUROC" says how well the distance from the training parts the recordings from those as they are (.5 is chance), "told"
of how many of them it is told that they are unlike the training.

"""


def _condition(row: Mapping[str, Any], sure: bool) -> str:
    score = METRICS[row["metric"]].written(row["score"], row["low"], row["high"], 3)
    cells = [row["condition"], score, words.number(row["drop"], 3)]
    if sure:
        cells += [words.number(row[key], 3) for key in ("accuracy", "confidence")]
    told = words.share(row["told"]) if "told" in row else "-"
    cells += [words.number(row["auroc"]) if "auroc" in row else "-", told]
    return "| " + " | ".join(cells) + " |"


def _all_told(summary: Mapping[str, Any]) -> str:
    """State the calibration under all corruptions together; nothing of a model that is not sure of anything."""
    if "error_corrupted" not in summary:
        return ""
    found = {key: words.number(summary[f"{key}_corrupted"], 3) for key in ("error", "error_floor", "confidence")}
    accuracy = words.number(summary["accuracy_corrupted"], 3)
    return f"""
Over all corruptions together the calibration error is {found["error"]} (a model that is right exactly as often as it
says would have {found["error_floor"]}), at a confidence of {found["confidence"]} and an accuracy of {accuracy}.
"""


def _whose(summary: Mapping[str, Any]) -> str:
    recordings = words.counted(summary["recordings"], "recordings")
    return f"{recordings} of {words.counted(summary['people'], 'speakers')}" if summary["people"] else recordings


def _ordinal(number: int) -> str:
    endings = {1: "st", 2: "nd", 3: "rd"}
    return f"{number}{'th' if 10 < number % 100 < 14 else endings.get(number % 10, 'th')}"


def who_is_in_the_data(people: Sequence[Mapping[str, Any]]) -> str:
    """Write who was recorded, as far as the tables of the corpora tell, and who was not; nothing where nobody is known.

    Args:
        people: a row per culture and language, as :func:`emoviz.training.data.people.people_in` counts them.
    """
    if not people:
        return ""
    parts = [part for part in PARTS if any(row.get(part) for row in people)]
    heads = [*COUNTED, *(PARTS[part] for part in parts)]
    table = "\n".join("| " + " | ".join(_cells(row, parts)) + " |" for row in people)
    languages = ", ".join(sorted({row["language"] or "not stated" for row in people}))
    lacking = [
        f"There are no {word} among the {row['culture']} people.\n"
        for row in people
        for word, sex in (("women", "female"), ("men", "male"))
        if not row[sex] and row["female"] + row["male"] == row["people"]
    ]
    return f"""
### Who is in the data, and who is not

| {" | ".join(heads)} |
{"|---" * len(heads)}|
{table}

Languages are codes of ISO 639-3. No table states how old anybody is, or where people come from beside their culture;
what is known of that stands under Limits. Nobody in the data speaks another language than {languages}.
{"".join(lacking)}"""


def _cells(row: Mapping[str, Any], parts: Sequence[str]) -> list[str]:
    unknown = row["people"] - row["female"] - row["male"]
    counts = (row["people"], row["female"], row["male"], unknown, row["recordings"], *(row.get(p, 0) for p in parts))
    return [row["culture"] or "not stated", row["language"] or "not stated", *(words.count(value) for value in counts)]
