"""Shared blocks, against NumPy over the real frames alone."""

import numpy as np
import pytest
import torch
from hypothesis import given
from torch import Tensor

from emoviz.errors import FeatureError
from emoviz.models.layers import (
    AttentivePooling,
    concatenate,
    masked_max,
    masked_mean,
    masked_softmax,
    positional_encoding,
)

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


def test_positions_are_the_published_sines() -> None:
    got = positional_encoding(torch.tensor([0.0, 1.0, 14.5]), 6).numpy()
    for row, position in enumerate((0.0, 1.0, 14.5)):
        for i in range(3):
            angle = position / 10000 ** (2 * i / 6)
            np.testing.assert_allclose(got[row, 2 * i : 2 * i + 2], [np.sin(angle), np.cos(angle)], atol=1e-6)


def test_streams_stand_in_the_order_of_the_config() -> None:
    streams = {"b": noise(1, 4, 2, seed=1), "a": noise(1, 4, 3), "unused": noise(1, 4, 1)}
    mask = torch.tensor([[True, True, False, True]])
    fused = concatenate(streams, {"a": 3, "b": 2}, mask)
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
