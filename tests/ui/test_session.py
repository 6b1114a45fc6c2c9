"""Uploads: kept in one folder, within the limit, gone with the session."""

import errno
import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from clips import face_frames, write_clip
from untrained import NAMES, save_all

from emoviz.checkpoints.folder import Checkpoint
from emoviz.core.errors import MediaError
from emoviz.core.files import extent
from emoviz.core.kept import Entry
from emoviz.core.settings import Settings
from emoviz.features.clip_store import RECORDINGS
from emoviz.prediction.clip import load_checkpoints
from emoviz.ui import cache, loaders, session_folders
from emoviz.ui.session import Session, kept_recordings

PATIENCE = 60


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    visitor = Session(tmp_path / "session", limit_mb=1)
    visitor.folder.mkdir()
    yield visitor
    visitor.close()


@pytest.fixture(scope="module")
def analysed(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Checkpoint], Path]:
    """A small model of faces, and a short clip with a face."""
    folder = tmp_path_factory.mktemp("analysed")
    models = load_checkpoints(NAMES[:1], [save_all(folder / "models")])
    return models, write_clip(folder / "clip.mp4", face_frames(5, [lambda i: (100 + i, 60)]))


def test_an_upload_is_kept_under_its_name(session: Session):
    label = session.add_upload("mine.mp4", b"content")
    assert label == "Upload: mine.mp4"
    assert session.uploads[label].read_bytes() == b"content"
    assert session.uploads[label].suffix == ".mp4"


def test_a_name_cannot_lead_out_of_the_folder(session: Session):
    label = session.add_upload("../../etc/passwd.wav", b"content")
    assert session.folder in session.uploads[label].resolve().parents


def test_a_name_that_no_disk_takes_is_shortened_and_keeps_its_ending(session: Session):
    label = session.add_upload("한" * 200 + ".mp4", b"content")
    assert session.uploads[label].read_bytes() == b"content" and label.endswith(".mp4")
    assert session.write("tables", "표" * 200 + ".csv", b"file").read_bytes() == b"file"
    session.keep_references("people", [("a\0.wav", b"1")])
    assert session.references["people"].name == "a_.wav"


def test_a_full_disk_is_one_sentence(session: Session, monkeypatch: pytest.MonkeyPatch):
    def full(path: Path, content: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(MediaError, match="The upload 'mine.wav' cannot be written: .*; it needs space on its disk"):
        session.add_upload("mine.wav", b"content")
    assert not session.uploads
    with pytest.raises(MediaError, match="The uploaded recordings cannot be written"):
        session.keep_references("people", [("a.wav", b"1"), ("b.wav", b"2")])


def test_references_of_a_kind_take_the_place_of_those_before(session: Session):
    session.keep_references("people", [("a.wav", b"1"), ("a.wav", b"2")])
    folder = session.references["people"]
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == {"a.wav": b"1", "2 a.wav": b"2"}
    session.keep_references("people", [("../b.wav", b"3")])
    assert not folder.exists() and session.references["people"].read_bytes() == b"3"
    with pytest.raises(MediaError, match="The files have 2 MB; up to 1 MB are accepted"):
        session.keep_references("people", [("c.wav", bytes(2_000_000))])
    assert not session.references and not list(session.folder.iterdir())


def test_too_large_is_refused_with_the_limit(session: Session):
    with pytest.raises(MediaError, match=r"has 2 MB; clips up to 1 MB are accepted"):
        session.add_upload("long.mp4", bytes(2_000_000))
    assert not session.uploads and not list(session.folder.iterdir())


def test_the_uploads_of_all_visitors_have_one_room(monkeypatch, tmp_path):
    monkeypatch.setattr(loaders, "settings", lambda: replace(Settings.read({}), uploads_mb=2, store=tmp_path / "store"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    cache.clear()
    one, other = (Session(session_folders.make(), limit_mb=2) for _ in range(2))
    one.add_upload("a.wav", bytes(1_500_000))
    refused = "The uploads of all visitors take 2 MB of 2, and no room is left for this one: delete yours on the page"
    with pytest.raises(MediaError, match=refused):
        other.add_upload("b.wav", bytes(600_000))
    with pytest.raises(MediaError, match=refused):
        other.keep_references("people", [("b.wav", bytes(300_000)), ("c.wav", bytes(300_000))])
    assert not list(other.folder.iterdir())
    one.close()
    other.add_upload("b.wav", bytes(600_000))
    other.close()
    cache.clear()


def test_the_oldest_goes_when_all_exceed_the_limit(session: Session):
    old = session.uploads[session.add_upload("old.wav", bytes(600_000))]
    session.add_upload("new.wav", bytes(600_000))
    assert list(session.uploads) == ["Upload: new.wav"]
    assert not old.exists()


def test_the_same_name_again_is_the_new_file(session: Session):
    session.add_upload("mine.wav", b"first")
    label = session.add_upload("mine.wav", b"second")
    assert session.uploads[label].read_bytes() == b"second"
    assert len(list(session.folder.iterdir())) == 1


def test_closing_deletes_the_folder(session: Session):
    session.add_upload("mine.wav", b"content")
    session.close()
    assert not session.folder.exists()


def test_recordings_are_kept_up_to_the_setting_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    settings = replace(Settings.read({}), store=tmp_path, kept_mb=2)
    monkeypatch.setattr(loaders, "settings", lambda: settings)
    kept, entry = kept_recordings(), Entry({"values": np.zeros(100)})
    assert kept is not None and kept.most == 2_000_000
    kept.write("faces", {}, entry)
    assert len(list((tmp_path / RECORDINGS).iterdir())) == 1
    assert Session(tmp_path / "session", limit_mb=1).store is loaders.store()
    monkeypatch.setattr(loaders, "settings", lambda: replace(settings, kept_mb=0, address="0.0.0.0"))
    assert kept_recordings() is None and (tmp_path / RECORDINGS).exists()  # opening the app to others loses nothing
    monkeypatch.setattr(loaders, "settings", lambda: replace(settings, kept_mb=0))
    assert Session(tmp_path / "session", limit_mb=1).store is not loaders.store()
    assert not (tmp_path / RECORDINGS).exists()  # what was kept before the setting changed is gone, too


def test_nothing_of_an_upload_stays_when_its_session_ends(tmp_path, monkeypatch, analysed):
    """Neither in the store nor among temporary files, of a server that keeps nothing beyond visits."""
    models, clip = analysed
    settings = replace(Settings.read({}), store=tmp_path / "store", kept_mb=0)
    monkeypatch.setattr(loaders, "settings", lambda: settings)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    cache.clear()
    before = extent(tmp_path)
    visitor = Session(session_folders.make(), limit_mb=100)
    upload = visitor.uploads[visitor.add_upload("mine.mp4", clip.read_bytes())]
    analysis = visitor.analyses.of(upload, models, visitor.store)
    analysis.wait(PATIENCE)
    assert analysis.state.prediction is not None and analysis.state.error is None
    assert extent(visitor.folder).files > 3, "faces, features and predictions are kept for the other pages"
    known = cache.kept(("of it", analysis.media.key), object)
    visitor.close()
    assert visitor.store._kept.write("late", {}, Entry({"values": np.zeros(100)})) is None
    assert extent(tmp_path, [session_folders.of_server()]) == before and not visitor.folder.exists()
    assert cache.kept(("of it", analysis.media.key), object) is not known
    cache.clear()  # the folder of this server


def test_nothing_stays_of_a_server_that_was_killed_once_another_one_starts(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    cache.clear()
    alive = session_folders.make() / "face.mp4"
    alive.write_bytes(bytes(100))
    before = extent(tmp_path)
    if (other := os.fork()) == 0:  # another server
        cache.clear()
        (session_folders.make() / "face.mp4").write_bytes(bytes(100))
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(other, 0)
    assert extent(tmp_path).files == before.files + 2, "its upload and its lock"
    session_folders.sweep()
    assert extent(tmp_path) == before and alive.exists() and len(list(tmp_path.iterdir())) == 1
    cache.clear()


def test_a_full_store_stops_no_analysis(tmp_path, monkeypatch, analysed):
    def full(*given, **named):
        raise OSError(errno.ENOSPC, "No space left on device")

    models, clip = analysed
    settings = replace(Settings.read({}), store=tmp_path / "store", kept_mb=10)
    monkeypatch.setattr(loaders, "settings", lambda: settings)
    monkeypatch.setattr("emoviz.core.kept.replacing", full)
    monkeypatch.setattr("emoviz.prediction.library.known.write_json", full)
    cache.clear()
    visitor = Session(tmp_path / "session", limit_mb=100)
    analysis = visitor.analyses.of(clip, models, visitor.store)
    analysis.wait(PATIENCE)
    assert analysis.state.error is None and not analysis.state.prediction.is_partial
    assert extent(settings.store).files == 0
    visitor.close()
    cache.clear()
