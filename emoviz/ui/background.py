"""Work in a background thread. The thread never touches streamlit: pages poll its state."""

import threading
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from ..core.errors import Cancelled, EmovizError
from ..core.progress import Progress, stoppable

T = TypeVar("T")
S = TypeVar("S", bound="Stage")


@dataclass(frozen=True)
class Stage:
    """How far some work is.

    Attributes:
        running: whether the thread still works.
        stage: what is done now, for people.
        done: how much of the stage is done ...
        total: ... of this much; 0 when unknown.
        stopped: whether the user ended it.
        error: one sentence, when it failed.
        details: the traceback, for a bug report.
    """

    running: bool = True
    stage: str = "Waiting"
    done: float = 0
    total: float = 0
    stopped: bool = False
    error: str | None = None
    details: str | None = None

    @property
    def progress(self) -> str:
        """E.g. ``Fitting t-SNE 120 / 375``."""
        return f"{self.stage} {self.done:.0f} / {self.total:.0f}" if self.total > 1 else self.stage


@dataclass(frozen=True)
class State(Stage, Generic[T]):
    """How far some work is, and its ``result`` once it is done."""

    result: T | None = None


class Worker(Generic[S]):
    """A thread that works at once; a subclass says what.

    Args:
        state: at first.
        name: of the thread.
    """

    what = "computation"

    def __init__(self, state: S, name: str) -> None:
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._state = state
        self.began = time.monotonic()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def work(self, progress: Progress) -> Mapping[str, Any]:
        """Do it: the changes of the state that come with its end."""
        raise NotImplementedError

    def update(self, **changes: Any) -> None:
        """Change the state on the way."""
        with self._lock:
            self._state = replace(self._state, **changes)

    @property
    def state(self) -> S:
        """How far it is now."""
        with self._lock:
            return self._state

    def stop(self) -> None:
        """Ask the thread to end; what there is so far stays."""
        self._stop.set()

    @property
    def ending(self) -> bool:
        """Whether it was asked to end."""
        return self._stop.is_set()

    def wait(self, timeout: float | None = None) -> None:
        """Wait until the thread has ended, or ``timeout`` seconds."""
        self._thread.join(timeout)

    def _run(self) -> None:
        try:
            self.update(**self.work(stoppable(self._report, self._stop.is_set)), running=False)
        except Cancelled:
            self.update(stopped=True, running=False)
        except EmovizError as error:
            self.update(error=str(error), details=traceback.format_exc(), running=False)
        except Exception:  # the page has to say so, whatever it was
            sentence = f"The {self.what} failed inside emoviz; the details below help to find the fault."
            self.update(error=sentence, details=traceback.format_exc(), running=False)

    def _report(self, stage: str, done: float, total: float) -> None:
        self.update(stage=stage, done=done, total=total)


class Job(Worker[State[T]]):
    """Some work, begun at once.

    Args:
        work: called with a listener of its progress, which also stops it.
        name: of the thread.
    """

    def __init__(self, work: Callable[[Progress], T], name: str) -> None:
        self._work = work
        super().__init__(State(), name)

    def work(self, progress: Progress) -> Mapping[str, Any]:
        """Its result."""
        return {"result": self._work(progress)}
