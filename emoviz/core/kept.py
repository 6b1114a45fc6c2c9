"""Results kept on disk and found again by what they were made of; those that were not used for longest go first."""

import contextlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from .arrays import packed, read_arrays
from .files import replacing
from .progress import Progress, silent
from .settings import KEPT_MB

_TITLE = "kept"
_ENDING = ".safetensors"


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
        path = self._path(kind, made_of)
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
        return self._path(kind, made_of).is_file()

    def write(self, kind: str, made_of: Mapping[str, Any], entry: Entry, progress: Progress = silent) -> None:
        """Keep an entry, and drop those that were not used for longest when all exceed the bound.

        Args:
            kind: kind of the entry, as a part of a file's name.
            made_of: all that it depends on.
            entry: entry to keep.
            progress: listener; where it stops the work, nothing is kept.
        """
        path = self._path(kind, made_of)
        size = sum(values.dtype.itemsize * int(np.prod(values.shape)) for values in entry.arrays.values())
        if size > self.most:
            return
        with contextlib.suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            self.folder.chmod(0o700)
            with replacing(path) as draft, draft.open("wb") as file:
                for block in packed(entry.arrays, entry.about, _TITLE):
                    progress("Keeping what is known", file.tell(), size)
                    file.write(block)
            self._evict()

    def _path(self, kind: str, made_of: Mapping[str, Any]) -> Path:
        name = sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()[:32]
        return self.folder / f"{kind}-{name}{_ENDING}"

    def _evict(self) -> None:
        """Delete the longest unused entries until the others are within the bound."""
        files = [(path, path.stat()) for path in self.folder.glob(f"*{_ENDING}")]
        excess = sum(state.st_size for _, state in files) - self.most
        for path, state in sorted(files, key=lambda file: file[1].st_mtime_ns):
            if excess <= 0:
                return
            path.unlink(missing_ok=True)
            excess -= state.st_size
