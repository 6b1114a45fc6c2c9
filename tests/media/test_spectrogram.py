"""The spectrogram shows a tone where it is and when it is."""

import numpy as np
import pytest

from emoviz.media import Spectrogram, Waveform, spectrogram

RATE = 16000


def test_a_tone_is_the_loudest_place():
    time = np.arange(4 * RATE) / RATE
    samples = np.where(time < 2, np.sin(2 * np.pi * 3000 * time), 0).astype(np.float32)
    found = spectrogram(Waveform(samples, RATE, 1.0), columns=100, rows=64)
    assert isinstance(found, Spectrogram)
    assert found.decibels.shape == (64, 100) and found.decibels.dtype == np.float32
    row, column = np.unravel_index(found.decibels.argmax(), found.decibels.shape)
    assert found.decibels[row, column] == pytest.approx(0)
    assert found.frequencies[row] == pytest.approx(3000, abs=130)
    assert 1 <= found.times[column] <= 3
    assert (found.decibels[:, found.times > 3.1] == -80).all()
    assert found.times[0] == pytest.approx(1.0, abs=0.05) and found.times[-1] == pytest.approx(5.0, abs=0.05)


def test_silence_and_a_sound_shorter_than_a_window():
    assert np.isfinite(spectrogram(Waveform(np.zeros(RATE, np.float32), RATE, 0.0)).decibels).all()
    assert spectrogram(Waveform(np.ones(10, np.float32), RATE, 0.0)).decibels.shape[1] >= 1
