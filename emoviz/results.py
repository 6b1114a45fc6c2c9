"""Committed results as tables: what the Results page shows and the README says.

A report is one JSON file of ``results/`` (see ``training.reports``): one system of a study, after one protocol.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from .errors import ConfigError

ALL = "all"
ARROW = "->"
"""Between source and target in the name of a test."""
SUMMARY = "summary.json"
PAIR = re.compile(rf"(?P<source>[^>]+){ARROW}(?P<target>.+?)(?: (?P<shots>\d+-shot))?")
MEAN = re.compile(r"mean\b.*")
"""Names of figures that are means over tests."""
WIDEST = 8
"""Columns of figures of a table that a README can still show; of more tests there is a matrix per system."""
METRICS = {"ccc": "CCC", "rmse": "RMSE", "accuracy": "accuracy", "ua": "UA", "pearson": "r"}
BEGIN, END = "<!-- results -->", "<!-- end of results -->"
"""Lines of the README between which the tables stand."""

Report = Mapping[str, Any]


def parse_test(test: str) -> tuple[str, str, str]:
    """Source, target and shots of a test's name, e.g. ``German``, ``Italian``, ``5-shot``; empty where it has none."""
    found = PAIR.fullmatch(test)
    return (found["source"], found["target"], found["shots"] or "") if found else ("", "", "")


def read_reports(folder: Path) -> list[dict[str, Any]]:
    """All reports in a folder, in the order of their names.

    Raises:
        ConfigError: one is not readable.
    """
    reports = []
    for path in sorted(folder.glob("*.json")):
        if path.name == SUMMARY:
            continue
        try:
            reports.append(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            raise ConfigError(f"The result '{path}' is no readable JSON: {error}.") from error
    return reports


def by_protocol(reports: Iterable[Report]) -> dict[tuple[str, str], list[Report]]:
    """Study and protocol -> the reports of its systems, the best ones last."""
    groups: dict[tuple[str, str], list[Report]] = {}
    for report in reports:
        groups.setdefault((report["study"], report["protocol"]), []).append(report)
    return {key: _sorted(group) for key, group in groups.items()}


def figures(reports: Iterable[Report]) -> pd.DataFrame:
    """Every figure of some reports as a tidy table.

    Returns:
        Columns study, protocol, system, source, target, shots, and those of a report's figures: test, output, metric,
        aggregation, value, low, high, training_mean, recordings, speakers, replicates, collapsed.
    """
    rows = []
    for report in reports:
        who = {name: report[name] for name in ("study", "protocol", "system")}
        for row in report["figures"]:
            source, target, shots = parse_test(row["test"])
            rows.append({**who, "source": source, "target": target, "shots": shots, **row})
    return pd.DataFrame(rows)


def comparisons(reports: Iterable[Report]) -> pd.DataFrame:
    """Every paired bootstrap of some reports as a tidy table.

    Returns:
        Columns study, protocol, system, test, output, metric, aggregation, against, difference, low, high, p.
    """
    rows = []
    for report in reports:
        who = {name: report[name] for name in ("study", "protocol", "system")}
        rows += [{**who, **row} for row in report["compared"]]
    return pd.DataFrame(rows)


def primary(reports: Sequence[Report]) -> str:
    """The metric that a study's trainings are selected by, in which its tables are."""
    return str(next(r["config"]["selection"] for r in reports if "selection" in r["config"]))


def markdown(reports: Iterable[Report]) -> str:
    """All reports as Markdown: per study and protocol a table of systems, and a matrix where there are many tests."""
    return "\n\n".join(_section(group) for group in by_protocol(reports).values()) + "\n"


def insert(readme: str, tables: str) -> str:
    """The README with its tables renewed.

    Raises:
        ConfigError: it lacks the lines between which they stand.
    """
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ConfigError(f"The README needs the lines '{BEGIN}' and '{END}', between which the results stand.")
    return f"{before}{BEGIN}\n{tables}{END}{after}"


def number(value: float | None) -> str:
    """Three digits without the zero before the point; ``undefined`` for a figure that there is not."""
    if value is None or value != value:
        return "undefined"
    return f"{value:.3f}".replace("0.", ".", 1) if abs(value) < 1 else f"{value:.2f}"


def _sorted(group: Sequence[Report]) -> list[Report]:
    metric = primary(group)
    return sorted(group, key=lambda report: _level(report, metric))


def _level(report: Report, metric: str) -> float:
    """Mean of the shown figures of a system, to order systems by."""
    shown = set(_columns([report], metric))
    values = [row["value"] for row in _of_metric(report, metric) if (row["test"], row["output"]) in shown]
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else float("-inf")


def _section(group: Sequence[Report]) -> str:
    first = group[0]
    metric = primary(group)
    shown = _columns(group, metric)
    lines = [f"**{first['title']}** (`{first['study']}`, {first['protocol']}). {first['note']}", ""]
    if len(shown) <= WIDEST:
        lines += _table(group, shown, metric)
    best = group[-1]
    matrix = figures([best])
    matrix = matrix[(matrix.source != "") & (matrix.shots == "") & (matrix.metric == metric)]
    if len(matrix) > WIDEST:
        for report in group if len(shown) > WIDEST else [best]:
            lines += ["", f"`{report['system']}`, from row to column:", "", *_matrix(report, metric)]
    return "\n".join(lines)


def _columns(group: Sequence[Report], metric: str) -> list[tuple[str, str]]:
    """Test and output of each column, of all systems of a group: a system may have one of several outputs."""
    found: dict[tuple[str, str], None] = {}
    for report in group:
        for row in _of_metric(report, metric):
            found[row["test"], row["output"]] = None
    columns = list(found)
    averages = [c for c in columns if MEAN.fullmatch(c[0])]
    columns = averages or [c for c in columns if c[0] == ALL] or columns
    means = [c for c in columns if c[1] == "mean"]
    return means if means and len(columns) > WIDEST else columns


def _of_metric(report: Report, metric: str) -> list[Mapping[str, Any]]:
    return [row for row in report["figures"] if row["aggregation"] == "pooled" and row["metric"] == metric]


def _table(group: Sequence[Report], columns: Sequence[tuple[str, str]], metric: str) -> list[str]:
    titles = [_title(test, output, columns) for test, output in columns]
    lines = [f"| {METRICS[metric]} | " + " | ".join(titles) + " |", "|---" * (len(columns) + 1) + "|"]
    tables = [{(row["test"], row["output"]): row for row in _of_metric(report, metric)} for report in group]
    floor = [next(t[c] for t in tables if c in t)["training_mean"] for c in columns]
    lines.append("| training mean | " + " | ".join(map(number, floor)) + " |")
    for report, table in zip(group, tables, strict=True):
        cells = [_cell(table[c]) if c in table else "" for c in columns]
        lines.append(f"| {report['system']} | " + " | ".join(cells) + " |")
    return lines


def _title(test: str, output: str, columns: Sequence[tuple[str, str]]) -> str:
    """What differs between columns."""
    tests, outputs = {t for t, _ in columns}, {o for _, o in columns}
    parts = [test] if len(tests) > 1 or test != ALL else []
    parts += [output] if len(outputs) > 1 or not parts else []
    return " ".join(parts)


def _cell(row: Mapping[str, Any]) -> str:
    flag = " collapsed" if row["collapsed"] else ""
    return f"{number(row['value'])} [{number(row['low'])}, {number(row['high'])}]{flag}"


def _matrix(report: Report, metric: str) -> list[str]:
    values: dict[tuple[str, str], Mapping[str, Any]] = {}
    for row in _of_metric(report, metric):
        source, target, shots = parse_test(row["test"])
        if source and not shots:
            values[source, target] = row
    sources = list(dict.fromkeys(s for s, _ in values))
    targets = sorted({t for _, t in values}, key=lambda t: (sources + [t]).index(t))
    lines = ["| | " + " | ".join(targets) + " |", "|---" * (len(targets) + 1) + "|"]
    for source in sources:
        cells = [number(values[source, t]["value"]) if (source, t) in values else "" for t in targets]
        lines.append(f"| {source} | " + " | ".join(cells) + " |")
    return lines
