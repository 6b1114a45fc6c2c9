"""Traces of a user's own clips: a folder with one CSV per recording, in the form of AVEC.

Sources
    F. Ringeval et al., AVEC 2019: ``'name';timestamp;arousal;valence;liking``, one row per step.
"""

import math
import os
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from ..core.errors import CorpusError
from ..core.vocabulary import Dimension
from .table import Problem, Source, read_lines

TIME_NAMES = ("timestamp", "time")
EVEN = 0.05
"""Share of a step of a trace by which a time may be off."""


def read_traces(folder: Path) -> tuple[Source, pd.DataFrame]:
    """Read a folder with one CSV per recording in AVEC's form.

    Each has a header with ``timestamp`` (or ``time``) and one or more dimensions, and a row per step; steps are even.

    Returns:
        A source with the column ``file`` (the recording's name), whose problems are those of all files; and the long
        table ``file``, ``time`` and one column per dimension.

    Raises:
        CorpusError: if the folder has no CSV.
    """
    if not os.path.isdir(folder):  # false for names that no folder can have, too
        raise CorpusError(f"'{folder}' is no folder on this machine; name the one that holds the traces.")
    files = sorted(path for path in folder.glob("*") if path.suffix.lower() == ".csv" and path.name[0] != ".")
    if not files:
        raise CorpusError(f"'{folder}' has no CSV; traces are one CSV per recording with a timestamp and dimensions.")
    problems: list[Problem] = []
    tables = []
    for path in files:
        table, wrong = _read_trace(path)
        problems += wrong
        if not wrong:
            tables.append(table.assign(file=path.stem))
    traces = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=["file", "time"])
    if traces.isna().any(axis=None):
        lacking = traces["file"][traces.isna().any(axis=1)].iloc[0]
        common = ", ".join(c for c in traces if c not in ("file", "time"))
        problems.append(
            Problem(f"{lacking}.csv", 1, f"All recordings have the same dimensions; here are not all of {common}.")
        )
        traces = traces[~traces["file"].isin(traces["file"][traces.isna().any(axis=1)])]
    names = list(dict.fromkeys(traces["file"]))
    rows = pd.DataFrame({"file": names}, pd.RangeIndex(1, len(names) + 1, name="line"), dtype=object)
    return Source(folder.name, rows, tuple(problems)), traces


def _read_trace(path: Path) -> tuple[pd.DataFrame, list[Problem]]:
    """``time`` and dimensions of one recording, or what is wrong with it."""
    try:
        header, lines, problems = read_lines(path)
    except CorpusError as error:
        return pd.DataFrame(), [Problem(path.name, 0, str(error))]
    names = [name.lower() for name in header]
    time = next((names.index(name) for name in TIME_NAMES if name in names), None)
    dimensions = {name: names.index(name) for name in Dimension if name in names}
    if time is None or not dimensions:
        accepted = f"{' or '.join(TIME_NAMES)} and one or more of {', '.join(Dimension)}"
        return pd.DataFrame(), [Problem(path.name, 1, f"The header has {accepted}, not {', '.join(header)[:80]}.")]
    rows: list[list[float]] = []
    for line, values in lines:
        numbers = [_number(values[place]) for place in (time, *dimensions.values())]
        for name, number, place in zip(("time", *dimensions), numbers, (time, *dimensions.values()), strict=True):
            if math.isnan(number):
                problems.append(Problem(path.name, line, f"'{values[place]}' is no number; every step has its {name}."))
            elif name != "time" and abs(number) > 1:
                problems.append(Problem(path.name, line, f"{name} lies in [-1, 1], unlike {number:g}."))
        rows.append(numbers)
    table = pd.DataFrame(rows, columns=["time", *dimensions])
    if not problems and len(rows) < 2:
        problems.append(Problem(path.name, 0, f"A trace has two steps or more, not {len(rows)}."))
    if not problems:
        problems += _uneven(path, table["time"], [line for line, _ in lines])
    return table, problems


def _uneven(path: Path, times: pd.Series, lines: Sequence[int]) -> list[Problem]:
    """The first step that differs from the usual one."""
    steps = times.diff().iloc[1:]
    usual = steps.median()
    wrong = steps.index[(steps <= 0) | ((steps - usual).abs() > EVEN * abs(usual))]
    if not len(wrong):
        return []
    row = int(wrong[0])
    sentence = f"The time goes from {times[row - 1]:g} s to {times[row]:g} s; steps are even, here {usual:g} s."
    return [Problem(path.name, lines[row], sentence)]


def _number(text: str | None) -> float:
    try:
        number = float(text or "nan")
    except ValueError:
        return math.nan
    return number if math.isfinite(number) else math.nan
