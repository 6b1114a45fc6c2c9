"""The recordings of folders of any depth, of lists, and single ones, each under a name of its own."""

import os
import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from ...core.errors import ConfigError
from ...corpora.table import read_lines
from ...media import ACCEPTED

LISTS = (".csv", ".tsv")
"""Endings of lists."""
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
FILE, SEGMENTS = "file", "segments"
"""Columns of a list: the path of a recording, and its own segments."""


class Recording(NamedTuple):
    """A recording that is to be predicted.

    Attributes:
        name: path below its folder, with ``/``, or its file's name: no two recordings of a listing share one.
        path: path of its file.
        segments: text that names its own segments; None for the segments that are asked for all recordings.
    """

    name: str
    path: Path
    segments: str | None = None


class Problem(NamedTuple):
    """A recording, or a file or folder that holds none, and what is wrong with it.

    Attributes:
        file: name of the recording, file or folder.
        problem: sentence on it.
    """

    file: str
    problem: str


class Listing(NamedTuple):
    """The recordings that were found.

    Attributes:
        recordings: recordings in the order of their names, or of the list.
        problems: files and folders that were not taken.
    """

    recordings: list[Recording]
    problems: list[Problem]


def holds_several(source: Path) -> bool:
    """Return whether a path leads to a folder or a list, rather than to one recording."""
    return os.path.isdir(source) or source.suffix.lower() in LISTS


def find(sources: Sequence[Path], patterns: Sequence[str] = (), inside: Sequence[Path] = ()) -> Listing:
    """Find the recordings of folders, lists and files.

    Args:
        sources: paths of folders, whose recordings at any depth are taken; of lists, which are CSV files with a column
            ``file`` of paths, read from the list's folder, and perhaps ``segments``; and of single recordings.
        patterns: patterns such as ``*.mp4``, of which a file in a folder fits at least one; one with a ``/`` is held
            against the path below the folder, another one against the name, in whichever case. None fits all.
        inside: folders outside which nothing is taken, also where a link leads there; none means anywhere.

    Raises:
        ConfigError: if a folder or list is outside, no recording is found, two have one name, or a list has no paths.
        CorpusError: if a list cannot be read.
    """
    found = Listing([], [])
    roots = [Path(os.path.realpath(folder)) for folder in inside]
    for source in sources:
        require_inside(source, inside)
        prefix = f"{source.absolute().name}/" if len(sources) > 1 else ""
        if os.path.isdir(source):
            listed = _of_folder(source, patterns)
        elif source.suffix.lower() in LISTS:
            listed = _of_list(source, roots)
        else:
            prefix, listed = "", iter([Recording(source.name, source)])
        for one in listed:
            if isinstance(one, Problem):
                found.problems.append(Problem(prefix + one.file, one.problem))
            else:
                found.recordings.append(one._replace(name=prefix + one.name))
    _require_names(found.recordings)
    if not found.recordings and not found.problems:
        fitting = f" that fits {' or '.join(patterns)}" if patterns else ""
        raise ConfigError(
            f"There is no recording{fitting} in '{shown(str(sources[0]))}'; accepted are {', '.join(ACCEPTED)}."
        )
    return found


def require_inside(path: Path, folders: Sequence[Path]) -> None:
    """Refuse a path that leads out of some folders, also by a link; with no folders it may lead anywhere.

    Raises:
        ConfigError: if the path leads out of all of them.
    """
    if folders and not _within(path, [Path(os.path.realpath(folder)) for folder in folders]):
        raise ConfigError(f"'{shown(str(path))}' is not inside {' or '.join(map(str, folders))}.")


def folders_in(roots: Sequence[Path], most: int) -> list[Path]:
    """Return folders and all that lie in them at any depth, in the order of their names, but no more than some number.

    Those that a link leads to, and those whose names begin with a dot, are left out.
    """
    return list(islice((folder for root in roots for folder in _folders(root)), most))


def _folders(root: Path) -> Iterator[Path]:
    for place, below, _ in os.walk(root):
        below[:] = sorted(name for name in below if not name.startswith("."))
        yield Path(place)


def shown(name: str) -> str:
    r"""Return a file's name as printable text: bytes that are no text, or end a line, are shown as numbers.

    Examples:
        >>> print(shown("two\nlines.mp4"))
        two\x0alines.mp4
    """
    return _UNPRINTABLE.sub(
        lambda found: f"\\x{ord(found[0]):02x}", os.fsencode(name).decode("utf-8", "backslashreplace")
    )


def _of_folder(folder: Path, patterns: Sequence[str]) -> Iterator[Recording | Problem]:
    """Yield what lies below a folder, in the order of the names; a link to a folder is not followed."""
    whole = Path(os.path.realpath(folder))
    found: list[Recording | Problem] = []
    refused: list[OSError] = []
    start = os.path.join(folder, "")
    for entry in _entries(folder, refused):
        below = entry.path[len(start) :].replace(os.sep, "/")
        is_folder = entry.is_dir()
        wanted = is_folder or (_is_clip(entry.name) and _fits(below, patterns))
        if wanted and entry.is_symlink() and not _within(Path(entry.path), [whole]):
            found.append(Problem(shown(below), f"It is a link that leads out of '{shown(whole.name)}'."))
        elif wanted and not is_folder:
            found.append(Recording(below, Path(entry.path)))
    for error in refused:
        below = os.path.relpath(error.filename or folder, folder)
        found.append(Problem(shown(below), f"The folder cannot be read: {error.strerror or error}."))
    yield from sorted(found, key=itemgetter(0))


def _entries(folder: "Path | str", refused: list[OSError]) -> Iterator[os.DirEntry[str]]:
    """Yield all that lies below a folder and whose name, and those of the folders above, do not begin with a dot."""
    below: list[str] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
                    below.append(entry.path)
                if not entry.name.startswith("."):
                    yield entry
    except OSError as error:
        refused.append(error)
    for place in below:
        yield from _entries(place, refused)


def _is_clip(name: str) -> bool:
    return not name.startswith(".") and name.lower().rpartition(".")[2] in ACCEPTED


def _fits(below: str, patterns: Sequence[str]) -> bool:
    """Return whether a path below a folder fits one of the patterns."""
    whole = below.lower()
    name = whole.rpartition("/")[2]
    return not patterns or any(fnmatchcase(whole if "/" in one else name, one.lower()) for one in patterns)


def _of_list(path: Path, roots: Sequence[Path]) -> Iterator[Recording | Problem]:
    """Yield the recordings of a list; one that is named again is taken once, and is a problem with other segments."""
    header, lines, problems = read_lines(path)
    columns = {name.lower(): place for place, name in enumerate(header)}
    if FILE not in columns:
        raise ConfigError(
            f"The list '{shown(path.name)}' needs a column '{FILE}' with the path of each recording, and perhaps "
            f"'{SEGMENTS}'; its columns are {', '.join(header)[:80] or 'none'}."
        )
    yield from (Problem(shown(path.name), f"Line {one.line}: {one.sentence}") for one in problems)
    folder = Path(os.path.abspath(path.parent))
    taken: dict[Path, tuple[int, str | None]] = {}
    for line, values in lines:
        text, own = (values[columns[name]] if name in columns else None for name in (FILE, SEGMENTS))
        if not text:
            yield Problem(shown(path.name), f"Line {line} names no recording.")
            continue
        file = Path(os.path.abspath(folder / text))
        segments = str(folder / own) if own and Path(own).suffix and not own.replace(".", "").isdigit() else own
        before, first = taken.setdefault(file, (line, segments))
        if before != line:
            if segments and segments != first:
                again = f"Line {line} names '{shown(text)}' again, with other segments than line {before}"
                yield Problem(shown(path.name), f"{again}: give it a list of its own.")
            continue
        name = file.relative_to(folder if file.is_relative_to(folder) else file.anchor).as_posix()
        named = [file, *([Path(segments)] if segments and segments != own else [])]
        if roots and not all(_within(one, roots) for one in named):
            yield Problem(shown(name), "It lies outside the folders that may be read here.")
        else:
            yield Recording(name, file, segments)


def _within(path: Path, roots: Sequence[Path]) -> bool:
    """Return whether a path, with all links followed, is one of some folders or inside one; the folders have none."""
    try:
        real = Path(os.path.realpath(path))
    except ValueError:  # a name that no file can have
        return False
    return any(real.is_relative_to(root) for root in roots)


def _require_names(recordings: Sequence[Recording]) -> None:
    """Refuse recordings that share a name.

    Raises:
        ConfigError: if two do.
    """
    first: dict[str, Recording] = {}
    for one in recordings:
        other = first.setdefault(one.name, one)
        if other is not one:
            raise ConfigError(
                f"'{shown(str(other.path))}' and '{shown(str(one.path))}' have the same name, so their tables would, "
                "too: name the folder that holds both, whose tables keep apart."
            )
