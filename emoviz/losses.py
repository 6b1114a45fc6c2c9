"""Training losses. Each honours the mask: a padded frame adds nothing."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from .registry import Registry

Loss = Callable[[Tensor, Tensor, Tensor], Tensor]
"""``loss(prediction, target, mask)`` -> scalar. Frame-wise: (B, T, K) twice and (B, T). Per clip:
(B, K) logits, (B, K) class probabilities and a mask that is not read."""

LOSSES: Registry[Loss] = Registry("loss")


@LOSSES.register("ccc")
def ccc_loss(prediction: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """1 - CCC per output over all real frames of the batch, averaged over outputs.

    The twin of ``metrics.pooled_ccc``; the small constant keeps the gradient finite when both
    series are constant.

    Args:
        prediction: (B, T, K).
        target: (B, T, K); NaN where there is no label.
        mask: (B, T), true on real frames.

    Returns:
        A scalar in [0, 2].
    """
    real, truth = prediction[mask].float(), target[mask].float()
    known = ~truth.isnan()
    count = known.sum(0).clamp(min=1)
    truth = truth.nan_to_num()

    def mean(values: Tensor) -> Tensor:
        return (values * known).sum(0) / count

    mean_prediction, mean_truth = mean(real), mean(truth)
    centred_prediction, centred_truth = real - mean_prediction, truth - mean_truth
    covariance = mean(centred_prediction * centred_truth)
    spread = mean(centred_prediction**2) + mean(centred_truth**2) + (mean_prediction - mean_truth) ** 2
    return (1 - 2 * covariance / (spread + 1e-8)).mean()


@LOSSES.register("mse")
def mse_loss(prediction: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Mean squared error over all real, labelled frames and outputs.

    Args:
        prediction: (B, T, K), or (B, K).
        target: the same shape; NaN where there is no label.
        mask: (B, T), true on real frames; not read for (B, K).

    Returns:
        A scalar.
    """
    if prediction.ndim == 3:
        prediction, target = prediction[mask], target[mask]
    known = ~target.isnan()
    error = (prediction.float() - target.nan_to_num()) ** 2 * known
    return error.sum() / known.sum().clamp(min=1)


@LOSSES.register("ccc_mse")
def ccc_mse_loss(prediction: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """The sum of :func:`ccc_loss` and :func:`mse_loss`.

    CCC alone rewards predictions as spread out as the labels even where nothing is known; the squared
    error pulls those back to the mean.
    """
    return ccc_loss(prediction, target, mask) + mse_loss(prediction, target, mask)


@LOSSES.register("cross_entropy")
def cross_entropy_loss(prediction: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Cross-entropy between class probabilities and logits, averaged over the batch.

    Args:
        prediction: logits (B, K).
        target: probabilities (B, K): raters' vote shares, or one-hot.
        mask: not read.

    Returns:
        A scalar.
    """
    return -(target * functional.log_softmax(prediction.float(), dim=-1)).sum(-1).mean()


def probabilities(logits: Tensor) -> Tensor:
    """Class probabilities from logits: (..., K) -> (..., K), float32."""
    return torch.softmax(logits.float(), dim=-1)
