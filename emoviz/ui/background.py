"""Work in a background thread. The thread never touches streamlit: pages poll its state."""

import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from ..errors import Cancelled, EmovizError
from ..progress import Progress, stoppable

T = TypeVar("T")


@dataclass(frozen=True)
class State(Generic[T]):
    """How far some work is.

    Attributes:
        running: whether the thread still works.
        stage: what is done now, for people.
        done: how much of the stage is done ...
        total: ... of this much; 0 when unknown.
        result: of the work, once it is done.
        stopped: whether the user ended it.
        error: one sentence, when it failed.
        details: the traceback, for a bug report.
    """

    running: bool = True
    stage: str = "Waiting"
    done: float = 0
    total: float = 0
    result: T | None = None
    stopped: bool = False
    error: str | None = None
    details: str | None = None

    @property
    def progress(self) -> str:
        """E.g. ``Fitting t-SNE 120 / 375``."""
        return f"{self.stage} {self.done:.0f} / {self.total:.0f}" if self.total > 1 else self.stage


class Job(Generic[T]):
    """Some work, begun at once.

    Args:
        work: called with a listener of its progress, which also stops it.
        name: of the thread.
    """

    def __init__(self, work: Callable[[Progress], T], name: str) -> None:
        self._work = work
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._state: State[T] = State()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def state(self) -> State[T]:
        """How far it is now."""
        with self._lock:
            return self._state

    def stop(self) -> None:
        """Ask the thread to end."""
        self._stop.set()

    def wait(self, timeout: float | None = None) -> None:
        """Wait until the thread has ended, or ``timeout`` seconds."""
        self._thread.join(timeout)

    def _run(self) -> None:
        try:
            result = self._work(stoppable(self._report, self._stop.is_set))
            self._update(result=result, running=False)
        except Cancelled:
            self._update(stopped=True, running=False)
        except EmovizError as error:
            self._update(error=str(error), details=traceback.format_exc(), running=False)
        except Exception:  # the page has to say so, whatever it was
            self._update(
                error="The computation failed inside emoviz; the details below help to find the fault.",
                details=traceback.format_exc(),
                running=False,
            )

    def _report(self, stage: str, done: float, total: float) -> None:
        self._update(stage=stage, done=done, total=total)

    def _update(self, **changes: object) -> None:
        with self._lock:
            self._state = replace(self._state, **changes)  # type: ignore[arg-type]
