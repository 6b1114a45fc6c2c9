"""An analysis that was stopped keeps what is known, and goes on from there."""

import time

import pytest
from clips import face_frames, write_clip
from untrained import NAMES, save_all
from waiting import PATIENCE, until

from emoviz.core.kept import Kept
from emoviz.features.store import FeatureStore
from emoviz.media import clip as media_module
from emoviz.prediction import source as source_module
from emoviz.prediction.clip import load_checkpoints
from emoviz.ui.clip_analysis import Analyses


@pytest.fixture
def models(tmp_path):
    return load_checkpoints(NAMES[:1], [save_all(tmp_path / "models")])


@pytest.fixture
def clip(tmp_path, monkeypatch):
    for name, value in {"SHORT": 1.0, "EVERY": 0.1}.items():
        monkeypatch.setattr(source_module, name, value)
    monkeypatch.setattr(media_module, "_MOMENT", 0.05)
    return write_clip(tmp_path / "clip.mp4", face_frames(100, [lambda i: (100 + i, 60)]))


def test_what_is_known_when_it_is_stopped_stays_and_is_gone_on_from(models, clip, tmp_path):
    analysis = Analyses(tmp_path / "play").of(clip, models, FeatureStore(tmp_path / "store"))
    until(lambda: analysis.state.prediction is not None)
    analysis.stop()
    stopped = time.monotonic()
    analysis.wait(PATIENCE)
    assert time.monotonic() - stopped < 5  # a second on a machine that does nothing else
    known = analysis.state.prediction.table["face.happy"].notna().sum()
    assert analysis.state.stopped and 0 < known < 180
    analysis.go_on()
    assert analysis.state.running
    while analysis.state.running:
        assert analysis.state.prediction.table["face.happy"].notna().sum() >= known  # curves never shrink
        time.sleep(0.02)
    state = analysis.state
    assert state.error is None and not state.stopped and not state.prediction.is_partial
    assert state.prediction.table["face.happy"].notna().sum() > known


def test_who_comes_back_to_a_clip_finds_what_was_known(models, clip, tmp_path):
    analyses, store = Analyses(tmp_path / "play"), FeatureStore(tmp_path / "store")
    first = analyses.of(clip, models, store)
    until(lambda: first.state.prediction is not None)
    other = write_clip(tmp_path / "other.mp4", face_frames(5, [lambda i: (100, 60)]))
    analyses.of(other, models, store)
    again = analyses.of(clip, models, store)
    assert again.state.prediction is not None and again.state.running
    again.wait(PATIENCE)
    until(lambda: not again.state.running)
    assert not again.state.prediction.is_partial


def test_the_next_visit_after_a_restart_opens_at_once(models, clip, tmp_path, monkeypatch):
    kept, store = tmp_path / "kept", FeatureStore(tmp_path / "store")
    first = Analyses(tmp_path / "play", Kept(kept)).of(clip, models, store)
    first.wait(PATIENCE)
    known = first.state.prediction

    def fail(*given, **named):
        raise AssertionError("It was followed again.")

    monkeypatch.setattr(media_module, "Following", fail)
    again = Analyses(tmp_path / "other", Kept(kept)).of(clip, models, store)
    again.wait(PATIENCE)
    assert again.state.error is None and not again.state.prediction.is_partial
    assert again.state.prediction.table.equals(known.table)
    assert [track.length for track in again.media.known_faces.tracks] == [100]
