"""Another face, track or channel that somebody chooses is the one that is analysed, shown and played."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from clips import face_frames, speech, write_clip
from example import write_tracks
from reading import specs
from untrained import save_all

from emoviz.checkpoints.folder import load
from emoviz.core.progress import silent
from emoviz.media import Choice, ClipMedia, read_waveform
from emoviz.prediction.clip import predict_clip
from emoviz.ui import clip_analysis
from emoviz.ui.clip_analysis import Analyses


@pytest.fixture
def real(settings, predictor, monkeypatch):
    """Pages with untrained models that really read the clip."""
    predictor.go_on.set()
    shutil.rmtree(settings.checkpoints[0])
    settings.checkpoints[0].mkdir()
    save_all(settings.checkpoints[0])
    monkeypatch.setattr("emoviz.ui.loaders.load", load)
    monkeypatch.setattr(clip_analysis, "predict_clip", predict_clip)


def test_a_click_on_another_face_shows_its_curve(real, open_page, finish, sessions, examples, tmp_path):
    frames = face_frames(20, [lambda i: (10, 60), lambda i: (300, 60)])
    examples.clear()
    examples["Example: two"] = write_clip(tmp_path / "two.mp4", frames)
    test = finish(open_page("predict", models="face-expression"))
    first = specs(test)["timeline"]
    other = "1" if test.selectbox(key="face").value == "0" else "0"
    test.selectbox(key="face").set_value(other).run()
    test = finish(finish(test))
    assert not test.exception
    assert test.selectbox(key="face").value == other
    assert specs(test)["timeline"] != first
    assert [face for _, _, face in sessions[0].analyses._clips] == [None, int(other)]


@pytest.fixture
def two_channels(tmp_path: Path) -> Path:
    both = np.concatenate([speech(1), 0.5 * speech(2)[16000:]], axis=1)
    return write_clip(tmp_path / "two.wav", (), both, audio_codec="pcm_s16le")


def test_the_chosen_channel_is_analysed_and_played(two_channels, tmp_path, settings):
    analyses = Analyses(tmp_path / "copies")
    (tmp_path / "copies").mkdir()
    plain, right = (
        analyses._clip(two_channels, None, choice, silent) for choice in (Choice(), Choice(channel="right"))
    )
    assert plain.media.key != right.media.key
    assert plain.playable(lambda *_: None) == two_channels
    played = read_waveform(right.playable(lambda *_: None)).samples
    heard = right.media.waveform().samples
    count = min(len(played), len(heard))
    assert np.corrcoef(played[:count], heard[:count])[0, 1] > 0.9
    left = ClipMedia(two_channels, choice=Choice(channel="left")).waveform().samples
    assert np.abs(heard - left[: len(heard)]).max() > 0.01


def test_a_choice_that_a_clip_does_not_have_gives_way_to_the_default(two_channels, tmp_path):
    analyses = Analyses(tmp_path)
    assert analyses.media(two_channels, None, Choice(audio=7)).asked == Choice()
    assert analyses.media(two_channels, None, Choice(channel="9")).asked == Choice()


def test_a_channel_is_offered_where_there_are_several_and_stands_in_the_link(
    real, open_page, finish, sessions, examples, two_channels
):
    examples.clear()
    examples["Example: two"] = two_channels
    test = finish(open_page("predict", models="speech-emotion", channel="right"))
    assert not test.exception
    assert test.selectbox(key="channel").value == "right"
    assert not any(box.key in ("audio_track", "video_track") for box in test.selectbox)
    assert [choice for _, choice, _ in sessions[0].analyses._clips] == [Choice(channel="right")]
    test.selectbox(key="channel").set_value("left").run()
    finish(finish(test))
    assert [choice for _, choice, _ in sessions[0].analyses._clips][-1] == Choice(channel="left")


def test_a_link_opens_a_chosen_track_at_its_time_and_nothing_else_before(
    open_page, finish, sessions, examples, tmp_path
):
    examples.clear()
    sounds = [speech(1)[:, 0], 0.5 * speech(1)[:, 0]]
    examples["Example: two"] = write_tracks(tmp_path / "two.mkv", [np.zeros((64, 64, 3), np.uint8)], sounds, default=0)
    test = finish(open_page("predict", audio_track="2", time="0.75"))
    assert not test.exception
    assert [choice for _, choice, _ in sessions[0].analyses._clips] == [Choice(audio=2)]
    assert test.selectbox(key="audio_track").value == "2" and test.query_params["audio_track"] == "2"
    assert test.query_params["time"] == "0.75"  # which the browser reads
    test.selectbox(key="audio_track").set_value("").run()
    finish(finish(test))
    assert "audio_track" not in test.query_params
    assert [choice for _, choice, _ in sessions[0].analyses._clips][-1] == Choice()
