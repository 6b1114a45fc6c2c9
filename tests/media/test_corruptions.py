"""Corruptions, checked by what they claim: ratios, bands, reverberation, lengths."""

import numpy as np
import pytest

from emoviz.core.vocabulary import Modality
from emoviz.media.corruptions import CORRUPTIONS, Scene, corrupted_copy
from emoviz.media.corruptions.base import RATE
from emoviz.media.corruptions.room import impulse_response

SECONDS = 2
TIMES = np.arange(SECONDS * RATE) / RATE
VOICE = (0.1 * np.sin(2 * np.pi * 200 * TIMES) * np.sin(2 * np.pi * 3 * TIMES)).astype(np.float32)
SOUNDS = [name for name in CORRUPTIONS if CORRUPTIONS[name].modality is Modality.AUDIO]


def corrupted(name, samples, level, others=(), seed=0):
    return CORRUPTIONS[name](samples, level, Scene(np.random.default_rng(seed), others))


def decibels(samples):
    return 10 * np.log10(np.mean(np.square(samples, dtype=np.float64)))


def tone(frequency):
    return (0.3 * np.sin(2 * np.pi * frequency * TIMES)).astype(np.float32)


@pytest.mark.parametrize("name", SOUNDS)
@pytest.mark.parametrize("place", [0, 1])
def test_sound_stays_sound_and_is_changed(name, place):
    level = CORRUPTIONS[name].levels[place]
    found = corrupted(name, VOICE, level)
    assert found.dtype == np.float32 and np.abs(found).max() <= 1 and np.isfinite(found).all()
    assert not np.array_equal(found, VOICE)
    assert np.array_equal(found, corrupted(name, VOICE, level))
    assert not len(corrupted(name, VOICE[:0], level))
    assert "{" not in CORRUPTIONS[name].title.format(level=level)


@pytest.mark.parametrize("name", ["noise", "babble"])
@pytest.mark.parametrize("level", [20, 5])
def test_what_is_added_has_the_ratio_of_the_level(name, level):
    random = np.random.default_rng(1)
    others = [lambda: random.normal(0, 0.3, 5000).astype(np.float32), lambda: tone(400)[:7000]]
    found = corrupted(name, VOICE, level, others)
    assert decibels(VOICE) - decibels(found - VOICE) == pytest.approx(level, abs=0.01)


def test_babble_is_other_people_talking_backwards():
    rising = (0.3 * np.arange(8000) / 8000).astype(np.float32)
    added = corrupted("babble", VOICE, 5, [lambda: rising]) - VOICE
    assert (np.diff(added) < 0).mean() > 0.99


@pytest.mark.parametrize("seconds", [0.3, 0.5, 0.8])
def test_a_room_reverberates_for_its_time(seconds):
    response = impulse_response(seconds, np.random.default_rng(0))
    assert (response[1:] ** 2).sum() == pytest.approx(response[0] ** 2)
    left = np.cumsum((response[1:] ** 2)[::-1])[::-1]
    fall = 10 * np.log10(left / left[0])
    five, thirty = (int(np.argmax(fall < limit)) / RATE for limit in (-5, -35))
    assert 2 * (thirty - five) == pytest.approx(seconds, rel=0.05)


def test_a_room_goes_on_when_the_speech_ends():
    click = np.zeros(RATE, np.float32)
    click[0] = 0.5
    found = corrupted("room", click, 0.5)
    assert len(found) == len(click)
    assert decibels(found[: RATE // 10]) - decibels(found[RATE // 2 : RATE * 6 // 10]) > 40


def test_a_telephone_passes_its_band_alone():
    white = (0.1 * np.random.default_rng(0).standard_normal(len(TIMES))).astype(np.float32)
    found = corrupted("telephone", white, 8)
    power = np.abs(np.fft.rfft(found)) ** 2
    frequencies = np.fft.rfftfreq(len(found), 1 / RATE)
    inside = (frequencies > 250) & (frequencies < 3700)
    assert power[~inside].sum() < 0.01 * power.sum()
    assert decibels(corrupted("telephone", tone(1000), 8)) == pytest.approx(decibels(tone(1000)), abs=0.3)
    assert decibels(corrupted("telephone", tone(5000), 8)[RATE // 2 : -RATE // 2]) < -60


@pytest.mark.parametrize(("level", "ratio"), [(8, 38), (5, 20)])
def test_a_telephone_rounds_to_its_bits(level, ratio):
    """Of a logarithmic law the ratio of sound to rounding is about 38 dB at 8 bit, and 6 dB less with each bit."""
    found, sound = corrupted("telephone", tone(1013), level), tone(1013)
    middle = slice(RATE // 2, -RATE // 2)
    scale = (found[middle] @ sound[middle]) / (sound[middle] @ sound[middle])
    rest = found[middle] - scale * sound[middle]
    assert decibels(sound[middle]) - decibels(rest) == pytest.approx(ratio, abs=4)


@pytest.mark.parametrize("name", ["mp3", "opus"])
def test_codecs_keep_length_and_place_and_drop_high_frequencies_at_few_bits(name):
    sound = (0.1 * np.random.default_rng(0).standard_normal(len(TIMES))).astype(np.float32)
    high = []
    for level in CORRUPTIONS[name].levels:
        found = corrupted(name, sound, level)
        assert len(found) == len(sound)
        spectra = np.fft.rfft(found), np.fft.rfft(sound)
        late = int(np.argmax(np.abs(np.fft.irfft(spectra[0] * np.conj(spectra[1])))))
        assert min(late, len(sound) - late) <= RATE // 1000
        power = np.abs(spectra[0]) ** 2
        high.append(power[len(power) * 5 // 8 :].sum() / power.sum())  # above 5 kHz
    assert high[1] < 0.1 * high[0]


def test_levels_of_a_recorder():
    assert np.allclose(corrupted("offset", VOICE, 0.02) - VOICE, 0.02, atol=1e-6)
    quiet = corrupted("quiet", VOICE, 20)
    assert decibels(VOICE) - decibels(quiet) == pytest.approx(20, abs=0.01)
    assert np.allclose(quiet * 32767, np.round(quiet * 32767), atol=1e-3)
    assert (np.abs(corrupted("clipped", VOICE, 0.2)) >= 1).mean() == pytest.approx(0.2, abs=0.01)


def test_silence_stands_on_either_side():
    found = corrupted("silence", VOICE, 1)
    assert np.array_equal(found[RATE:-RATE], VOICE) and not found[:RATE].any() and not found[-RATE:].any()


@pytest.mark.parametrize("level", [1.1, 0.9])
def test_speed_changes_length_and_pitch(level):
    found = corrupted("speed", tone(1000), level)
    assert len(found) == round(len(TIMES) / level)
    loudest = np.argmax(np.abs(np.fft.rfft(found))) * RATE / len(found)
    assert loudest == pytest.approx(1000 * level, abs=1)


def test_a_copy_is_drawn_by_its_key_from_all_kinds():
    first = corrupted_copy(VOICE, Modality.AUDIO, "one-copy1")
    assert np.array_equal(first, corrupted_copy(VOICE, Modality.AUDIO, "one-copy1"))
    others = [corrupted_copy(VOICE, Modality.AUDIO, f"one-copy{number}") for number in range(2, 6)]
    assert all(not np.array_equal(first, other) for other in others)
    assert len({len(other) for other in [first, *others]}) > 1  # silence or another speed is among them


FACE = np.random.default_rng(0).integers(0, 256, (48, 48)).astype(np.uint8)
SMOOTH = np.add.outer(np.arange(48), np.arange(48)).astype(np.uint8) * 2


@pytest.mark.parametrize("name", [name for name in CORRUPTIONS if CORRUPTIONS[name].modality is Modality.VIDEO])
@pytest.mark.parametrize("picture", [FACE, np.stack([FACE, SMOOTH, FACE], 2)], ids=["grey", "colour"])
def test_a_picture_stays_a_picture_and_a_strong_level_changes_it_more(name, picture):
    mild, strong = (corrupted(name, picture, level) for level in CORRUPTIONS[name].levels)
    assert mild.dtype == strong.dtype == np.uint8 and mild.shape == strong.shape == picture.shape
    changes = [np.abs(found.astype(int) - picture).mean() for found in (mild, strong)]
    assert 0 < changes[0] < changes[1] * 1.2
    assert np.array_equal(mild, corrupted(name, picture, CORRUPTIONS[name].levels[0]))


def test_pictures_lose_what_the_level_says():
    assert (corrupted("cover", SMOOTH, 0.25) == round(SMOOTH.mean())).sum() == pytest.approx(24 * 24, abs=60)
    assert corrupted("dark", SMOOTH, 0.4).mean() == pytest.approx(0.4 * SMOOTH.mean(), rel=0.03)
    point = np.zeros((49, 49), np.uint8)
    point[24, 24] = 255
    spread = corrupted("blur", point, 0.06)[24].astype(float)
    deviation = np.sqrt((spread @ (np.arange(49) - 24) ** 2) / spread.sum())
    assert deviation == pytest.approx(0.06 * 49, rel=0.1)
    line = np.zeros((49, 49), np.uint8)
    line[24] = 255
    turned = corrupted("turn", line, 25)
    rows = turned[:, [14, 34]].argmax(0)
    assert np.degrees(np.arctan2(abs(int(rows[1]) - int(rows[0])), 20)) == pytest.approx(25, abs=2.5)


def test_a_cast_moves_red_and_blue_apart_and_leaves_green():
    grey = np.full((48, 48), 100, np.uint8)
    red, green, blue = np.moveaxis(corrupted("cast", np.stack([grey] * 3, 2), 0.3), 2, 0)
    assert (green == 100).all() and {int(red[0, 0]), int(blue[0, 0])} == {130, 70}
    seen = 0.299 * int(red[0, 0]) + 0.587 * 100 + 0.114 * int(blue[0, 0])
    assert (corrupted("cast", grey, 0.3) == round(seen)).all()


def test_another_framing_moves_the_face_by_the_level():
    point = np.zeros((49, 49), np.uint8)
    point[23:26, 23:26] = 255
    moved = corrupted("framing", point, 0.15).astype(float)
    middle = [moved.sum(axis) @ np.arange(49) / moved.sum() for axis in (0, 1)]
    assert np.hypot(middle[0] - 24, middle[1] - 24) == pytest.approx(0.15 * 49, abs=0.1)
