"""Grad-CAM by hand, on every network that has a convolution, and without traces."""

import numpy as np
import pytest
import torch
from models.examples import EXAMPLES
from places import ROOT
from torch.nn import functional

from emoviz import checkpoints
from emoviz.core.errors import ConfigError, FeatureError
from emoviz.explain import grad_cam, output_number
from emoviz.models import build

from .toys import Linear, clip, everywhere, hooks, two_filters

PICTURE = torch.tensor([[[1.0, 2.0, 3.0, 4.0]]])


def test_by_hand():
    """A1 = x, A2 = ReLU(3 - x); weights 2 / 4 and -4 / 4; ReLU(.5 x - A2) = [[0, 0], [1.5, 2]], over its highest."""
    heat = grad_cam(two_filters(), {"picture": PICTURE}, everywhere(1, 1), 0)
    np.testing.assert_allclose(heat, [[[0, 0], [0.75, 1]]], atol=1e-6)
    assert heat.dtype == np.float32


def test_the_opposite_score_is_found_elsewhere():
    """ReLU(-.5 x + A2) = [[1.5, 0], [0, 0]]."""
    heat = grad_cam(two_filters(), {"picture": PICTURE}, everywhere(1, 1), 1)
    np.testing.assert_allclose(heat, [[[1, 0], [0, 0]]], atol=1e-6)


def test_where_nothing_speaks_for_the_output_all_is_zero():
    heat = grad_cam(two_filters(), {"picture": torch.full((1, 1, 4), 9.0)}, everywhere(1, 1), 1)
    np.testing.assert_array_equal(heat, np.zeros((1, 2, 2)))


def test_heat_of_frames_can_be_compared():
    pictures = torch.cat([PICTURE, 2 * PICTURE])
    each = grad_cam(two_filters(), {"picture": pictures}, everywhere(2, 1), 0)
    together = grad_cam(two_filters(), {"picture": pictures}, everywhere(2, 1), 0, scale="all")
    np.testing.assert_allclose(each.max((1, 2)), [1, 1])
    np.testing.assert_allclose(together.max((1, 2)), [2 / 4, 1])


def test_batches_are_one_clip_after_the_other(monkeypatch):
    network = build("expression", {**EXAMPLES["expression"][0], "outputs": 3}).eval()
    (side,) = {network.config.side}
    pictures = {name: clip(5, 1, side**2) for name in network.config.streams}
    whole = grad_cam(network, pictures, everywhere(5, 1), 1)
    assert whole.shape == (5, side, side) and whole.min() >= 0 and whole.max() == 1
    monkeypatch.setattr("emoviz.explain.gradcam.FRAMES_AT_ONCE", 2)
    stages = []
    batched = grad_cam(network, pictures, everywhere(5, 1), 1, progress=lambda *report: stages.append(report[1:]))
    np.testing.assert_allclose(batched, whole, atol=1e-5)
    assert stages == [(0, 5), (2, 5), (4, 5), (5, 5)]


def test_expression_network_against_its_equation():
    """The score is a weighted sum of maxima, so the gradient of a channel is its weight at one position alone."""
    network = checkpoints.load(ROOT / "checkpoints" / "face-expression").predictor.model
    pictures = clip(2, 1, 48 * 48).abs()
    heat = grad_cam(network, {"crop": pictures}, everywhere(2, 1), 3)
    with torch.no_grad():
        crop = pictures.reshape(2, 1, 48, 48)
        spread, centre = torch.std_mean(crop, dim=(1, 2, 3), keepdim=True)
        activations = network.features((crop - centre) / (spread + 1e-4))
        coarse = torch.einsum("c,nchw->nhw", network.head.weight[3], activations).relu()
        expected = functional.interpolate(coarse[:, None], (48, 48), mode="bilinear")[:, 0]
    np.testing.assert_allclose(heat, expected / expected.amax((1, 2), keepdim=True), atol=1e-4)


@pytest.mark.parametrize("example", EXAMPLES["av-attention"])
def test_spectrograms_and_snippets_of_pictures(example):
    torch.manual_seed(0)
    network = build("av-attention", {**example, "outputs": 3}).eval()
    streams = {name: clip(2, 3, width) for name, width in network.config.streams.items()}
    mask = torch.tensor([[True, True, True], [True, False, False]])
    for name, convolution in network.last_convolution.items():
        heats = [grad_cam(network, streams, mask, output, stream=name) for output in range(3)]
        assert all(heat.shape == (4, *convolution.shape) for heat in heats)
        assert np.isfinite(heats).all() and np.min(heats) >= 0 and np.max(heats) == 1
        second = {key: values[1:, :1] for key, values in streams.items()}
        alone = grad_cam(network, second, mask[1:, :1], 1, stream=name)
        np.testing.assert_allclose(heats[1][3:], alone, atol=1e-4)


def test_any_layer_can_be_looked_at():
    network = build("expression", {**EXAMPLES["expression"][0], "outputs": 3}).eval()
    pictures = {name: clip(1, 1, network.config.side**2) for name in network.config.streams}
    last, first = (
        grad_cam(network, pictures, everywhere(1, 1), 0, layer=layer) for layer in (None, network.features[0])
    )
    assert not np.allclose(last, first)


def test_no_hook_gradient_or_mode_is_left_behind():
    model = two_filters().train()
    grad_cam(model, {"picture": PICTURE}, everywhere(1, 1), 0)
    assert hooks(model) == 0 and model.training
    assert all(parameter.grad is None for parameter in model.parameters())
    model.head.data = torch.zeros(2, 3)  # now its forward pass fails, behind the layer
    with pytest.raises(RuntimeError):
        grad_cam(model, {"picture": PICTURE}, everywhere(1, 1), 0)
    assert hooks(model) == 0 and model.training


def test_frozen_weights_and_no_gradient_mode_change_nothing():
    model = two_filters().requires_grad_(False)
    with torch.no_grad():
        heat = grad_cam(model, {"picture": PICTURE}, everywhere(1, 1), 0)
    np.testing.assert_allclose(heat, [[[0, 0], [0.75, 1]]], atol=1e-6)


def test_bad_input_is_refused_in_one_sentence():
    with pytest.raises(ConfigError, match="^The model has no convolutional network that Grad-CAM could look into.$"):
        grad_cam(Linear({"a": 2}, np.eye(2)), {"a": clip(1, 2, 2)}, everywhere(1, 2), 0)
    with pytest.raises(ConfigError, match="^Grad-CAM looks at the streams picture, not at 'sound'.$"):
        grad_cam(two_filters(), {"picture": PICTURE}, everywhere(1, 1), 0, stream="sound")
    with pytest.raises(ConfigError, match="^The model has the outputs 0 to 1, but no output 2.$"):
        grad_cam(two_filters(), {"picture": PICTURE}, everywhere(1, 1), 2)
    with pytest.raises(FeatureError, match="^The model needs the stream 'picture'; given are: none.$"):
        grad_cam(two_filters(), {}, everywhere(1, 1), 0)
    for mask in (everywhere(1, 0), everywhere(0, 1), ~everywhere(1, 1)):
        with pytest.raises(FeatureError, match="^There is nothing to explain: a clip has no frame in which "):
            grad_cam(two_filters(), {"picture": clip(*mask.shape, 4)}, mask, 0)
    with pytest.raises(Exception, match="no output named 'joy'; known are: angry, happy"):
        output_number(("happy", "angry"), "joy")
    assert output_number(("happy", "angry"), "angry") == 1
