"""A preview has a turn like any analysis, and tells the browser what there is, or why there is nothing."""

import threading
import time
from pathlib import Path

import pytest
from waiting import PATIENCE, until

from emoviz.core.errors import MediaError
from emoviz.core.vocabulary import Source
from emoviz.prediction import live
from emoviz.prediction.live import Moment
from emoviz.ui import preview
from emoviz.ui.background import Job
from emoviz.ui.preview import Preview
from emoviz.ui.turns import Turns, Visitor


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that are watched, of which a face is told at once."""
    files: list[Path] = []

    def watch(self, path, whole, progress) -> None:
        files.append(path)
        self._tell([Moment(Source.FACE, 0.123, {"happy": 0.5})])
        while not whole():
            progress(live.WATCHING, 0, 0)
            time.sleep(0.005)

    monkeypatch.setattr(live.Live, "watch", watch)
    return files


def test_what_is_seen_is_told_once_from_a_number_on(watched, tmp_path):
    own = Preview(tmp_path / "recording", [], Visitor(Turns(1)))
    until(lambda: own.since(0)["next"] == 1 and own.state.stage == live.WATCHING)
    assert own.since(0) == {"moments": [["face", 0.12, {"happy": 0.5}]], "next": 1, "said": ""}
    assert own.since(1) == {"moments": [], "next": 1, "said": ""}
    own.stop()
    own.wait(PATIENCE)
    assert not own.state.running and watched == [tmp_path / "recording"]


def test_a_preview_waits_for_its_turn_and_gives_it_up_after_a_while(watched, tmp_path, monkeypatch):
    turns, go = Turns(1), threading.Event()
    other = Job(lambda progress: go.wait(PATIENCE), "analysis", Visitor(turns).turn("analysis"))
    until(lambda: other.began and turns._running)
    monkeypatch.setattr(preview, "LONGEST", 0.05)
    own = Preview(tmp_path / "recording", [], Visitor(turns))
    until(lambda: "in line" in own.since(0)["said"])
    assert own.since(0)["said"].startswith("Preview: First in line") and not watched
    go.set()
    own.wait(PATIENCE)
    assert watched and own.since(0)["said"] == preview.OVER


def test_why_there_is_no_preview_is_told(monkeypatch, tmp_path):
    def fail(*given) -> None:
        raise MediaError("The network is damaged.")

    monkeypatch.setattr(live.Live, "watch", fail)
    own = Preview(tmp_path / "recording", [], Visitor(Turns(1)))
    own.wait(PATIENCE)
    assert own.since(0) == {"moments": [], "next": 0, "said": "The network is damaged."}
