"""Whoever leaves or stops is heard within a moment, also where nothing is to be seen or heard for long."""

import numpy as np
import pytest
from clips import write_clip

from emoviz.core.errors import Cancelled
from emoviz.media import ClipMedia, read_waveform
from emoviz.media.condition import speech_of


def counted(most: int):
    """A listener that stops the work at its n-th report."""
    calls: list[str] = []

    def listen(stage: str, done: float, total: float) -> None:
        calls.append(stage)
        if len(calls) >= most:
            raise Cancelled("Stopped.")

    return listen, calls


def test_long_silence_is_left_at_once(tmp_path):
    path = write_clip(tmp_path / "clip.wav", sound=np.zeros((16000 * 300, 1), np.float32), audio_codec="pcm_s16le")
    listen, calls = counted(3)
    with pytest.raises(Cancelled):
        read_waveform(path, progress=listen)
    assert calls == ["Looking for sound"] * 3


def test_the_beginning_of_a_recording_ends_where_it_was_asked_to(tmp_path):
    sound = np.random.default_rng(0).normal(0, 0.1, (16000 * 6, 1)).astype(np.float32)
    media = ClipMedia(write_clip(tmp_path / "clip.wav", sound=sound, audio_codec="pcm_s16le"))
    first, whole = media.beginning(2.0), media.waveform()
    assert first.info.duration == 2.0 and first.info.video is None
    begun = first.waveform()
    assert 2.0 <= begun.duration < 2.6
    np.testing.assert_array_equal(begun.samples, whole.samples[: len(begun.samples)])
    assert media.waveform() is whole and first.waveform() is begun


def test_conditioning_reports_every_minute():
    from emoviz.media.waveform import Waveform

    noise = np.random.default_rng(0).normal(0, 0.1, 16000 * 130).astype(np.float32)
    listen, calls = counted(99)
    speech_of(Waveform(noise, 16000, 0.0), listen)
    assert calls == ["Conditioning sound"] * 6 + ["Listening for speech"] * 3


def test_counting_the_packets_of_a_long_recording_is_told_and_left_at_once(tmp_path):
    sound = np.zeros((16000 * 300, 1), np.float32)
    path = write_clip(tmp_path / "clip.ogg", sound=sound, audio_codec="libopus", rate=48000)
    told: list[tuple[str, float, float]] = []
    ClipMedia(path, progress=lambda *report: told.append(report))
    stages, done, total = zip(*told, strict=True)
    assert set(stages) == {"Finding the length"} and set(total) == {path.stat().st_size / 1e6}
    assert len(told) >= 20 and sorted(done) == list(done) and done[-1] > 0.9 * total[0]
    listen, calls = counted(3)
    other = path.rename(tmp_path / "other.ogg")
    with pytest.raises(Cancelled):
        ClipMedia(other, progress=listen)
    assert len(calls) == 3
    assert ClipMedia(other).info.duration == pytest.approx(100, abs=0.1)
