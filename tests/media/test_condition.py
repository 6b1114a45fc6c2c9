"""Conditioned sound has no offset and one level, and depends only on what lies nearby."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emoviz.core import growing
from emoviz.media import condition
from emoviz.media.condition import AROUND, TARGET, conditioned, gain, high_passed, speech_of, unspoken_between
from emoviz.media.waveform import Waveform

RATE = 16000


def voice(seconds: float, seed: int = 0) -> np.ndarray:
    """Noise in bursts, as loud as speech and as full of pauses."""
    random = np.random.default_rng(seed)
    times = np.arange(round(seconds * RATE)) / RATE
    tone = np.sin(2 * np.pi * 180 * times) + random.normal(0, 0.3, len(times))
    return (0.1 * tone * (np.sin(2 * np.pi * 1.3 * times) > -0.3)).astype(np.float32)


@given(offset=st.floats(-0.3, 0.3), decibels=st.floats(-30, 12))
def test_offset_and_level_do_not_matter(offset, decibels):
    plain = voice(2)
    changed = (plain * 10 ** (decibels / 20) + offset).astype(np.float32)
    expected, found = conditioned(plain, RATE), conditioned(changed, RATE)
    assert np.abs(found - expected).max() < 0.02 * np.abs(expected).max()


@pytest.mark.parametrize(("offset", "said"), [(0.0, ()), (0.003, ()), (0.02, ("2 %",)), (-0.3, ("30 %",))])
def test_an_offset_is_said(offset, said):
    notes = speech_of(Waveform((voice(2) - voice(2).mean() + offset).astype(np.float32), RATE, 0.0)).notes
    assert notes == tuple(condition.OFFSET_NOTE.format(share=share) for share in said)


def test_speech_comes_to_the_target_level_and_pauses_have_no_say():
    speech = voice(3)
    spaced = np.concatenate([np.zeros(RATE, np.float32), speech, np.zeros(RATE, np.float32)])
    for sound in (speech, spaced):
        found = conditioned(sound, RATE)
        loud = np.abs(found) > 0.02
        assert 10 * np.log10((found[loud] ** 2).mean() / TARGET) == pytest.approx(0, abs=2)


def test_the_high_pass_is_that_of_scipy_and_leaves_a_voice_alone():
    times = np.arange(RATE) / RATE
    tone = np.sin(2 * np.pi * 200 * times).astype(np.float32)
    assert high_passed(tone, RATE)[RATE // 2 :].std() == pytest.approx(tone.std(), rel=0.02)
    hum = np.sin(2 * np.pi * 15 * times).astype(np.float32)
    assert high_passed(hum, RATE)[RATE // 2 :].std() < 0.1 * hum.std()
    assert np.abs(high_passed(np.full(RATE, 0.5, np.float32), RATE)).max() < 1e-6


def test_what_lies_further_away_has_no_say():
    quiet, loud = voice(12), voice(12, seed=1) * 8
    alone, together = gain(quiet, RATE), gain(np.concatenate([quiet, loud]), RATE)
    same = round((12 - AROUND - 1) * RATE)
    np.testing.assert_allclose(together[:same], alone[:same], rtol=1e-5)


@pytest.mark.parametrize("count", [0, 1, 10, 159, 161])
def test_the_shortest_sounds_are_conditioned(count):
    found = conditioned(np.full(count, 0.1, np.float32), RATE)
    assert len(found) == count and np.isfinite(found).all()


def test_silence_stays_silence():
    assert not conditioned(np.zeros(RATE, np.float32), RATE).any()


@settings(deadline=None, max_examples=15)
@given(seconds=st.floats(0.5, 9), minute=st.sampled_from([1, 2, 3]), on_disk=st.booleans())
def test_sound_is_conditioned_block_by_block_as_it_is_whole(seconds, minute, on_disk):
    sound = np.concatenate([voice(seconds), 0.2 * voice(seconds, seed=1)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(condition, "MINUTE", 3600)
        whole = speech_of(Waveform(sound, RATE, 0.5))
        patch.setattr(condition, "MINUTE", minute)
        patch.setattr(growing, "IN_MEMORY", 0 if on_disk else 10**9)
        blockwise = speech_of(Waveform(sound, RATE, 0.5))
    assert isinstance(blockwise.samples, growing.Rows) == on_disk
    np.testing.assert_allclose(blockwise.samples, whole.samples, atol=1e-6)
    np.testing.assert_allclose(blockwise.unspoken, whole.unspoken, atol=1e-6)


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([], [(1.0, 9.0)]),
        ([(1.0, 9.0)], []),
        ([(1.2, 8.8)], []),
        ([(1.3, 8.7)], [(1.0, 1.3), (8.7, 9.0)]),
        ([(1.0, 4.0), (4.4, 9.0)], []),
        ([(1.0, 4.0), (4.6, 9.0)], [(4.0, 4.6)]),
        ([(1.3, 3.0), (3.4, 5.0), (5.6, 9.1)], [(1.0, 1.3), (5.0, 5.6)]),
    ],
)
def test_short_pauses_and_ends_belong_to_the_speech_beside_them(spans, expected):
    assert list(unspoken_between(spans, 1.0, 9.0)) == expected


def test_an_empty_recording_has_nothing_unspoken():
    assert unspoken_between([], 1.0, 1.0) == ()
