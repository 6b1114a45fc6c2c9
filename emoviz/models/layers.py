"""Blocks that two systems share. Shapes: B batch, T frames, D channels."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from ..errors import FeatureError


def concatenate(streams: Mapping[str, Tensor], widths: Mapping[str, int], mask: Tensor) -> Tensor:
    """Early fusion: the streams side by side, in the order of the config, zero outside the mask.

    Args:
        streams: name -> (B, T, D_stream); more than ``widths`` names is fine.
        widths: name -> D_stream.
        mask: (B, T), true on real frames.

    Returns:
        (B, T, sum of D_stream).

    Raises:
        FeatureError: a stream is missing or has another number of channels.
    """
    for name, width in widths.items():
        if name not in streams:
            raise FeatureError(f"The model needs the stream '{name}'; given are: {', '.join(streams) or 'none'}.")
        if streams[name].shape[-1] != width:
            raise FeatureError(f"The stream '{name}' has {width} channels here, not {streams[name].shape[-1]}.")
    fused = torch.cat([streams[name] for name in widths], dim=-1)
    # Selecting, not multiplying: padding may hold anything, NaN included.
    return torch.where(mask[..., None], fused, 0.0)


def masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    """Mean over the real frames: (B, T, D) and (B, T) -> (B, D); zero where there are none."""
    total = torch.where(mask[..., None], values, 0.0).sum(1)
    return total / mask.sum(1).clamp(min=1)[:, None]


def masked_max(values: Tensor, mask: Tensor) -> Tensor:
    """Maximum over the real frames: (B, T, D) and (B, T) -> (B, D); zero where there are none."""
    highest = values.masked_fill(~mask[..., None], -torch.inf).amax(1)
    return torch.where(mask.any(1)[:, None], highest, 0.0)


def masked_softmax(scores: Tensor, mask: Tensor) -> Tensor:
    """Softmax over the real entries of the last axis; zero elsewhere, and where there are none."""
    hidden = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
    return torch.where(mask, hidden.softmax(-1), 0.0)


def positional_encoding(positions: Tensor, width: int) -> Tensor:
    """Sines and cosines of a position, interleaved: (T,) -> (T, width).

    Source: A. Vaswani et al., "Attention Is All You Need", NeurIPS 2017, section 3.5. Positions
    may lie between frames.
    """
    frequencies = torch.exp(torch.arange(0, width, 2, device=positions.device) * (-math.log(10000.0) / width))
    angles = positions[:, None].float() * frequencies
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)[:, :width]


class AttentivePooling(nn.Module):
    r"""Weighted mean over time, the weights by a small network.

    .. math:: \alpha = \mathrm{softmax}_t(w^\top \tanh(W h_t)), \qquad r = \sum_t \alpha_t h_t

    Args:
        width: D.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(width, width)
        self.score = nn.Linear(width, 1, bias=False)

    def forward(self, states: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """(B, T, D) and (B, T) -> the pooled states (B, D) and the weights (B, T)."""
        weights = masked_softmax(self.score(self.hidden(states).tanh()).squeeze(-1), mask)
        return (weights[:, None] @ states).squeeze(1), weights
