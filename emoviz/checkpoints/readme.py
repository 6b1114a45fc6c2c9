"""The bundled models as a table of Markdown for the README."""

from collections.abc import Mapping
from typing import Any

from ..core.words import count, counted, number
from ..evaluation.metrics import METRICS
from ..evaluation.metrics.aggregation import POOLED
from .description import Description

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


def _over(row: Mapping[str, Any]) -> str:
    """Return the number of recordings of a score, and of the people whom its interval counts."""
    recordings = f"{count(row['recordings'])} recordings"
    unit = row.get("unit", "recordings")
    return recordings if unit == "recordings" else f"{recordings} of {counted(row['clusters'], unit)}"


def _line(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cells) + " |"
