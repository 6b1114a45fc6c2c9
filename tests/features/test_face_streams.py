"""Streams of the face: gaps, irregular frames, one forward pass for two extractors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from emoviz import checkpoints
from emoviz.core.errors import CheckpointError, MissingWeightsError
from emoviz.core.vocabulary import FER_EMOTIONS
from emoviz.features import expression
from emoviz.features.blendshapes import Blendshapes
from emoviz.features.expression import Expression, Face
from emoviz.features.frames import resample

from .conftest import save_network
from .fakes import FakeMedia, timeline


def face_clip(frames: int = 10, absent: tuple[int, ...] = ()) -> FakeMedia:
    present = np.ones(frames, bool)
    present[list(absent)] = False
    return FakeMedia(None, timeline(np.arange(frames) / 25, present))


@pytest.mark.parametrize("extractor", [Blendshapes(), Face(), Expression()], ids=lambda e: e.name)
def test_frames_without_the_face_are_gaps(extractor):
    stream = extractor.extract(face_clip(10, absent=(3, 4)))
    assert np.flatnonzero(np.isnan(stream.values).any(1)).tolist() == [3, 4]
    assert np.isnan(stream.values[3:5]).all()
    assert stream.notes == ("No face in 20% of the frames.",)


def test_a_clip_without_any_face_is_all_gap():
    stream = Blendshapes().extract(face_clip(10, absent=tuple(range(10))))
    assert stream.values.shape == (10, 52)
    assert np.isnan(stream.values).all()
    assert stream.notes == ("No face was found.",)


def test_one_frame_is_a_stream():
    stream = Blendshapes().extract(face_clip(1))
    assert stream.values.shape == (1, 52)
    assert stream.hop == pytest.approx(0.04)


def test_blendshapes_are_the_tracks_own():
    media = face_clip()
    stream = Blendshapes().extract(media)
    assert np.array_equal(stream.values, media.face_track().blendshapes)
    assert stream.channels[0] == "face.neutral"
    assert "face.mouthSmileLeft" in stream.channels


def test_probabilities_sum_to_one_and_stand_under_their_names(network):
    media = face_clip()
    stream = Expression().extract(media)
    assert stream.values.sum(1) == pytest.approx(1, abs=1e-5)
    crops = media.face_track().crops.reshape(10, -1).astype(np.float32) / 255
    loaded = checkpoints.load(network)
    direct = loaded({"crop": crops}).prediction.softmax(-1).numpy()
    for emotion in FER_EMOTIONS:
        ours = stream.values[:, stream.channels.index(f"expression.{emotion}")]
        assert ours == pytest.approx(direct[:, loaded.description.outputs.index(emotion)], abs=1e-6)


def test_face_is_the_networks_embedding(network):
    media = face_clip()
    crops = media.face_track().crops.reshape(10, -1).astype(np.float32) / 255
    direct = checkpoints.load(network)({"crop": crops}).embedding.numpy()
    assert np.allclose(Face().extract(media).values, direct, atol=1e-5)


def test_both_extractors_share_one_forward_pass(monkeypatch):
    runs = []
    folder = expression.network_folder()
    network = type(expression._load(folder, expression._fingerprint(folder / expression.WEIGHTS)))
    read = network.read
    monkeypatch.setattr(network, "read", lambda *given: runs.append(1) or read(*given))
    media = face_clip()
    Face().extract(media)
    Expression().extract(media)
    assert len(runs) == 1
    Face().extract(face_clip())
    assert len(runs) == 2


def test_a_newly_trained_network_has_other_settings(monkeypatch, tmp_path):
    save_network(tmp_path / "face-expression", seed=1)
    before = Face().settings
    monkeypatch.setattr(expression, "network_folder", lambda: tmp_path / "face-expression")
    assert Face().settings["weights"] != before["weights"]
    assert Face().settings == Expression().settings


def test_without_the_network_the_error_says_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setattr(expression, "network_folder", lambda: tmp_path / "face-expression")
    with pytest.raises(MissingWeightsError, match="python -m emoviz train --preset face-expression"):
        Expression().extract(face_clip())


def test_a_network_of_another_width_is_refused(monkeypatch, tmp_path):
    save_network(tmp_path / "face-expression", widths=(4, 4, 4, 4, 16))
    monkeypatch.setattr(expression, "network_folder", lambda: tmp_path / "face-expression")
    with pytest.raises(CheckpointError, match="16 features, not 512"):
        Face().extract(face_clip())


@given(arrays(np.float32, st.tuples(st.integers(2, 30), st.just(2)), elements=st.floats(-100, 100, width=32)))
def test_a_constant_rate_leaves_frames_as_they_are(values):
    times = 0.5 + np.arange(len(values)) / 30
    start, hop, same = resample(times, values, 0.04)
    assert (start, hop) == (0.5, pytest.approx(1 / 30))
    assert np.array_equal(same, values)
    rounded = resample(np.round(times, 3), values, 0.04)[2]
    assert np.array_equal(rounded, values)


@given(st.lists(st.floats(0.01, 0.2), min_size=2, max_size=40))
def test_an_irregular_rate_follows_the_timestamps(gaps):
    times = np.cumsum(gaps)
    start, hop, values = resample(times, times[:, None].astype(np.float32), 0.04)
    grid = start + hop * np.arange(len(values))
    assert grid[-1] == pytest.approx(times[-1])
    assert np.abs(values[:, 0] - grid).max() <= 0.05 * max(gaps) + 1e-4


def test_a_gap_between_irregular_frames_stays_a_gap():
    times = np.array([0, 0.04, 0.1, 0.3, 0.34, 0.4])
    values = np.array([0, 1, np.nan, 3, 4, 5], np.float32)[:, None]
    _, hop, resampled = resample(times, values, 0.04)
    grid = hop * np.arange(6)
    assert np.array_equal(np.isnan(resampled[:, 0]), (grid > 0.05) & (grid < 0.29))
