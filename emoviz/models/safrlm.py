r"""SA-FRLM, a comparator of paper 4: a fused sequence that each stream adjusts, layer by layer.

K. Yang, R. Zhang, H. Xu, K. Gao, "A Self-Adjusting Fusion Representation Learning Model for Unaligned
Text-Audio Sequences", arXiv:2212.11772. Three modules, by the names of the abstract:

* crossmodal alignment projects both streams to one width, :math:`z_m = \mathrm{LN}(W_m x_m)`;
* crossmodal collaboration attention starts the fused sequence from what each stream finds in the other,
  :math:`f_0 = W [A_{ab}(z_a, z_b) ; A_{ba}(z_b, z_a)]` with multi-head attention A(queries, memory);
* the crossmodal adjustment transformer brings the single streams back in,
  :math:`f_l = \mathrm{layer}_b(\mathrm{layer}_a(f_{l-1}, z_a), z_b)` with transformer layers(queries, memory).

The classes come from the pooled f_L. Maps, averaged over heads: ``co.<stream>`` of that stream's look at the
other in the collaboration, ``cross_modal.<stream>`` of the fused sequence's look at that stream in the last layer.

Deviations: the source's equations were not at hand; the three modules do what its abstract says of them, and their
form (layer norm, order of the streams, residuals, no positions, sizes) is ours. The streams lie on one
time grid, where the source takes sequences of two lengths. It predicts a sentiment; here the outputs are classes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from ..core.vocabulary import Task
from .base import MODELS, Model, ModelConfig, Output, require_heads, require_positive, require_share, require_streams
from .layers import ClipHead, MultiHeadAttention, Pooling, Present, TransformerLayer, in_any, present_streams


@dataclass(frozen=True)
class SAFRLMConfig(ModelConfig):
    """Config of SA-FRLM, which reads two streams.

    Attributes:
        width: channels of the aligned streams and of the fused sequence.
        heads: attention heads; they divide ``width``.
        layers: layers of the adjustment, each of which looks at both streams.
        feedforward: hidden units of each transformer layer's network.
        pooling: way in which the fused frames become one vector, ``mean`` or ``statistics`` (mean and deviation).
        dense: units of the dense layer, which is the embedding.
        dropout: share of values dropped in the transformer layers and before each dense layer, in [0, 1).
    """

    width: int = 64
    heads: int = 4
    layers: int = 1
    feedforward: int = 128
    pooling: Pooling = "statistics"
    dense: int = 128
    dropout: float = 0.3

    def __post_init__(self) -> None:
        super().__post_init__()
        require_streams(self, 2)
        require_positive(self, "width", "heads", "layers", "feedforward", "dense")
        require_heads(self, "heads", "width")
        require_share(self, "dropout")


class Adjustment(nn.Module):
    """A layer of the adjustment transformer: the fused sequence looks at one stream and then at the other.

    Args:
        config: config of the model.
    """

    def __init__(self, config: SAFRLMConfig) -> None:
        super().__init__()
        self.looks = nn.ModuleList(
            TransformerLayer(config.width, config.heads, config.feedforward, config.dropout) for _ in config.streams
        )

    def forward(self, fused: Tensor, aligned: Mapping[str, Present]) -> tuple[Tensor, dict[str, Tensor]]:
        """Adjust a sequence (B, T, width) to two streams, and return it with its weights (B, T, T) over both."""
        weights = {}
        for look, (name, stream) in zip(self.looks, aligned.items(), strict=True):
            fused, weights[name] = look(fused, *stream)
        return fused, weights


@MODELS.register("safrlm")
class SAFRLM(Model):
    """Maps streams (B, T, D_stream) to class scores (B, K) and an embedding (B, dense)."""

    Config = SAFRLMConfig
    task = Task.CLIP
    config: SAFRLMConfig

    def __init__(self, config: SAFRLMConfig) -> None:
        super().__init__(config)
        self.align = nn.ModuleList(
            nn.Sequential(nn.Linear(channels, config.width), nn.LayerNorm(config.width))
            for channels in config.streams.values()
        )
        self.collaborate = nn.ModuleList(MultiHeadAttention(config.width, config.heads) for _ in config.streams)
        self.fuse = nn.Linear(2 * config.width, config.width)
        self.adjust = nn.ModuleList(Adjustment(config) for _ in range(config.layers))
        self.head = ClipHead(config.width, config.pooling, config.dense, config.outputs, config.dropout)

    def forward(self, streams: Mapping[str, Tensor], mask: Tensor, targets: Tensor | None = None) -> Output:
        """Predict as :class:`~emoviz.models.base.Model` says; the targets are not read."""
        present = present_streams(streams, self.config.streams, mask)
        aligned = {
            name: Present(align(own.values), own.mask)
            for align, (name, own) in zip(self.align, present.items(), strict=True)
        }
        attention, found = {}, []
        others = reversed(list(aligned.values()))
        for collaborate, (name, own), other in zip(self.collaborate, aligned.items(), others, strict=True):
            gathered, attention[f"co.{name}"] = collaborate(own.values, *other)
            found.append(torch.where(own.mask[..., None], gathered, 0.0))
        fused = self.fuse(torch.cat(found, dim=-1))
        for layer in self.adjust:
            fused, weights = cast(Adjustment, layer)(fused, aligned)
        attention |= {f"cross_modal.{name}": values for name, values in weights.items()}
        prediction, embedding = self.head(fused, in_any(present.values()))
        return Output(prediction, embedding, attention)
