"""What browsers cannot play becomes an MP4 on the same clock; what they can stays as it is."""

import numpy as np
import pytest
from clips import plain_frames, sine, write_clip

from emoviz.core.errors import Cancelled, MediaError
from emoviz.media import iterate_frames, playable, probe, read_waveform


@pytest.mark.parametrize(
    ("name", "video", "audio"),
    [
        ("clip.mp4", "libx264", "aac"),
        ("clip.webm", "libvpx-vp9", "libopus"),
        ("clip.wav", None, "pcm_s16le"),
        ("clip.mp3", None, "libmp3lame"),
    ],
)
def test_what_plays_stays(tmp_path, name, video, audio):
    images = plain_frames(3) if video else ()
    clip = write_clip(tmp_path / name, images, sine(0.2, 48000), rate=48000, video_codec=video or "", audio_codec=audio)
    assert playable(clip, tmp_path / "playable") == clip
    assert not (tmp_path / "playable").exists()


@pytest.mark.parametrize(
    ("name", "video", "audio"),
    [
        ("clip.flv", "flv", "libmp3lame"),
        ("clip.avi", "mpeg4", "libmp3lame"),
        ("clip.mp4", "mpeg4", "aac"),
        ("clip.mkv", "libx264", "libopus"),
        ("silent.avi", "mpeg4", None),
        ("speech.mkv", None, "libopus"),
    ],
)
def test_what_does_not_play_is_transcoded_once(tmp_path, name, video, audio):
    images = plain_frames(25) if video else ()
    sound = sine(1, 48000, 2) if audio else None
    clip = write_clip(tmp_path / name, images, sound, rate=48000, video_codec=video or "", audio_codec=audio or "")
    made = playable(clip, tmp_path / "playable")
    assert made.parent == tmp_path / "playable" and made.suffix == ".mp4"
    info = probe(made)
    assert (info.video.codec if info.video else None) == ("h264" if video else None)
    assert (info.audio.codec if info.audio else None) == ("aac" if audio else None)
    if video:
        before, after = ([frame.time for frame in iterate_frames(path)] for path in (clip, made))
        assert after == pytest.approx(before, abs=2e-3)
    if audio:
        before, after = read_waveform(clip), read_waveform(made)
        assert after.start == pytest.approx(before.start, abs=0.01)
        length = min(len(before.samples), len(after.samples))
        assert np.corrcoef(before.samples[:length], after.samples[:length])[0, 1] > 0.98
    made_at = made.stat().st_mtime_ns
    assert playable(clip, tmp_path / "playable") == made and made.stat().st_mtime_ns == made_at
    assert playable(made, tmp_path / "playable") == made


def test_a_late_start_is_moved_to_0(tmp_path):
    clip = write_clip(tmp_path / "clip.webm", plain_frames(10), times=3 + np.arange(10) / 25, video_codec="libvpx-vp9")
    made = playable(clip, tmp_path / "playable")
    assert made != clip
    assert [frame.time for frame in iterate_frames(made)] == pytest.approx(np.arange(10) / 25, abs=2e-3)


def test_odd_and_large_pictures(tmp_path):
    made = playable(write_clip(tmp_path / "a.mkv", plain_frames(2, (98, 50))), tmp_path)
    assert (probe(made).video.width, probe(made).video.height) == (98, 50)
    made = playable(write_clip(tmp_path / "b.mkv", plain_frames(2, (2562, 1442))), tmp_path)
    assert probe(made).video.width == 1280 and probe(made).video.height % 2 == 0


def test_a_stop_leaves_nothing(tmp_path):
    clip = write_clip(tmp_path / "clip.avi", plain_frames(50), video_codec="mpeg4")

    def stop(stage, done, total):
        if done > 1:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        playable(clip, tmp_path / "playable", stop)
    assert list((tmp_path / "playable").iterdir()) == []


def test_what_is_no_clip_is_refused(tmp_path):
    with pytest.raises(MediaError, match="There is no file"):
        playable(tmp_path / "none.mp4", tmp_path)
