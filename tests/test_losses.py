"""Losses against independent formulas, and tied to the metrics that they stand for."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from emoviz import metrics
from emoviz.losses import LOSSES, ccc_loss, cross_entropy_loss, mse_loss, probabilities

WHOLE = torch.ones(2, 6, dtype=torch.bool)


def drawn(*shape: int, seed: int) -> Tensor:
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape).astype(np.float32))


def real_frames(values: Tensor, mask: Tensor, output: int) -> list[np.ndarray]:
    return [row[real].numpy()[:, output].astype(np.float64) for row, real in zip(values, mask, strict=True)]


LENGTHS = st.lists(st.integers(1, 6), min_size=2, max_size=2)


@given(lengths=LENGTHS, seed=st.integers(0, 99), gap=st.booleans())
def test_the_ccc_loss_is_one_minus_the_pooled_ccc(lengths: list[int], seed: int, gap: bool) -> None:
    mask = torch.arange(6) < torch.tensor(lengths)[:, None]
    prediction, target = drawn(2, 6, 3, seed=seed), drawn(2, 6, 3, seed=seed + 1000)
    if gap:
        target[0, 0, 1] = torch.nan
    loss = ccc_loss(prediction, target.where(mask[..., None], 99.0), mask)
    figures = [metrics.pooled_ccc(real_frames(target, mask, k), real_frames(prediction, mask, k)) for k in range(3)]
    # One labelled frame is two constants: the metric is 0, the loss is 1.
    assert loss.item() == pytest.approx(1 - np.mean(figures), abs=1e-4)


@given(lengths=LENGTHS, seed=st.integers(0, 99))
def test_the_mse_loss_is_the_squared_rmse(lengths: list[int], seed: int) -> None:
    mask = torch.arange(6) < torch.tensor(lengths)[:, None]
    prediction, target = drawn(2, 6, 1, seed=seed), drawn(2, 6, 1, seed=seed + 1000)
    target[1, 0] = torch.nan
    rmse = metrics.pooled(metrics.rmse, real_frames(target, mask, 0), real_frames(prediction, mask, 0))
    assert mse_loss(prediction, target, mask).item() == pytest.approx(rmse**2, rel=1e-4)


def test_the_mse_of_clips_needs_no_mask() -> None:
    prediction, target = torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([[1.0, 0.0], [torch.nan, 1.0]])
    assert mse_loss(prediction, target, torch.ones(2, 6)).item() == pytest.approx((0 + 4 + 9) / 3)


def test_cross_entropy_is_torchs_for_one_hot_targets() -> None:
    logits, classes = drawn(5, 4, seed=0), torch.tensor([0, 3, 1, 1, 2])
    target = torch.nn.functional.one_hot(classes, 4).float()
    expected = torch.nn.functional.cross_entropy(logits, classes)
    torch.testing.assert_close(cross_entropy_loss(logits, target, WHOLE), expected)


def test_cross_entropy_with_vote_shares_follows_its_equation() -> None:
    logits, shares = np.array([[1.0, 0.0, -1.0]]), np.array([[0.5, 0.3, 0.2]])
    expected = -(shares * np.log(np.exp(logits) / np.exp(logits).sum())).sum()
    assert cross_entropy_loss(torch.tensor(logits), torch.tensor(shares), WHOLE).item() == pytest.approx(expected)


def test_probabilities_sum_to_one() -> None:
    np.testing.assert_allclose(probabilities(torch.tensor([[0.0, np.log(3.0)]])), [[0.25, 0.75]], atol=1e-6)


@pytest.mark.parametrize("name", ["ccc", "mse", "ccc_mse"])
def test_padding_and_unlabelled_frames_have_no_gradient(name: str) -> None:
    prediction, target, mask = drawn(2, 6, 2, seed=0).requires_grad_(), drawn(2, 6, 2, seed=1), WHOLE.clone()
    mask[1, 4:] = False
    target[0, 2, 1] = torch.nan
    target[1, 4:] = torch.nan
    LOSSES[name](prediction, target, mask).backward()
    assert prediction.grad is not None and prediction.grad.isfinite().all()
    silent = ~mask[..., None] | target.isnan()
    assert (prediction.grad[silent] == 0).all() and (prediction.grad[~silent] != 0).all()


def test_a_constant_batch_keeps_the_gradient_finite() -> None:
    prediction = torch.full((2, 6, 1), 0.3, requires_grad=True)
    loss = ccc_loss(prediction, torch.full((2, 6, 1), 0.3), WHOLE)
    loss.backward()
    assert loss.item() == pytest.approx(1)
    assert prediction.grad is not None and prediction.grad.isfinite().all()


def test_bfloat16_predictions_are_compared_in_float32() -> None:
    prediction, target = drawn(2, 6, 2, seed=0), drawn(2, 6, 2, seed=1)
    for name in ("ccc", "mse", "ccc_mse"):
        assert LOSSES[name](prediction.bfloat16(), target, WHOLE).dtype == torch.float32


def test_ccc_mse_follows_both_equations() -> None:
    prediction, target = drawn(2, 6, 1, seed=0), drawn(2, 6, 1, seed=1)
    x, y = prediction.numpy().ravel().astype(float), target.numpy().ravel().astype(float)
    concordance = 2 * np.cov(x, y, bias=True)[0, 1] / (x.var() + y.var() + (x.mean() - y.mean()) ** 2)
    expected = 1 - concordance + ((x - y) ** 2).mean()
    assert LOSSES["ccc_mse"](prediction, target, WHOLE).item() == pytest.approx(expected, rel=1e-5)


def test_the_registry_holds_these() -> None:
    assert set(LOSSES) == {"ccc", "mse", "ccc_mse", "cross_entropy"}
