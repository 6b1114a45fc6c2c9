"""Files that stay readable whatever ends their writer: JSON written whole or not at all, and JSON lines."""

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def append_line(path: Path, values: Mapping[str, Any]) -> None:
    """Add one line of JSON in one write; a line that an earlier writer left torn is closed first.

    Raises:
        OSError: the disk is full or not writable.
    """
    with path.open("ab+") as file:
        end = file.seek(0, os.SEEK_END)
        file.seek(max(0, end - 1))
        torn = end > 0 and file.read(1) != b"\n"
        file.write(b"\n" * torn + json.dumps(values, ensure_ascii=False).encode() + b"\n")


def read_lines(path: Path) -> list[dict[str, Any]]:
    """All whole lines of a file of JSON lines, none when it is not there; torn ones are left out."""
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


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Write or replace a JSON file, whole or not at all, and durable when this returns.

    Raises:
        OSError: the disk is full or not writable.
    """
    draft = _draft(path, values)
    try:
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def create_json(path: Path, values: Mapping[str, Any]) -> bool:
    """Write a JSON file unless there is one; of several processes that try, one alone is told that it did.

    Raises:
        OSError: the disk is full or not writable.
    """
    draft = _draft(path, values)
    try:
        os.link(draft, path)
        return True
    except FileExistsError:
        return False
    finally:
        draft.unlink(missing_ok=True)


def read_json(path: Path) -> dict[str, Any] | None:
    """A JSON object, or None where there is none that can be read."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return values if isinstance(values, dict) else None


def _draft(path: Path, values: Mapping[str, Any]) -> Path:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with open(handle, "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), 0o644)
            json.dump(values, file, indent=1, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        os.unlink(name)
        raise
    return Path(name)
