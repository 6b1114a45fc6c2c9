"""Attention of a decoder that goes step by step and keeps the keys and values of all steps so far."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from .layers import split_heads


class Past:
    """Keys and values of the decoder steps so far in one layer, in memory for all steps that is filled one by one."""

    kept: Tensor

    def __init__(self, steps: int) -> None:
        self.steps, self.length = steps, 0

    def extended(self, new: Tensor) -> Tensor:
        """Keep the keys and values (B, heads, 1, 2 * width / heads) of one more step, and return all that are kept."""
        if torch.is_grad_enabled():  # what a gradient needs must not be written over
            self.kept = new if self.length == 0 else torch.cat([self.kept, new], 2)
            self.length += 1
            return self.kept
        if self.length == 0:
            self.kept = new.new_empty(*new.shape[:2], self.steps, new.shape[3])
        self.kept.narrow(2, self.length, 1).copy_(new)
        self.length += 1
        return self.kept.narrow(2, 0, self.length)


class SelfAttention(nn.Module):
    """Causal multi-head attention of a sequence to itself.

    Args:
        width: number of channels.
        heads: number of heads, which divides ``width``.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads, self.head_width = heads, width // heads
        self.query_key_value = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor, visible: Tensor | None = None) -> Tensor:
        """Attend from all places (B, T, width) at once.

        Args:
            x: states (B, T, width).
            visible: mask (B, 1, T, T), true where a place may look; None for all places up to its own.

        Returns:
            New states in the shape of ``x``.
        """
        queries, keys_values = self.parted(self.query_key_value(x))
        result: Tensor = self.out(attend(queries, keys_values, visible, causal=visible is None))
        return result

    def parted(self, projected: Tensor) -> tuple[Tensor, Tensor]:
        """Split projections into queries (B, heads, T, d) and keys and values side by side (B, heads, T, 2 d)."""
        split = split_heads(projected, self.heads)
        queries, keys_values = split.split_with_sizes([self.head_width, 2 * self.head_width], -1)
        return queries, keys_values


class CrossAttention(nn.Module):
    """Multi-head attention of decoder steps to the encoder's output, whose keys and values are computed once.

    Args:
        width: number of channels.
        heads: number of heads, which divides ``width``.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key_value = nn.Linear(width, width), nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)

    def keys_values(self, memory: Tensor) -> Tensor:
        """Compute keys and values side by side: (B, T, width) -> (B, heads, T, 2 * width / heads)."""
        return split_heads(self.key_value(memory), self.heads)

    def forward(self, x: Tensor, keys_values: Tensor, visible: Tensor | None = None) -> Tensor:
        """Attend from steps (B, S, width) to the frames that each may see: ``visible`` (B, 1, S or 1, T) or all."""
        attended: Tensor = self.out(attend(split_heads(self.query(x), self.heads), keys_values, visible))
        return attended


def attend(queries: Tensor, keys_values: Tensor, visible: Tensor | None = None, causal: bool = False) -> Tensor:
    """Attend by scaled dot products: (B, heads, S, d) and (B, heads, T, 2 d) -> (B, S, heads * d)."""
    keys, values = keys_values.chunk(2, dim=-1)
    heads = functional.scaled_dot_product_attention(queries, keys, values, visible, is_causal=causal)
    return heads.transpose(1, 2).flatten(2)


def bare_linear(layer: nn.Module) -> tuple[Tensor, Tensor]:
    """Return the arguments of :func:`torch.nn.functional.linear` for a layer, after its input."""
    assert isinstance(layer, nn.Linear)
    return layer.weight, layer.bias


def bare_norm(layer: nn.LayerNorm) -> tuple[list[int], Tensor, Tensor, float]:
    """Return the arguments of :func:`torch.layer_norm` for a layer, after its input."""
    return list(layer.normalized_shape), layer.weight, layer.bias, layer.eps
