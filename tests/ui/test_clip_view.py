"""A page draws an analysis when more of it is known, and between two drawings only its progress."""

from contextlib import nullcontext
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from emoviz.ui import clip_view
from emoviz.ui.clip_analysis import State


class RerunError(Exception):
    """The page runs again as a whole."""


@dataclass
class Page:
    """A page that follows an analysis; its parts run when a test says so, as the browser asks for them."""

    state: State = field(default_factory=State)
    pending: frozenset = frozenset()
    drawn: list = field(default_factory=list)
    looked: list = field(default_factory=list)
    parts: list = field(default_factory=list)
    now: float = 0.0

    def run(self) -> None:
        """Run the whole page."""
        self.parts.clear()
        clip_view.follow(self, self.draw, self.look)

    def draw(self, state):
        self.drawn.append(state)
        self.now += 1  # second
        return self.pending

    def look(self, state):
        self.looked.append(state)
        return self.pending

    def poll(self) -> bool:
        """Look once more, and return whether the page runs again for it."""
        try:
            self.parts[1]()
        except RerunError:
            return True
        return False


@pytest.fixture
def page(monkeypatch):
    made = Page()

    def part(draw, run_every=None):
        made.parts.append(draw)
        made.every = run_every
        return draw

    def rerun():
        raise RerunError

    monkeypatch.setattr(clip_view, "fragment", part)
    monkeypatch.setattr(clip_view.st, "rerun", rerun)
    monkeypatch.setattr(clip_view.st, "container", nullcontext)
    monkeypatch.setattr(clip_view, "time", SimpleNamespace(monotonic=lambda: made.now))
    return made


def test_without_news_only_the_progress_is_drawn(page):
    page.run()
    assert page.every == clip_view.POLL
    page.now += 60
    page.state = State(done=3, total=7, stage="Reading frames")
    assert not page.poll() and len(page.drawn) == 1 and page.looked[-1].done == 3


def test_news_are_drawn_once_the_last_drawing_has_rested(page):
    page.run()
    page.state = State(prediction=object())
    page.now += clip_view.REST - 0.1
    assert not page.poll()
    page.now += 0.2
    assert page.poll()


def test_the_end_is_drawn_at_once_and_nothing_is_looked_at_after_it(page):
    page.run()
    page.state = State(running=False, prediction=object())
    assert page.poll()
    page.run()
    assert page.every is None and not page.poll()


def test_other_work_is_followed_to_its_end(page):
    page.state, page.pending = State(running=False), frozenset({"heat", "check"})
    page.run()
    assert page.every == clip_view.POLL
    page.now += 60
    assert not page.poll()
    page.pending = frozenset({"check"})
    assert page.poll()
    page.pending = frozenset()
    assert page.poll()
    page.run()
    assert page.every is None


def test_looking_begins_when_a_part_of_the_page_asks_for_more(page):
    page.state = State(running=False)
    page.run()
    page.pending = frozenset({"heat"})
    with pytest.raises(RerunError):
        page.parts[0]()


def test_an_error_is_told_and_nothing_is_drawn(page, monkeypatch):
    told = []
    monkeypatch.setattr(clip_view.messages, "wrong", lambda *said: told.append(said))
    page.state = State(running=False, error="It broke.", details="Why.")
    page.run()
    assert told == [("It broke.", "Why.")] and not page.drawn and page.every is None
