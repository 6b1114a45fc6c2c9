"""Temporary folders of visitors' sessions, which are deleted however the server ends."""

import atexit
import contextlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import BinaryIO

from .cache import cached

try:
    import fcntl
except ImportError:  # no POSIX: folders of killed servers stay until the system clears them
    fcntl = None  # type: ignore[assignment]

PREFIX = "emoviz-server-"
"""Start of the name of a server's folder among the temporary ones."""
LOCK = "lock"
"""File in a server's folder that the server keeps locked as long as it lives."""


def make() -> Path:
    """Return a new, empty folder for a session, which its user alone may read."""
    return Path(tempfile.mkdtemp(prefix="session-", dir=of_server()))


@cached(1)
def of_server() -> Path:
    """Return the folder of this server's sessions, after those of servers that were killed are deleted."""
    sweep()
    folder, lock = _locked()

    def leave() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        lock.close()

    atexit.register(leave)
    return folder


def _locked() -> tuple[Path, BinaryIO]:
    """Make a folder, and lock the file in it."""
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    lock = (folder / LOCK).open("wb")
    if fcntl is not None:
        fcntl.flock(lock, fcntl.LOCK_EX)
    if (folder / LOCK).exists():
        return folder, lock
    lock.close()  # another server swept the folder before it was locked
    return _locked()


def sweep() -> None:
    """Delete the folders that servers of this user left when they were killed."""
    if fcntl is None:
        return
    for lock in Path(tempfile.gettempdir()).glob(f"{PREFIX}*/{LOCK}"):
        with contextlib.suppress(OSError), lock.open("rb") as file:
            if lock.parent.is_symlink() or lock.parent.stat().st_uid != os.getuid():
                continue
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(lock.parent, ignore_errors=True)
