r"""Fusion of paper 5 over feature streams, for corpora that ship features instead of pictures and sound.

B. Mocanu, R. Tapu, T. Zaharia, "Multimodal emotion recognition using cross modal audio-video fusion with
attention and deep metric learning", Image and Vision Computing 133 (2023), sections 3.1-3.3, from the temporal
attention on; the equations stand in :mod:`~emoviz.models.av_attention`. There residual networks describe a
segment, and here its statistics do. The R real frames of a clip are cut into N segments of equal length, which may
share a frame at their edge, and the whole clip is one more:

.. math::
    \mu_i = \sum_t S_{it} x_t, \quad \sigma_i = \sqrt{\sum_t S_{it} (x_t - \mu_i)^2 + \epsilon}, \quad
    D_i = W\, \mathrm{dropout}(\mathrm{BN}_i([\mu_i ; \sigma_i])) + b

with :math:`S_{it}` the share of segment i that lies in frame t. Temporal attention (AT, VT), fusion and classes
follow as in the paper. The whole clip among the segments makes this at least as able as a dense network on a
clip's statistics, a strong baseline on small corpora.

``temporal`` and ``cross_modal`` maps (B, T, T) are those A of the segments, handed on to their frames: a frame
attends as the segments do that it is part of, in proportion to its share of each: :math:`\bar S^\top A S`, with
the columns of :math:`\bar S` those of S scaled to sum to one.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..core.vocabulary import Modality, Task
from .av_attention import FusionHead, SelfAttention, TwoModalitiesConfig
from .base import MODELS, Model, Output, require_positive, require_share
from .layers import Present, in_any, normalised, present_streams, shares_of


@dataclass(frozen=True)
class AVFusionConfig(TwoModalitiesConfig):
    """Config of the feature-level fusion.

    Attributes:
        segments: number N of segments, beside the whole clip.
        statistics: whether a segment is its mean and standard deviation, or its mean alone.
        width: channels of a segment (m').
        heads: number of heads of the temporal attention.
        audio_attention: whether there is attention over the segments of the sound (AT).
        video_attention: whether there is attention over the segments of the picture (VT).
        dropout: share of statistics and of the embedding dropped, in [0, 1).
    """

    segments: int = 6
    statistics: bool = True
    width: int = 128
    heads: int = 4
    audio_attention: bool = True
    video_attention: bool = True
    dropout: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        require_positive(self, "segments", "width", "heads")
        require_share(self, "dropout")


@MODELS.register("av-fusion")
class AVFusion(Model):
    """Maps streams (B, T, D) to logits (B, K) and an embedding (B, m' per modality)."""

    Config = AVFusionConfig
    task = Task.CLIP
    config: AVFusionConfig

    def __init__(self, config: AVFusionConfig) -> None:
        super().__init__(config)
        attends = {Modality.AUDIO: config.audio_attention, Modality.VIDEO: config.video_attention}
        self.branches = nn.ModuleList(
            Branch(channels, config, attends[modality])
            for modality, channels in zip(config.modalities, config.streams.values(), strict=True)
        )
        self.head = FusionHead(len(config.modalities), config.width, config.outputs, config.dropout)

    def forward(self, streams: Mapping[str, Tensor], mask: Tensor, targets: Tensor | None = None) -> Output:
        """Predict as :class:`~emoviz.models.base.Model` says; the targets are not read."""
        present = present_streams(streams, self.config.streams, mask)
        shares = segments(in_any(present.values()), self.config.segments)
        membership = shares / shares.sum(1, keepdim=True).clamp(min=1e-12)
        descriptors, attention = [], {}
        for branch, (name, own) in zip(self.branches, present.items(), strict=True):
            had = shares_of(own.mask, shares)
            features, weights = branch(own.values, had)
            descriptors.append(Present(features, had.any(-1)))
            if weights is not None:
                attention[f"temporal.{name}"] = membership.mT @ weights @ had
        prediction, embedding, weights = self.head(descriptors)
        if weights is not None:
            attention["cross_modal"] = membership.mT @ weights @ had  # of the pictures, which stand last
        return Output(prediction, embedding, attention)


class Branch(nn.Module):
    """The branch of one stream: statistics of its segments, and attention over them.

    Args:
        channels: number D of channels.
        config: config of the model.
        attention: whether there is any attention.
    """

    def __init__(self, channels: int, config: AVFusionConfig, attention: bool) -> None:
        super().__init__()
        self.spread = config.statistics
        width = 2 * channels if config.statistics else channels
        # Each segment has its own: a whole clip varies more within itself, and less between clips.
        self.norm = nn.BatchNorm1d((config.segments + 1) * width)
        self.dropout = nn.Dropout(config.dropout)
        self.project = nn.Linear(width, config.width)
        self.temporal = SelfAttention(config.width, config.heads) if attention else None

    def forward(self, stream: Tensor, shares: Tensor) -> tuple[Tensor, Tensor | None]:
        """Describe segments S (B, N + 1, T) of (B, T, D), those with zero shares left out of all that follows.

        Returns:
            Descriptors (B, N + 1, m') and weights (B, N + 1, N + 1).
        """
        statistics = segment_statistics(stream, shares) if self.spread else shares @ stream
        seen = shares.any(-1)
        known = seen[..., None].expand_as(statistics).flatten(1)
        descriptors = self.project(
            self.dropout(normalised(self.norm, statistics.flatten(1), known).view_as(statistics))
        )
        if self.temporal is None:
            return descriptors, None
        descriptors, weights = self.temporal(descriptors, seen)
        return descriptors, weights.mean(1)


def segments(mask: Tensor, count: int) -> Tensor:
    """Return S: the share of each of ``count`` equal segments, and of the whole clip, that lies in each frame.

    Args:
        mask: mask (B, T), true on real frames; these are moved together before they are cut.
        count: number N of segments. More segments than frames are fine: they are parts of a frame.

    Returns:
        Shares (B, N + 1, T), the whole clip last; rows sum to one, or are zero in a clip without real frames.
    """
    # In double precision: the edges of segments and of frames meet where they should.
    end = mask.cumsum(1)[:, None].double()
    start = end - mask[:, None].double()
    length = mask.sum(1)[:, None, None].double() / count
    number = torch.arange(count, device=mask.device)[:, None]
    inside = (torch.minimum(end, (number + 1) * length) - torch.maximum(start, number * length)).clamp(min=0)
    overlap = torch.cat([inside, inside.sum(1, keepdim=True)], dim=1)
    return (overlap / overlap.sum(-1, keepdim=True).clamp(min=1e-12)).float()


def segment_statistics(stream: Tensor, shares: Tensor) -> Tensor:
    """Return mean and standard deviation in each segment: (B, T, D) and (B, S, T) -> (B, S, 2 D).

    The deviation of a channel that does not change is a small constant, not zero, so that its gradient is finite.
    """
    # Relative to the clip's mean, or the difference of two large squares would drown a small spread.
    centre = shares[:, -1:] @ stream
    stream = stream - centre
    mean = shares @ stream
    variance = (shares @ stream**2 - mean**2).clamp(min=0)
    return torch.cat([mean + centre, (variance + 1e-6).sqrt()], dim=-1)
