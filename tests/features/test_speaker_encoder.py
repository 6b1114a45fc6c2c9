"""The speaker encoder against Resemblyzer's own code, and against what it is for."""

from pathlib import Path

import numpy as np
import pytest
import torch

from emoviz.core import places
from emoviz.features.speaker_encoder import LEVEL, WINDOW, load_encoder, mel_power, voices_in
from emoviz.media import Waveform

REFERENCE = dict(np.load(Path(__file__).parent / "speaker_reference.npz"))


def sound() -> np.ndarray:
    """The sound of ``tools/make_speaker_reference.py``."""
    time = np.arange(40000) / 16000
    phase = 2 * np.pi * np.cumsum(140 + 40 * np.sin(2 * np.pi * 0.7 * time)) / 16000
    return np.asarray(0.02 * sum(np.sin(k * phase) / k for k in range(1, 24)), np.float32)


def test_mel_powers_equal_librosas():
    mel = mel_power(torch.from_numpy(sound())).numpy()
    assert mel.shape == (251, 40)
    assert np.abs(mel[:: REFERENCE["step"]] - REFERENCE["mel"]).max() < 1e-5 * REFERENCE["mel"].max()


def test_voices_equal_resemblyzers():
    mel = mel_power(torch.from_numpy(sound()))
    starts = REFERENCE["starts"][:2] // 160  # the third reaches beyond the sound
    voices = load_encoder(places.encoders())(torch.stack([mel[start : start + WINDOW] for start in starts])).numpy()
    assert np.abs(voices - REFERENCE["voices"][:2]).max() < 2e-3  # half precision


def test_windows_of_any_length_keep_their_order():
    heard = Waveform(sound() / np.float32(LEVEL), 16000, 0.5)
    windows = [(1.0, 2.6), (0.5, 2.1), (0.7, 1.2), (2.9, 3.0)]
    voices = voices_in(heard, windows)
    assert np.linalg.norm(voices, axis=1) == pytest.approx(1, abs=1e-5)
    assert (voices[:2] * REFERENCE["voices"][1::-1]).sum(1) == pytest.approx(1, abs=1e-3)
    alone = voices_in(heard, windows[2:3])
    assert voices_in(heard, []).shape == (0, 256)
    assert voices[2] == pytest.approx(alone[0], abs=1e-5)
