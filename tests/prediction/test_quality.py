"""What is measured of sound and faces is what was put into them, and is said where it matters."""

import tracemalloc
from dataclasses import dataclass
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from clips import face_frames, portrait, speech, write_clip

from emoviz.core import growing
from emoviz.features.align import frame_middles
from emoviz.media import ClipMedia, Waveform
from emoviz.prediction import quality
from emoviz.prediction.quality import face_quality, quality_notes, sharpness, sound_quality

RATE = 16000


def measured(path, samples: np.ndarray) -> dict[str, np.ndarray]:
    media = ClipMedia(write_clip(path, (), samples.astype(np.float32), audio_codec="pcm_f32le"))
    return sound_quality(media, frame_middles(media.info.duration, 0.02))


def test_the_level_of_sound_is_that_of_its_root_mean_square(tmp_path):
    tone = 0.1 * np.sin(2 * np.pi * 500 * np.arange(2 * RATE) / RATE)[:, None]
    found = measured(tmp_path / "tone.wav", tone)
    np.testing.assert_allclose(found[quality.LEVEL][10:-10], 20 * np.log10(0.1 / np.sqrt(2)), atol=0.1)
    assert (found[quality.CLIPPED] == 0).all() and (found[quality.VOICE] < 0.5).all()
    assert np.isnan(found[quality.SNR]).all()  # nobody speaks


def test_clipped_speech_is_told_and_other_speech_is_not(tmp_path):
    loud = np.clip(8 * speech(3) / np.abs(speech(3)).max(), -1, 1)
    found = measured(tmp_path / "loud.wav", loud)
    expected = (np.abs(loud) >= 0.99).mean()
    assert np.nanmean(found[quality.CLIPPED]) == pytest.approx(expected, rel=0.1)
    (note,) = quality_notes(found)
    assert note.startswith("The sound is clipped in ") and note.endswith(
        " of the speech, so what is said of the speech is less sure."
    )
    assert quality_notes(measured(tmp_path / "plain.wav", speech(3))) == []


def test_noise_lowers_the_ratio_by_its_decibels(tmp_path):
    voice = np.concatenate([np.zeros((RATE, 1)), speech(4), np.zeros((RATE, 1))])
    noise = np.random.default_rng(0).normal(0, 1, voice.shape)
    level = np.sqrt((speech(4) ** 2).mean())
    ratios = {}
    for decibels in (20, 10, 5):
        found = measured(tmp_path / f"{decibels}.wav", voice + noise * level * 10 ** (-decibels / 20))
        ratios[decibels] = np.nanmedian(found[quality.SNR])
        told = any("less than 10 dB above the noise" in note for note in quality_notes(found))
        assert told == (ratios[decibels] < 10)
    assert ratios[20] - ratios[10] == pytest.approx(10, abs=2.5) and ratios[20] == pytest.approx(20, abs=5)


def test_an_offset_is_neither_level_nor_noise(tmp_path):
    voice = np.concatenate([np.zeros((RATE, 1)), speech(4), np.zeros((RATE, 1))])
    plain, shifted = (measured(tmp_path / f"{offset}.wav", voice + offset) for offset in (0.0, 0.1))
    loud = plain[quality.LEVEL] > -60
    np.testing.assert_allclose(shifted[quality.LEVEL][loud], plain[quality.LEVEL][loud], atol=0.1)
    assert quality_notes(shifted) == quality_notes(plain) == []


def test_a_blurred_face_is_less_sharp_at_any_contrast():
    grey = cv2.resize(cv2.cvtColor(portrait()[60:180, 160:280], cv2.COLOR_RGB2GRAY), (48, 48))
    blurred = [cv2.GaussianBlur(grey, (0, 0), sigma) for sigma in (0.8, 1.6, 3)]
    found = sharpness(np.stack([grey, *blurred]))
    assert (np.diff(found) < 0).all() and found[0] > 0.1 and found[2] < 0.02 < found[1]
    assert sharpness((grey // 2)[None])[0] == pytest.approx(found[0], rel=0.1)
    assert sharpness(np.full((1, 48, 48), 7, np.uint8))[0] == 0


def test_size_and_turn_of_a_face_are_measured_where_it_is_seen(tmp_path):
    frames = face_frames(20, [lambda i: (150, 60) if i < 10 else None])
    media = ClipMedia(write_clip(tmp_path / "clip.mp4", frames))
    times = frame_middles(media.info.duration, 0.02)
    found = face_quality(media, media.faces(), times)
    seen = ~np.isnan(found[quality.SIZE])
    assert seen[: len(seen) // 2 - 1].all() and not seen[len(seen) // 2 + 1 :].any()
    box = media.face_track().seen_boxes[0]
    assert found[quality.SIZE][0] == pytest.approx(np.sqrt(box[2] * box[3]))
    assert (found[quality.TURN][seen] < 45).all() and (found[quality.PRESENCE][seen] > 0.9).all()


def test_a_small_face_is_told():
    small = {quality.SIZE: np.array([30.0, 40, 60, np.nan])}
    assert quality_notes(small) == [
        "The face is smaller than 48 pixels in 67 % of its frames, so what is said of the face is less sure."
    ]
    assert quality_notes({quality.SIZE: np.array([100.0, 60])}) == []
    assert quality_notes({}) == []


@dataclass(frozen=True)
class Heard:
    """A clip of which the sound alone is known."""

    sound: Waveform

    @property
    def info(self):
        return SimpleNamespace(audio=True)

    def waveform(self) -> Waveform:
        return self.sound

    speech = waveform


@pytest.mark.parametrize("seconds", [7.3, 600])
def test_long_sound_is_measured_in_blocks_and_gives_what_whole_sound_gives(seconds, monkeypatch):
    monkeypatch.setattr(growing, "BLOCK", 100_000)
    rows = growing.GrowingArray((), np.float32, in_memory=0)
    generator = np.random.default_rng(0)
    for _ in range(round(seconds * 10)):
        rows.extend(generator.uniform(-1.02, 1.02, RATE // 10).astype(np.float32))
    sound = Waveform(rows.array, RATE, 0.25, voice=np.ones(1, np.float32))
    times = frame_middles(seconds + 1, 0.02)
    tracemalloc.start()
    found = sound_quality(Heard(sound), times)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 100 * 8 * len(times) + 4_000_000 < sound.samples.shape[0] * 8 + 4_000_000
    whole = np.asarray(sound.samples, np.float64)
    begin, end = (
        np.clip(np.round((times + side - 0.25) * RATE), 0, len(whole)).astype(int)
        for side in (-quality.AROUND / 2, quality.AROUND / 2)
    )
    inside = ~np.isnan(found[quality.LEVEL])
    assert inside.sum() == round(seconds / 0.02)
    for row in np.flatnonzero(inside)[:: max(1, len(times) // 300)]:
        own = whole[begin[row] : end[row]]
        assert found[quality.LEVEL][row] == pytest.approx(10 * np.log10((own**2).mean()), abs=1e-3)
        assert found[quality.CLIPPED][row] == pytest.approx((np.abs(own) >= quality.FULL).mean(), abs=1e-6)
