"""The list of recordings: kept uploads, those of a visit and those of folders, each once, with known facts."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from math import inf
from pathlib import Path
from typing import NamedTuple

from ...core.errors import ConfigError
from ..bulk.listing import Problem, find, shown
from .known import Known

LENGTHS = {
    "up to 10 s": (-inf, 10.0),
    "10 s to 1 min": (10.0, 60.0),
    "1 to 10 min": (60.0, 600.0),
    "longer": (600.0, inf),
}
"""Classes of the length of a recording: more than the first number of seconds, and no more than the second."""


class State(StrEnum):
    """The state of a recording, in the words that a page shows."""

    NEW = "new"
    ANALYSED = "analysed"
    FAILED = "failed"
    CHANGED = "changed"
    GONE = "gone"


class Own(NamedTuple):
    """An upload: the ``path`` of its file, and its ``content`` as sha256."""

    path: Path
    content: str


@dataclass(frozen=True)
class Entry:
    """A recording in the list.

    Attributes:
        name: name by which pages open it.
        path: path of its file.
        state: its state.
        known: facts on its content; None where there are none.
        also: names of other files with the same content.
    """

    name: str
    path: Path
    state: State
    known: Known | None = None
    also: tuple[str, ...] = ()


class Listed(NamedTuple):
    """The list of recordings.

    Attributes:
        entries: recordings; uploads come first, then those of folders in the order of their names.
        problems: files and folders that cannot be listed.
    """

    entries: list[Entry]
    problems: list[Problem]


def listed(uploads: Mapping[str, Own], folders: Mapping[str, Path], known: Mapping[str, Known]) -> Listed:
    """List recordings without reading any of them: the facts on them were noted when they were read.

    Args:
        uploads: uploads by the names that pages show.
        folders: folders whose recordings at any depth are listed, by the prefix of their recordings' names.
        known: facts on recordings, by their content.
    """
    found = Listed([_of_upload(name, own, known.get(own.content)) for name, own in uploads.items()], [])
    last = _last_contents(known)
    there: set[str] = set()
    for start, folder in folders.items():
        if not os.path.isdir(folder):
            found.problems.append(Problem(start, "There is no such folder."))
            continue
        try:
            below = find([folder], inside=list(folders.values()))
        except ConfigError:  # it holds no recording
            continue
        found.problems.extend(Problem(start + one.file, one.problem) for one in below.problems)
        for recording in below.recordings:
            if shown(recording.name) != recording.name:
                found.problems.append(
                    Problem(start + shown(recording.name), "Its name is no text that a link can hold.")
                )
                continue
            path = os.fspath(recording.path)
            there.add(path)
            found.entries.append(_of_folder(start + recording.name, recording.path, last.get(path)))
    known_elsewhere = {entry.known.content for entry in found.entries if entry.known}
    gone = _gone({path: one for path, one in last.items() if one.content not in known_elsewhere}, there, folders)
    return Listed([*_each_once(found.entries), *gone], found.problems)


def narrowed(
    entries: Sequence[Entry],
    text: str = "",
    states: Sequence[str] = (),
    emotion: str = "",
    length: str = "",
) -> list[Entry]:
    """Return the recordings that fit all conditions; an empty condition fits every recording.

    Args:
        entries: recordings.
        text: part of a name, in whichever case.
        states: states of which a recording has one; none allows all.
        emotion: emotion that prevails or is among the strongest moments.
        length: class of the length among :data:`LENGTHS`.
    """
    wanted = text.casefold()
    shortest, longest = LENGTHS.get(length, (-inf, inf))

    def fits(entry: Entry) -> bool:
        known = entry.known
        seconds = known.seconds if known is not None else None
        return (
            (not wanted or any(wanted in name.casefold() for name in (entry.name, *entry.also)))
            and (not states or entry.state in states)
            and (not emotion or known is not None and emotion in emotions_of(known))
            and (not length or seconds is not None and shortest < seconds <= longest)
        )

    return [entry for entry in entries if fits(entry)]


def emotions_of(known: Known) -> set[str]:
    """Return the emotions that prevail in a recording or are among its strongest moments."""
    return {known.emotion, *(moment.emotion for moment in known.strongest)} - {""}


def _of_upload(name: str, own: Own, known: Known | None) -> Entry:
    return Entry(name, own.path, _state(known), known)


def _of_folder(name: str, path: Path, last: Known | None) -> Entry:
    """Return a file of a folder, of which the last look at it is known; another size or time means another content."""
    if last is None:
        return Entry(name, path, State.NEW)
    seen = last.files[os.fspath(path)]
    try:
        now = os.stat(path)
    except OSError:
        return Entry(name, path, State.GONE, last)
    if (seen.size, seen.changed) != (now.st_size, now.st_mtime_ns):
        return Entry(name, path, State.CHANGED, last)
    return Entry(name, path, _state(last), last)


def _state(known: Known | None) -> State:
    if known is None:
        return State.NEW
    if known.problem:
        return State.FAILED
    return State.ANALYSED if known.models else State.NEW


def _last_contents(known: Mapping[str, Known]) -> dict[str, Known]:
    """Return what is known of the content that a file had when it was last read, by the file's path."""
    last: dict[str, tuple[int, Known]] = {}
    for one in known.values():
        for path, seen in one.files.items():
            if path not in last or last[path][0] < seen.noted:
                last[path] = seen.noted, one
    return {path: one for path, (_, one) in last.items()}


def _each_once(entries: Sequence[Entry]) -> Iterator[Entry]:
    """Yield recordings, those of one content together under the first one's name."""
    others: dict[str, list[str]] = {}
    for entry in entries:
        if entry.known is not None and entry.state is not State.CHANGED:
            others.setdefault(entry.known.content, []).append(entry.name)
    told: set[str] = set()
    for entry in entries:
        if entry.known is None or entry.state is State.CHANGED:
            yield entry
        elif entry.known.content not in told:
            told.add(entry.known.content)
            yield replace(entry, also=tuple(others[entry.known.content][1:]))


def _gone(last: Mapping[str, Known], there: set[str], folders: Mapping[str, Path]) -> Iterator[Entry]:
    """Yield recordings of folders that were read once and are not there any more."""
    for path, known in sorted(last.items()):
        for start, folder in folders.items():
            if path not in there and Path(path).is_relative_to(folder):
                yield Entry(f"{start}{Path(path).relative_to(folder).as_posix()}", Path(path), State.GONE, known)
                break
