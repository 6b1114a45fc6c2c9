"""The Whisper encoder against CTranslate2, transformers and its own definition."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from emoviz.core import places
from emoviz.core.errors import FeatureError, MissingWeightsError
from emoviz.features import whisper
from emoviz.features.whisper import ENCODER, FRAME, Whisper, encode, load_encoder, log_mel, mel_filters

REFERENCE = Path(__file__).parent / "whisper_reference.npz"


@pytest.fixture(scope="module")
def reference() -> dict[str, np.ndarray]:
    return dict(np.load(REFERENCE))


@pytest.fixture(scope="module")
def sound(reference: dict[str, np.ndarray]) -> torch.Tensor:
    return torch.from_numpy(reference["samples"] / np.float32(128))


def test_log_mel_equals_transformers(reference, sound):
    mel = log_mel(sound)
    assert mel.shape == (80, 3000)
    assert np.abs(mel.numpy()[:, :: reference["step"]] - reference["mel"]).max() < 1e-4


def test_encoder_equals_ctranslate2(reference, sound):
    encoder = load_encoder(places.encoders() / ENCODER)
    encoded = encoder.norm(encoder(log_mel(sound)[None], layer=4))[0].numpy()
    assert encoded.shape == (1500, 384)
    assert np.abs(encoded[:: reference["step"]] - reference["encoded"]).max() < 1e-4


def test_filters_cover_the_spectrum_with_unit_area():
    filters = mel_filters()
    assert filters.shape == (80, 201)
    assert (filters[:, 1:200].sum(0) > 0).all()
    assert (filters[40:].sum(1) * (8000 / 200)).numpy() == pytest.approx(1, abs=0.1)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 40000))
def test_every_length_gives_one_frame_per_20_ms(samples):
    mel = log_mel(torch.linspace(-0.5, 0.5, samples))
    assert mel.shape == (80, 2 * math.ceil(samples / FRAME))
    assert mel.isfinite().all()


def test_a_click_shows_at_its_time():
    silence = torch.zeros(32000)
    click = silence.clone()
    click[16000] = 0.9
    change = (log_mel(click) - log_mel(silence)).abs().sum(0)
    assert abs(int(change.argmax()) - 100) <= 1


def test_windows_join_to_their_own_encodings_outside_the_overlap(monkeypatch, sound):
    encoder = load_encoder(places.encoders() / ENCODER)
    samples = sound[: 400 * FRAME].numpy()
    first, second = (encode(encoder, part, layer=1) for part in (samples[: 250 * FRAME], samples[200 * FRAME :]))
    monkeypatch.setattr(whisper, "WINDOW", 250)
    monkeypatch.setattr(whisper, "OVERLAP", 50)
    joined = encode(encoder, samples, layer=1)
    assert joined.shape == (400, 384)
    assert np.array_equal(joined[:200], first[:200])
    assert np.array_equal(joined[250:], second[50:])
    halfway = (first[224:226] + second[24:26]) / 2
    assert np.allclose(joined[224:226].mean(0), halfway.mean(0), atol=0.05 * float(halfway.std()))


def test_windows_of_a_constant_encoder_join_without_seam(monkeypatch):
    monkeypatch.setattr(whisper, "WINDOW", 100)
    monkeypatch.setattr(whisper, "OVERLAP", 30)

    def ones(mel, layer):
        return torch.ones(1, mel.shape[2] // 2, 384)

    for frames in (1, 29, 30, 31, 99, 100, 101, 170, 171, 240, 333):
        assert encode(ones, np.zeros(frames * FRAME, np.float32), layer=2) == pytest.approx(1, abs=1e-6)


def test_layer_outside_the_network_is_refused():
    with pytest.raises(FeatureError, match="layers 1 to 4, not 5"):
        Whisper(layer=5)


def test_missing_weights_are_named(tmp_path):
    with pytest.raises(MissingWeightsError, match="model.safetensors"):
        load_encoder(tmp_path)
