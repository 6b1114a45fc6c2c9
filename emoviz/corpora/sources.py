"""Sources of labels for a user's own clips: a CSV, an audformat database, a folder of traces, folders of pictures.

Each reader gives a :class:`Source`: rows of texts with the line they stand in, and a :class:`Problem` for each line
that is no row. What the texts mean, and whether that is right, :mod:`emoviz.corpora.importing` decides.

Sources
    Traces: the files of F. Ringeval et al., AVEC 2019: ``'name';timestamp;arousal;valence;liking``, one row per step.
    Databases: audEERING's audformat, https://audeering.github.io/audformat/.
"""

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from ..core.errors import ConfigError, CorpusError
from ..core.vocabulary import STILLS, Dimension
from .databases import read_audformat
from .table import IMPORTED, PARTS, Problem, Source, read_csv, read_lines

SOUND_ENDINGS = (".wav", ".flac", ".mp3", ".m4a", ".ogg")
STILL_ENDINGS = tuple(f".{ending}" for ending in STILLS)
VIDEO_ENDINGS = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".flv", *STILL_ENDINGS)
"""Endings of clips and of single pictures, in lower case."""
OTHER_PICTURES = (".gif", ".heic", ".heif", ".avif", ".svg", ".jp2")
"""Endings of picture files that are not read."""
UNKNOWN_PEOPLE = "Who is on the pictures was not stated, so each picture counts as a person of its own."
TIME_NAMES = ("timestamp", "time")
EVEN = 0.05
"""Share of a trace's step by which a time may be off."""


@dataclass(frozen=True)
class Material:
    """The clips, the table and the traces from which a corpus is made.

    Attributes:
        source: table with the facts about each clip.
        clips: files of the clips by their path inside the folder; None for traces without media.
        traces: labels over time: ``file`` (the recording's name), ``time`` and one column per dimension; or None.
    """

    source: Source
    clips: Mapping[str, Path] | None
    traces: pd.DataFrame | None = None


def gather(
    clips: Path | None = None, table: Path | None = None, traces: Path | None = None, database: Path | None = None
) -> Material:
    """Read a source: clips and a table, traces (with a table, clips, both or neither), or an audformat database.

    Single pictures need no table if they lie in one folder per emotion.

    Args:
        clips: folder of clips.
        table: path of a CSV.
        traces: folder of traces.
        database: folder of an audformat database, which holds its clips.

    Raises:
        ConfigError: if none of the three kinds of sources is given.
        CorpusError: if a file cannot be read.
    """
    if database and not (clips or table or traces):
        return Material(read_audformat(database), find_clips(database))
    pictures = pictures_in(clips) if clips and not (table or traces or database) else {}
    if clips and pictures:
        source = read_folders(clips.name, pictures)
        return Material(replace(source, problems=(*source.problems, *_others(clips, pictures))), pictures)
    if database or not (traces or (clips and table)):
        raise ConfigError(
            "A corpus is imported from a folder of clips and a table, from pictures in one folder per emotion, from a "
            "folder of traces, or from an audformat database, which stands alone."
        )
    found = find_clips(clips) if clips else None
    if not traces:
        assert table is not None
        return Material(read_csv(table), found)
    source, labels = read_traces(traces)
    if table:
        listed = read_csv(table)
        source = replace(listed, problems=source.problems + listed.problems)
    return Material(source, found, labels)


def read_folders(name: str, pictures: Mapping[str, Path]) -> Source:
    """Return a table from the folders of pictures: the last one is the emotion, and one above may be a part of a split.

    Args:
        name: name of the folder that holds all.
        pictures: files of the pictures by their path inside the folder.

    Raises:
        CorpusError: if a picture lies in no folder of an emotion.
    """
    loose = next((inside for inside in pictures if "/" not in inside), "")
    if loose:
        raise CorpusError(
            f"'{loose}' lies in no folder of an emotion; pictures lie in one folder per emotion, or a table says what "
            "they show."
        )
    rows = pd.DataFrame({"file": list(pictures)}, pd.RangeIndex(1, len(pictures) + 1, name="line"), dtype=object)
    folders = [inside.split("/")[:-1] for inside in pictures]
    rows["emotion"] = [parts[-1] for parts in folders]
    rows["speaker"] = rows["file"]
    splits = [next((part for part in parts[:-1] if part.lower() in PARTS), None) for parts in folders]
    if all(splits):
        rows["split"] = splits
    return Source(name, rows, limits=f"{IMPORTED} {UNKNOWN_PEOPLE}")


def pictures_in(folder: Path) -> dict[str, Path]:
    """Find the single pictures of a folder, which then needs no table; none if most files in it are clips."""
    try:
        found = find_clips(folder)
    except CorpusError:
        return {}
    pictures = {inside: path for inside, path in found.items() if path.suffix.lower() in STILL_ENDINGS}
    return pictures if 2 * len(pictures) > len(found) else {}


def _others(folder: Path, pictures: Mapping[str, Path]) -> list[Problem]:
    """Return a problem for each clip, and each picture of another kind, among the single pictures of a folder."""
    endings = (*SOUND_ENDINGS, *VIDEO_ENDINGS, *OTHER_PICTURES)
    kinds = ", ".join(STILLS)
    return [
        Problem(
            inside, 0, f"It is no picture of an accepted kind ({kinds}), and clips are imported apart from pictures."
        )
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in endings and path.name[0] != "." and path.is_file()
        if (inside := path.relative_to(folder).as_posix()) not in pictures
    ]


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


def find_clips(folder: Path) -> dict[str, Path]:
    """Find every clip under a folder, by its path inside the folder (with ``/``).

    Raises:
        CorpusError: if there is no clip, or a clip is a link out of the folder.
    """
    endings = SOUND_ENDINGS + VIDEO_ENDINGS
    if not os.path.isdir(folder):  # false for names that no folder can have, too
        raise CorpusError(f"'{folder}' is no folder on this machine; name the one that holds the clips.")
    found = {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in endings and path.name[0] != "." and path.is_file()
    }
    if not found:
        kinds = ", ".join(ending[1:] for ending in endings)
        raise CorpusError(f"There are no clips in '{folder}'; they end in {kinds}.")
    whole = folder.resolve()
    leaving = next((inside for inside, path in found.items() if not path.resolve().is_relative_to(whole)), None)
    if leaving:
        raise CorpusError(
            f"'{leaving}' is a link that leads out of '{folder}'; clips lie inside the folder that is named."
        )
    return found


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
