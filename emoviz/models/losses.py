"""Training losses. Each honours the mask: a padded frame adds nothing."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from ..core.registry import Registry

Loss = Callable[[Tensor, Tensor, Tensor], Tensor]
"""``loss(prediction, target, mask)`` -> scalar. Frame-wise: (B, T, K) twice and (B, T). Per clip:
(B, K) logits, (B, K) class probabilities and a mask that is not read."""

LOSSES: Registry[Loss] = Registry("loss")

MetricLoss = Callable[[Tensor, Tensor, Tensor, float, float], Tensor]
"""``loss(embedding, target, polarity, margin, second_margin)`` -> scalar, added to a classification loss: (B, E),
(B, K) class probabilities, of which the largest is the class, and (K,) with +1, -1 or 0 for each class."""

METRIC_LOSSES: Registry[MetricLoss] = Registry("metric loss")


@LOSSES.register("ccc")
def ccc_loss(prediction: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """1 - CCC per output over all real frames of the batch, or over its clips, averaged over outputs.

    The twin of ``metrics.pooled_ccc``; the small constant keeps the gradient finite when both
    series are constant.

    Args:
        prediction: (B, T, K), or (B, K).
        target: the same shape; NaN where there is no label.
        mask: (B, T), true on real frames; not read for (B, K).

    Returns:
        A scalar in [0, 2].
    """
    if prediction.ndim == 3:
        prediction, target = prediction[mask], target[mask]
    real, truth = prediction.float(), target.float()
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


@METRIC_LOSSES.register("triplet")
def triplet_loss(
    embedding: Tensor, target: Tensor, polarity: Tensor, margin: float, second_margin: float = 0.0
) -> Tensor:
    r"""Clips of one class lie closer together than to other classes, by a margin.

    .. math:: [\lVert a - p \rVert^2 - \lVert a - n \rVert^2 + \alpha]_+

    over every anchor a, positive p of its class and negative n of another class that the batch holds, averaged over
    the triplets that violate the margin (A. Hermans, L. Beyer, B. Leibe, "In defense of the triplet loss for person
    re-identification", 2017, "batch all"): those that do not would only dilute the loss. Embeddings are not
    normalised.

    Args:
        embedding: (B, E).
        target: (B, K) class probabilities.
        polarity: not read.
        margin: alpha.
        second_margin: not read.

    Returns:
        A scalar, 0 where no triplet violates the margin.
    """
    classes = target.argmax(-1)
    same = classes[:, None] == classes
    return _violations(_squared_distances(embedding), _others(same), ~same, margin)


@METRIC_LOSSES.register("emotion_metric")
def emotion_metric_loss(
    embedding: Tensor, target: Tensor, polarity: Tensor, margin: float, second_margin: float
) -> Tensor:
    r"""Emotions of one polarity lie closer together than to those of the other, each class closest to itself.

    B. Mocanu, R. Tapu, T. Zaharia, "Multimodal emotion recognition using cross modal audio-video fusion with
    attention and deep metric learning", Image and Vision Computing 133 (2023), equation 16:

    .. math::
        [\lVert a - p \rVert^2 - \lVert a - r_1 \rVert^2 + \alpha]_+ +
        [\lVert a - r_2 \rVert^2 - \lVert a - n \rVert^2 + \beta]_+

    with p of the anchor's class, r1 and r2 of a related one (another class of its polarity) and n of the opposite
    polarity. A class without a related one, as neutral or the only positive one of a corpus, has the plain triplet in
    the first term. Each term is averaged over the batch's triplets as in :func:`triplet_loss`; the paper sums.

    Args:
        embedding: (B, E).
        target: (B, K) class probabilities.
        polarity: (K,), +1, -1 or 0 for each class.
        margin: alpha.
        second_margin: beta.

    Returns:
        A scalar, 0 where no triplet violates its margin.
    """
    classes = target.argmax(-1)
    same = classes[:, None] == classes
    agreement = polarity[:, None] * polarity
    has_related = (agreement > 0).sum(-1) > 1
    related = (agreement > 0)[classes][:, classes] & ~same
    opposite = (agreement < 0)[classes][:, classes]
    distances = _squared_distances(embedding)
    farther = torch.where(has_related[classes][:, None], related, ~same)
    first = _violations(distances, _others(same), farther, margin)
    return first + _violations(distances, related, opposite, second_margin)


def _squared_distances(embedding: Tensor) -> Tensor:
    """(B, E) -> (B, B), float32."""
    embedding = embedding.float()
    return (embedding[:, None] - embedding).square().sum(-1)


def _others(same: Tensor) -> Tensor:
    """Pairs (B, B) of one class without each clip's pair with itself."""
    return same & ~torch.eye(len(same), dtype=torch.bool, device=same.device)


def _violations(distances: Tensor, closer: Tensor, farther: Tensor, margin: float) -> Tensor:
    """Mean violation of ``distance to a closer one + margin <= distance to a farther one``.

    Args:
        distances: (B, B), a row per anchor.
        closer: (B, B), who should be closer to the anchor.
        farther: (B, B), than whom.
        margin: by how much.

    Returns:
        A scalar, over the triplets that violate it.
    """
    valid = closer[:, :, None] & farther[:, None]
    violations = torch.where(valid, distances[:, :, None] - distances[:, None] + margin, 0.0).relu()
    return violations.sum() / (violations > 0).sum().clamp(min=1)


def probabilities(logits: Tensor) -> Tensor:
    """Class probabilities from logits: (..., K) -> (..., K), float32."""
    return torch.softmax(logits.float(), dim=-1)
