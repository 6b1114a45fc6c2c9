"""Groups of checkpoints, each in one file: dozens of small models that share their inputs take a fraction of the room.

    per-culture.tar.xz   the folders of the group ``per-culture``, beside those that it would have

A file is unpacked where it is first read, and once: into the user's own folder, under a name that changes with its
content. From then on its checkpoints are folders like any other.
"""

import functools
import hashlib
import logging
import lzma
import tarfile
from collections.abc import Iterable
from pathlib import Path

from ..core import places
from ..core.errors import CheckpointError
from ..core.files import raising, replacing, replacing_folder

SUFFIX = ".tar.xz"
UNPACKED = "unpacked"
"""Folder of unpacked groups in a user's own folder."""

_log = logging.getLogger(__name__)


def pack(folders: Iterable[Path], file: Path) -> None:
    """Write checkpoint folders into one file, whole or not at all; equal folders give an equal file.

    Raises:
        CheckpointError: if the disk is full or not writable.
    """
    paths = sorted((path.name, folder.name, path) for folder in folders for path in folder.iterdir())
    with raising(CheckpointError, file), replacing(file) as draft, tarfile.open(draft, "w:xz", preset=9) as archive:
        for name, folder, path in paths:  # files of one name side by side, as they have most in common
            about = tarfile.TarInfo(f"{folder}/{name}")
            about.size = path.stat().st_size
            with path.open("rb") as content:
                archive.addfile(about, content)


def unpacked(file: Path) -> Path | None:
    """Return the folder with the checkpoints of a packed group; None where there is no such file, or it is damaged."""
    if not file.is_file():
        return None
    state = file.stat()
    return _unpacked(file, state.st_mtime_ns, state.st_size)


@functools.lru_cache(maxsize=64)
def _unpacked(file: Path, changed: int, size: int) -> Path | None:
    digest = hashlib.sha256(file.read_bytes()).hexdigest()[:16]
    folder = places.home() / UNPACKED / f"{file.name.removesuffix(SUFFIX)}-{digest}"
    if not folder.is_dir():
        try:
            with replacing_folder(folder) as draft, tarfile.open(file, "r:xz") as archive:
                archive.extractall(draft, filter="data")
        except (OSError, EOFError, tarfile.TarError, lzma.LZMAError) as error:
            _log.warning("'%s' cannot be unpacked, so its checkpoints are left out: %s.", file, error)
            return None
    return folder
