"""CATS-Transformer: channel attention and masks against the equations, cached against naive decode."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from emoviz.core.errors import ConfigError
from emoviz.models import build
from emoviz.models.cats import (
    CATS,
    PAPER,
    CATSConfig,
    CrossAttention,
    DecoderLayer,
    EncoderLayer,
    SelfAttention,
)
from emoviz.models.layers import Steps

from .masks import masks, noise

FRAMES = 11
WHOLE = torch.ones(2, FRAMES, dtype=torch.bool)
CONFIGS = {"default": {}, "paper": PAPER, "live": {"causal_memory": True}}


def small(**options: object) -> CATS:
    torch.manual_seed(0)
    config = {"width": 8, "heads": 2, "feedforward": 16, "reduction": 2, "step": 3, **options}
    model = build("cats", {"streams": {"a": 4, "v": 2}, "outputs": 2, **config}).eval()
    assert isinstance(model, CATS)
    return model


def clips(batch: int = 2, frames: int = FRAMES, seed: int = 0) -> dict[str, Tensor]:
    return {"a": noise(batch, frames, 4, seed=seed), "v": noise(batch, frames, 2, seed=seed + 1)}


def numpy_of(parameter: Tensor) -> np.ndarray:
    return parameter.detach().numpy()


def naive_decode(model: CATS, memory: Tensor, steps: Steps) -> Tensor:
    """Every step runs the whole prefix again, as a decoder without kept keys and values must."""
    base = 0 if model.direct is None else steps.mean(model.direct(memory))
    outputs = torch.zeros(len(memory), steps.count, 2)
    for step in range(steps.count):
        said = model.decode_given(memory, steps, outputs) + base
        outputs[:, step] = said[:, step]
    return outputs


def test_channel_weights_scale_the_fused_streams() -> None:
    with_weights, without = small(), small(channel_attention=False)
    without.load_state_dict({k: v for k, v in with_weights.state_dict().items() if "channel_attention" not in k})
    streams = clips()
    output = with_weights(streams, WHOLE)
    a, v = output.attention["channel"].split([4, 2], dim=-1)
    scaled = {"a": streams["a"] * a[:, None], "v": streams["v"] * v[:, None]}
    torch.testing.assert_close(without(scaled, WHOLE).prediction, output.prediction)
    assert without(streams, WHOLE).attention == {}


def test_attention_follows_its_equation() -> None:
    torch.manual_seed(0)
    layer = CrossAttention(6, 2)
    x, memory = noise(1, 3, 6), noise(1, 5, 6, seed=1)
    visible = torch.tensor([[True, True, False, True, True], [True, False, False, False, False], [True] * 5])
    got = numpy_of(layer(x, layer.keys_values(memory), visible[None, None]))[0]

    def project(linear: nn.Linear, values: Tensor) -> np.ndarray:
        return numpy_of(values)[0] @ numpy_of(linear.weight).T + numpy_of(linear.bias)

    heads = []
    for q, kv in zip(
        *(np.split(p, 2, axis=1) for p in (project(layer.query, x), project(layer.key_value, memory))), strict=True
    ):
        k, v = np.split(kv, 2, axis=1)
        scores = np.where(visible, np.exp(q @ k.T / math.sqrt(3)), 0)
        heads.append(scores / scores.sum(1, keepdims=True) @ v)
    expected = np.concatenate(heads, 1) @ numpy_of(layer.out.weight).T + numpy_of(layer.out.bias)
    np.testing.assert_allclose(got, expected, atol=1e-6)


def copy_attention(ours: SelfAttention | CrossAttention, theirs: nn.MultiheadAttention) -> None:
    """Ours has queries, keys and values of a head side by side, torch all queries before all keys and values."""

    def by_part(projection: nn.Linear) -> dict[str, Tensor]:
        parts = projection.out_features // 8
        order = torch.arange(projection.out_features).view(2, parts, 4).transpose(0, 1).flatten()
        return {name: values[order] for name, values in projection.state_dict().items()}

    own = isinstance(ours, SelfAttention)
    projections = [by_part(p) for p in ([ours.query_key_value] if own else [ours.query, ours.key_value])]
    theirs.in_proj_weight.data = torch.cat([p["weight"] for p in projections])
    theirs.in_proj_bias.data = torch.cat([p["bias"] for p in projections])
    theirs.out_proj.load_state_dict(ours.out.state_dict())


def torch_layer(kind: type[nn.Module], ours: EncoderLayer | DecoderLayer) -> nn.Module:
    """Torch's own layer with our feed-forward weights."""
    for parameter in ours.parameters():  # norms are ones and zeros at first, which would hide a swap
        if parameter.ndim == 1:
            nn.init.normal_(parameter)
    theirs = kind(8, 2, 16, activation="relu", batch_first=True, norm_first=True).eval()
    theirs.linear1.load_state_dict(ours.feedforward[0].state_dict())
    theirs.linear2.load_state_dict(ours.feedforward[2].state_dict())
    return theirs


CONFIG = CATSConfig({"a": 1}, 2, width=8, heads=2, feedforward=16)


def test_an_encoder_layer_is_torchs_pre_norm_layer() -> None:
    torch.manual_seed(0)
    ours = EncoderLayer(CONFIG).eval()
    theirs = torch_layer(nn.TransformerEncoderLayer, ours)
    copy_attention(ours.attention, theirs.self_attn)
    theirs.norm1.load_state_dict(ours.attention_norm.state_dict())
    theirs.norm2.load_state_dict(ours.feedforward_norm.state_dict())
    x, past = noise(2, 5, 8), torch.ones(5, 5, dtype=torch.bool).tril()
    expected = theirs(x, src_mask=~past)
    for visible in (None, past[None, None]):
        torch.testing.assert_close(ours(x, visible), expected, atol=1e-5, rtol=1e-4)


def test_a_decoder_layer_is_torchs_pre_norm_layer() -> None:
    torch.manual_seed(0)
    ours = DecoderLayer(CONFIG).eval()
    theirs = torch_layer(nn.TransformerDecoderLayer, ours)
    copy_attention(ours.own, theirs.self_attn)
    copy_attention(ours.cross, theirs.multihead_attn)
    for norm, own in zip(("norm1", "norm2", "norm3"), ("own_norm", "cross_norm", "feedforward_norm"), strict=True):
        getattr(theirs, norm).load_state_dict(getattr(ours, own).state_dict())
    x, memory = noise(2, 5, 8), noise(2, 7, 8, seed=1)
    past = torch.ones(5, 5, dtype=torch.bool).tril()
    real = torch.arange(7) < torch.tensor([[7], [4]])
    expected = theirs(x, memory, tgt_mask=~past, memory_key_padding_mask=~real)
    got = ours(x, ours.cross.keys_values(memory), real[:, None, None])
    torch.testing.assert_close(got, expected, atol=1e-5, rtol=1e-4)


@settings(max_examples=20)
@given(frame=st.integers(0, FRAMES - 2))
def test_the_encoder_sees_no_later_frame(frame: int) -> None:
    model = small()
    x = noise(2, FRAMES, 6)
    changed = torch.cat([x[:, : frame + 1], noise(2, FRAMES - frame - 1, 6, seed=3)], 1)
    before, after = model.encode(x, WHOLE), model.encode(changed, WHOLE)
    torch.testing.assert_close(after[:, : frame + 1], before[:, : frame + 1], atol=1e-6, rtol=0)
    assert ((after - before).abs().amax((0, 2))[frame + 1 :] > 1e-4).all()


@settings(max_examples=20)
@given(step=st.integers(0, 3))
def test_a_decoder_step_sees_no_later_output(step: int) -> None:
    model = small()
    steps = Steps(WHOLE, 3)
    memory, outputs = noise(2, FRAMES, 8), noise(2, 4, 2)
    changed = torch.cat([outputs[:, :step], noise(2, 4 - step, 2, seed=3)], 1)
    before, after = (model.decode_given(memory, steps, given_outputs) for given_outputs in (outputs, changed))
    torch.testing.assert_close(after[:, : step + 1], before[:, : step + 1], atol=1e-6, rtol=0)
    assert step == 3 or not torch.allclose(after[:, step + 1 :], before[:, step + 1 :])


@pytest.mark.parametrize("live", [False, True])
def test_only_a_causal_memory_hides_the_future_from_the_decoder(live: bool) -> None:
    model = small(causal_memory=live)
    steps = Steps(WHOLE, 3)
    memory = noise(2, FRAMES, 8)
    changed = torch.cat([memory[:, :6], noise(2, FRAMES - 6, 8, seed=3)], 1)
    before, after = model.decode(memory, steps)[1], model.decode(changed, steps)[1]
    assert torch.allclose(before[:, :2], after[:, :2], atol=1e-6) is live
    assert not torch.allclose(before[:, 2:], after[:, 2:], atol=1e-4)


@pytest.mark.parametrize("options", CONFIGS.values(), ids=CONFIGS)
@settings(max_examples=10)
@given(mask=masks())
def test_the_cached_decode_equals_the_naive_one(options: dict[str, object], mask: Tensor) -> None:
    model = small(**options)
    with torch.no_grad():
        memory, steps = model.encode(noise(3, 9, 6), mask), Steps(mask, model.config.step)
        outputs = model.decode(memory, steps)[1]
        torch.testing.assert_close(outputs, naive_decode(model, memory, steps), atol=1e-5, rtol=0)
    assert outputs.std() > 0


@pytest.mark.parametrize("options", CONFIGS.values(), ids=CONFIGS)
def test_gradients_do_not_change_the_prediction(options: dict[str, object]) -> None:
    model, streams = small(**options), clips()
    with torch.no_grad():
        expected = model(streams, WHOLE).prediction
    prediction = model(streams, WHOLE).prediction
    assert prediction.requires_grad and not expected.requires_grad
    torch.testing.assert_close(prediction, expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("options", CONFIGS.values(), ids=CONFIGS)
def test_gradients_in_use_flow_through_what_is_fed_back(options: dict[str, object]) -> None:
    """Along a direction the gradient is the change of the prediction, most of which comes by the fed-back outputs."""
    model = small(**options)
    nn.init.normal_(model.embed_output.weight, std=3.0)
    streams = {name: noise(2, FRAMES, width) for name, width in model.config.streams.items()}
    direction = {name: noise(2, FRAMES, width, seed=7) for name, width in model.config.streams.items()}

    def moved(step: float) -> Tensor:
        return model({name: values + step * direction[name] for name, values in streams.items()}, WHOLE).prediction

    with torch.no_grad():
        expected = (moved(5e-3) - moved(-5e-3)).sum() / 1e-2
    leaves = {name: values.requires_grad_() for name, values in streams.items()}
    gradients = torch.autograd.grad(model(leaves, WHOLE).prediction.sum(), list(leaves.values()))
    along = sum((g * direction[name]).sum() for g, name in zip(gradients, leaves, strict=True))
    torch.testing.assert_close(along, expected, atol=1e-3, rtol=1e-2)


def test_labels_are_seen_under_teacher_forcing_in_training_only() -> None:
    streams, labels, others = clips(), noise(2, FRAMES, 2), noise(2, FRAMES, 2, seed=1)
    for options, reads in ((PAPER, True), ({}, False)):
        model = small(**options, dropout=0.0)
        first, second = (model(streams, WHOLE, targets).prediction for targets in (labels, others))
        assert torch.equal(first, second)
        model.train()
        first, second = (model(streams, WHOLE, targets).prediction for targets in (labels, others))
        assert torch.equal(first, second) is not reads


def test_teacher_forcing_shifts_the_labels_by_one_frame() -> None:
    model = small(**PAPER, dropout=0.0).train()
    streams, labels = clips(), noise(2, FRAMES, 2)
    changed = labels.clone()
    changed[:, 5] += 1
    before, after = (model(streams, WHOLE, targets).prediction for targets in (labels, changed))
    assert torch.equal(before[:, :6], after[:, :6])
    assert not torch.allclose(before[:, 6], after[:, 6])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"heads": 3}, "'heads' divides 'width': 3 does not divide 8."),
        ({"step": 0}, "'step' is at least 1, not 0."),
        ({"feedback": "labels"}, "'feedback' in the config of model 'cats' is one of teacher, rollout, not 'labels'."),
        ({"channel_attention": 1}, "'channel_attention' in the config of model 'cats' is of type bool, not 1."),
    ],
)
def test_a_wrong_value_is_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        small(**options)
    assert str(error.value) == message
