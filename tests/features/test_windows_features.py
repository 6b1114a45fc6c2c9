"""Functionals, bags of words, fragments and deep spectrum against NumPy, scikit-learn and transformers."""

import encoders
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.cluster import KMeans
from sklearn.preprocessing import StandardScaler

from emoviz.core.errors import FeatureError, MissingWeightsError
from emoviz.features import bag_of_words, deep_spectrum, functionals, make
from emoviz.features.base import FeatureStream

from .fakes import FakeMedia, timeline, voice


def test_functionals_are_mean_and_deviation_around_each_moment():
    media = FakeMedia(voice(6.0))
    base = make("egemaps").extract(media)
    stream = make("egemaps-functionals", {"window": 2.0, "hop": 0.5}).extract(media)
    assert stream.hop == 0.5
    for time, values in zip(stream.times, stream.values, strict=True):
        near = base.values[np.abs(base.times - time) <= 1.0 + 1e-6]
        np.testing.assert_allclose(values, np.concatenate([near.mean(0), near.std(0)]), rtol=1e-4, atol=1e-5)
    assert stream.channels[0] == "egemaps-functionals.mean.Loudness_sma3"
    assert stream.channels[25] == "egemaps-functionals.std.Loudness_sma3"


def test_missing_frames_are_left_out_of_functionals():
    present = np.ones(100, bool)
    present[20:] = False
    media = FakeMedia(None, timeline(np.arange(100) / 25, present))
    base = make("blendshapes").extract(media)
    stream = make("blendshapes-functionals", {"window": 1.0}).extract(media)
    known = base.values[:20]
    row = int(np.argmin(np.abs(stream.times - 0.6)))
    near = known[np.abs(base.times[:20] - stream.times[row]) <= 0.5 + 1e-6]
    np.testing.assert_allclose(stream.values[row, :52], near.mean(0), rtol=1e-4)
    assert np.isnan(stream.values[-1]).all()
    assert stream.notes == base.notes


@given(st.integers(1, 60), st.floats(0.02, 3.0), st.floats(0.05, 1.0))
def test_windows_hold_the_frames_within_half_of_them(count, window, hop):
    values = np.arange(count, dtype=np.float32)[:, None]
    stream = FeatureStream(values, 0.05, 0.1, ("n",))
    times = functionals.window_times(stream, hop)
    for time, own in zip(times, functionals.windows(stream, times, window), strict=True):
        wanted = values[np.abs(stream.times - time) <= window / 2 + 1e-7, 0]
        assert own[:, 0].tolist() == wanted.tolist()


def test_a_codebook_is_that_of_scikit_learn():
    frames = np.random.default_rng(0).normal(3, 2, (500, 4)).astype(np.float32)
    codebook = bag_of_words.fit(frames, 7, seed=3)
    scaler = StandardScaler().fit(frames.astype(np.float64))
    reference = KMeans(7, n_init=1, random_state=3).fit(scaler.transform(frames.astype(np.float64)))
    np.testing.assert_allclose(codebook["words"], reference.cluster_centers_, atol=1e-4)
    assert (bag_of_words.assign(codebook, frames) == reference.labels_).mean() > 0.99
    frames[3, 1] = np.nan
    assert bag_of_words.assign(codebook, frames)[3] == -1


def test_a_bag_counts_the_words_of_a_window(tmp_path, monkeypatch):
    monkeypatch.setenv("EMOVIZ_WEIGHTS", str(tmp_path))
    media = FakeMedia(voice(3.0))
    base = make("egemaps").extract(media)
    codebook = bag_of_words.fit(base.values, 5)
    bag_of_words.save(codebook, "mine")
    stream = make("egemaps-words", {"codebook": "mine", "window": 1.0}).extract(media)
    spoken = bag_of_words.assign(codebook, base.values)
    for time, bag in zip(stream.times, stream.values, strict=True):
        near = spoken[np.abs(base.times - time) <= 0.5 + 1e-6]
        np.testing.assert_allclose(bag, [np.log10(1 + (near == k).sum()) for k in range(5)], atol=1e-6)


def test_another_codebook_is_another_stream(tmp_path, monkeypatch):
    monkeypatch.setenv("EMOVIZ_WEIGHTS", str(tmp_path))
    frames = np.random.default_rng(0).random((50, 25), np.float32)
    settings = []
    for words in (3, 4):
        bag_of_words.save(bag_of_words.fit(frames, words), "mine")
        settings.append(make("egemaps-words", {"codebook": "mine"}).settings)
    assert settings[0] != settings[1]


def test_codebooks_that_cannot_be_used(tmp_path, monkeypatch):
    monkeypatch.setenv("EMOVIZ_WEIGHTS", str(tmp_path))
    with pytest.raises(MissingWeightsError, match="python -m emoviz codebook --preset"):
        make("egemaps-words").settings  # noqa: B018
    bag_of_words.save(bag_of_words.fit(np.random.default_rng(0).random((50, 4), np.float32), 3), "codebook-egemaps")
    with pytest.raises(FeatureError, match="is one of 4 channels, but 'egemaps' has 25"):
        make("egemaps-words").channels  # noqa: B018
    (tmp_path / "codebook-egemaps" / "model.safetensors").write_bytes(b"no")
    with pytest.raises(FeatureError, match="is damaged.*make it again"):
        make("egemaps-words").channels  # noqa: B018
    with pytest.raises(FeatureError, match="at least 2 words and no more than frames, not 9 of 2"):
        bag_of_words.fit(np.zeros((2, 3), np.float32), 9)


@pytest.mark.parametrize("feature", ["egemaps-functionals", "egemaps-words", "deep-spectrum-vgg16"])
def test_windows_have_a_length(feature):
    with pytest.raises(FeatureError, match="'window' and 'hop' of .* are positive"):
        make(feature, {"hop": 0.0})


@pytest.mark.usefixtures("tiny_encoders")
def test_fragments_tile_the_clip_and_give_transformers_vectors(tiny_weights):
    import transformers

    samples = voice(6.0)
    extractor = make("wavlm-xvector", {"fragments": 4})
    stream = extractor.extract(FakeMedia(samples))
    np.testing.assert_allclose(stream.times, [0, 2, 4, 6], atol=1e-9)
    folder = tiny_weights / extractor.needs[0].name
    prepared = transformers.AutoFeatureExtractor.from_pretrained(folder)(
        samples, sampling_rate=16000, return_tensors="pt"
    )["input_values"]
    network = transformers.WavLMForXVector.from_pretrained(folder).eval()
    for values, (first, last) in zip(stream.values, [(0, 1), (1, 3), (3, 5), (5, 6)], strict=True):
        with torch.no_grad():
            expected = network(prepared[:, first * 16000 : last * 16000]).embeddings[0]
        np.testing.assert_allclose(values, expected.numpy(), atol=1e-5)


@pytest.mark.usefixtures("tiny_encoders")
def test_fragments_of_a_short_clip_overlap_and_of_a_shorter_one_are_missing():
    assert np.isfinite(make("wavlm-xvector").extract(FakeMedia(voice(0.6))).values).all()
    assert np.isnan(make("wavlm-xvector").extract(FakeMedia(voice(0.4))).values).all()


def test_the_mel_picture_shows_a_tone_where_it_is():
    time = np.arange(16000) / 16000
    grey = deep_spectrum.mel_picture(np.sin(2 * np.pi * 1000 * time).astype(np.float32))
    assert grey.shape == (128, 101)
    low = deep_spectrum.mel_picture(np.sin(2 * np.pi * 300 * time).astype(np.float32))
    assert grey[:, 50].max() == 255
    assert low[:, 50].argmax() > grey[:, 50].argmax()  # low bands below
    picture = deep_spectrum.coloured(grey)
    assert picture.shape == (224, 224, 3)
    assert tuple(deep_spectrum.coloured(np.full((4, 4), 255, np.uint8))[0, 0]) == (253, 231, 37)  # viridis' yellow


@pytest.mark.usefixtures("tiny_encoders")
def test_deep_spectrum_is_the_networks_view_of_each_second(tiny_weights):
    from safetensors.torch import load_file

    from emoviz.features.convolutional import VGG

    media = FakeMedia(voice(2.0))
    extractor = make("deep-spectrum-vgg16", {"hop": 0.5})
    stream = extractor.extract(media)
    np.testing.assert_allclose(stream.times, [0.25, 0.75, 1.25, 1.75])
    network = VGG(16, encoders.PLAN).eval()
    state = load_file(tiny_weights / extractor.needs[0].name / "model.safetensors")
    network.load_state_dict({name: state[name] for name in network.state_dict()})
    grey = deep_spectrum.mel_picture(voice(2.0))
    picture = deep_spectrum.coloured(np.ascontiguousarray(grey[:, 75 - 50 : 75 + 50]))
    pixels = (picture / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    with torch.no_grad():
        expected = network(torch.from_numpy(pixels).float().permute(2, 0, 1)[None])
    np.testing.assert_allclose(stream.values[1], expected[0].numpy(), atol=1e-5)
