"""Uploads of a page that is loaded anew: their own tab gets them back, nobody else does, and nothing stays."""

import time
from pathlib import Path

import pytest

from emoviz.ui import visits
from emoviz.ui.session import Session


@pytest.fixture
def left(tmp_path: Path) -> Session:
    """A visit with an upload, whose page was closed."""
    made = Session(tmp_path / "visit", limit_mb=1, owner="work a@lab.example")
    made.folder.mkdir()
    made.add_upload("mine.wav", b"content")
    made.leave()
    yield made
    visits.take(Session, made.key, made.owner)
    made.close()


def test_its_own_tab_gets_it_back_once(left: Session):
    assert left.uploads["Upload: mine.wav"].read_bytes() == b"content"
    assert visits.take(Session, left.key, left.owner) is left
    assert visits.take(Session, left.key, left.owner) is None


def test_nobody_else_gets_it(left: Session):
    assert visits.take(Session, "guessed", left.owner) is None
    assert visits.take(Session, "", left.owner) is None
    assert visits.take(Session, left.key, "work b@lab.example") is None  # who logs in next in the same tab
    assert len(left.key) >= 32 and left.key != Session(left.folder, limit_mb=1).key


def test_what_is_not_asked_for_in_time_is_deleted(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(visits, "WAIT", 0.05)
    made = Session(tmp_path / "visit", limit_mb=1)
    made.folder.mkdir()
    made.add_upload("mine.wav", b"content")
    made.leave()
    for _ in range(200):
        if not made.folder.exists():
            break
        time.sleep(0.05)
    assert not made.folder.exists() and visits.take(Session, made.key, "") is None


def test_a_visit_without_uploads_ends_at_once(tmp_path: Path):
    made = Session(tmp_path / "visit", limit_mb=1)
    made.folder.mkdir()
    made.leave()
    assert not made.folder.exists() and visits.take(Session, made.key, "") is None
