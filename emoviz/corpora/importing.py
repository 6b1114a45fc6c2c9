"""The import of a user's own table: the meaning of its columns, and a check of its rows.

A :class:`Plan` says what the columns of a :class:`~emoviz.corpora.table.Source` mean. :func:`check` goes through
it row by row and returns what is sound beside a problem for everything that is not, each with its file and line;
:func:`corpus` makes the sound rows a :class:`~emoviz.corpora.base.Corpus`. Nothing is guessed in silence:
:mod:`emoviz.corpora.roles` only proposes. A row may be a part of a file, which becomes a recording of its own.
"""

import math
import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from ..core.errors import ConfigError, CorpusError, EmovizError
from ..core.vocabulary import INTENSITIES, Dimension, Emotion
from .base import Corpus
from .duplicates import with_doubles_together
from .layout import labels_table, recordings_table
from .roles import LABELS, LEFT_OUT, NEEDED, ROLES, SCALES, SPLIT, WHOLE, seconds_of, suggest_part, suggest_start
from .sources import VIDEO_ENDINGS, Material
from .table import IMPORTED, PARTS, Problem, Source, text_of

PART = ("start", "end", "duration")
"""Roles that say to which part of a file a row belongs."""
AT_MOST_BEYOND = 0.1
"""Seconds by which a part may end after its file, as times are rounded."""
SHORTEST_SHARE, LONGER_SHARE = 0.05, 0.1
"""Shares of a clip's length between which a trace must end, relative to the clip, to belong to it."""


class Probed(Protocol):
    """The length of a clip, found without decoding it."""

    @property
    def duration(self) -> float:
        """The length in seconds."""
        ...


@dataclass(frozen=True)
class Plan:
    """The meaning of a source's columns.

    Attributes:
        name: name of the corpus: lower-case letters, digits, ``-`` and ``_``.
        columns: column of the source for each role.
        values: value of each role for all rows.
        emotions: emotion of each word of the source, or :data:`LEFT_OUT`.
        scale: lowest and highest rating, which become -1 and 1.
        title: full name for people; by default the name.
        licence: licence in the words of its distributors.
        limits: facts that a reader of results must know.
    """

    name: str
    columns: Mapping[str, str]
    values: Mapping[str, str] = field(default_factory=dict)
    emotions: Mapping[str, str] = field(default_factory=dict)
    scale: tuple[float, float] = (-1.0, 1.0)
    title: str = ""
    licence: str = "not stated"
    limits: str = IMPORTED

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", self.name):
            raise ConfigError(
                "A corpus's name has lower-case letters, digits, '-' and '_', and begins with a letter or digit, "
                f"unlike '{self.name}'."
            )
        for role in (*self.columns, *self.values):
            if role not in ROLES:
                raise ConfigError(f"A column cannot mean '{role}'; accepted are {', '.join(ROLES)}.")
        for role in self.values:
            if role not in WHOLE:
                raise ConfigError(f"'{role}' differs from clip to clip; one value for all have {', '.join(WHOLE)}.")
        for role in NEEDED:
            if role not in self.columns and not self.values.get(role):
                how = " or a value for all rows" if role in WHOLE else ""
                raise ConfigError(f"Every clip has a {role}, so name its column{how}: {ROLES[role]}.")
        if {"end", "duration"} & set(self.columns) and "start" not in self.columns:
            raise ConfigError(f"A part of a file has a start, so name its column too: {ROLES['start']}.")
        low, high = self.scale
        if not -math.inf < low < high < math.inf:
            raise ConfigError(f"A scale goes from its lowest to its highest rating, not from {low:g} to {high:g}.")
        for word, emotion in self.emotions.items():
            if emotion not in (*Emotion, LEFT_OUT):
                raise ConfigError(f"'{word}' cannot mean '{emotion}'; accepted are {', '.join(Emotion)}, {LEFT_OUT}.")


@dataclass(frozen=True)
class Checked:
    """The result of a check, with the sound rows and the problems.

    Attributes:
        rows: sound rows: ``id``, the columns of recordings, ``emotion``, ``intensity`` and dimensions (on [-1, 1])
            where there are any.
        traces: long table ``id``, ``time`` and one column per dimension, of sound recordings; or empty.
        problems: problems in the order of the files and their lines.
        left_out: number of rows whose emotion the plan leaves out.
    """

    rows: tuple[Mapping[str, Any], ...]
    traces: pd.DataFrame
    problems: tuple[Problem, ...]
    left_out: int = 0


def suggest_scale(source: Source, columns: Mapping[str, str]) -> tuple[float, float]:
    """Return the narrowest usual scale that holds all ratings of the columns, given by role; else -1 to 1."""
    texts = [source.rows[columns[d]] for d in Dimension if d in columns and columns[d] in source.rows]
    values = pd.to_numeric(pd.concat(texts), errors="coerce").dropna() if texts else pd.Series(dtype=float)
    if values.empty:
        return Plan.scale
    return next((s for s in SCALES if s[0] <= values.min() and values.max() <= s[1]), Plan.scale)


def words_of(source: Source, column: str) -> list[str]:
    """Return the distinct texts of a column, the most frequent first."""
    return [str(word) for word in source.rows[column].dropna().value_counts().index]


def check(material: Material, plan: Plan, probe: "Callable[[Path], Probed] | None" = None) -> Checked:
    """Check the rows of a gathered source.

    Args:
        material: table, clips and traces that were gathered.
        plan: meaning of the table's columns.
        probe: function that returns the length of a clip, or raises an EmovizError if it cannot be decoded.

    Raises:
        ConfigError: if the plan names a column that the source lacks, or there is neither a label nor a trace.
        CorpusError: if the rows are parts of files and the plan does not say so, or their labels are traces.
    """
    source, traces = material.source, material.traces
    for role, column in plan.columns.items():
        if column not in source.rows:
            raise ConfigError(
                f"'{source.file}' has no column '{column}' for the {role}; it has {', '.join(source.rows)}."
            )
    if traces is None and not set(LABELS) & set(plan.columns):
        raise ConfigError(
            f"Clips have a label: name the column of the emotion, or of ratings, in '{source.file}', or give traces."
        )
    _refuse_parts(material, plan)
    problems = list(source.problems)
    traced = None if traces is None else dict(traces.groupby("file")["time"].max())
    checker = _Checker(plan, None if material.clips is None else _Clips(material.clips), traced, probe)
    rows: list[dict[str, Any]] = []
    left_out = 0
    lines: dict[str, Any] = {}
    for line, texts in zip(source.rows.index, source.rows.to_dict("records"), strict=True):
        if "emotion" in plan.columns and plan.emotions.get(text_of(texts[plan.columns["emotion"]]) or "") == LEFT_OUT:
            left_out += 1
            continue
        row, wrong = checker.row(texts)
        if row.get("id") in lines:
            wrong.append(f"The clip '{row['id']}' stands in line {lines[row['id']]} already.")
        if wrong:
            problems += [Problem(source.file, int(line), sentence) for sentence in wrong]
        else:
            lines[row["id"]] = line
            rows.append(row)
    order = {p.file: n for n, p in reversed(list(enumerate(problems)))}
    problems.sort(key=lambda problem: (order[problem.file], problem.line))
    kept = pd.DataFrame() if traces is None else _traces_of(rows, traces)
    return Checked(
        tuple({k: v for k, v in row.items() if k != "trace"} for row in rows), kept, tuple(problems), left_out
    )


def _refuse_parts(material: Material, plan: Plan) -> None:
    """Refuse rows that are parts of files where whole files would be imported in their place.

    Raises:
        CorpusError: if they are.
    """
    rows, columns = material.source.rows, plan.columns
    if "start" in columns:
        if material.traces is not None or material.clips is None:
            raise CorpusError("Parts of files have clips and a label per row; traces are labels of whole recordings.")
        again = rows[columns["file"]].dropna().duplicated()
        if again.any() and not {"end", "duration"} & set(columns):
            raise CorpusError(
                f"Several rows of '{material.source.file}' are parts of one file, first in line {again.idxmax()}, so "
                "name the column that says when a part ends (end), or how long it is (duration)."
            )
        return
    part = suggest_part(rows, columns.values())
    start = suggest_start(rows, columns.values())
    if start and not part and material.traces is None:
        raise CorpusError(
            f"The column '{start}' of '{material.source.file}' says where a row starts in its file, and none says "
            "where it ends: add an end or a duration, name the column as start if each row goes on to the end of its "
            "file, or remove it if each row is a whole file."
        )
    if part:
        start, end = part.values()
        raise CorpusError(
            f"The rows of '{material.source.file}' are parts of files, from '{start}' to '{end}': name these columns "
            f"as {' and '.join(part)}, or remove them if each part is a file of its own already."
        )


def corpus(plan: Plan, checked: Checked) -> Corpus:
    """Make a corpus from the sound rows; people with the same file share a session.

    Raises:
        CorpusError: if there is no sound row.
    """
    if not checked.rows:
        raise CorpusError(f"No row of the corpus '{plan.name}' is sound, so there is nothing to import.")
    labels = [column for column in (*LABELS, "intensity") if checked.rows[0].get(column) is not None]
    traces = checked.traces.assign(id=f"{plan.name}/" + checked.traces["id"]) if len(checked.traces) else checked.traces
    recordings, twice = with_doubles_together(recordings_table(plan.name, checked.rows))
    return Corpus(
        name=plan.name,
        title=plan.title or plan.name,
        licence=plan.licence,
        recordings=recordings,
        labels=labels_table(plan.name, checked.rows, *labels) if labels else pd.DataFrame(),
        traces=traces,
        limits=" ".join(filter(None, [plan.limits, twice])),
    )


class _Clips:
    """Finds a clip by what a table calls it."""

    def __init__(self, clips: Mapping[str, Path]) -> None:
        self.clips = clips
        self.named: dict[str, list[str]] = defaultdict(list)
        for inside in clips:
            path = Path(inside)
            for name in {path.with_suffix("").as_posix(), path.name, path.stem} - {inside}:
                self.named[name].append(inside)

    def find(self, name: str) -> tuple[str, str]:
        """(path inside the folder, ""), or ("", what is wrong)."""
        name = name.replace("\\", "/").removeprefix("./")
        if name in self.clips:
            return name, ""
        found = self.named.get(name, [])
        if len(found) == 1:
            return found[0], ""
        if found:
            return "", f"'{name}' may be {' or '.join(found[:3])}: give its path inside the folder."
        return (
            "",
            f"There is no clip '{name}' in the folder, which has {len(self.clips)}, such as {next(iter(self.clips))}.",
        )


@dataclass(frozen=True)
class _Checker:
    plan: Plan
    clips: _Clips | None
    traced: Mapping[str, float] | None
    probe: "Callable[[Path], Probed] | None"
    lengths: dict[Path, float] = field(default_factory=dict)

    def row(self, texts: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
        """A row of the corpus, and all that is wrong with it."""
        given = {role: text_of(texts[column]) for role, column in self.plan.columns.items()}
        row: dict[str, Any] = {role: given.get(role) or value for role, value in self.plan.values.items()}
        row |= {role: value for role, value in given.items() if value and role not in ("file", *PART)}
        wrong = [
            f"The column '{self.plan.columns[role]}' is empty; every clip has {_article(role)}."
            for role in (*NEEDED, *LABELS)
            if role in self.plan.columns and not given[role] and not row.get(role)
        ]
        if row.get("emotion"):
            wrong += self._emotion(row)
        if row.get("intensity") and row["intensity"].lower() not in INTENSITIES:
            wrong.append(f"'{row['intensity']}' is no intensity; accepted are {', '.join(INTENSITIES)}.")
        elif row.get("intensity"):
            row["intensity"] = row["intensity"].lower()
        elif "intensity" in self.plan.columns:
            wrong.append(
                f"The column '{self.plan.columns['intensity']}' is empty; accepted are {', '.join(INTENSITIES)}."
            )
        if SPLIT in self.plan.columns:
            wrong += self._split(row)
        for dimension in Dimension:
            if row.get(dimension):
                wrong += self._rating(row, dimension)
        if row.get("language") and not re.fullmatch("[a-z]{3}", row["language"]):
            wrong.append(f"'{row['language']}' is no language code; accepted are three letters of ISO 639-3, e.g. deu.")
        if given["file"]:
            wrong += self._media(row, given["file"])
        if "start" in self.plan.columns and not wrong:
            wrong += self._part(row, given)
        return row, wrong

    def _emotion(self, row: dict[str, Any]) -> list[str]:
        word = row["emotion"]
        emotion = self.plan.emotions.get(word, word.lower())
        row["emotion"] = emotion
        if emotion in list(Emotion):
            return []
        return [f"'{word}' is no emotion; accepted are {', '.join(Emotion)}, or say which of them it means."]

    def _split(self, row: dict[str, Any]) -> list[str]:
        word = row.get(SPLIT) or ""
        row[SPLIT] = PARTS.get(word.lower())
        if row[SPLIT]:
            return []
        return [f"'{word}' is no part of a split; accepted are {', '.join(dict.fromkeys(PARTS.values()))}."]

    def _rating(self, row: dict[str, Any], dimension: str) -> list[str]:
        low, high = self.plan.scale
        text = row[dimension]
        try:
            rating = float(text)
        except ValueError:
            rating = math.nan
        if not low <= rating <= high:
            accepted = f"numbers from {low:g} to {high:g}, or name another scale"
            return [f"'{text}' is no rating of {dimension}; accepted are {accepted}."]
        row[dimension] = 2 * (rating - low) / (high - low) - 1
        return []

    def _media(self, row: dict[str, Any], name: str) -> list[str]:
        stem = Path(name.replace("\\", "/")).stem if self.traced is not None else ""
        row["trace"], row["id"] = stem, stem
        wrong = []
        if self.traced is not None and stem not in self.traced:
            wrong.append(f"There is no trace '{stem}.csv' that is sound.")
        if self.clips is None:
            return wrong
        inside, missing = self.clips.find(name)
        if missing:
            return [*wrong, missing]
        path = self.clips.clips[inside]
        row["id"] = Path(inside).with_suffix("").as_posix()
        row["video" if path.suffix.lower() in VIDEO_ENDINGS else "audio"] = str(path)
        if self.probe:
            try:
                wrong += self._other_length(stem, self._length(path))
            except EmovizError as error:
                wrong.append(str(error))
        return wrong

    def _length(self, path: Path) -> float:
        """The length of a clip in seconds, which is looked up once however many parts the clip has."""
        assert self.probe is not None
        if path not in self.lengths:
            self.lengths[path] = self.probe(path).duration
        return self.lengths[path]

    def _part(self, row: dict[str, Any], given: Mapping[str, str | None]) -> list[str]:
        """Set the part of the file that a row is, and its own name; return what is wrong."""
        path = Path(row.get("video") or row["audio"])
        times = {role: seconds_of(given.get(role) or "", self.plan.columns.get(role, "")) for role in PART}
        for role, time in times.items():
            if time is None and (role == "start" or given.get(role)):
                told = f"'{given[role]}' is no time" if given.get(role) else "The cell is empty"
                return [f"{told} in '{self.plan.columns[role]}'; accepted are seconds as 1.5, or 0:01.5."]
        start, end = times["start"] or 0.0, times["end"]
        if end is None and times["duration"] is not None:
            end = start + times["duration"]
        length = self._length(path) if self.probe else math.inf if end is None else end
        end = length if end is None else end
        if not start < end:
            return [f"The part goes from {start:g} s to {end:g} s; a part ends after it starts."]
        if end > length + AT_MOST_BEYOND:
            return [f"The part ends at {end:g} s, but '{path.name}' lasts {length:.1f} s."]
        row["start"], row["end"] = start, min(end, length)
        row["session"] = row.get("session") or row["id"]
        row["id"] = f"{row['id']}@{_stamp(start)}-{_stamp(end)}"
        return []

    def _other_length(self, stem: str, clip: float) -> list[str]:
        """What is wrong where a trace cannot be of a clip, since its times are not in seconds or it is of another."""
        trace = (self.traced or {}).get(stem)
        if trace is None or SHORTEST_SHARE * clip <= trace <= clip + max(1.0, LONGER_SHARE * clip):
            return []
        return [
            f"The trace '{stem}.csv' lasts {trace:g} s and its clip {clip:.1f} s; the times of a trace are seconds."
        ]


def _traces_of(rows: Sequence[Mapping[str, Any]], traces: pd.DataFrame) -> pd.DataFrame:
    ids = {row["trace"]: row["id"] for row in rows}
    kept = traces[traces["file"].isin(ids)]
    return kept.assign(id=kept["file"].map(ids)).drop(columns="file").reset_index(drop=True)


def _stamp(seconds: float) -> str:
    """A time in the name of a part."""
    return f"{seconds:.3f}".rstrip("0").rstrip(".")


def _article(role: str) -> str:
    return f"an {role}" if role[0] in "aeiou" else f"a {role}"
