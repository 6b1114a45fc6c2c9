"""Removal of library notes from the error stream: libraries write them past Python, so no logger can hold them."""

import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_ERRORS = 2
_lock = threading.Lock()


@contextmanager
def without_notes(start: str) -> Iterator[None]:
    """Remove lines with a given beginning from the process's error stream; all other lines are written at the end.

    Args:
        start: beginning of these lines, e.g. ``INFO:``.
    """
    with _lock, tempfile.TemporaryFile() as held:
        sys.stderr.flush()
        kept = os.dup(_ERRORS)
        os.dup2(held.fileno(), _ERRORS)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(kept, _ERRORS)
            os.close(kept)
            held.seek(0)
            for line in held:
                if not line.startswith(start.encode()):
                    os.write(_ERRORS, line)
