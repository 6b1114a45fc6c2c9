"""The contract for long work: it reports its progress to a listener, which may stop it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .errors import Cancelled

Progress = Callable[[str, float, float], None]
"""Listener, called as ``progress(stage, done, total)``, e.g. ``("Reading frames", 120, 375)``. To stop the
work, the listener raises :class:`~emoviz.core.errors.Cancelled`; the worker lets it pass through."""


def silent(stage: str, done: float, total: float) -> None:
    """Do nothing with reported progress: a listener that shows nothing and stops nothing."""


def topic_of(stage: str) -> str:
    """Return a stage without its text in brackets, which changes while the stage runs."""
    return stage.partition(" (")[0]


def stoppable(listener: Progress, stopped: Callable[[], bool]) -> Progress:
    """Return a listener that passes on to ``listener`` and raises :class:`Cancelled` once ``stopped()``."""

    def report(stage: str, done: float, total: float) -> None:
        if stopped():
            raise Cancelled(f"Stopped while {stage[:1].lower()}{stage[1:]}.")
        listener(stage, done, total)

    return report


@contextmanager
def held(lock: threading.Lock, progress: Progress) -> Iterator[None]:
    """Hold a lock in such a way that a thread that waits for it can still be stopped."""
    while not lock.acquire(timeout=0.2):
        progress("Waiting for the same work elsewhere", 0, 0)
    try:
        yield
    finally:
        lock.release()
