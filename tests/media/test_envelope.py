"""The envelope of a sound, against the samples of each stretch looked at one by one."""

import numpy as np
import pytest

from emoviz.media.envelope import COARSEST, FINEST, envelope
from emoviz.media.waveform import Waveform


@pytest.mark.parametrize("seconds", [0.5, 401.0])
def test_each_stretch_has_its_least_and_its_largest_sample(seconds, monkeypatch):
    monkeypatch.setattr("emoviz.core.growing.BLOCK", 10_007)  # so that stretches lie across blocks
    samples = np.random.default_rng(0).uniform(-1, 1, int(seconds * 8000)).astype(np.float32)
    found = envelope(Waveform(samples, 8000, start=2.0))
    assert FINEST <= found.step <= COARSEST and found.start == 2.0 + found.step / 2
    width = round(found.step * 8000)
    stretches = [samples[first : first + width] for first in range(0, len(samples), width)]
    assert found.low.tolist() == [stretch.min() for stretch in stretches]
    assert found.high.tolist() == [stretch.max() for stretch in stretches]


def test_no_sound_has_no_stretches():
    assert len(envelope(Waveform(np.zeros(0, np.float32), 8000, 0.0)).low) == 0
