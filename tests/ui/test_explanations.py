"""Explanations are made one after the other, and what nobody asks for any more is stopped."""

import threading

from emoviz.ui.explanations import Line
from emoviz.ui.turns import Turns, Visitor


def done(line: Line, wanted: dict) -> dict:
    """Ask until all is there."""
    while line.ask(wanted).keys() != wanted.keys() or line.busy:
        for job in line._jobs.values():
            job.wait(10)
    return {key: state.result for key, state in line.ask(wanted).items()}


def waiting(go_on: threading.Event):
    """Work that can be stopped at any time."""

    def work(progress):
        while not go_on.wait(0.01):
            progress("Waiting", 1, 2)
        return "waited"

    return work


def test_they_are_made_in_their_order_and_once():
    line, made = Line(Visitor(Turns(1))), []
    wanted = {name: (lambda progress, name=name: made.append(name) or name.upper()) for name in "cab"}
    assert done(line, wanted) == {"c": "C", "a": "A", "b": "B"}
    assert done(line, wanted) and made == ["c", "a", "b"]


def test_one_at_a_time_and_what_is_not_wanted_any_more_ends():
    line, go_on = Line(Visitor(Turns(1))), threading.Event()
    wanted = {"first": waiting(go_on), "second": waiting(go_on)}
    assert list(line.ask(wanted)) == ["first"] and line.busy
    first = line._jobs["first"]
    assert list(line.ask({"second": waiting(go_on)})) == ["second"]
    first.wait(10)
    assert first.state.stopped
    go_on.set()


def test_after_a_stop_nothing_begins_until_it_goes_on():
    line, go_on = Line(Visitor(Turns(1))), threading.Event()
    wanted = {"first": waiting(go_on), "second": waiting(go_on)}
    line.ask(wanted)
    line.stop()
    line._jobs["first"].wait(10)
    assert line.ask(wanted)["first"].stopped and not line.busy and line.halted
    go_on.set()
    line.go_on()
    assert done(line, wanted) == {"first": "waited", "second": "waited"} and not line.halted


def test_what_came_since_it_was_asked_for_is_still_waited_for():
    """Whoever drew the page by an earlier state has to draw it again."""
    line, go_on = Line(Visitor(Turns(1))), threading.Event()
    wanted = {"first": waiting(go_on), "second": waiting(go_on)}
    known = line.ask(wanted)
    go_on.set()
    line._jobs["first"].wait(10)
    assert not line.busy and line.pending(known) == wanted.keys() == line.pending({})
    assert done(line, wanted) and not line.pending(line.look())


def test_what_was_halted_is_not_waited_for():
    line, go_on = Line(Visitor(Turns(1))), threading.Event()
    wanted = {"first": waiting(go_on), "second": waiting(go_on)}
    line.ask(wanted)
    line.stop()
    line._jobs["first"].wait(10)
    assert not line.pending(line.look())
