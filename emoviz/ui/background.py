"""Work in a background thread, which never touches streamlit: pages poll its state."""

import threading
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from ..core.errors import Cancelled, EmovizError
from ..core.progress import Progress, stoppable
from .turns import Turn

T = TypeVar("T")
S = TypeVar("S", bound="Stage")


@dataclass(frozen=True)
class Stage:
    """The progress of some work.

    Attributes:
        running: whether the thread still works.
        stage: name of the present stage, for people.
        done: amount of the stage that is done.
        total: amount of the whole stage; 0 when unknown.
        stopped: whether the user ended it.
        error: sentence on why it failed, or None.
        details: traceback of the failure, for a bug report.
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
        """The progress in words, e.g. ``Fitting t-SNE 120 / 375``."""
        return f"{self.stage} {self.done:.0f} / {self.total:.0f}" if self.total > 1 else self.stage


@dataclass(frozen=True)
class State(Stage, Generic[T]):
    """The progress of some work, and its ``result`` once it is done."""

    result: T | None = None


class Worker(Generic[S]):
    """A thread that works as soon as its turn has come; a subclass defines the work.

    Args:
        state: state at the beginning.
        name: name of the thread.
        turn: turn for which the work waits; by default it begins at once.
    """

    what = "computation"

    def __init__(self, state: S, name: str, turn: Turn = nullcontext) -> None:
        self._turn = turn
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._state = state
        self.began = time.monotonic()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def work(self, progress: Progress) -> Mapping[str, Any]:
        """Do the work, and return the changes of the state that come with its end."""
        raise NotImplementedError

    def update(self, **changes: Any) -> None:
        """Change the state while the work goes on."""
        with self._lock:
            self._state = replace(self._state, **changes)

    @property
    def state(self) -> S:
        """Return the present state."""
        with self._lock:
            return self._state

    def stop(self) -> None:
        """Ask the thread to end; its results so far stay."""
        self._stop.set()

    @property
    def ending(self) -> bool:
        """Whether the thread was asked to end."""
        return self._stop.is_set()

    def wait(self, timeout: float | None = None) -> None:
        """Wait until the thread has ended, or ``timeout`` seconds."""
        self._thread.join(timeout)

    def _run(self) -> None:
        try:
            with self._turn(stoppable(self._report, self._stop.is_set)) as progress:
                changes = self.work(progress)
            self.update(**changes, running=False)
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
    """A job in a background thread.

    Args:
        work: function that does the work; its argument is a listener of its progress, which also stops it.
        name: name of the thread.
        turn: turn for which the work waits; by default it begins at once.
    """

    def __init__(self, work: Callable[[Progress], T], name: str, turn: Turn = nullcontext) -> None:
        self._work = work
        super().__init__(State(), name, turn)

    def work(self, progress: Progress) -> Mapping[str, Any]:
        """Do the work, and return its result as a change of the state."""
        return {"result": self._work(progress)}
