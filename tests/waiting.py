"""Patience with what other threads do."""

import time
from collections.abc import Callable

PATIENCE = 60
"""Seconds."""


def until(condition: Callable[[], object]) -> None:
    """Wait until a condition holds, and fail if it never does."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)
