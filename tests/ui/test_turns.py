"""Turns at the processors: so many at once, fair among visitors, told in the page, and ended with whoever waits."""

import threading

import pytest
from waiting import PATIENCE, until

from emoviz.core.errors import Cancelled
from emoviz.core.progress import silent
from emoviz.ui.background import Job
from emoviz.ui.turns import Turns, Visitor


class Busy:
    """Work of visitors that goes on until it is let go."""

    def __init__(self, most: int) -> None:
        self.turns, self.began, self.go = Turns(most), [], threading.Event()

    def begin(self, visitor: Visitor, name: str, *, beside: bool = False) -> Job[None]:
        """Begin work, and wait until it has its turn or stands in line."""

        def work(progress):
            self.began.append(name)
            while not self.go.wait(0.01):
                progress("Working", 0, 0)

        job = Job(work, name, visitor.turn("analysis", beside=beside))
        until(lambda: name in self.began or "in line" in job.state.stage or not job.state.running)
        return job


@pytest.fixture
def busy(monkeypatch):
    monkeypatch.setattr("emoviz.ui.turns.WAIT", 0.02)
    made = Busy(1)
    yield made
    made.go.set()


def test_a_visitor_with_many_clips_keeps_no_other_waiting(busy):
    many, one = Visitor(busy.turns), Visitor(busy.turns)
    jobs = [busy.begin(many, f"many {n}") for n in range(3)] + [busy.begin(one, "one")]
    assert busy.began == ["many 0"]
    until(lambda: [job.state.stage for job in jobs[1:]] == ["Second in line.", "Third in line.", "First in line."])
    busy.go.set()
    for job in jobs:
        job.wait(PATIENCE)
    assert busy.began == ["many 0", "one", "many 1", "many 2"]


def test_so_many_run_at_once(busy):
    busy.turns = Turns(2)
    visitors = [Visitor(busy.turns) for _ in range(3)]
    for number, visitor in enumerate(visitors):
        busy.begin(visitor, str(number))
    assert busy.began == ["0", "1"]


def test_the_place_is_told_with_the_time_that_it_took_lately(busy):
    visitors = [Visitor(busy.turns) for _ in range(4)]
    jobs = [busy.begin(visitor, str(number)) for number, visitor in enumerate(visitors)]
    until(lambda: jobs[3].state.stage == "Third in line.")  # nothing was measured yet
    busy.turns._lately["analysis"].extend([10.0, 20.0, 30.0])
    until(lambda: jobs[3].state.stage == "Third in line, about 60 s.")
    busy.turns._running[0].began -= 25  # what runs takes longer than others did: nobody knows how long
    until(lambda: jobs[3].state.stage == "Third in line.")


def test_who_stops_or_leaves_is_out_of_the_line(busy):
    stays, goes, last = (Visitor(busy.turns) for _ in range(3))
    first, second, third = busy.begin(stays, "stays"), busy.begin(goes, "goes"), busy.begin(last, "last")
    second.stop()
    second.wait(PATIENCE)
    assert second.state.stopped
    until(lambda: third.state.stage == "First in line.")
    stays.leave()  # which ends what runs, too
    until(lambda: busy.began == ["stays", "last"])
    assert first.state.stopped
    last.leave()
    with pytest.raises(Cancelled), last.turn("analysis")(silent) as progress:
        progress("Working", 0, 0)
    third.wait(PATIENCE)
    assert not busy.turns._running and not busy.turns._waiting


def test_an_explanation_goes_beside_an_analysis_of_the_same_visitor(busy):
    visitor, other = Visitor(busy.turns), Visitor(busy.turns)
    busy.begin(visitor, "analysis")
    busy.begin(visitor, "explanation", beside=True)
    waits = busy.begin(other, "another explanation", beside=True)
    assert busy.began == ["analysis", "explanation"] and waits.state.stage == "First in line."
