"""openSMILE's descriptors: names, times, pieces and what is too short."""

import numpy as np
import opensmile
import pytest

from emoviz.features import descriptors
from emoviz.features.descriptors import describe
from emoviz.features.egemaps import NAMES, Egemaps

from .fakes import FakeMedia, voice


def test_names_are_opensmiles_own():
    smile = opensmile.Smile(
        feature_set=opensmile.FeatureSet.eGeMAPSv02, feature_level=opensmile.FeatureLevel.LowLevelDescriptors
    )
    assert list(NAMES) == smile.feature_names


@pytest.mark.parametrize(("channel", "length"), [("Loudness_sma3", 0.01), ("F0semitoneFrom27.5Hz_sma3nz", 0.2)])
def test_what_sounds_shows_at_its_time(channel, length):
    time = np.arange(48000) / 16000
    sounding = np.abs(time - 1.5) < length / 2
    buzz = sum(np.sin(2 * np.pi * 150 * k * time) for k in range(1, 12)) / 12
    quiet = 1e-5 * np.random.default_rng(0).standard_normal(len(time))
    stream = Egemaps().extract(FakeMedia((0.5 * sounding * buzz + quiet).astype(np.float32)))
    values = stream.values[:, NAMES.index(channel)]
    active = stream.times[np.abs(values - np.median(values)) > 0.3 * np.abs(values - np.median(values)).max()]
    assert active.mean() == pytest.approx(1.5, abs=0.02)


def test_sound_that_starts_late_is_late():
    media = FakeMedia(voice(1), start=0.4)
    assert Egemaps().extract(media).start == pytest.approx(0.42)


def test_pieces_join_to_the_whole(monkeypatch):
    samples = voice(5)
    (whole,) = describe(Egemaps.analysis, samples)
    monkeypatch.setattr(descriptors, "PIECE", 2 * 16000)
    pieces = list(describe(Egemaps.analysis, samples))
    joined = np.concatenate(pieces)
    assert len(pieces) == 2
    assert joined.shape == whole.shape
    assert np.mean(np.isclose(joined, whole, rtol=1e-3, atol=1e-3)) > 0.97


def test_full_scale_does_not_overflow():
    samples = np.full(16000, 0.5, np.float32)
    samples[8000] = 1.0
    almost = np.minimum(samples, 0.9999)
    assert np.allclose(
        *(np.concatenate(list(describe(Egemaps.analysis, s))) for s in (samples, almost)), rtol=0.01, atol=0.05
    )


def test_too_short_sound_is_missing_with_a_reason(capfd, recwarn):
    stream = Egemaps().extract(FakeMedia(voice(0.059)))
    assert np.isnan(stream.values).all()
    assert "shorter than the 0.06 s" in stream.notes[0]
    assert not np.isnan(Egemaps().extract(FakeMedia(voice(0.06))).values).any()
    assert not recwarn.list
    assert capfd.readouterr() == ("", "")
