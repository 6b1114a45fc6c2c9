"""Forms of channel attention: against their equations in numpy, and what they promise for any logits."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.special import expit
from torch import Tensor

from emoviz.models import build
from emoviz.models.channel_attention import GAIN, TEMPERATURE, ChannelAttention, ChannelGates, with_share

from .masks import masks, noise

LOGITS = st.lists(st.floats(-50, 50, width=32), min_size=1, max_size=12)
SHARES = st.floats(0.02, 0.98)


def numpy_of(parameter: Tensor) -> np.ndarray:
    return parameter.detach().numpy()


def bottleneck_of(network: torch.nn.Sequential, x: np.ndarray) -> np.ndarray:
    hidden = np.maximum(numpy_of(network[0].weight) @ x + numpy_of(network[0].bias), 0)
    return numpy_of(network[2].weight) @ hidden + numpy_of(network[2].bias)


@given(mask=masks())
def test_the_papers_form_follows_its_equation(mask: Tensor) -> None:
    torch.manual_seed(0)
    layer, fused = ChannelAttention(4, reduction=2), noise(3, 9, 4)
    weights, weighted = layer(fused, mask)
    for row in range(3):
        real = fused[row].numpy()[mask[row].numpy()]
        both = bottleneck_of(layer.shared, real.mean(0)) + bottleneck_of(layer.shared, real.max(0))
        np.testing.assert_allclose(numpy_of(weights)[row], expit(both), atol=1e-6)
    np.testing.assert_allclose(numpy_of(weighted), fused.numpy() * numpy_of(weights)[:, None], atol=1e-6)


@given(logits=LOGITS, share=SHARES)
@settings(max_examples=50)
def test_gates_have_their_share_for_any_logits_and_keep_their_order(logits: list[float], share: float) -> None:
    given_logits = torch.tensor(logits)
    gates = numpy_of(with_share(given_logits, share).sigmoid())
    shift = brentq(lambda b: expit(np.array(logits) + b).mean() - share, -200, 200, xtol=1e-12)
    np.testing.assert_allclose(gates, expit(np.array(logits) + shift), atol=2e-5)
    assert gates.mean() == pytest.approx(share, abs=1e-5)
    assert (np.diff(gates[np.argsort(logits)]) >= -1e-6).all()
    np.testing.assert_allclose(numpy_of(with_share(given_logits + 7, share).sigmoid()), gates, atol=2e-5)


def test_the_gradient_of_gates_holds_the_constraint() -> None:
    logits = torch.tensor([[0.4, -2.0, 1.5, 0.1], [3.0, 0.0, 0.0, -1.0]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda a: with_share(a, 0.3), logits)
    (gradient,) = torch.autograd.grad(with_share(logits, 0.3).sigmoid().sum(), logits)
    torch.testing.assert_close(gradient, torch.zeros_like(gradient))


def gates(reduction: int | None = None) -> ChannelGates:
    torch.manual_seed(0)
    layer = ChannelGates(4, 0.4, reduction)
    torch.nn.init.normal_(layer.logits, std=2 / GAIN)
    return layer


def test_a_gate_is_the_chance_that_a_clip_gets_the_channel_in_training() -> None:
    layer, fused = gates(), noise(4000, 2, 4)
    known = torch.ones_like(fused, dtype=torch.bool)
    weights, weighted = (numpy_of(values) for values in layer(fused, known))
    passed = weighted / fused.numpy()
    np.testing.assert_allclose(passed[:, 0], passed[:, 1], rtol=1e-4, err_msg="one toss for a clip's channel")
    np.testing.assert_allclose((passed[:, 0] > 0.5).mean(0), weights[0], atol=0.03)
    logits = np.log(weights[0] / (1 - weights[0]))
    uniform = np.random.default_rng(0).uniform(size=(200_000, 1))
    expected = expit((logits + np.log(uniform / (1 - uniform))) / TEMPERATURE)
    np.testing.assert_allclose(passed[:, 0].mean(0), expected.mean(0), atol=0.03)
    np.testing.assert_allclose(passed[:, 0].std(0), expected.std(0), atol=0.03)
    _, used = layer.eval()(fused, known)
    np.testing.assert_allclose(numpy_of(used), fused.numpy() * weights[:, None], atol=1e-6)


@given(mask=masks())
@settings(max_examples=20)
def test_a_clip_deviates_from_the_gates_of_all_by_the_bottleneck(mask: Tensor) -> None:
    layer, fused = gates(reduction=2).eval(), noise(3, 9, 4)
    same, _ = layer(fused, mask)
    assert (same == same[0]).all(), "no clip deviates before training"
    torch.nn.init.normal_(layer.deviation[2].weight)
    weights, _ = layer(fused, mask)
    for row in range(3):
        real = fused[row].numpy()[mask[row].numpy()]
        both = bottleneck_of(layer.deviation, real.mean(0)) + bottleneck_of(layer.deviation, real.max(0))
        logits = GAIN * numpy_of(layer.logits) + both
        shift = brentq(lambda b, a=logits: expit(a + b).mean() - 0.4, -200, 200, xtol=1e-12)
        np.testing.assert_allclose(numpy_of(weights)[row], expit(logits + shift), atol=2e-5)


def test_gates_find_the_channel_that_tells_the_label() -> None:
    torch.manual_seed(1)
    options = {"width": 8, "heads": 2, "feedforward": 8, "step": 4, "encoder_layers": 1, "decoder_layers": 1}
    options |= {"channel_form": "gates", "open_share": 0.25, "dropout": 0.0}
    model = build("cats", {"streams": {"a": 8}, "outputs": 1, **options}).train()
    optimiser = torch.optim.Adam(model.parameters(), 1e-2)
    for _ in range(50):
        values = torch.randn(32, 1, 8).expand(-1, 4, -1)
        mask = torch.ones(32, 4, dtype=torch.bool)
        loss = (model({"a": values}, mask).prediction - values[..., 5:6]).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    weights = model.eval()({"a": values}, mask).attention["channel"][0]
    assert weights.argmax() == 5 and weights[5] > 0.8
