"""Committed results as tables: what the Results page shows and the README says.

A report is one JSON file of ``results/`` (see ``training.reports``): one system of a study, after one protocol.
"""

import itertools
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from ..core.errors import ConfigError
from ..core.words import interval, number, p_value
from ..evaluation.metrics import METRICS
from ..evaluation.metrics.aggregation import POOLED
from ..evaluation.metrics.base import score_title
from ..training.protocols import ARROW

ALL = "all"
SUMMARY = "summary.json"
FIELDS = ("study", "title", "protocol", "system", "command", "note", "seeds", "config", "figures", "compared", "split",
          "versions")  # fmt: skip
"""Of a report."""
PAIR = re.compile(rf"(?P<source>[^>]+){ARROW}(?P<target>.+?)(?: (?P<shots>\d+-shot))?")
SHOTS = re.compile(r"(?P<base>.*) (?P<shots>\d+)-shot")
"""Name of a test without the number of its shots, and that number."""
DRAW = re.compile(r"(?P<base>.*) \d+-shot \d+")
"""Name of a share of a test in a split: one draw of some shots, all of which are tested on the same recordings."""
MEAN = re.compile(r"mean\b.*")
"""Names of figures that are means over tests."""
WIDEST = 8
"""Columns of figures of a table that a README can still show; of more tests there is a matrix per system."""
SAME_SYSTEM = ("model", "options", "data", "corpora", "inputs", "outputs", "loss", "metric_loss")
"""Fields of a training config that two trainings of one system agree in."""
COMPARED = ("study", "protocol", "system", "base", "shots", "test", "output", "metric", "aggregation", "against",
            "difference", "low", "high", "p", "text")  # fmt: skip
SHARED = ("output", "metric", "aggregation", "base")
"""Fields in which a figure and a comparison agree that are of the same thing."""
COUNTS = ("recordings", "speakers")
ROUNDING = 2e-6
"""Figures of a report have six digits."""
BEGIN, END = "<!-- results -->", "<!-- end of results -->"
"""Lines of the README between which the tables stand."""

Report = Mapping[str, Any]


def parse_test(test: str) -> tuple[str, str, str]:
    """Source, target and shots of a test's name, e.g. ``German``, ``Italian``, ``5-shot``; empty where it has none."""
    found = PAIR.fullmatch(test)
    return (found["source"], found["target"], found["shots"] or "") if found else ("", "", "")


def parse_shots(test: str) -> tuple[str, int | None]:
    """Name of a test without its shots, and their number, e.g. ``mean`` and 5 of ``mean 5-shot``."""
    found = SHOTS.fullmatch(test)
    return (found["base"], int(found["shots"])) if found else (test, None)


def report_files(*folders: Path) -> list[Path]:
    """Return the files of all reports, in the order of their names; of two with one name, the later folder's."""
    files = {path.name: path for folder in folders for path in folder.glob("*.json") if path.name != SUMMARY}
    return [files[name] for name in sorted(files)]


def read_report(path: Path) -> dict[str, Any]:
    """One report.

    Raises:
        ConfigError: it is not readable, or no report.
    """
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"The result '{path}' is no readable JSON: {error}.") from error
    missing = [name for name in FIELDS if name not in report] if isinstance(report, dict) else list(FIELDS)
    if missing:
        raise ConfigError(f"The result '{path}' is no report of a protocol: it lacks {', '.join(missing)}.")
    return report


def read_reports(*folders: Path) -> list[dict[str, Any]]:
    """Return all reports, in the order of their names; of two with one name, the later folder's.

    Raises:
        ConfigError: one is not readable, or no report.
    """
    return [read_report(path) for path in report_files(*folders)]


def by_protocol(reports: Iterable[Report]) -> dict[tuple[str, str], list[Report]]:
    """Study and protocol -> the reports of its systems, the best ones last."""
    groups: dict[tuple[str, str], list[Report]] = {}
    for report in reports:
        groups.setdefault((report["study"], report["protocol"]), []).append(report)
    return {key: _sorted(group) for key, group in groups.items()}


def figures(reports: Iterable[Report]) -> pd.DataFrame:
    """Every figure of some reports as a tidy table.

    Returns:
        Columns study, protocol, system, source, target, base (the test without its shots), shots (a number, or
        missing), and those of a report's figures: test, output, metric, aggregation, value, low, high,
        training_mean, recordings, speakers, replicates, collapsed; then text, the figure with its interval.
    """
    rows = []
    for report in reports:
        who = {name: report[name] for name in ("study", "protocol", "system")}
        for row in report["figures"]:
            source, target, _ = parse_test(row["test"])
            base, shots = parse_shots(row["test"])
            places = {"source": source, "target": target, "base": base, "shots": shots}
            rows.append({**who, **places, **row, "text": interval(row["value"], row["low"], row["high"])})
    numbers = {name: float for name in ("value", "low", "high", "training_mean")}
    return pd.DataFrame(rows).astype({"shots": "Int64", **numbers}) if rows else pd.DataFrame()


def comparisons(reports: Iterable[Report], figure: Mapping[str, Any] | None = None) -> pd.DataFrame:
    """Every paired bootstrap of some reports as a tidy table.

    Args:
        reports: that have them.
        figure: a row of :func:`figures`; then only those of its output, metric and aggregation on its test, with any
            number of shots.

    Returns:
        Columns study, protocol, system, base, shots, test, output, metric, aggregation, against, difference, low,
        high, p; then text, the difference with its interval and p.
    """
    rows = []
    for report in reports:
        who = {name: report[name] for name in ("study", "protocol", "system")}
        for row in report["compared"]:
            base, shots = parse_shots(row["test"])
            own = {**row, "base": base, "shots": shots}
            if figure and any(figure[key] != own[key] for key in SHARED):
                continue
            text = f"{interval(row['difference'], row['low'], row['high'], 3)}, {p_value(row['p'])}"
            rows.append({**who, **own, "text": text})
    numbers = {name: float for name in ("difference", "low", "high", "p")}
    return pd.DataFrame(rows, columns=list(COMPARED)).astype({"shots": "Int64", **numbers})


def primary(reports: Sequence[Report]) -> str:
    """The metric that a study's trainings are selected by, in which its tables are."""
    chosen = (r["config"]["selection"] for r in reports if "selection" in r["config"])
    return str(next(chosen, reports[0]["figures"][0]["metric"]))  # a late fusion is not trained


def scores(reports: Sequence[Report]) -> dict[str, tuple[str, str]]:
    """What the figures of a group can be read in, the primary metric first: words -> metric and aggregation."""
    found = {(row["metric"], row["aggregation"]) for report in reports for row in report["figures"]}
    order = sorted(found, key=lambda key: (key != (primary(reports), POOLED), *key))
    return {score_title(*key): key for key in order}


def cultures(table: pd.DataFrame) -> list[str]:
    """Cultures that figures were tested on."""
    others = [base for base in table.loc[table["source"] == "", "base"] if base != ALL and not MEAN.fullmatch(base)]
    return sorted({*table.loc[table["target"] != "", "target"], *others})


def on_culture(table: pd.DataFrame, culture: str) -> pd.DataFrame:
    """The figures that were tested on one culture alone."""
    return table[(table["target"] == culture) | (table["base"] == culture)]


def standing(table: pd.DataFrame) -> pd.DataFrame:
    """The figures that say at a glance how systems stand, the best system last.

    Args:
        table: of figures in one metric.

    Returns:
        Its rows in the columns that a table of systems has, with the title of that column as ``column``: means where
        there are some, else figures over everything, else all. Systems are ordered by their mean over these.
    """
    columns = _columns(list(zip(table["test"], table["output"], strict=True)))
    titles = {key: _title(*key, columns) for key in columns}
    keys = pd.Series(list(zip(table["test"], table["output"], strict=True)), table.index, dtype=object)
    shown = table[keys.isin(columns)].assign(column=keys.map(titles))
    level = shown.groupby("system")["value"].mean().fillna(float("-inf"))
    if all(METRICS[metric].lower_is_better for metric in shown["metric"].unique()):
        level = -level
    order = {system: place for place, system in enumerate(level.sort_values(kind="stable").index)}
    place = {title: n for n, title in enumerate(titles.values())}
    rank = shown["system"].map(order) * len(place) + shown["column"].map(place)
    return shown.loc[rank.sort_values().index].reset_index(drop=True)


def pairs(table: pd.DataFrame, shots: int | None = None) -> pd.DataFrame:
    """The figures from one culture to another, after further training on some shots of the target or without."""
    return table[(table["source"] != "") & (table["shots"].isna() if shots is None else table["shots"] == shots)]


def tests_behind(report: Report, figure: Mapping[str, Any]) -> list[str]:
    """The tests that a figure is made of: its own, or those that a mean is over.

    A mean is over all pairs within a set of cultures. The report does not say which, but its numbers do: only the
    right pairs have its recordings, its speakers and its value.

    Args:
        report: of the system.
        figure: one of its figures.

    Returns:
        Names of tests; none where no set of cultures fits.
    """
    if not MEAN.fullmatch(figure["test"]):
        return [figure["test"]]
    table = pairs(figures([report]), parse_shots(figure["test"])[1])
    value = float("nan") if figure["value"] is None else figure["value"]
    for key in ("output", "metric", "aggregation"):
        table = table[table[key] == figure[key]]
    names = sorted({*table["source"], *table["target"]})
    for size in range(len(names), 1, -1):
        for chosen in itertools.combinations(names, size):
            inside = table[table["source"].isin(chosen) & table["target"].isin(chosen)]
            counted = all(inside[count].sum() == figure[count] for count in COUNTS)
            if len(inside) and counted and abs(inside["value"].mean() - value) < ROUNDING:
                return list(inside["test"])
    return []


def folds_behind(report: Report, tests: Sequence[str]) -> pd.DataFrame:
    """Who was trained on, selected by and tested for some tests.

    Args:
        report: of the system.
        tests: names of its tests.

    Returns:
        One row per fold and test: fold, test, and for each of train, validation and tested the number of recordings
        and the speakers, as ``train_recordings`` (int) and ``train_speakers`` (list of str).
    """
    rows = []
    for fold in report["split"]:
        for name, tested in fold["tests"].items():
            if any(_is_part(name, fold["fold"], test, report["split"]) for test in tests):
                parts = {"train": fold["train"], "validation": fold["validation"], "tested": tested}
                who = {f"{part}_{count}": parts[part][count] for part in parts for count in COUNTS}
                rows.append({"fold": fold["fold"], "test": name or ALL, **who})
    columns = [f"{part}_{count}" for part in ("train", "validation", "tested") for count in COUNTS]
    return pd.DataFrame(rows, columns=["fold", "test", *columns])


def sentence(figure: Mapping[str, Any], score: str, folds: pd.DataFrame) -> str:
    """What a figure says and on what, in words.

    Args:
        figure: a row of :func:`figures`.
        score: what it is in, e.g. ``UA``.
        folds: that it is made of (:func:`folds_behind`).
    """
    tests, recordings = folds["test"].nunique(), int(folds["tested_recordings"].sum())
    on = f"{figure['recordings']} recordings of {figure['speakers']} speakers"
    if MEAN.fullmatch(figure["test"]):
        on = f"{on}, counted anew in each of {tests} tests, whose mean this is" if tests else f"{on} in several tests"
    elif len(folds) == 1 and recordings != figure["recordings"]:
        on = f"{figure['recordings']} sequences of {recordings} recordings of {figure['speakers']} speakers"
    runs = f", mean over {figure['replicates']} trainings" if figure["replicates"] > 1 else ""
    flag = " Collapsed: constant, or no better than the training mean." if figure["collapsed"] else ""
    floor = number(figure["training_mean"], 2)
    words = f"{score} {figure['text']} on {on}{runs}. Always answering the training mean gets {floor}.{flag}"
    return words[0].upper() + words[1:]


def bases(table: pd.DataFrame) -> list[str]:
    """Names of tests without their shots, means first."""
    return sorted(dict.fromkeys(table["base"]), key=lambda base: not MEAN.fullmatch(base))


def same_system(report: Report, trained: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Names of the trainings that are of a report's system, whatever their split and seed.

    Args:
        report: of the system.
        trained: name -> training config, as a checkpoint's ``config.json`` has it.
    """
    config = report["config"]
    if "model" not in config:
        return []
    return [name for name, other in trained.items() if all(config.get(k) == other.get(k) for k in SAME_SYSTEM)]


def trained_here(folds: pd.DataFrame, split: Mapping[str, Sequence[str]]) -> bool:
    """Whether a checkpoint's split is that of one of some folds: then it may be the very network.

    Args:
        folds: as :func:`folds_behind` gives them.
        split: part -> speakers, as a checkpoint's ``config.json`` has it.
    """
    train = set(split.get("train", ()))
    return bool(train) and any(set(speakers) == train for speakers in folds["train_speakers"])


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


def _sorted(group: Sequence[Report]) -> list[Report]:
    metric = primary(group)
    return sorted(group, key=lambda report: _level(report, metric))


def _level(report: Report, metric: str) -> float:
    """Mean of the shown figures of a system, to order systems by."""
    shown = set(_columns_of([report], metric))
    values = [row["value"] for row in _of_metric(report, metric) if (row["test"], row["output"]) in shown]
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else float("-inf")


def _section(group: Sequence[Report]) -> str:
    first = group[0]
    metric = primary(group)
    shown = _columns_of(group, metric)
    parts = [f"**{first['title']}** (`{first['study']}`, {first['protocol']}). {first['note']}"]
    if len(shown) <= WIDEST:
        parts.append("\n".join(_table(group, shown, metric)))
    best = group[-1]
    matrix = pairs(figures([best]))
    if (matrix["metric"] == metric).sum() > WIDEST:
        for report in group if len(shown) > WIDEST else [best]:
            title = f"{METRICS[metric].title} of `{report['system']}`"
            parts.append(f"{title}, trained on the row's culture, tested on the column's (\\*: collapsed):")
            parts.append("\n".join(_matrix(report, metric)))
    return "\n\n".join(parts)


def _columns_of(group: Sequence[Report], metric: str) -> list[tuple[str, str]]:
    return _columns([(row["test"], row["output"]) for report in group for row in _of_metric(report, metric)])


def _columns(found: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Test and output of each column, of all systems of a group: a system may have one of several outputs."""
    columns = list(dict.fromkeys(found))
    averages = [c for c in columns if MEAN.fullmatch(c[0])]
    columns = averages or [c for c in columns if c[0] == ALL] or columns
    means = [c for c in columns if c[1] == "mean"]
    return means if means and len(columns) > WIDEST else columns


def _is_part(name: str, fold: str, test: str, split: Sequence[Mapping[str, Any]]) -> bool:
    """Whether what a fold tests is, or is a share of, a test."""
    if name:
        draw = DRAW.fullmatch(name)
        return name == test or draw is not None and draw["base"] == parse_shots(test)[0]
    own = [f["fold"] for f in split if f["fold"].startswith(f"{test} ")]  # folds within a culture bear its name
    return ARROW not in test and (not own or fold in own)


def _of_metric(report: Report, metric: str) -> list[Mapping[str, Any]]:
    return [row for row in report["figures"] if row["aggregation"] == POOLED and row["metric"] == metric]


def _table(group: Sequence[Report], columns: Sequence[tuple[str, str]], metric: str) -> list[str]:
    titles = [_title(test, output, columns) for test, output in columns]
    lines = [f"| {METRICS[metric].title} | " + " | ".join(titles) + " |", "|---" * (len(columns) + 1) + "|"]
    tables = [{(row["test"], row["output"]): row for row in _of_metric(report, metric)} for report in group]
    floor = [next(t[c] for t in tables if c in t)["training_mean"] for c in columns]
    lines.append("| training mean | " + " | ".join(number(value, 3) for value in floor) + " |")
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
    return interval(row["value"], row["low"], row["high"], 3) + (", collapsed" if row["collapsed"] else "")


def _short(row: Mapping[str, Any]) -> str:
    return number(row["value"], 3) + ("\\*" if row["collapsed"] else "")


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
        cells = [_short(values[source, t]) if (source, t) in values else "" for t in targets]
        lines.append(f"| {source} | " + " | ".join(cells) + " |")
    return lines
