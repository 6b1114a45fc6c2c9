"""The contracts of losses, and the registries of all of them."""

from collections.abc import Callable

import torch
from torch import Tensor

from ...core.registry import Registry

Loss = Callable[[Tensor, Tensor, Tensor], Tensor]
"""``loss(prediction, target, mask)`` returns a scalar.

Per frame, prediction and target are (B, T, K) and the mask is (B, T). Per clip, they are logits (B, K) and class
probabilities (B, K), and the mask is not read."""

MetricLoss = Callable[[Tensor, Tensor, Tensor, float, float], Tensor]
"""``loss(embedding, target, polarity, margin, second_margin)`` returns a scalar that is added to a classification loss.

The embedding is (B, E), the target (B, K) holds class probabilities, of which the largest is the class, and the
polarity (K,) is +1, -1 or 0 for each class."""

LOSSES: Registry[Loss] = Registry("loss", home="emoviz.models.losses")
METRIC_LOSSES: Registry[MetricLoss] = Registry("metric loss", home="emoviz.models.losses")


def probabilities(logits: Tensor, temperature: float = 1.0) -> Tensor:
    """Return class probabilities from logits: (..., K) -> (..., K), float32; a higher temperature is less sure."""
    return torch.softmax(logits.float() / temperature, dim=-1)
