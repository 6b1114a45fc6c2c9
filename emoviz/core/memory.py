"""Memory that was freed goes back to the system while long work runs.

The allocator keeps what several threads have freed in pieces, each in an arena of its own, for the next one who asks:
after an hour that is several hundred megabytes which nothing uses.
"""

import ctypes
import functools
import time
from collections.abc import Callable

from .progress import Progress

EVERY = 2.0
"""Seconds between two times at which memory is given back."""


def releasing(listener: Progress) -> Progress:
    """Return a listener that passes on to ``listener`` and gives freed memory back to the system now and then."""
    due = time.monotonic() + EVERY

    def report(stage: str, done: float, total: float) -> None:
        nonlocal due
        if time.monotonic() >= due:
            due = time.monotonic() + EVERY
            release()
        listener(stage, done, total)

    return report


def release() -> None:
    """Give freed memory back to the system, where its C library can do so (glibc)."""
    trim = _trim()
    if trim is not None:
        trim(0)


@functools.cache
def _trim() -> Callable[[int], int] | None:
    try:
        return ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError, TypeError):
        return None
