"""Sound of any rate and any number of channels becomes one channel of 16 kHz, at its true time."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from clips import plain_frames, sine, write_clip
from hypothesis import given, settings
from hypothesis import strategies as st

from emoviz.media import Waveform, read_waveform


def peak_frequency(samples: np.ndarray, rate: int) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 1 << 18))
    return float(spectrum.argmax() * rate / (1 << 18))


@settings(max_examples=25, deadline=None)
@given(
    rate=st.sampled_from([8000, 11025, 12345, 16000, 22050, 32000, 44100, 48000, 96000, 192000]),
    channels=st.integers(1, 8),
    seconds=st.floats(0.2, 1.5),
    codec=st.sampled_from(["pcm_s16le", "pcm_f32le", "pcm_u8"]),
)
def test_a_sine_of_any_rate_and_channels_stays_itself(tmp_path_factory, rate, channels, seconds, codec):
    clip = tmp_path_factory.mktemp("sine") / "clip.wav"
    waveform = read_waveform(write_clip(clip, (), sine(seconds, rate, channels), rate=rate, audio_codec=codec))
    assert waveform.rate == 16000 and waveform.samples.dtype == np.float32
    assert waveform.start == 0 and waveform.duration == pytest.approx(seconds, abs=0.005)
    assert peak_frequency(waveform.samples, 16000) == pytest.approx(440, abs=2)
    middle = waveform.samples[1000:-1000]
    # Alike whether samples are whole or floating-point numbers and however many channels carry them.
    assert np.sqrt((middle**2).mean()) == pytest.approx(0.5 / np.sqrt(2), rel=0.03)


@pytest.mark.parametrize(
    ("ending", "codec", "rate"), [("mp3", "libmp3lame", 44100), ("m4a", "aac", 44100), ("ogg", "libopus", 48000)]
)
def test_compressed_sound(tmp_path, ending, codec, rate):
    clip = write_clip(tmp_path / f"clip.{ending}", (), sine(1, rate, 2), rate=rate, audio_codec=codec)
    waveform = read_waveform(clip)
    assert waveform.start == pytest.approx(0, abs=1e-3)
    assert peak_frequency(waveform.samples, 16000) == pytest.approx(440, abs=2)
    assert waveform.duration == pytest.approx(1, abs=0.06)


def test_other_rates_on_request(tmp_path):
    clip = write_clip(tmp_path / "clip.wav", (), sine(1), audio_codec="pcm_s16le")
    waveform = read_waveform(clip, rate=48000)
    assert len(waveform.samples) == pytest.approx(48000, abs=50)
    assert peak_frequency(waveform.samples, 48000) == pytest.approx(440, abs=2)


def onset(waveform) -> float:
    return waveform.start + float(np.argmax(np.abs(waveform.samples) > 0.1)) / waveform.rate


@pytest.mark.parametrize("ending", ["mp4", "mkv", "flv"])
def test_sound_that_starts_after_the_picture(tmp_path, ending):
    clip = write_clip(tmp_path / f"clip.{ending}", plain_frames(25), sine(1.5), sound_start=0.4)
    assert onset(read_waveform(clip)) == pytest.approx(0.4, abs=0.01)


def test_sound_and_picture_of_different_length(tmp_path):
    clip = write_clip(tmp_path / "clip.mkv", plain_frames(25), sine(3, 48000), rate=48000, audio_codec="libopus")
    assert read_waveform(clip).duration == pytest.approx(3, abs=0.01)


def test_a_hole_becomes_silence(tmp_path):
    clip = write_with_hole(tmp_path / "clip.mkv", first=1.0, hole=0.5, second=1.0)
    waveform = read_waveform(clip)
    assert waveform.duration == pytest.approx(2.5, abs=0.03)
    loudness = np.abs(waveform.samples[: 16000 * 5 // 2].reshape(-1, 800)).mean(1)  # per 50 ms
    assert (loudness[:19] > 0.2).all() and (loudness[22:29] < 0.01).all() and (loudness[32:49] > 0.2).all()


def test_a_jump_of_years_is_no_silence(tmp_path):
    """Damaged times must not fill the memory."""
    clip = write_with_hole(tmp_path / "clip.mkv", first=0.5, hole=1e6, second=0.5)
    assert read_waveform(clip).duration == pytest.approx(1, abs=0.03)


def write_with_hole(path: Path, first: float, hole: float, second: float) -> Path:
    """A sine with a pause in its timestamps, for which nothing is stored."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=16000, layout="mono")
        blocks = sine(first + second)[:, 0].reshape(-1, 800)
        for i, block in enumerate(blocks):
            frame = av.AudioFrame.from_ndarray((block[None] * 32767).astype(np.int16), "s16", "mono")
            frame.sample_rate, frame.time_base = 16000, Fraction(1, 16000)
            frame.pts = 800 * i + (round(hole * 16000) if i >= first * 20 else 0)
            container.mux(stream.encode(frame))
    return path


def test_what_is_spoken_lies_between_gaps_and_pauses():
    sound = Waveform(
        np.zeros(160, np.float32), 16, 1.0, gaps=((4.0, 6.0),), unspoken=((1.0, 2.0), (5.0, 7.0), (10.0, 11.0))
    )
    assert sound.spoken == ((2.0, 4.0), (7.0, 10.0))
    assert Waveform(np.zeros(160, np.float32), 16, 1.0).spoken == ((1.0, 11.0),)
    assert Waveform(np.zeros(160, np.float32), 16, 1.0, unspoken=((1.0, 11.0),)).spoken == ()
    assert Waveform(np.zeros(0, np.float32), 16, 1.0).spoken == ()
