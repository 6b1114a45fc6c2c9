"""The one way to write a file or a folder whole or not at all, and lines of JSON that stay readable.

A draft is written beside its target and then takes the target's place, so that a reader finds the old content or the
new, whatever ends the writer. Several processes may write one target at once; the last one stays.
"""

import contextlib
import errno
import functools
import json
import math
import os
import re
import shutil
import time
import uuid
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import numpy as np
from safetensors import SafetensorError

from .errors import EmovizError

DAY = 24 * 3600
"""Seconds after which a draft is taken for one that a killed process left."""

LONGEST_NAME = 200
"""Bytes of a file's name; the systems allow 255, of which drafts and numbers beside it need some."""
LONGEST_ENDING = 16
"""Largest number of bytes of a name's ending, with its dot; a longer text after the last dot is part of the name."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_BESIDE = re.compile(r"\.(.+)\.[0-9a-f]{32}\.(draft|old)")
_NEEDS = {
    errno.ENOSPC: "space on its disk",
    errno.EDQUOT: "space on its disk",
    errno.EACCES: "write access",
    errno.EPERM: "write access",
    errno.EROFS: "write access",
}


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a draft to write to, which replaces a file once the block has ended without an error.

    The draft lies beside the file and is there, empty, when the block begins. Nothing of it is left when the block
    fails. The folder is made where it is missing.

    Raises:
        OSError: if the disk is full or the folder is not writable.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with _draft(path) as draft:
        mode = draft.stat().st_mode
        yield draft
        draft.chmod(mode)  # safetensors makes files that their owner alone may read
        os.replace(draft, path)


@contextlib.contextmanager
def replacing_folder(folder: Path) -> Iterator[Path]:
    """Give a new, empty folder, which replaces ``folder`` once the block has ended without an error.

    Raises:
        OSError: if the disk is full or the folder above is not writable.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    _sweep(folder.parent)
    _restore(folder)
    draft = _beside(folder, "draft")
    try:
        draft.mkdir()
        yield draft
        _swap(draft, folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def remove_folder(folder: Path) -> None:
    """Delete a folder, if it is there, so that no reader finds a part of it.

    Raises:
        OSError: if the folder above is not writable.
    """
    with contextlib.suppress(FileNotFoundError):
        old = _beside(folder, "draft")  # if this process is killed now, nobody shall restore it
        os.replace(folder, old)
        shutil.rmtree(old, ignore_errors=True)


class Extent(NamedTuple):
    """The extent of what lies in a folder: number of ``files``, and their ``size`` in bytes."""

    files: int
    size: int


def extent(folder: Path, without: Collection[Path] = ()) -> Extent:
    """Return the extent of a folder with all folders below, which others may change meanwhile.

    Args:
        folder: folder; one that is not there holds nothing.
        without: folders below that do not count.
    """
    files = size = 0
    for place, names, found in os.walk(folder):
        names[:] = [name for name in names if Path(place, name) not in without]
        for name in found:
            with contextlib.suppress(OSError):
                size += os.lstat(os.path.join(place, name)).st_size
                files += 1
    return Extent(files, size)


def recover(path: Path) -> None:
    """Clear up after a process that was killed while it wrote ``path``, which nobody writes now.

    A whole state is left there if there was one before.
    """
    _restore(path)
    for left in _left(path.parent, path.name):
        _delete(left)


@contextlib.contextmanager
def raising(kind: type[EmovizError], path: Path, *, name: str = "", setting: str = "") -> Iterator[None]:
    """Turn the system's error about a failed write into one sentence for the user.

    Args:
        kind: error of the caller, which is raised in place of the system's.
        path: path of the file that is written.
        name: beginning of the sentence in place of the path.
        setting: environment variable that names another folder, or "".

    Raises:
        EmovizError: of that kind, if the block raises an OSError or safetensors cannot write.
    """
    try:
        yield
    except (OSError, SafetensorError) as error:
        reason, needs = _reason(error)
        ways = " or ".join(filter(None, (needs, setting and f"another folder in {setting}")))
        raise kind(f"{name or repr(str(path))} cannot be written: {reason}{ways and f'; it needs {ways}'}.") from error


def file_name(name: str) -> str:
    """Return a file name that any file system accepts, made from the name that somebody gave.

    Folders in it are removed, control characters become ``_``, and a name of more than :data:`LONGEST_NAME` bytes loses
    the end of its stem; an empty result becomes ``file``.
    """
    own = _CONTROL.sub("_", PurePosixPath(name.replace("\\", "/")).name).strip()
    own = "file" if own in ("", ".", "..") else own
    stem, ending = Path(own).stem, Path(own).suffix
    ending = ending if len(ending.encode(errors="replace")) <= LONGEST_ENDING else ""
    room = LONGEST_NAME - len(ending.encode(errors="replace"))
    stem = stem if ending else own
    return stem.encode(errors="replace")[:room].decode(errors="ignore").rstrip() + ending


def write_bytes(path: Path, content: bytes) -> None:
    """Write or replace a file, whole or not at all, even if the power fails.

    Raises:
        OSError: if the disk is full or the folder is not writable.
    """
    with replacing(path) as draft, draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def write_text(path: Path, content: str) -> None:
    """Write or replace a file of text in UTF-8, whole or not at all.

    Raises:
        OSError: if the disk is full or the folder is not writable.
    """
    write_bytes(path, content.encode())


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Write or replace a JSON file in an existing folder, whole or not at all, and durable when this returns.

    Raises:
        OSError: if the disk is full or the folder is not writable.
    """
    with _draft(path) as draft:
        _write_durably(draft, values)
        os.replace(draft, path)


def create_json(path: Path, values: Mapping[str, Any]) -> bool:
    """Write a JSON file unless it exists; of several processes that try, only one gets True.

    Raises:
        OSError: if the disk is full or the folder is not writable.
    """
    with _draft(path) as draft:
        _write_durably(draft, values)
        try:
            os.link(draft, path)
        except FileExistsError:
            return False
    return True


def read_json(path: Path) -> dict[str, Any] | None:
    """Return a JSON object, or None where there is none that can be read."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return values if isinstance(values, dict) else None


def strict(value: Any, digits: int | None = None) -> Any:
    """Return a value as strict JSON knows it: NaN becomes null, and numpy's numbers become plain ones.

    Args:
        value: nested mappings, lists, tuples, texts and numbers.
        digits: places after the point of a number; None leaves all.
    """
    if isinstance(value, Mapping):
        return {str(key): strict(inner, digits) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [strict(inner, digits) for inner in value]
    if isinstance(value, np.generic):
        value = value.item()
    if not isinstance(value, float):
        return value
    if not math.isfinite(value):
        return None
    return value if digits is None else round(value, digits)


def append_line(path: Path, values: Mapping[str, Any]) -> None:
    """Add one line of JSON in one write; an incomplete line of an earlier writer is ended first.

    Raises:
        OSError: if the disk is full or the folder is not writable.
    """
    with path.open("ab+") as file:
        end = file.seek(0, os.SEEK_END)
        file.seek(max(0, end - 1))
        torn = end > 0 and file.read(1) != b"\n"
        file.write(b"\n" * torn + json.dumps(values, ensure_ascii=False).encode() + b"\n")


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Return all whole lines of a file of JSON lines, none if it is missing; incomplete lines are left out."""
    try:
        content = path.read_bytes()
    except OSError:
        return []
    lines = []
    for line in content.split(b"\n"):
        try:
            values = json.loads(line)
        except ValueError:
            continue
        if isinstance(values, dict):
            lines.append(values)
    return lines


@contextlib.contextmanager
def _draft(path: Path) -> Iterator[Path]:
    """Give an empty file beside ``path``, which is gone afterwards unless it was moved."""
    _sweep(path.parent)
    draft = _beside(path, "draft")
    try:
        draft.touch(exist_ok=False)
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def _write_durably(path: Path, values: Mapping[str, Any]) -> None:
    with path.open("w", encoding="utf-8") as file:
        json.dump(values, file, indent=1, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())


def _beside(path: Path, kind: str) -> Path:
    return path.with_name(f".{path.name}.{uuid.uuid4().hex}.{kind}")


def _left(folder: Path, name: str = "") -> list[Path]:
    """Return what stands beside the file or folder of that name, or beside any."""
    with os.scandir(folder) as entries:
        matches = [(entry.path, _BESIDE.fullmatch(entry.name)) for entry in entries]
    return [Path(path) for path, match in matches if match and match[1] == (name or match[1])]


@functools.cache
def _sweep(folder: Path) -> None:
    """Delete the drafts that killed processes left in a folder; each process looks once."""
    for path in _left(folder):
        with contextlib.suppress(OSError):
            if path.suffix == ".draft" and time.time() - path.stat().st_mtime > DAY:
                _delete(path)


def _restore(folder: Path) -> None:
    """Put the old folder back if its writer was killed before the new one took its place."""
    for old in _left(folder.parent, folder.name):
        if old.suffix == ".old" and folder.exists():
            _delete(old)
        elif old.suffix == ".old":
            with contextlib.suppress(OSError):  # another process puts one there
                os.replace(old, folder)


def _swap(draft: Path, folder: Path) -> None:
    """Put a draft in the place of a folder; where another process is quicker, its folder is replaced too."""
    for attempt in range(100):
        old = _beside(folder, "old")
        with contextlib.suppress(FileNotFoundError):
            os.replace(folder, old)
        try:
            os.replace(draft, folder)
            return
        except OSError:
            occupied = folder.exists()
            if not occupied:
                _restore(folder)
            if not occupied or attempt == 99:
                raise
        finally:
            if folder.exists():
                shutil.rmtree(old, ignore_errors=True)


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _reason(error: Exception) -> tuple[str, str]:
    """Return what the system says went wrong, and the thing that would have been needed."""
    number = error.errno if isinstance(error, OSError) else None
    if found := re.search(r"os error (\d+)", str(error)):  # as safetensors reports it
        number = int(found[1])
    reason = os.strerror(number) if number else str(error).splitlines()[0].rstrip(".")
    return reason, _NEEDS.get(number or 0, "")
