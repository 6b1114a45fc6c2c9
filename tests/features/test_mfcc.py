"""Cepstral coefficients against the textbook's formula."""

import numpy as np
import pytest

from emoviz.features.mfcc import COEFFICIENTS, Mfcc

from .fakes import FakeMedia

BANDS, WINDOW, STEP, RATE = 26, 400, 160, 16000


def cepstrum(samples: np.ndarray) -> np.ndarray:
    """(T, 13): cosine transform of the logarithmic power in triangular bands, even on the mel scale."""
    frames = np.lib.stride_tricks.sliding_window_view(samples.astype(np.float64), WINDOW)[::STEP].copy()
    frames[:, 1:] -= 0.97 * frames[:, :-1]
    frames[:, 0] *= 1 - 0.97
    power = np.abs(np.fft.rfft(frames * np.hamming(WINDOW), 512)) ** 2
    mel = 1127 * np.log(1 + np.arange(257) * RATE / 512 / 700)
    low, middle, high = (np.linspace(0, mel[-1], BANDS + 2)[i : i + BANDS, None] for i in range(3))
    bands = np.minimum((mel - low) / (middle - low), (high - mel) / (high - middle)).clip(0)
    number = np.arange(1, 14)[:, None]
    cosines = np.sqrt(2 / BANDS) * np.cos(np.pi * number / BANDS * (np.arange(BANDS) + 0.5))
    return np.log(power @ bands.T) @ cosines.T * (1 + 11 * np.sin(np.pi * number[:, 0] / 22))


def slope(values: np.ndarray) -> np.ndarray:
    """Regression over two frames before and after."""
    padded = np.pad(values, ((2, 2), (0, 0)), mode="edge")
    return (padded[3:-1] - padded[1:-3] + 2 * (padded[4:] - padded[:-4])) / 10


def test_coefficients_and_derivatives_are_the_textbooks():
    samples = (0.1 * np.random.default_rng(0).standard_normal(RATE)).astype(np.float32)
    stream = Mfcc().extract(FakeMedia(samples))
    own = cepstrum(samples)
    wanted = np.hstack([own, slope(own), slope(slope(own))])
    assert stream.values.shape == wanted.shape == (98, 3 * len(COEFFICIENTS))
    # openSMILE computes on 16 bit, and repeats the first and last coefficients beyond the ends, not their slope.
    assert np.abs(stream.values - wanted)[4:-4].max() < 0.02
    assert np.abs(stream.values - wanted)[:, : 2 * len(COEFFICIENTS)].max() < 0.02
    assert stream.channels[0] == "mfcc.1" and stream.channels[-1] == "mfcc.13.acceleration"


def test_what_sounds_shows_at_its_time():
    time = np.arange(3 * RATE) / RATE
    hiss = 0.01 * np.random.default_rng(0).standard_normal(len(time))
    tone = 0.5 * np.sin(2 * np.pi * 300 * time) * (np.abs(time - 1.5) < 0.05)
    stream = Mfcc().extract(FakeMedia((hiss + tone).astype(np.float32)))
    away = np.abs(stream.values[:, 0] - np.median(stream.values[:, 0]))
    assert stream.times[away > away.max() / 2].mean() == pytest.approx(1.5, abs=0.01)
