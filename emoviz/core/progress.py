"""One small contract for long work: it reports how far it is, and whoever listens may stop it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .errors import Cancelled

Progress = Callable[[str, float, float], None]
"""Listener, called as ``progress(stage, done, total)``, e.g. ``("Reading frames", 120, 375)``. To stop the
work, the listener raises :class:`~emoviz.core.errors.Cancelled`; the worker lets it pass through."""


def silent(stage: str, done: float, total: float) -> None:
    """Do nothing with what is reported: a listener that neither shows nor stops anything."""


def topic_of(stage: str) -> str:
    """Return a stage without what stands in brackets, which changes while it runs."""
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
    """Hold a lock, so that whoever waits for it, while another thread does the same work, can be stopped."""
    while not lock.acquire(timeout=0.2):
        progress("Waiting for the same work elsewhere", 0, 0)
    try:
        yield
    finally:
        lock.release()
