"""Shared blocks, against NumPy over the real frames alone."""

import math
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given
from torch import Tensor

from emoviz.core.errors import FeatureError
from emoviz.models.layers import (
    AttentivePooling,
    ClipHead,
    Dropout,
    MultiHeadAttention,
    Steps,
    TransformerLayer,
    concatenate,
    masked_max,
    masked_mean,
    masked_softmax,
    normalised,
    positional_encoding,
    present_streams,
    shares_of,
    statistics,
)

from . import torch_attention
from .masks import masks, noise

NOWHERE = torch.zeros(1, 4, dtype=torch.bool)


@given(mask=masks())
def test_mean_and_maximum_are_those_of_the_real_frames(mask: Tensor) -> None:
    values = noise(3, 9, 4).where(mask[..., None], torch.nan)
    for row in range(3):
        real = values[row].numpy()[mask[row].numpy()]
        np.testing.assert_allclose(masked_mean(values, mask)[row], real.mean(0), atol=1e-6)
        np.testing.assert_array_equal(masked_max(values, mask)[row], real.max(0))


@given(mask=masks())
def test_softmax_is_that_of_the_real_entries(mask: Tensor) -> None:
    scores = 30 * noise(3, 9)
    weights = masked_softmax(scores, mask)
    for row in range(3):
        real = np.exp(scores[row].numpy()[mask[row].numpy()].astype(np.float64))
        np.testing.assert_allclose(weights[row][mask[row]], real / real.sum(), atol=1e-6)
    assert (weights[~mask] == 0).all()


def test_nothing_real_gives_zeros() -> None:
    values = noise(1, 4, 2)
    assert (masked_mean(values, NOWHERE) == 0).all() and (masked_max(values, NOWHERE) == 0).all()
    assert (masked_softmax(values[..., 0], NOWHERE) == 0).all()


@given(mask=masks())
def test_attentive_pooling_is_the_weighted_mean(mask: Tensor) -> None:
    pooling, states = AttentivePooling(4), noise(3, 9, 4)
    pooled, weights = pooling(states, mask)
    torch.testing.assert_close(pooled, (weights[..., None] * states).sum(1))
    torch.testing.assert_close(weights.sum(1), torch.ones(3))


@pytest.mark.parametrize("step", [1, 3, 4, 20])
@given(mask=masks())
def test_steps_average_their_real_frames(step: int, mask: Tensor) -> None:
    steps, values = Steps(mask, step), noise(3, 9, 2)
    values[0, 2, 1] = torch.nan  # an unlabelled frame
    means = steps.mean(values)
    assert means.shape == (3, math.ceil(9 / step), 2)
    known = mask[..., None] & ~values.isnan()
    for row, block, k in np.ndindex(*means.shape):
        frames = slice(block * step, (block + 1) * step)
        real = values[row, frames, k][known[row, frames, k]]
        assert means[row, block, k] == pytest.approx(float(real.mean()) if len(real) else 0.0, abs=1e-6)


@pytest.mark.parametrize("step", [1, 3, 4])
def test_outputs_are_linear_between_the_centres_of_steps(step: int) -> None:
    steps = Steps(torch.ones(1, 12, dtype=torch.bool), step)
    values = noise(1, steps.count, 1)
    centres = np.arange(steps.count) * step + (step - 1) / 2
    expected = np.interp(np.arange(12), centres, values[0, :, 0])
    np.testing.assert_allclose(steps.interpolate(values)[0, :, 0], expected, atol=1e-5)


def test_positions_are_the_published_sines() -> None:
    got = positional_encoding(torch.tensor([0.0, 1.0, 14.5]), 6).numpy()
    for row, position in enumerate((0.0, 1.0, 14.5)):
        for i in range(3):
            angle = position / 10000 ** (2 * i / 6)
            np.testing.assert_allclose(got[row, 2 * i : 2 * i + 2], [np.sin(angle), np.cos(angle)], atol=1e-6)


def test_streams_stand_in_the_order_of_the_config() -> None:
    streams = {"b": noise(1, 4, 2, seed=1), "a": noise(1, 4, 3), "unused": noise(1, 4, 1)}
    mask = torch.tensor([[True, True, False, True]])
    fused, known = concatenate(streams, {"a": 3, "b": 2}, mask)
    assert torch.equal(known, mask[..., None].expand(1, 4, 5))
    torch.testing.assert_close(fused[mask], torch.cat([streams["a"], streams["b"]], -1)[mask])
    assert (fused[~mask] == 0).all()


@pytest.mark.parametrize(
    ("streams", "message"),
    [
        ({"b": torch.zeros(1, 4, 2)}, "The model needs the stream 'a'; given are: b."),
        ({}, "The model needs the stream 'a'; given are: none."),
        ({"a": torch.zeros(1, 4, 2)}, "The stream 'a' has 3 channels here, not 2."),
    ],
)
def test_wrong_streams_are_refused(streams: dict[str, Tensor], message: str) -> None:
    with pytest.raises(FeatureError) as error:
        concatenate(streams, {"a": 3}, NOWHERE)
    assert str(error.value) == message


@given(mask=masks())
def test_statistics_are_mean_and_spread_of_the_real_frames(mask: Tensor) -> None:
    values = noise(3, 9, 4)
    found = statistics(values, mask)
    for row in range(3):
        real = values[row].numpy()[mask[row].numpy()]
        np.testing.assert_allclose(found[row], np.concatenate([real.mean(0), np.sqrt(real.var(0) + 1e-6)]), atol=1e-6)


def test_each_stream_is_zero_where_it_is_absent_and_in_the_order_of_the_config() -> None:
    mask = torch.tensor([[True, False, True, True]])
    streams = {
        "a": torch.full((1, 4, 2), torch.nan).where(~mask[..., None], 1.0),
        "b": noise(1, 4, 3),
        "c": noise(1, 4, 1),
    }
    streams["b"][0, 2, 1] = torch.nan  # a frame is there as a whole or not at all
    found = present_streams(streams, {"b": 3, "a": 2}, mask)
    assert list(found) == ["b", "a"]
    torch.testing.assert_close(found["a"].values, mask[..., None].float().expand(1, 4, 2))
    assert torch.equal(found["a"].mask, mask)
    assert torch.equal(found["b"].mask, torch.tensor([[True, False, False, True]]))
    assert torch.equal(found["b"].values[0, 3], streams["b"][0, 3]) and (found["b"].values[0, 1:3] == 0).all()


def test_streams_side_by_side_are_pooled_over_the_frames_that_each_has() -> None:
    streams = {"a": noise(2, 6, 2), "b": noise(2, 6, 3, seed=1)}
    streams["a"][0, 1:4], streams["b"][0, :2], streams["b"][1] = torch.nan, torch.nan, torch.nan
    frames, mask = concatenate(streams, {"a": 2, "b": 3}, torch.ones(2, 6, dtype=torch.bool))
    table = torch.cat(list(streams.values()), dim=-1).numpy()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the clip without b
        mean, spread, highest = np.nanmean(table, 1), np.sqrt(np.nanvar(table, 1) + 1e-6), np.nanmax(table, 1)
    known = np.isfinite(mean)
    np.testing.assert_array_equal(known, [[True] * 5, [True] * 2 + [False] * 3])
    np.testing.assert_allclose(masked_mean(frames, mask)[known], mean[known], atol=1e-6)
    np.testing.assert_allclose(statistics(frames, mask)[:, 5:][known], spread[known], atol=1e-6)
    np.testing.assert_array_equal(masked_max(frames, mask)[known], highest[known])
    assert (masked_mean(frames, mask)[~known] == 0).all() and (masked_max(frames, mask)[~known] == 0).all()


def test_what_is_unknown_moves_no_batch_normalisation_and_becomes_zero() -> None:
    values, known = (
        noise(5, 2) + 3,
        torch.tensor([[True, True], [True, False], [True, True], [True, False], [True, True]]),
    )
    values[~known] = 1e6
    norm = torch.nn.BatchNorm1d(2, momentum=None)
    found = normalised(norm, values, known)
    np.testing.assert_allclose(norm.running_mean, [values[:, 0].mean(), values[[0, 2, 4], 1].mean()], rtol=1e-6)
    assert (found[~known] == 0).all()
    norm.eval()
    torch.testing.assert_close(normalised(norm, values, known)[known], norm(values)[known])


def test_shares_of_a_stream_lie_in_the_frames_that_it_has() -> None:
    shares = torch.tensor([[[0.5, 0.5, 0.0, 0.0], [0.0, 0.25, 0.25, 0.5], [0.0, 0.0, 0.0, 1.0]]])
    found = shares_of(torch.tensor([[True, True, True, False]]), shares)
    torch.testing.assert_close(found, torch.tensor([[[0.5, 0.5, 0, 0], [0, 0.5, 0.5, 0], [0, 0, 0, 0]]]))


def test_attention_is_that_of_torch() -> None:
    torch.manual_seed(0)
    ours = MultiHeadAttention(8, 2)
    x, memory, mask = noise(2, 3, 8), noise(2, 5, 8, seed=1), torch.arange(5) < torch.tensor([[5], [2]])
    torch.testing.assert_close(ours(x, memory, mask), torch_attention.attention(ours, x, memory, mask))


def test_a_transformer_layer_is_that_of_vaswani_et_al() -> None:
    torch.manual_seed(0)
    ours = TransformerLayer(8, 2, 12, 0.1).eval()
    x, memory, mask = noise(2, 3, 8), noise(2, 5, 8, seed=1), torch.arange(5) < torch.tensor([[5], [2]])
    torch.testing.assert_close(ours(x, memory, mask), torch_attention.transformer_layer(ours, x, memory, mask))


def test_a_memory_without_real_frames_gives_nothing() -> None:
    x = noise(1, 4, 8)
    gathered, weights = MultiHeadAttention(8, 2)(x, x, NOWHERE)
    assert (weights == 0).all() and gathered.isfinite().all()


@pytest.mark.parametrize("pooling", ["mean", "statistics"])
def test_the_head_classifies_the_pooled_frames(pooling: str) -> None:
    torch.manual_seed(0)
    head = ClipHead(3, pooling, hidden=5, outputs=2, dropout=0.5).eval()
    frames, mask = noise(2, 6, 3), torch.arange(6) < torch.tensor([[6], [4]])
    pooled = masked_mean(frames, mask) if pooling == "mean" else statistics(frames, mask)
    scores, embedding = head(frames, mask)
    torch.testing.assert_close(embedding, (pooled @ head.hidden.weight.T + head.hidden.bias).clamp(min=0))
    torch.testing.assert_close(scores, embedding @ head.classes.weight.T + head.classes.bias)


def test_dropout_keeps_the_mean_and_does_nothing_in_use() -> None:
    torch.manual_seed(0)
    dropped = Dropout(0.25)(torch.ones(100, 100))
    torch.testing.assert_close(dropped.unique(), torch.tensor([0.0, 4 / 3]))
    assert abs(dropped.mean() - 1) < 0.02
    assert (Dropout(0.25).eval()(torch.ones(9)) == 1).all()
