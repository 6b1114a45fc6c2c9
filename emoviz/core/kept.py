"""Results kept on disk and found again by what they were made of; the least recently used are deleted first."""

import contextlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from .arrays import packed, read_arrays
from .files import replacing
from .progress import Progress, silent
from .settings import KEPT_MB

CONTENT = "content"
"""Key of the recording's sha256 among the values on which an entry depends."""

_TITLE = "kept"
_ENDING = ".safetensors"
_OWNER = 16
"""Characters of the content in a file's name: enough, as no two recordings of a folder share them."""


@dataclass(frozen=True)
class Entry:
    """A kept result: arrays, of which long ones stay on disk, and facts that JSON can hold."""

    arrays: Mapping[str, np.ndarray]
    about: Mapping[str, Any] = field(default_factory=dict)


class Kept:
    """A folder of kept results, which several threads and processes of one user may share; no other user may read it.

    What cannot be written is not kept, and an entry that is damaged counts as absent: whoever asks makes it anew.

    Args:
        folder: folder of the entries, made when the first one is written.
        most: number of bytes that all entries together may take.
    """

    def __init__(self, folder: Path, most: int = KEPT_MB * 1_000_000) -> None:
        self.folder, self.most = folder, most

    def read(self, kind: str, made_of: Mapping[str, Any]) -> Entry | None:
        """Return an entry, or None where there is none.

        Args:
            kind: kind of the entry, as a part of a file's name.
            made_of: all that the entry depends on, as JSON can hold it.
        """
        path = self.path_of(kind, made_of)
        found = read_arrays(path, _TITLE)
        if found is None:
            return None
        with contextlib.suppress(OSError):
            os.utime(path)  # it was used now
        return Entry(*found)

    def holds(self, kind: str, made_of: Mapping[str, Any]) -> bool:
        """Return whether there is an entry, without reading it.

        Args:
            kind: kind of the entry.
            made_of: all that the entry depends on.
        """
        return self.path_of(kind, made_of).is_file()

    def write(self, kind: str, made_of: Mapping[str, Any], entry: Entry, progress: Progress = silent) -> None:
        """Keep an entry, and delete the least recently used ones while all together exceed the bound.

        Args:
            kind: kind of the entry, as a part of a file's name.
            made_of: all that it depends on.
            entry: entry to keep.
            progress: listener; where it stops the work, nothing is kept.
        """
        path = self.path_of(kind, made_of)
        size = sum(values.dtype.itemsize * int(np.prod(values.shape)) for values in entry.arrays.values())
        if size > self.most:
            return
        with contextlib.suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            self.folder.chmod(0o700)
            with replacing(path) as draft, draft.open("wb") as file:
                for block in packed(entry.arrays, entry.about, _TITLE):
                    progress("Keeping what is known", min(round(100 * file.tell() / size), 100) if size else 100, 100)
                    file.write(block)
            self._evict()

    def drop(self, kind: str, made_of: Mapping[str, Any]) -> None:
        """Delete an entry, if there is one."""
        with contextlib.suppress(OSError):
            self.path_of(kind, made_of).unlink(missing_ok=True)

    def forget(self, content: str) -> None:
        """Delete all entries made from a recording, and those that do not say from which recording they were made.

        Args:
            content: sha256 of the recording.

        Raises:
            OSError: if something cannot be deleted.
        """
        for path in list(self.folder.glob("*-*")):
            _, *owner, _ = path.name.split("-")
            if owner in ([], [content[:_OWNER]]):
                path.unlink(missing_ok=True)

    def close(self) -> None:
        """Keep nothing from now on, and delete what was kept."""
        self.most = -1
        shutil.rmtree(self.folder, ignore_errors=True)

    def path_of(self, kind: str, made_of: Mapping[str, Any], ending: str = _ENDING) -> Path:
        """Return the path of a file for an entry, whose name contains the recording's sha256.

        Args:
            kind: kind of the entry, without a hyphen.
            made_of: all that it depends on; ``content`` is the recording.
            ending: ending of the file.
        """
        name = sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()[:32]
        parts = (kind, str(made_of.get(CONTENT, ""))[:_OWNER], name)
        return self.folder / f"{'-'.join(filter(None, parts))}{ending}"

    def _evict(self) -> None:
        """Delete the longest unused entries until the others are within the bound."""
        files = [(path, path.stat()) for path in self.folder.glob(f"*{_ENDING}")]
        excess = sum(state.st_size for _, state in files) - self.most
        for path, state in sorted(files, key=lambda file: file[1].st_mtime_ns):
            if excess <= 0:
                return
            path.unlink(missing_ok=True)
            excess -= state.st_size


class KeptBlocks:
    """A long result that is kept block by block while it is made, so that a later run continues from there.

    Each block is an entry of its own. Where one is absent or damaged, those behind it count as absent, too.

    Args:
        kept: folder of the blocks.
        kind: kind of the entries.
        made_of: all that the result depends on.
    """

    def __init__(self, kept: Kept, kind: str, made_of: Mapping[str, Any]) -> None:
        self._kept, self._kind, self._made_of = kept, kind, dict(made_of)
        self._count = 0

    def read(self) -> Iterator[Entry]:
        """Yield the blocks from the first on; what is appended then follows them."""
        self._count = 0
        while (entry := self._kept.read(self._kind, self._identity(self._count))) is not None:
            self._count += 1
            yield entry

    def append(self, entry: Entry) -> None:
        """Keep the next block, and delete an old one behind it, as that followed another block."""
        self._kept.drop(self._kind, self._identity(self._count + 1))
        self._kept.write(self._kind, self._identity(self._count), entry)
        self._count += 1

    def drop(self) -> None:
        """Delete all blocks that were read or appended."""
        for number in range(self._count):
            self._kept.drop(self._kind, self._identity(number))

    def _identity(self, number: int) -> dict[str, Any]:
        return {**self._made_of, "block": number}
