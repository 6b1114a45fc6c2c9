"""The bundled models as tables of Markdown: a row for each in the README, and all scores in ``docs/results.md``."""

from collections.abc import Mapping
from typing import Any

from ..core.words import count, counted, number
from ..evaluation.metrics import METRICS
from ..evaluation.metrics.aggregation import POOLED
from .description import Description

PRIMARY = ("ua", "ccc")
"""Metrics that stand for all of an output in a summary."""
SUMMARY = ("model", "what it is", "held out [95 % interval]", "training mean", "over")
HEADINGS = ("model", "output", "score", "held out [95 % interval]", "training mean", "over")


def models_table(models: Mapping[str, tuple[Description, Mapping[str, Any]]]) -> str:
    """Write the pooled scores of some models over all cultures, a row per output and metric.

    Args:
        models: description and ``metrics.json`` of each model, by its name.
    """
    lines = [_line(HEADINGS), "|---" * len(HEADINGS) + "|"]
    for name, (description, metrics) in models.items():
        rows = [r for r in metrics["test"] if (r["culture"], r["aggregation"]) == ("all", POOLED)]
        for place, row in enumerate(rows):
            first = place == 0
            again = not first and row["output"] == rows[place - 1]["output"]
            lines.append(
                _line(
                    (
                        f"`{name}`: {description.title}" if first else "",
                        "" if again else row["output"],
                        METRICS[row["metric"]].title,
                        METRICS[row["metric"]].written(row["value"], row["low"], row["high"], 3),
                        number(row["training_mean"], 3),
                        _over(row) if first else "",
                    )
                )
            )
    return "\n".join(lines) + "\n"


def models_summary(models: Mapping[str, tuple[Description, Mapping[str, Any]]]) -> str:
    """Write a row for each model with the primary pooled scores over all cultures; its name leads to its card.

    Args:
        models: description and ``metrics.json`` of each model, by its name.
    """
    lines = [_line(SUMMARY), "|---" * len(SUMMARY) + "|"]
    for name, (description, metrics) in models.items():
        rows = [
            row
            for row in metrics["test"]
            if (row["culture"], row["aggregation"]) == ("all", POOLED) and row["metric"] in PRIMARY
        ]
        scores = [
            f"{row['output']} {METRICS[row['metric']].written(row['value'], row['low'], row['high'], 3)}"
            for row in rows
        ]
        means = [number(row["training_mean"], 3) for row in rows]
        titles = ", ".join(dict.fromkeys(METRICS[row["metric"]].title for row in rows))
        card = f"[`{name}`](checkpoints/{name}/README.md)"
        lines.append(
            _line((card, description.title, f"{titles}: {', '.join(scores)}", ", ".join(means), _over(rows[0])))
        )
    return "\n".join(lines) + "\n"


def _over(row: Mapping[str, Any]) -> str:
    """Return the number of recordings of a score, and of the people whom its interval counts."""
    recordings = f"{count(row['recordings'])} recordings"
    unit = row.get("unit", "recordings")
    return recordings if unit == "recordings" else f"{recordings} of {counted(row['clusters'], unit)}"


def _line(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cells) + " |"
