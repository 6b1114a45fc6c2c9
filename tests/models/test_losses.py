"""Losses against independent formulas, and tied to the metrics that they stand for."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from emoviz.evaluation.metrics.aggregation import pooled
from emoviz.evaluation.metrics.ccc import ccc
from emoviz.evaluation.metrics.rmse import rmse
from emoviz.models.losses import LOSSES, METRIC_LOSSES, probabilities
from emoviz.models.losses.ccc import ccc_loss
from emoviz.models.losses.cross_entropy import cross_entropy_loss
from emoviz.models.losses.mse import mse_loss

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
    figures = [pooled(ccc, real_frames(target, mask, k), real_frames(prediction, mask, k)) for k in range(3)]
    # One labelled frame is two constants: the metric is 0, the loss is 1.
    assert loss.item() == pytest.approx(1 - np.mean(figures), abs=1e-4)


@given(lengths=LENGTHS, seed=st.integers(0, 99))
def test_the_mse_loss_is_the_squared_rmse(lengths: list[int], seed: int) -> None:
    mask = torch.arange(6) < torch.tensor(lengths)[:, None]
    prediction, target = drawn(2, 6, 1, seed=seed), drawn(2, 6, 1, seed=seed + 1000)
    target[1, 0] = torch.nan
    error = pooled(rmse, real_frames(target, mask, 0), real_frames(prediction, mask, 0))
    assert mse_loss(prediction, target, mask).item() == pytest.approx(error**2, rel=1e-4)


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


@given(count=st.integers(2, 12), seed=st.integers(0, 99))
def test_of_clips_the_losses_are_those_of_as_many_frames(count: int, seed: int) -> None:
    prediction, target = drawn(count, 2, seed=seed), drawn(count, 2, seed=seed + 1000)
    target[0, 0] = torch.nan
    one = torch.ones(1, count, dtype=torch.bool)
    for name in ("ccc", "mse", "ccc_mse"):
        loss = LOSSES[name](prediction, target, torch.zeros(count, 5, dtype=torch.bool))
        torch.testing.assert_close(loss, LOSSES[name](prediction[None], target[None], one))


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
    assert set(METRIC_LOSSES) == {"triplet", "emotion_metric"}


POLARITIES = {"ravdess": (-1, 1, -1, -1, 1, 0, -1, 1), "crema-d": (-1, -1, -1, 1, 0, -1), "flat": (0, 0, 0)}


def mean_violation(triplets: list[tuple[np.ndarray, ...]], margin: float) -> float:
    violations = [((a - c) ** 2).sum() - ((a - f) ** 2).sum() + margin for a, c, f in triplets]
    return float(np.mean([v for v in violations if v > 0] or [0.0]))


def metric_by_hand(name: str, x: np.ndarray, y: list[int], polarity: tuple[int, ...], a: float, b: float) -> float:
    first, second = [], []
    clips = range(len(y))
    for i in clips:
        own = polarity[y[i]]
        kin = {k for k, other in enumerate(polarity) if other == own != 0 and k != y[i]}
        foes = {k for k, other in enumerate(polarity) if own != 0 and other == -own}
        rivals = kin if kin and name == "emotion_metric" else set(range(len(polarity))) - {y[i]}
        for j in clips:
            for k in clips:
                if j != i and y[j] == y[i] and y[k] in rivals:
                    first.append((x[i], x[j], x[k]))
                if name == "emotion_metric" and y[j] in kin and y[k] in foes:
                    second.append((x[i], x[j], x[k]))
    return mean_violation(first, a) + mean_violation(second, b)


@given(
    name=st.sampled_from(["triplet", "emotion_metric"]),
    corpus=st.sampled_from(sorted(POLARITIES)),
    batch=st.integers(1, 9),
    margins=st.tuples(st.floats(0, 3), st.floats(0, 3)),
    seed=st.integers(0, 999),
)
def test_the_metric_losses_are_their_sums_over_all_triplets(
    name: str, corpus: str, batch: int, margins: tuple[float, float], seed: int
) -> None:
    polarity = POLARITIES[corpus]
    x = np.random.default_rng(seed).normal(size=(batch, 3)).astype(np.float32)
    y = np.random.default_rng(seed + 1).integers(0, len(polarity), batch).tolist()
    target = 0.4 * torch.eye(len(polarity))[y] + 0.6 / len(polarity)
    loss = METRIC_LOSSES[name](torch.from_numpy(x), target, torch.tensor(polarity), *margins)
    assert loss.item() == pytest.approx(metric_by_hand(name, x, y, polarity, *margins), abs=1e-4)


@pytest.mark.parametrize("name", ["triplet", "emotion_metric"])
@pytest.mark.parametrize("classes", [[0], [0, 0, 0], [0, 1, 4]], ids=["alone", "one class", "no positives"])
def test_a_batch_without_triplets_teaches_nothing(name: str, classes: list[int]) -> None:
    embedding = drawn(len(classes), 3, seed=0).requires_grad_()
    polarity = torch.tensor(POLARITIES["crema-d"])
    loss = METRIC_LOSSES[name](embedding, torch.eye(6)[classes], polarity, 0.2, 0.0)
    loss.backward()
    assert loss.item() == 0
    assert embedding.grad is not None and (embedding.grad == 0).all()


def test_the_emotion_metric_sorts_points_by_class_and_polarity() -> None:
    polarity = torch.tensor([1, 1, -1, -1, 0])
    target = torch.eye(5).repeat(3, 1)
    points = (0.3 * drawn(15, 2, seed=0)).requires_grad_()
    optimiser = torch.optim.Adam([points], 0.05)
    for _ in range(300):
        optimiser.zero_grad()
        METRIC_LOSSES["emotion_metric"](points, target, polarity, 0.5, 1.0).backward()
        optimiser.step()
    centres = points.detach().unflatten(0, (3, 5)).mean(0)
    apart = torch.cdist(centres, centres)
    assert apart[0, 1] < apart[:2, 2:4].min() and apart[2, 3] < apart[:2, 2:4].min()


def test_coinciding_clips_keep_the_gradient_finite() -> None:
    for name in METRIC_LOSSES:
        embedding = torch.zeros(4, 3, dtype=torch.bfloat16, requires_grad=True)
        loss = METRIC_LOSSES[name](embedding, torch.eye(6)[[0, 0, 1, 3]], torch.tensor(POLARITIES["crema-d"]), 0.2, 0.1)
        loss.backward()
        assert loss.dtype == torch.float32
        assert embedding.grad is not None and embedding.grad.isfinite().all()


@pytest.mark.parametrize("registry", [LOSSES, METRIC_LOSSES], ids=lambda registry: registry.kind)
def test_a_loss_is_a_module_of_its_name(registry) -> None:
    for name in registry:
        assert registry[name].__module__ == f"emoviz.models.losses.{name}"
