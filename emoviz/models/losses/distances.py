"""Distances between the embeddings of a batch, and violations of the order that metric losses want among them."""

import torch
from torch import Tensor


def squared_distances(embedding: Tensor) -> Tensor:
    """Return the squared distance between any two embeddings: (B, E) -> (B, B), float32."""
    embedding = embedding.float()
    return (embedding[:, None] - embedding).square().sum(-1)


def others(same: Tensor) -> Tensor:
    """Return the pairs (B, B) of one class without the pair of each clip with itself."""
    return same & ~torch.eye(len(same), dtype=torch.bool, device=same.device)


def mean_violation(distances: Tensor, closer: Tensor, farther: Tensor, margin: float) -> Tensor:
    """Return the mean violation of ``distance to a closer clip + margin <= distance to a farther clip``.

    Args:
        distances: distances (B, B) with one row per anchor.
        closer: mask (B, B), true for the clips that should be closer to the anchor.
        farther: mask (B, B), true for the clips that should be farther from the anchor than these.
        margin: difference by which they should be farther.

    Returns:
        A scalar, the mean over the triplets that violate the order.
    """
    valid = closer[:, :, None] & farther[:, None]
    violations = torch.where(valid, distances[:, :, None] - distances[:, None] + margin, 0.0).relu()
    return violations.sum() / (violations > 0).sum().clamp(min=1)
