"""Attention over a clip: which maps a model has, how windows are joined, what a map over places saw."""

import numpy as np
import pytest
import torch
from models.examples import EXAMPLES
from models.test_registry import MAPS as KINDS
from untrained import FOUR_EMOTIONS, save_speech

from emoviz import checkpoints
from emoviz.core.errors import FeatureError
from emoviz.core.vocabulary import Task
from emoviz.explain import attention
from emoviz.explain.attention import channel_attention, clip_attention, maps_of, received, window_attention
from emoviz.features import FeatureStream
from emoviz.plots.attention import MAPS

MDAT = {"width": 8, "heads": 2, "feedforward": 8, "dense": 4}
SECONDS = 5.0


@pytest.fixture(scope="module")
def mdat(tmp_path_factory) -> checkpoints.Checkpoint:
    folder = tmp_path_factory.mktemp("mdat")
    save_speech(folder, "model", "mdat", Task.CLIP, MDAT, FOUR_EMOTIONS, window=1.0)
    return checkpoints.load(folder / "model")


@pytest.fixture(scope="module")
def cats(tmp_path_factory) -> checkpoints.Checkpoint:
    folder = tmp_path_factory.mktemp("cats")
    save_speech(folder, "model", "cats", Task.FRAMES, {"width": 16, "heads": 2})
    return checkpoints.load(folder / "model")


def clip(model: checkpoints.Checkpoint, known: bool = True) -> dict[str, FeatureStream]:
    random = np.random.default_rng(0)
    shape = round(SECONDS / 0.02)
    return {
        spec.name: FeatureStream(
            (random.normal(size=(shape, spec.width)) if known else np.full((shape, spec.width), np.nan)).astype(
                np.float32
            ),
            0.01,
            0.02,
            spec.channels,
        )
        for spec in model.description.features
    }


def test_every_kind_of_map_has_a_figure():
    assert set(KINDS) - {attention.CHANNEL} == set(MAPS)
    assert EXAMPLES


def test_maps_are_found_without_a_clip(mdat, cats):
    assert set(maps_of(mdat)) == {f"{kind}.{s}" for kind in ("graph", "co", "temporal") for s in ("whisper", "egemaps")}
    assert maps_of(cats) == ("channel",)


def test_received_is_what_a_frame_gets_in_even_shares():
    weights = torch.tensor([[[0.5, 0.5], [0.0, 1.0]]])
    np.testing.assert_allclose(received(weights), [[0.5, 1.5]])
    np.testing.assert_allclose(received(torch.tensor([[0.25, 0.75]])), [[0.5, 1.5]])


def test_channel_weights_of_single_streams_are_put_side_by_side():
    parts = {"channel.a": torch.ones(1, 2), "channel.b": torch.zeros(1, 3)}
    assert channel_attention(parts, ("a", "b")).tolist() == [[1, 1, 0, 0, 0]]
    assert channel_attention({"channel.a": torch.ones(1, 2)}, ("a", "b")) is None
    assert channel_attention({"temporal": torch.ones(1, 2)}, ("a",)) is None


def test_moments_of_a_clip_lie_on_its_grid_and_average_to_an_even_share(mdat):
    found = clip_attention(mdat, clip(mdat), SECONDS)
    assert found.channels is None and set(found.maps) == set(maps_of(mdat))
    np.testing.assert_allclose(found.moments["time"], found.windows.times)
    np.testing.assert_allclose(found.moments[list(found.maps)].mean(), 1, atol=0.1)


def test_the_maps_of_a_window_are_the_models_own(mdat):
    streams = clip(mdat)
    windows = clip_attention(mdat, streams, SECONDS).windows
    own = mdat({name: values[0] for name, values in windows.aligned(streams, np.array([3])).items()}).attention
    for found in window_attention(mdat, streams, windows, 3):
        np.testing.assert_allclose(found.values, own[found.name][0], atol=1e-6)
        assert found.values.shape == (50, 50) and found.pictures is None


def test_one_window_received_is_the_mean_over_its_rows(mdat):
    streams = {name: FeatureStream(s.values[:50], s.start, s.hop, s.channels) for name, s in clip(mdat).items()}
    found = clip_attention(mdat, streams, 1.0)
    (graph,) = [m for m in window_attention(mdat, streams, found.windows, 0) if m.name == "graph.whisper"]
    np.testing.assert_allclose(found.moments["graph.whisper"], graph.values.mean(0) * 50, atol=1e-5)


def test_channel_weights_of_a_clip_are_named_and_grouped(cats):
    found = clip_attention(cats, clip(cats), SECONDS)
    assert list(found.channels.columns) == ["channel", "stream", "modality", "weight"]
    assert tuple(found.channels["channel"]) == cats.channels
    assert found.channels["stream"].value_counts().to_dict() == {"whisper": 4, "egemaps": 25}
    assert found.channels["weight"].between(0, 1).all() and found.maps == ()


def test_a_silent_clip_is_refused(mdat):
    with pytest.raises(FeatureError, match="holds nothing that 'model' reads"):
        clip_attention(mdat, clip(mdat, known=False), SECONDS)


def test_pictures_are_the_middle_ones_with_their_colours_last():
    videos = np.arange(2 * 3 * 4 * 2 * 2).reshape(2, -1) / 96  # snippets, colours, pictures, height, width
    pictures = attention._pictures(videos.astype(np.float32), (4, 2, 2))
    assert pictures.shape == (2, 2, 2, 3)
    np.testing.assert_allclose(pictures[1, 0, 1], (48 + np.array([0, 16, 32]) + 2 * 4 + 1) / 96)
    assert attention._pictures(videos[:, :4], (2, 2)).shape == (2, 2, 2, 1)
