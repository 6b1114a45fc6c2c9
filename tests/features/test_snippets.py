"""Snippets of pictures and of sound: what they show, when, and what is missing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emoviz.core.errors import FeatureError
from emoviz.features.align import frame_middles
from emoviz.features.snippets import Snippets, Spectrogram, spectrogram
from emoviz.media import Frame, face_picture
from emoviz.models.av_attention import AVAttentionConfig

from .fakes import FakeMedia, timeline


class Counting(FakeMedia):
    """Every picture is as bright as its number."""

    def pictures(self, progress=None):
        for number, time in enumerate(self.faces().times):
            yield Frame(time, np.full((120, 160, 3), number, np.uint8))


def counting(frames: int, absent: tuple[int, ...] = (), rate: float = 25) -> Counting:
    present = np.ones(frames, bool)
    present[list(absent)] = False
    return Counting(None, timeline(np.arange(frames) / rate, present))


def numbers(extractor: Snippets, media: Counting) -> np.ndarray:
    """Frames of the clip that a stream shows, (N, frames)."""
    values = extractor.extract(media).values.reshape(extractor.parts, 3, extractor.frames, -1)
    return (values.mean((1, 3)).astype(np.float64) * 255).round()


@given(frames=st.integers(1, 120), parts=st.integers(1, 7), length=st.integers(1, 9))
def test_pictures_are_the_nearest_to_evenly_spaced_moments(frames: int, parts: int, length: int) -> None:
    extractor, media = Snippets(parts=parts, frames=length, side=2), counting(frames)
    moments = (np.arange(parts * length) + 0.5) * max(media.info.duration, 1e-3) / (parts * length)
    distance = np.abs(numbers(extractor, media) / 25 - moments.reshape(parts, length))
    assert (distance <= 0.02 + 1e-9).all()


def test_a_hidden_face_gives_its_nearest_picture_in_the_snippet() -> None:
    shown = numbers(Snippets(parts=2, frames=5, side=2), counting(101, absent=(30, 31, 90)))
    assert shown.tolist() == [[5, 15, 25, 35, 45], [55, 65, 75, 85, 95]]
    shown = numbers(Snippets(parts=2, frames=5, side=2), counting(101, absent=tuple(range(10, 40))))
    assert shown[0].tolist() == [5, 9, 40, 40, 45]


def test_a_snippet_without_a_face_is_missing_and_said_so() -> None:
    stream = Snippets(parts=2, frames=5, side=2).extract(counting(101, absent=tuple(range(50, 101))))
    assert np.isfinite(stream.values[0]).all() and np.isnan(stream.values[1]).all()
    assert stream.notes == ("No face in 1 of 2 snippets.",)
    stream = Snippets(parts=2, frames=5, side=2).extract(counting(101, absent=tuple(range(101))))
    assert np.isnan(stream.values).all() and stream.notes == ("No face was found.",)


def test_a_picture_is_the_aligned_face_flattened_as_the_model_reads_it() -> None:
    media, extractor = FakeMedia(None, timeline(np.arange(50) / 25, np.ones(50, bool))), Snippets(parts=1, side=8)
    values = extractor.extract(media).values.reshape(3, 16, 8, 8)
    frame = list(media.pictures())[numbers_of_sixteen()[3]]
    face = face_picture(frame.image, media.face_track().landmarks[numbers_of_sixteen()[3]], 8)
    np.testing.assert_allclose(values[:, 3].transpose(1, 2, 0), face / 255, atol=1e-6)
    at = extractor.channels.index("snippets.green.03.005.002")
    assert extractor.extract(media).values[0, at] == pytest.approx(face[5, 2, 1] / 255)


def numbers_of_sixteen() -> list[int]:
    """Frames of a clip of 50 that are nearest to 16 evenly spaced moments."""
    return [int(np.ceil((k + 0.5) * 49 / 16 - 0.5)) for k in range(16)]


def test_both_streams_stand_on_one_grid_and_fit_the_model() -> None:
    rate = np.zeros(16000 * 4, np.float32)
    media = FakeMedia(rate, timeline(np.arange(100) / 25, np.ones(100, bool)), start=0.01)
    sound, pictures = Spectrogram().extract(media), Snippets(side=8).extract(media)
    assert (sound.start, sound.hop) == (pictures.start, pictures.hop)
    widths = {"spectrogram": len(sound.channels), "snippets": len(pictures.channels)}
    AVAttentionConfig(streams=widths, outputs=6, side=8)


def test_a_spectrogram_follows_its_equation() -> None:
    samples = np.random.default_rng(0).normal(size=20000).astype(np.float32)
    got = spectrogram(samples, 2000)
    n = np.arange(512)
    for step in (0, 57, 99):
        middle = 2000 + 160 * step + 80
        window = samples[middle - 256 : middle + 256] * (0.54 - 0.46 * np.cos(2 * np.pi * n / 511))
        for frequency in (1, 100, 256):
            power = np.abs((window * np.exp(-2j * np.pi * frequency * n / 512)).sum()) ** 2 / 512
            assert got[frequency - 1, step] == pytest.approx(np.log(power + 1e-10), abs=1e-3)


def test_a_tone_stands_at_its_frequency_and_time() -> None:
    """1 kHz in the fourth second of six."""
    time = np.arange(6 * 16000) / 16000
    tone = np.where((time >= 3) & (time < 4), np.sin(2 * np.pi * 1000 * time), 0).astype(np.float32)
    stream = Spectrogram().extract(FakeMedia(tone))
    energy = stream.values.reshape(6, 256, 100).mean(2)
    assert energy.max(1).argmax() == 3
    assert stream.channels[energy[3].argmax() * 100] == "spectrogram.1000Hz.00"


def test_the_ends_of_a_clip_are_moved_into_it_and_a_short_one_ends_in_silence() -> None:
    samples = np.random.default_rng(0).normal(size=32000).astype(np.float32)
    values = Spectrogram(parts=8).extract(FakeMedia(samples)).values.reshape(8, 256, 100)
    assert np.array_equal(values[0], spectrogram(samples, 0)) and np.array_equal(values[1], values[0])
    assert np.array_equal(values[7], spectrogram(samples, 16000))
    short = Spectrogram(parts=1).extract(FakeMedia(samples[:8000])).values.reshape(256, 100)
    assert (short[:, :48] > -15).all() and short[:, 53:] == pytest.approx(np.log(1e-10))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"parts": 0}, "A clip has at least one part, not 0."),
        ({"side": 0}, "A snippet has at least one frame and one pixel, not 16 and 0."),
    ],
)
def test_a_wrong_setting_is_refused(settings: dict[str, int], message: str) -> None:
    with pytest.raises(FeatureError) as error:
        Snippets(**settings)
    assert str(error.value) == message


@given(seconds=st.sampled_from([0.25, 0.5, 1.0, 2.0]), duration=st.floats(0.1, 6))
def test_parts_of_so_many_seconds_follow_the_clip(seconds: float, duration: float) -> None:
    samples = np.sin(np.arange(round(duration * 16000)) / 9).astype(np.float32)
    extractor, media = Spectrogram(seconds=seconds), FakeMedia(samples)
    stream = extractor.extract(media)
    assert stream.times.tolist() == pytest.approx(frame_middles(media.info.duration, seconds).tolist())
    for middle, values in zip(stream.times, stream.values, strict=True):
        start = round(max(min(middle - 0.5, media.info.duration - 1), 0) * 16000)
        assert np.array_equal(values.reshape(256, 100), spectrogram(samples, start))


def test_both_divisions_are_told_apart_in_the_store() -> None:
    assert Spectrogram().settings == {"parts": 6, "bins": 256, "window": 512, "step": 160}
    assert Spectrogram(seconds=0.5).settings == {"seconds": 0.5, "bins": 256, "window": 512, "step": 160}
    with pytest.raises(FeatureError, match="^A part lasts more than 0 s, not 0 s.$"):
        Spectrogram(seconds=0)
