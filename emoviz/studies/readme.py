"""Reports as Markdown, for the tables of ``docs/results.md``."""

from collections.abc import Iterable, Sequence

import pandas as pd

from ..core.words import interval, number
from ..evaluation.metrics import METRICS
from ..evaluation.metrics.aggregation import POOLED
from .reports import Report, Row, primary
from .tables import WIDEST, by_protocol, column_of, columns_shown, pairs, scores, titles_of


def markdown(reports: Iterable[Report]) -> str:
    """Write reports as Markdown: per study and protocol a table of systems, and a matrix if there are many tests."""
    return "\n\n".join(_section(group) for group in by_protocol(reports).values()) + "\n"


def _section(group: Sequence[Report]) -> str:
    """One study after one protocol; ``group`` has the best system last."""
    first, metric = group[0], primary(group)
    table = scores(group)
    table = table[(table["aggregation"] == POOLED) & (table["metric"] == metric)]
    rows = table.to_dict("records")
    shown = columns_shown(column_of(row, row["test"]) for row in rows)
    parts = [f"**{first['title']}** (`{first['study']}`, {first['protocol']}). {first['note']}"]
    systems = [report["system"] for report in group]
    if len(shown) <= WIDEST:
        titles = titles_of(shown)
        cells = {(row["system"], column_of(row, row["test"])): row for row in rows}
        floor = [next(cells[s, c] for s in systems if (s, c) in cells)["training_mean"] for c in shown]
        lines = [_line([METRICS[metric].title, *titles.values()]), "|---" * (len(shown) + 1) + "|"]
        lines.append(_line(["training mean", *(number(value, 3) for value in floor)]))
        lines += [_line([s, *(_cell(cells[s, c]) if (s, c) in cells else "" for c in shown)]) for s in systems]
        parts.append("\n".join(lines))
    matrix = pairs(table)
    if (matrix["system"] == systems[-1]).sum() > WIDEST:
        for system in systems if len(shown) > WIDEST else systems[-1:]:
            parts.append(
                f"{METRICS[metric].title} of `{system}`, trained on the row's culture, tested on the column's "
                "(\\*: collapsed):"
            )
            parts.append("\n".join(_matrix(matrix[matrix["system"] == system])))
    return "\n\n".join(parts)


def _matrix(table: pd.DataFrame) -> list[str]:
    """One system's scores from each culture (rows) to each (columns)."""
    cells = {(row["source"], row["target"]): row for row in table.to_dict("records")}
    sources = list(dict.fromkeys(source for source, _ in cells))
    targets = sorted({t for _, t in cells}, key=lambda t: (sources + [t]).index(t))
    lines = ["| | " + " | ".join(targets) + " |", "|---" * (len(targets) + 1) + "|"]
    return lines + [_line([s, *(_short(cells[s, t]) if (s, t) in cells else "" for t in targets)]) for s in sources]


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _cell(row: Row) -> str:
    flags = [row["rests"]] * bool(row["rests"]) + ["collapsed"] * bool(row["collapsed"])
    return ", ".join([interval(row["value"], row["low"], row["high"], 3), *flags])


def _short(row: Row) -> str:
    return number(row["value"], 3) + ("\\*" if row["collapsed"] else "")
