"""What is known of a recording is there at once on another visit, and only then and only if it is right."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from clips import face_frames, plain_frames, speech, write_clip
from safetensors.torch import load_file, save_file
from untrained import NAMES, save_all

from emoviz.checkpoints.folder import WEIGHTS
from emoviz.core.errors import Cancelled
from emoviz.core.kept import Kept
from emoviz.core.progress import silent
from emoviz.features import expression
from emoviz.media import Choice, ClipMedia
from emoviz.media import clip as media_clip
from emoviz.media import faces as media_faces
from emoviz.media.tracker import Tracker
from emoviz.prediction import source as source_module
from emoviz.prediction.assembly import ClipPrediction
from emoviz.prediction.clip import load_checkpoints, predict_clip

AWAY = range(20, 30)


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    frames = face_frames(50, [lambda i: None if i in AWAY else (150 + i, 60), lambda i: (20, 60) if i >= 30 else None])
    return write_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", frames, speech(2.0))


@pytest.fixture(scope="module")
def undisturbed(clip, models):
    """What the model of faces says in one go, of which nothing is kept."""
    return predict_clip(ClipMedia(clip), models[:1])


@pytest.fixture
def nothing_is_done(monkeypatch):
    """Nothing may be followed, extracted or predicted any more."""

    def fail(*given, **named):
        raise AssertionError("It was done again.")

    def forbid() -> None:
        monkeypatch.setattr(media_clip, "Following", fail)
        monkeypatch.setattr(media_clip, "read_waveform", fail)
        monkeypatch.setattr(source_module, "_predict", fail)

    return forbid


def same(one: ClipPrediction, other: ClipPrediction) -> bool:
    pd.testing.assert_frame_equal(one.table, other.table)
    pd.testing.assert_frame_equal(one.outputs, other.outputs)
    assert one.channel_weights.keys() == other.channel_weights.keys()
    for name, weights in one.channel_weights.items():
        pd.testing.assert_frame_equal(weights, other.channel_weights[name])
    assert (one.notes, one.absences) == (other.notes, other.absences)
    for before, after in zip(one.faces.tracks, other.faces.tracks, strict=True):
        for field in dataclasses.fields(before):
            np.testing.assert_array_equal(getattr(before, field.name), getattr(after, field.name))
    np.testing.assert_array_equal(one.faces.times, other.faces.times)
    return (one.faces.size, one.faces.notes) == (other.faces.size, other.faces.notes)


def test_another_visit_finds_all_that_was_known(clip, models, tmp_path, nothing_is_done):
    first = predict_clip(ClipMedia(clip, kept=Kept(tmp_path)), models)
    assert any("No face" in note for note in first.notes) and first.absences and len(first.faces.tracks) == 2
    moved = tmp_path / "moved.mp4"
    moved.write_bytes(clip.read_bytes())
    nothing_is_done()
    assert same(first, predict_clip(ClipMedia(moved, kept=Kept(tmp_path)), models, on_partial=lambda _: None))


def test_another_model_face_channel_or_content_is_not_taken_for_what_is_known(clip, models, tmp_path):
    kept = Kept(tmp_path / "kept")
    known = predict_clip(ClipMedia(clip, kept=kept), models)
    chosen = ClipMedia(clip, 1 - known.faces.speaker, kept=kept)
    assert not predict_clip(chosen, models).table["face.happy"].equals(known.table["face.happy"])
    quiet = write_clip(tmp_path / "other.mp4", plain_frames(20), speech(0.8))
    assert predict_clip(ClipMedia(quiet, kept=kept), models).faces.tracks == ()
    weights = save_all(tmp_path / "models") / NAMES[0] / WEIGHTS
    save_file({name: 1.5 * tensor for name, tensor in load_file(weights).items()}, weights)
    other = load_checkpoints(NAMES[:1], [tmp_path / "models"])
    anew = predict_clip(ClipMedia(clip, kept=kept), other)
    assert not anew.table["face.happy"].equals(known.table["face.happy"])
    left = ClipMedia(clip, choice=Choice(channel="1"), kept=kept)
    assert left.key != ClipMedia(clip).key and predict_clip(left, models).notes == known.notes


def test_a_damaged_entry_is_made_anew(clip, models, tmp_path):
    first = predict_clip(ClipMedia(clip, kept=Kept(tmp_path)), models)
    files = sorted(tmp_path.iterdir())
    assert len(files) == 6  # the faces, three models and two sources
    for number, file in enumerate(files):
        content = file.read_bytes()
        file.write_bytes(content[: len(content) // 2] if number % 2 else b"")
    assert same(first, predict_clip(ClipMedia(clip, kept=Kept(tmp_path)), models))
    assert sorted(tmp_path.iterdir()) == files and all(file.stat().st_size > 100 for file in files)


def test_nothing_is_kept_of_a_short_clip_that_was_stopped_or_of_a_beginning(clip, models, tmp_path):
    def stop(stage: str, done: float, total: float) -> None:
        if stage == "Following faces" and done > 1:
            raise Cancelled("Stopped.")

    media = ClipMedia(clip, kept=Kept(tmp_path))
    with pytest.raises(Cancelled):
        predict_clip(media, models[:1], progress=stop)
    media.beginning(1.0).speech(silent)
    assert media.beginning(1.0).kept is None and list(tmp_path.iterdir()) == []


class Killed(BaseException):
    """The end of a process in the middle of its work."""


def test_what_was_known_when_the_process_ended_is_gone_on_from(clip, models, undisturbed, tmp_path, monkeypatch):
    monkeypatch.setattr(media_faces, "STEP", 8)
    monkeypatch.setattr(expression, "STEP", 8)
    monkeypatch.setattr(expression, "BATCH", 4)
    monkeypatch.setattr(media_clip, "_MOMENT", 0.01)
    followed: list[float] = []
    follow = Tracker.follow
    monkeypatch.setattr(Tracker, "follow", lambda own, *given: followed.append(given[1]) or follow(own, *given))

    def until(end: float) -> list[float]:
        """The times of the pictures that are followed by a process that ends at a second of the clip."""

        def end_it(stage: str, done: float, total: float) -> None:
            if stage == "Following faces" and done >= end:
                raise Killed

        followed.clear()
        with pytest.raises(Killed):
            predict_clip(ClipMedia(clip, kept=Kept(tmp_path)), models[:1], progress=end_it)
        return list(followed)

    assert until(1.4)[0] == 0 and followed[-1] == pytest.approx(1.4)
    newest = max(tmp_path.glob("following-*"), key=lambda file: file.stat().st_mtime_ns)
    newest.write_bytes(newest.read_bytes()[:-100])  # the fourth block, of pictures 24 to 31
    assert until(1.8)[0] == pytest.approx(24 / 25) and list(tmp_path.glob("reading-*"))
    followed.clear()
    final = predict_clip(ClipMedia(clip, kept=Kept(tmp_path)), models[:1])
    assert followed[0] == pytest.approx(40 / 25) and len(followed) == 10
    assert same(dataclasses.replace(final, table=undisturbed.table), undisturbed)
    np.testing.assert_allclose(final.table, undisturbed.table, atol=1e-3)
    assert not list(tmp_path.glob("following-*"))


def test_without_a_place_nothing_is_kept(clip, models, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    predict_clip(ClipMedia(clip), models[:1])
    assert list(tmp_path.iterdir()) == []


def test_the_expression_is_read_while_faces_are_followed(clip, models, undisturbed, monkeypatch):
    monkeypatch.setattr(media_clip, "_MOMENT", 0.01)
    seen: list[int] = []
    read = expression._Reading.read

    def listen(reading, network, track, progress):
        seen.append(track.length)
        return read(reading, network, track, progress)

    monkeypatch.setattr(expression._Reading, "read", listen)
    grown = predict_clip(ClipMedia(clip), models[:1])
    assert seen[0] < 50 and seen[-1] == 50 and seen == sorted(seen)
    np.testing.assert_allclose(grown.table, undisturbed.table, atol=1e-5)
