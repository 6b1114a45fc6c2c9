"""Reports, which a study writes for each system after a protocol, and reads again.

results/<study>.<protocol>.<system>.json     config, split, versions, command, and the scores of one system
results/summary.json                         every score once, flat

A row of ``scores`` names its test by ``source``, ``target``, ``shots`` and ``calibrated``, or its mean by the name
``mean``, its ``shots``, its way of calibration (``calibrated``) and its ``tests``. So does a row of ``compared``.
"""

import json
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ..core.errors import ConfigError
from ..core.files import raising, strict, write_text
from ..evaluation.metrics.aggregation import POOLED
from ..evaluation.scores import MEAN
from ..training.protocols import Test
from ..training.protocols.base import named

SUMMARY = "summary.json"
DIGITS = 6
"""Places after the point of a number in a report."""
FIELDS = ("study", "title", "protocol", "system", "command", "note", "seeds", "config", "scores", "compared", "split",
          "versions")  # fmt: skip
"""Fields of a report."""

EMPTY: dict[str, Any] = {"mean": "", "source": [], "target": "", "shots": None, "calibrated": "", "draw": None,
                         "fold": None, "tests": []}  # fmt: skip
"""Fields of rows that are left out of the file if they are empty."""
TEST = ("source", "target", "shots", "calibrated")
"""Fields of a row that name its test."""
ROWS = ("mean", *TEST, "tests")
"""Fields of a row of scores or comparisons that name its test; tests of a split have ``draw`` and ``fold``, too."""

Report = Mapping[str, Any]
Row = Mapping[str, Any]


def name_of_row(row: Row) -> str:
    """Return the name for people of the test of a report's row; it is never read back."""
    return named(row["mean"], row["shots"], row["calibrated"]) if row["mean"] else Test.of(row).name


def base_of_row(row: Row) -> str:
    """Return the name for people of the test of a report's row, without its number of shots."""
    return named(row["mean"], None, row["calibrated"]) if row["mean"] else Test.of(row).base.name


def report_files(*folders: Path) -> list[Path]:
    """Return the files of all reports in the order of their names; the later folder wins over equal names."""
    files = {path.name: path for folder in folders for path in folder.glob("*.json") if path.name != SUMMARY}
    return [files[name] for name in sorted(files)]


def read_report(path: Path) -> dict[str, Any]:
    """Read one report.

    Raises:
        ConfigError: if the file is not readable, or no report.
    """
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"The result '{path}' is no readable JSON: {error}.") from error
    values: dict[str, Any] = report if isinstance(report, dict) else {}
    if missing := [name for name in FIELDS if name not in values]:
        raise ConfigError(f"The result '{path}' is no report of a protocol: it lacks {', '.join(missing)}.")
    values.setdefault("confusions", [])  # which reports of classes have
    for table in ("scores", "compared", "confusions"):
        values[table] = [_whole(row, ROWS) for row in values[table]]
        for row in values[table]:
            row["tests"] = [_whole(test, TEST) for test in row["tests"]]
    for fold in values["split"]:
        fold["tests"] = [_whole(test, (*TEST, "draw", "fold")) for test in fold["tests"]]
    return values


def read_reports(*folders: Path) -> list[dict[str, Any]]:
    """Return all reports in the order of their names; of two with one name, the one in the later folder.

    Raises:
        ConfigError: if a file is not readable, or no report.
    """
    return [read_report(path) for path in report_files(*folders)]


def write_report(folder: Path, report: Report) -> Path:
    """Write the report of one system, with the versions with which it was made.

    Raises:
        ConfigError: if the disk is full or the folder cannot be written to.
    """
    versions = {name: version(name) for name in ("torch", "lightning", "numpy", "scikit-learn")}
    content = strict({**report, "versions": {**versions, "python": platform.python_version()}}, DIGITS)
    path = folder / f"{report['study']}.{report['protocol']}.{_joined(report['system'])}.json"
    _write(path, content)
    return path


def summarise(folder: Path) -> Path:
    """Write every score once, flat: ``<study>.<protocol>.<system>[.<source>-><target>].<metric>``.

    A score of one culture has that culture for source and target; one over all recordings has neither. Metrics of
    one of several outputs begin with its name, as ``arousal_ccc``; of CCC it is the pooled one.

    Raises:
        ConfigError: if a report is not readable, or the file cannot be written.
    """
    flat = {
        _key_of(report, row): row["value"]
        for report in read_reports(folder)
        for row in report["scores"]
        if row["aggregation"] == POOLED
    }
    path = folder / SUMMARY
    _write(path, dict(sorted(flat.items())))
    return path


def primary(reports: Sequence[Report]) -> str:
    """Return the metric that selects a study's trainings and that its tables show."""
    chosen = (r["config"]["selection"] for r in reports if "selection" in r["config"])
    return str(next(chosen, reports[0]["scores"][0]["metric"]))  # a late fusion is not trained


def _key_of(report: Report, row: Row) -> str:
    protocol, place = report["protocol"], ""
    if row["mean"]:
        place = _joined(name_of_row(row))
    elif row["source"]:
        protocol = protocol if row["shots"] is None else f"{protocol}.{named('', row['shots']).strip()}"
        place = base_of_row(row)
    elif row["target"]:
        place = Test((row["target"],), row["target"]).name
    single = row["output"] in ("emotion", MEAN)
    metric = row["metric"] if single else f"{_joined(row['output'])}_{row['metric']}"
    return ".".join(filter(None, (report["study"], protocol, _joined(report["system"]), place, metric)))


def _joined(words: str) -> str:
    return words.replace(" ", "-")


def _text(content: Mapping[str, Any]) -> str:
    """JSON with a line per entry, and per row of a table: half as long as with a line per number."""

    def dump(value: Any) -> str:
        return json.dumps(_without_empty(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"))

    def entry(value: Any) -> str:
        table = isinstance(value, list) and value and all(isinstance(row, Mapping) for row in value)
        return "[\n  " + ",\n  ".join(map(dump, value)) + "\n ]" if table else dump(value)

    return "{\n " + ",\n ".join(f"{dump(key)}: {entry(value)}" for key, value in content.items()) + "\n}\n"


def _whole(row: Row, names: Sequence[str]) -> dict[str, Any]:
    """A row with the fields that the file leaves out."""
    return {name: EMPTY[name] for name in names} | dict(row)


def _without_empty(value: Any) -> Any:
    """Leave out of rows what says nothing."""
    if isinstance(value, Mapping):
        kept = {k: v for k, v in value.items() if k not in EMPTY or v != EMPTY[k]}
        return {k: _without_empty(v) for k, v in kept.items()}
    return [_without_empty(v) for v in value] if isinstance(value, list | tuple) else value


def _write(path: Path, content: Mapping[str, Any]) -> None:
    text = _text(content)
    with raising(ConfigError, path):
        write_text(path, text)
