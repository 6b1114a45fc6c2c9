"""Occlusion by hand."""

import numpy as np
import pytest
import torch

from emoviz.core.errors import ConfigError, FeatureError
from emoviz.explain import occlude_channels, occlude_time, span
from emoviz.explain.occlusion import without

from .toys import Linear, Quadratic, clip, everywhere, hooks

STREAMS = {"a": 2, "b": 1}
WEIGHTS = np.array([[1.0, -2.0, 0.5], [0.0, 3.0, 1.0]])
INPUTS = {"a": torch.tensor([[[1.0, 2.0], [3.0, -1.0]]]), "b": torch.tensor([[[4.0], [0.0]]])}
"""Weighted by the first output: frame 0 is 1 - 4 + 2, frame 1 is 3 + 2 + 0."""


def test_a_channel_adds_its_weighted_mean():
    changes = occlude_channels(Linear(STREAMS, WEIGHTS), INPUTS, everywhere(1, 2), 0)
    np.testing.assert_allclose(changes, [[2, -1, 1]])


def test_a_group_adds_what_its_channels_add_together():
    """Squares: (1 + 9) / 2 and -2 (4 + 1) / 2 of stream a; .5 * 16 / 2 of stream b."""
    changes = occlude_channels(Quadratic(STREAMS, WEIGHTS), INPUTS, everywhere(1, 2), 0, groups=[[0, 1], [2], [0, 2]])
    np.testing.assert_allclose(changes, [[0, 4, 9]])


def test_a_stretch_adds_the_share_of_its_frames():
    changes = occlude_time(Linear(STREAMS, WEIGHTS), INPUTS, everywhere(1, 2), 0, window=1)
    np.testing.assert_allclose(changes, [[-0.5, 2.5]])
    changes = occlude_time(Linear(STREAMS, WEIGHTS), INPUTS, everywhere(1, 2), 0, window=2, hop=1)
    np.testing.assert_allclose(changes, [[2, 2.5]])


def test_only_the_frames_asked_about_change():
    mask = everywhere(1, 2)
    changes = occlude_time(Linear(STREAMS, WEIGHTS), INPUTS, mask, 0, window=1, shares=span(mask, 1))
    np.testing.assert_allclose(changes, [[0, 5]])


def test_a_hidden_stretch_makes_no_frame_that_a_stream_lacks():
    hidden = torch.tensor([[False, True, True]])[..., None]
    streams = {"a": torch.ones(1, 3, 2), "b": torch.ones(1, 3, 1)}
    streams["b"][0, 1] = torch.nan
    found = without(streams, {"a": 2, "b": 1}, hidden)
    assert torch.equal(found["a"][0, :, 0], torch.tensor([1.0, 0, 0]))
    assert torch.equal(found["b"][0, [0, 2], 0], torch.tensor([1.0, 0])) and found["b"][0, 1].isnan().all()


def test_padding_and_batches_change_nothing(monkeypatch):
    mask = torch.tensor([[True] * 5, [True, True, True, False, False]])
    streams = {n: clip(2, 5, w, seed=w).where(mask[..., None], torch.nan) for n, w in STREAMS.items()}
    model = Quadratic(STREAMS, WEIGHTS)
    both = occlude_channels(model, streams, mask, 1), occlude_time(model, streams, mask, 1, window=2)
    alone = {name: values[1:, :3] for name, values in streams.items()}
    np.testing.assert_allclose(occlude_channels(model, alone, everywhere(1, 3), 1), both[0][1:], atol=1e-6)
    np.testing.assert_allclose(occlude_time(model, alone, everywhere(1, 3), 1, window=2), both[1][1:, :2], atol=1e-6)
    np.testing.assert_array_equal(both[1][1, 2], 0)
    monkeypatch.setattr("emoviz.explain.targets.VALUES_AT_ONCE", 1)
    np.testing.assert_allclose(occlude_channels(model, streams, mask, 1), both[0], atol=1e-6)
    assert hooks(model) == 0


def test_bad_input_is_refused_in_one_sentence():
    model, mask = Linear(STREAMS, WEIGHTS), everywhere(1, 2)
    for group in ([], [3], [-1]):
        with pytest.raises(ConfigError, match="^A group names one channel or more of 0 to 2, not"):
            occlude_channels(model, INPUTS, mask, 0, groups=[group])
    with pytest.raises(ConfigError, match="^Stretches of time have one frame or more, not 0.$"):
        occlude_time(model, INPUTS, mask, 0, window=0)
    with pytest.raises(ConfigError, match="no output 7"):
        occlude_channels(model, INPUTS, mask, 7)
    with pytest.raises(FeatureError, match="^There is nothing to explain"):
        occlude_channels(model, INPUTS, ~mask, 0)
