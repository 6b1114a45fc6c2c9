"""Integrated gradients against what they are on paper, for linear and quadratic models and all that are registered."""

import numpy as np
import pytest
import torch
from models.examples import EXAMPLES

from emoviz.core.errors import Cancelled, ConfigError, FeatureError
from emoviz.explain import channel_weights, integrated_gradients, span
from emoviz.models import build

from .toys import Dropping, Linear, Quadratic, clip, everywhere, hooks

STREAMS = {"a": 2, "b": 1}
WEIGHTS = np.array([[1.0, -2.0, 0.5], [0.0, 3.0, 1.0]])


def streams(batch: int = 2, frames: int = 4) -> dict[str, torch.Tensor]:
    return {name: clip(batch, frames, width, seed=i) for i, (name, width) in enumerate(STREAMS.items())}


def test_linear_model_gives_weight_times_value():
    found = integrated_gradients(Linear(STREAMS, WEIGHTS), streams(), everywhere(2, 4), 0)
    np.testing.assert_allclose(found.values, np.concatenate(list(streams().values()), 2) * WEIGHTS[0] / 4, atol=1e-6)
    assert {name: values.shape for name, values in found.streams.items()} == {"a": (2, 4, 2), "b": (2, 4, 1)}
    np.testing.assert_allclose(found.values.sum((1, 2)), found.difference, atol=1e-5)


@pytest.mark.parametrize(("first", "end"), [(1, 2), (1, 3)])
def test_one_frame_or_some_of_a_linear_model(first, end):
    mask = everywhere(2, 4)
    found = integrated_gradients(Linear(STREAMS, WEIGHTS), streams(), mask, 1, shares=span(mask, first, end))
    expected = np.concatenate(list(streams().values()), 2) * WEIGHTS[1] / (end - first)
    expected[:, [t for t in range(4) if not first <= t < end]] = 0
    np.testing.assert_allclose(found.values, expected, atol=1e-6)


def test_quadratic_model_gives_weight_times_square():
    mask = torch.tensor([[True] * 4, [True, True, False, False]])
    inputs = {name: values.where(mask[..., None], torch.nan) for name, values in streams().items()}
    found = integrated_gradients(Quadratic(STREAMS, WEIGHTS), inputs, mask, 1, steps=4)
    squares = np.nan_to_num(np.concatenate(list(inputs.values()), 2)) ** 2
    np.testing.assert_allclose(found.values, squares * WEIGHTS[1] / np.array([4, 2])[:, None, None], atol=1e-6)
    assert (found.completeness_error < 1e-5).all()


@pytest.mark.parametrize("name", ["bi-gru", "mdat", "statistics-pooling", "eaf"])
def test_contributions_add_up_for_models_of_all_kinds(name):
    if name not in EXAMPLES:
        pytest.skip(f"no model {name}")
    torch.manual_seed(0)
    model = build(name, {**EXAMPLES[name][0], "outputs": 2}).eval()
    inputs = {key: clip(1, 6, width, seed=i) for i, (key, width) in enumerate(model.config.streams.items())}
    found = integrated_gradients(model, inputs, everywhere(1, 6), 1, steps=100)
    assert found.completeness_error[0] < 0.02 * max(abs(found.difference[0]), 0.05)


def test_frames_that_a_stream_lacks_contribute_nothing_and_the_rest_adds_up():
    torch.manual_seed(0)
    model = build("mdat", {**EXAMPLES["mdat"][0], "outputs": 2}).eval()
    inputs = {key: clip(1, 6, width, seed=i) for i, (key, width) in enumerate(model.config.streams.items())}
    first = next(iter(inputs))
    inputs[first][:, 2:4] = torch.nan
    found = integrated_gradients(model, inputs, everywhere(1, 6), 1, steps=100)
    assert (found.streams[first][:, 2:4] == 0).all() and (found.streams[first][:, :2] != 0).any()
    assert found.completeness_error[0] < 0.02 * max(abs(found.difference[0]), 0.05)


def test_error_tells_of_too_few_steps():
    class Cubic(Quadratic):
        def forward(self, streams, mask, targets=None):
            return super().forward({name: values**3 for name, values in streams.items()}, mask)

    coarse, fine = (
        integrated_gradients(Cubic(STREAMS, WEIGHTS), streams(), everywhere(2, 4), 0, steps=steps) for steps in (1, 20)
    )
    assert (coarse.completeness_error > 0.1).all() and (fine.completeness_error < 1e-4).all()


def test_bounded_batches_give_the_same(monkeypatch):
    whole = integrated_gradients(Quadratic(STREAMS, WEIGHTS), streams(), everywhere(2, 4), 0)
    sizes = []

    class Watched(Quadratic):
        def forward(self, streams, mask, targets=None):
            sizes.append(len(mask))
            return super().forward(streams, mask)

    monkeypatch.setattr("emoviz.explain.targets.VALUES_AT_ONCE", 40)
    chunked = integrated_gradients(Watched(STREAMS, WEIGHTS), streams(), everywhere(2, 4), 0)
    np.testing.assert_allclose(chunked.values, whole.values, atol=1e-6)
    assert max(sizes) == 3


def test_channel_weights_are_means_over_real_frames():
    mask = torch.tensor([[True, True, False, False]])
    found = integrated_gradients(Linear(STREAMS, WEIGHTS), streams(1), mask, 0)
    values = np.concatenate(list(streams(1).values()), 2)[:, :2] * WEIGHTS[0] / 2
    np.testing.assert_allclose(channel_weights(found, mask), np.abs(values).mean(1), atol=1e-6)


def test_nothing_is_left_behind_and_dropout_is_off():
    model = Dropping(STREAMS, WEIGHTS).train()
    found = integrated_gradients(model, streams(), everywhere(2, 4), 0)
    np.testing.assert_allclose(found.values, np.concatenate(list(streams().values()), 2) * WEIGHTS[0] / 4, atol=1e-6)
    assert model.training and hooks(model) == 0 and model.weights.grad is None


def test_it_can_be_stopped():
    def stop(stage, done, total):
        if done == 1:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        integrated_gradients(Linear(STREAMS, WEIGHTS), streams(), everywhere(2, 4), 0, progress=stop)


def test_bad_input_is_refused_in_one_sentence():
    model = Linear(STREAMS, WEIGHTS)
    with pytest.raises(ConfigError, match="^The model has the outputs 0 to 1, but no output -1.$"):
        integrated_gradients(model, streams(), everywhere(2, 4), -1)
    with pytest.raises(ConfigError, match=r"^The shares of the predictions are \(2, 4\), not \(2, 1\).$"):
        integrated_gradients(model, streams(), everywhere(2, 4), 0, shares=torch.ones(2, 1))
    with pytest.raises(FeatureError, match="^There is nothing to explain"):
        integrated_gradients(model, streams(), ~everywhere(2, 4), 0)
    with pytest.raises(FeatureError, match="^There is nothing to explain"):
        integrated_gradients(model, streams(2, 0), everywhere(2, 0), 0)
    with pytest.raises(FeatureError, match="^There is nothing to explain"):
        span(everywhere(1, 4), 4)
