"""Turns of visitors at the processors: so much work at once, and whoever had least lately is next."""

import heapq
import itertools
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from statistics import mean

from ..core.progress import Progress, stoppable
from ..core.words import duration
from . import loaders
from .cache import cached

WAIT = 0.2
"""Seconds between two looks at whether a turn has come, and whether it is still wanted."""
LATELY = 20
"""Pieces of work of one kind whose times tell how long the next will take."""
PLACES = ("First", "Second", "Third", "Fourth", "Fifth", "Sixth", "Seventh", "Eighth", "Ninth", "Tenth")

Turn = Callable[[Progress], AbstractContextManager[Progress]]
"""Context within which work is done once its turn has come; it takes the work's listener, and gives the one to use."""


class Visitor:
    """One visitor, who takes turns until the visit ends; work that waits or runs ends with it.

    Args:
        turns: the turns of all visitors, by default those of this server.
    """

    def __init__(self, turns: "Turns | None" = None) -> None:
        self._turns = turns or of_server()
        self.left = threading.Event()
        self.served = 0

    def turn(self, kind: str, *, beside: bool = False) -> Turn:
        """Return a turn of this visitor.

        Args:
            kind: kind of the work, by which times are compared.
            beside: whether it begins at once while other work of this visitor has its turn.
        """
        return partial(self._turns.take, self, kind, beside)

    def leave(self) -> None:
        """End all work of this visitor, wherever it was begun."""
        self.left.set()


@dataclass(eq=False)
class _Ticket:
    """Work that waits for its turn, or has it."""

    visitor: Visitor
    kind: str
    number: int
    called: threading.Event = field(default_factory=threading.Event)
    began: float = 0.0


class Turns:
    """The turns of all visitors.

    Args:
        most: pieces of work that are done at once.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._waiting: list[_Ticket] = []
        self._running: list[_Ticket] = []
        self._lately: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=LATELY))

    @contextmanager
    def take(self, visitor: Visitor, kind: str, beside: bool, progress: Progress) -> Iterator[Progress]:
        """Wait for a turn, have it, and let the next one in; give the listener, which also stops who has left.

        Args:
            visitor: visitor whose turn it is.
            kind: kind of the work.
            beside: whether it begins at once while other work of the visitor has its turn.
            progress: listener, told the place in line.

        Raises:
            Cancelled: if the work is stopped, or the visitor leaves, while it waits.
        """
        progress = stoppable(progress, visitor.left.is_set)
        if beside and self._serves(visitor):
            yield progress
            return
        ticket = _Ticket(visitor, kind, next(self._numbers))
        with self._lock:
            self._waiting.append(ticket)
            self._call()
        try:
            while not ticket.called.wait(WAIT):
                progress(self._told(ticket), 0, 0)
            yield progress
            self._lately[kind].append(time.monotonic() - ticket.began)
        finally:
            with self._lock:
                (self._running if ticket in self._running else self._waiting).remove(ticket)
                self._call()

    def _serves(self, visitor: Visitor) -> bool:
        with self._lock:
            return any(ticket.visitor is visitor for ticket in self._running)

    def _call(self) -> None:
        """Let those in whose turn it is."""
        for ticket in self._line()[: self._most - len(self._running)]:
            self._waiting.remove(ticket)
            self._running.append(ticket)
            ticket.visitor.served, ticket.began = next(self._numbers), time.monotonic()
            ticket.called.set()

    def _line(self) -> list[_Ticket]:
        """Those who wait, in the order of their turns: who has least work before that, then who waited longest."""
        before, line, rest = Counter(one.visitor for one in self._running), [], list(self._waiting)
        while rest:
            after = min(rest, key=lambda one: (before[one.visitor], one.visitor.served, one.number))
            rest.remove(after)
            line.append(after)
            before[after.visitor] += 1
        return line

    def _told(self, ticket: _Ticket) -> str:
        """Say where in the line somebody is, and for about how long, if that is known."""
        with self._lock:
            line = self._line()
            place = line.index(ticket) if ticket in line else 0
            seconds = self._seconds(line[:place])
        ordinal = PLACES[place] if place < len(PLACES) else f"{place + 1}th"
        return f"{ordinal} in line{'' if seconds is None else f', about {duration(seconds)}'}."

    def _seconds(self, ahead: Sequence[_Ticket]) -> float | None:
        """Seconds until those ahead have had their turns; None where work is longer than lately, or of a new kind."""
        usual = {one.kind: mean(self._lately[one.kind]) for one in (*self._running, *ahead) if self._lately[one.kind]}
        if any(one.kind not in usual for one in (*self._running, *ahead)):
            return None
        ends = [usual[one.kind] - (time.monotonic() - one.began) for one in self._running]
        if not ends or min(ends) < 0:
            return None
        heapq.heapify(ends)
        for one in ahead:
            heapq.heapreplace(ends, ends[0] + usual[one.kind])
        return ends[0]


@cached(1)
def of_server() -> Turns:
    """Return the turns of this server's visitors."""
    return Turns(loaders.settings().analyses)
