"""Blocks that two systems share. Shapes: B batch, T frames, D channels."""

import math
from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from ..core.errors import FeatureError


class Present(NamedTuple):
    """A stream and the frames in which it is there.

    Attributes:
        values: features (B, T, D), zero where the stream is absent.
        mask: mask (B, T), true on the real frames that the stream has.
    """

    values: Tensor
    mask: Tensor

    @property
    def channel_mask(self) -> Tensor:
        """The mask of every channel, (B, T, D)."""
        return self.mask[..., None].expand_as(self.values)


def present_streams(streams: Mapping[str, Tensor], widths: Mapping[str, int], mask: Tensor) -> dict[str, Present]:
    """Select the streams that a model reads, in the order of its config, each with the frames that it has.

    A stream lacks a real frame in which one of its channels is NaN; its values there count for nothing.

    Args:
        streams: features (B, T, D_stream) by the name of their stream; more streams than ``widths`` names are fine.
        widths: number of channels D_stream of each stream.
        mask: mask (B, T), true on real frames.

    Returns:
        The streams by their name.

    Raises:
        FeatureError: if a stream is missing or has another number of channels.
    """
    for name, width in widths.items():
        if name not in streams:
            raise FeatureError(f"The model needs the stream '{name}'; given are: {', '.join(streams) or 'none'}.")
        if streams[name].shape[-1] != width:
            raise FeatureError(f"The stream '{name}' has {width} channels here, not {streams[name].shape[-1]}.")
    present = {}
    for name in widths:
        own = mask & ~streams[name].isnan().any(-1)
        # Selecting, not multiplying: padding may hold anything, NaN included.
        present[name] = Present(torch.where(own[..., None], streams[name], 0.0), own)
    return present


def concatenate(streams: Mapping[str, Tensor], widths: Mapping[str, int], mask: Tensor) -> tuple[Tensor, Tensor]:
    """Fuse streams early: return :func:`present_streams` side by side, as :func:`beside` does.

    An absent stream adds nothing to what a linear layer makes of them.
    """
    return beside(present_streams(streams, widths, mask).values())


def beside(present: Iterable[Present]) -> tuple[Tensor, Tensor]:
    """Return streams side by side and the mask of each channel, (B, T, sum of D) both."""
    values, masks = zip(*((own.values, own.channel_mask) for own in present), strict=True)
    return torch.cat(values, dim=-1), torch.cat(masks, dim=-1)


def in_any(present: Iterable[Present]) -> Tensor:
    """Return the frames (B, T) that at least one stream has."""
    return torch.stack([own.mask for own in present]).any(0)


def shares_of(mask: Tensor, shares: Tensor) -> Tensor:
    """Return the shares of parts of a clip that lie in the frames that one of its streams has.

    Args:
        mask: mask (B, T), true on the frames that the stream has.
        shares: shares (B, N, T) of each part that lie in each frame of the clip.

    Returns:
        Shares (B, N, T) whose rows sum to one again, or are zero where a part has no frame of the stream.
    """
    if mask.all():
        return shares
    own = shares * mask[:, None]
    return own / own.sum(-1, keepdim=True).clamp(min=1e-12)


def masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    """Return the mean (B, D) over the real frames of values (B, T, D); zero where there are none.

    Args:
        values: values (B, T, D).
        mask: mask (B, T), true on real frames, or (B, T, D) where channels differ in them.
    """
    mask = _of_channels(mask)
    return torch.where(mask, values, 0.0).sum(1) / mask.sum(1).clamp(min=1)


def masked_max(values: Tensor, mask: Tensor) -> Tensor:
    """Return the maximum over the real frames, with the shapes of :func:`masked_mean`."""
    mask = _of_channels(mask)
    return torch.where(mask.any(1), values.masked_fill(~mask, -torch.inf).amax(1), 0.0)


def _of_channels(mask: Tensor) -> Tensor:
    """Return a mask (B, T) or (B, T, D) with an axis of channels."""
    return mask if mask.ndim == 3 else mask[..., None]


def statistics(values: Tensor, mask: Tensor) -> Tensor:
    """Return the mean and standard deviation (B, 2 D) over the real frames, with the shapes of :func:`masked_mean`."""
    mean = masked_mean(values, mask)
    variance = masked_mean((values - mean[:, None]) ** 2, mask)
    return torch.cat([mean, (variance + 1e-6).sqrt()], dim=-1)


def masked_softmax(scores: Tensor, mask: Tensor) -> Tensor:
    """Return the softmax over the real entries of the last axis, and zero elsewhere or where there are none."""
    hidden = torch.where(mask, scores, torch.finfo(scores.dtype).min)
    # After the selection all is finite, so that a product does, several times as fast as a second selection.
    return hidden.softmax(-1) * mask


def normalised(norm: nn.Module, values: Tensor, known: Tensor) -> Tensor:
    """Normalise the known values of a batch; the others become zero, which adds nothing to a linear layer.

    The unknown ones stand at the batch's mean of the known ones for the normalisation, so that they do not move it.

    Args:
        norm: batch normalisation over D channels.
        values: values (B, D).
        known: mask (B, D), true on known values.
    """
    if known.all():
        normed: Tensor = norm(values)
        return normed
    mean = torch.where(known, values, 0.0).sum(0) / known.sum(0).clamp(min=1)
    return torch.where(known, norm(torch.where(known, values, mean)), 0.0)


def positional_encoding(positions: Tensor, width: int) -> Tensor:
    """Encode positions as interleaved sines and cosines: (T,) -> (T, width).

    Source: A. Vaswani et al., "Attention Is All You Need", NeurIPS 2017, section 3.5. Positions
    may lie between frames.
    """
    frequencies = torch.exp(torch.arange(0, width, 2, device=positions.device) * (-math.log(10000.0) / width))
    angles = positions[:, None].float() * frequencies
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)[:, :width]


class Steps:
    """A coarser grid over the frames of a batch: ``step`` frames make one step; the last may be shorter.

    Args:
        mask: mask (B, T), true on real frames.
        step: number of frames per step.
    """

    def __init__(self, mask: Tensor, step: int) -> None:
        self.mask, self.step, self.frames = mask, step, mask.shape[1]
        self.count = -(-self.frames // step)

    @property
    def centres(self) -> Tensor:
        """The centres (S,) of the steps, in frames."""
        return torch.arange(self.count, device=self.mask.device) * self.step + (self.step - 1) / 2

    @property
    def last_frames(self) -> Tensor:
        """The last frame (S,) of each step."""
        return torch.arange(1, self.count + 1, device=self.mask.device) * self.step - 1

    @property
    def real(self) -> Tensor:
        """The steps (B, S) that have a real frame."""
        return self._blocks(self.mask[..., None]).any(2).squeeze(-1)

    def mean(self, values: Tensor, known: Tensor | None = None) -> Tensor:
        """Return the mean over each step's real frames: (B, T, K) -> (B, S, K); zero where there are none.

        Args:
            values: values (B, T, K).
            known: mask (B, T, K), true on values that count; by default those that are not NaN do.
        """
        known = self.mask[..., None] & (~values.isnan() if known is None else known)
        total = self._blocks(torch.where(known, values, 0.0)).sum(2)
        return total / self._blocks(known).sum(2).clamp(min=1)

    def interpolate(self, values: Tensor) -> Tensor:
        """Interpolate between the centres of steps that have real frames, constant outside: (B, S, K) -> (B, T, K)."""
        if self.step == 1:
            return values
        frames = torch.arange(self.frames, device=self.mask.device)
        nearness = (1 - (frames[:, None] - self.centres).abs() / self.step).clamp(min=0)
        weights = nearness * self.real[:, None]
        return weights @ values / weights.sum(-1, keepdim=True).clamp(min=1e-6)

    def _blocks(self, values: Tensor) -> Tensor:
        """Cut frames into steps, the last of which is filled up with zeros: (B, T, K) -> (B, S, step, K)."""
        filled = functional.pad(values, (0, 0, 0, self.count * self.step - self.frames))
        blocks: Tensor = filled.unflatten(1, (self.count, self.step))
        return blocks


class AttentivePooling(nn.Module):
    r"""A weighted mean over time, whose weights come from a small network.

    .. math:: \alpha = \mathrm{softmax}_t(w^\top \tanh(W h_t)), \qquad r = \sum_t \alpha_t h_t

    Args:
        width: number of channels D.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(width, width)
        self.score = nn.Linear(width, 1, bias=False)

    def forward(self, states: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Pool states (B, T, D) under a mask (B, T), and return them (B, D) with their weights (B, T)."""
        weights = masked_softmax(self.score(self.hidden(states).tanh()).squeeze(-1), mask)
        return (weights[:, None] @ states).squeeze(1), weights


def recurrent_states(network: nn.RNNBase, frames: Tensor, mask: Tensor) -> Tensor:
    """Return the states of a recurrent network for which frames outside the mask do not exist.

    The real frames are moved together and moved back afterwards, and the backward direction starts
    at the last of them.

    Args:
        network: recurrent network, batch first, of one direction or both.
        frames: frames (B, T, D), finite everywhere.
        mask: mask (B, T), true on real frames.

    Returns:
        The last layer's states, (B, T, width).
    """
    if mask.all():
        states: Tensor = network(frames)[0]
        return states
    order = (~mask).int().argsort(dim=1, stable=True)
    together = reordered(frames, order)
    if network.bidirectional:
        lengths = mask.sum(1).clamp(min=1).cpu()
        packed = pack_padded_sequence(together, lengths, batch_first=True, enforce_sorted=False)
        states, _ = pad_packed_sequence(network(packed)[0], batch_first=True, total_length=mask.shape[1])
    else:
        states, _ = network(together)
    return reordered(states, order.argsort(dim=1))


def reordered(values: Tensor, order: Tensor) -> Tensor:
    """Return frames (B, T, D) in the order of indices (B, T)."""
    return torch.take_along_dim(values, order[..., None], dim=1)


class Dropout(nn.Module):
    """Dropout as in torch, whose own draws on a CPU take three times as long, a tenth of a small step.

    Args:
        share: share of values that are dropped, in [0, 1).
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, values: Tensor) -> Tensor:
        """Set a share of the values to zero in training, and scale the others up to keep the mean; any shape."""
        if not self.training or self.share == 0:
            return values
        return values * ((torch.rand_like(values) >= self.share) / (1 - self.share))


def split_heads(x: Tensor, heads: int) -> Tensor:
    """Split channels into heads: (B, T, C) -> (B, heads, T, C / heads)."""
    split: Tensor = x.unflatten(-1, (heads, -1)).transpose(1, 2)
    return split


class MultiHeadAttention(nn.Module):
    r"""Attention of frames to the frames of a memory, which are their own or another stream's.

    .. math:: \mathrm{softmax}_t(Q K^\top / \sqrt{d})\, V \text{ per head of width } d

    Source: A. Vaswani et al., "Attention Is All You Need", NeurIPS 2017, section 3.2. Unlike
    torch's kernel it returns its weights at no further cost, and zero for an empty memory.

    Args:
        width: number of channels D.
        heads: number of heads, which divides ``width``.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key_value = nn.Linear(width, width), nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor, memory: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Attend from ``x`` (B, S, D) to ``memory`` (B, T, D), real where ``mask`` (B, T) is true.

        Returns:
            The gathered values (B, S, D), and the weights (B, S, T) averaged over the heads.
        """
        queries = split_heads(self.query(x), self.heads)
        keys, values = self.key_value(memory).unflatten(-1, (2, self.heads, -1)).permute(2, 0, 3, 1, 4)
        weights = masked_softmax(queries / math.sqrt(queries.shape[-1]) @ keys.mT, mask[:, None, None])
        return self.out((weights @ values).transpose(1, 2).flatten(2)), weights.mean(1)


class TransformerLayer(nn.Module):
    """Attention to a memory and a feed-forward network, with normalisation afterwards as in Vaswani et al.

    Args:
        width: number of channels D.
        heads: number of heads, which divides ``width``.
        feedforward: number of hidden units of the feed-forward network.
        dropout: share of values dropped after the attention and after that network.
    """

    def __init__(self, width: int, heads: int, feedforward: int, dropout: float) -> None:
        super().__init__()
        self.attention = MultiHeadAttention(width, heads)
        self.attention_norm, self.feedforward_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.expand, self.contract = nn.Linear(width, feedforward), nn.Linear(feedforward, width)
        self.dropout = Dropout(dropout)

    def forward(self, x: Tensor, memory: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Attend from ``x`` (B, S, D) to ``memory`` (B, T, D), and return the new ``x`` and the weights (B, S, T)."""
        gathered, weights = self.attention(x, memory, mask)
        x = self.attention_norm(x + self.dropout(gathered))
        hidden = self.contract(self.expand(x).relu())
        return self.feedforward_norm(x + self.dropout(hidden)), weights


Pooling = Literal["mean", "statistics"]
"""Ways in which the frames of a clip become one vector: their mean, or their mean and standard deviation."""


class ClipHead(nn.Module):
    r"""Pooling over time and two dense layers that give the classes of a clip.

    .. math:: e = \mathrm{ReLU}(W_1\, \mathrm{dropout}(\mathrm{BN}(\mathrm{pool}_t h_t)) + b_1), \quad
        y = W_2\, \mathrm{dropout}(e) + b_2

    The batch normalisation is ours: its statistics can be taken from another culture without labels.

    Args:
        width: number of channels D.
        pooling: way in which the frames become one vector.
        hidden: number E of units of the first dense layer.
        outputs: number K of outputs.
        dropout: share of values dropped before each dense layer.
    """

    def __init__(self, width: int, pooling: Pooling, hidden: int, outputs: int, dropout: float) -> None:
        super().__init__()
        self.pool = statistics if pooling == "statistics" else masked_mean
        pooled = 2 * width if pooling == "statistics" else width
        self.norm = nn.BatchNorm1d(pooled)
        self.hidden = nn.Linear(pooled, hidden)
        self.classes = nn.Linear(hidden, outputs)
        self.dropout = Dropout(dropout)

    def forward(self, frames: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Classify frames: return class scores (B, K) and the embedding e (B, E).

        Args:
            frames: frames (B, T, D).
            mask: mask (B, T), true on real frames, or (B, T, D) where channels differ in them.
        """
        pooled = self.pool(frames, mask)
        known = _of_channels(mask).any(1).expand(-1, frames.shape[-1]).repeat(1, pooled.shape[1] // frames.shape[-1])
        embedding = functional.relu(self.hidden(self.dropout(normalised(self.norm, pooled, known))))
        return self.classes(self.dropout(embedding)), embedding
