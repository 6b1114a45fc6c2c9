r"""HCAM, a comparator of paper 4: a recurrent, self-attending branch per stream, joined by co-attention.

S. Dutta, S. Ganapathy, "HCAM - Hierarchical Cross Attention Model for Multi-modal Emotion
Recognition", arXiv:2304.06910. Each stream m, then each in view of the other:

.. math::
    r_m = \mathrm{biGRU}_m(x_m), \quad u_m = \mathrm{self}_m(r_m, r_m), \quad
    v_a = \mathrm{cross}_a(u_a, u_v), \quad v_v = \mathrm{cross}_v(u_v, u_a), \quad
    y = \mathrm{head}(\mathrm{pool}_t [v_a ; v_v])

where self(q, m) and cross(q, m) are transformer layers with queries q and memory m. Maps, averaged over
heads: ``temporal.<stream>`` of the self-attention, ``co.<stream>`` of that stream's look at the other.

Deviations, beside what the abstract leaves open (the sizes and the form of the layers are ours):

* The source recognises every utterance of a conversation: recurrence and attention run over frames, to one
  vector per utterance, and again over the utterances. Paper 4 gives it single utterances, for which only the
  first level has anything to run over; so here all attention is over the frames of a clip.
* The source trains its stages one after the other, with a supervised contrastive loss beside the
  cross-entropy. Here one training with the loss of the training config trains all.
* The features are given, where the source fine-tunes wav2vec 2.0.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from torch import Tensor, nn

from ..core.vocabulary import Task
from .base import MODELS, Model, ModelConfig, Output, require_heads, require_positive, require_share, require_streams
from .layers import ClipHead, Pooling, Present, TransformerLayer, beside, present_streams, recurrent_states


@dataclass(frozen=True)
class HCAMConfig(ModelConfig):
    """Config of HCAM, which reads two streams.

    Attributes:
        hidden: width of each GRU's state per direction; attention is twice as wide.
        heads: attention heads; they divide ``hidden``.
        feedforward: hidden units of each transformer layer's network.
        pooling: way in which the frames become one vector, ``mean`` or ``statistics`` (mean and standard deviation).
        dense: units of the dense layer, which is the embedding.
        dropout: share of values dropped in the transformer layers and before each dense layer, in [0, 1).
    """

    hidden: int = 32
    heads: int = 4
    feedforward: int = 128
    pooling: Pooling = "statistics"
    dense: int = 128
    dropout: float = 0.3

    def __post_init__(self) -> None:
        super().__post_init__()
        require_streams(self, 2)
        require_positive(self, "hidden", "heads", "feedforward", "dense")
        require_heads(self, "heads", "hidden")
        require_share(self, "dropout")


@MODELS.register("hcam")
class HCAM(Model):
    """Maps streams (B, T, D_stream) to class scores (B, K) and an embedding (B, dense)."""

    Config = HCAMConfig
    task = Task.CLIP
    config: HCAMConfig

    def __init__(self, config: HCAMConfig) -> None:
        super().__init__(config)
        width = 2 * config.hidden
        self.recurrent = nn.ModuleList(
            nn.GRU(channels, config.hidden, batch_first=True, bidirectional=True)
            for channels in config.streams.values()
        )
        self.own, self.cross = (
            nn.ModuleList(TransformerLayer(width, config.heads, config.feedforward, config.dropout) for _ in range(2))
            for _ in range(2)
        )
        self.head = ClipHead(2 * width, config.pooling, config.dense, config.outputs, config.dropout)

    def forward(self, streams: Mapping[str, Tensor], mask: Tensor, targets: Tensor | None = None) -> Output:
        """Predict as :class:`~emoviz.models.base.Model` says; the targets are not read."""
        attention, contexts = {}, []
        for (name, (frames, present)), recurrent, own in zip(
            present_streams(streams, self.config.streams, mask).items(), self.recurrent, self.own, strict=True
        ):
            states = recurrent_states(cast(nn.GRU, recurrent), frames, present)
            context, attention[f"temporal.{name}"] = own(states, states, present)
            contexts.append(Present(context, present))
        fused = []
        for name, cross, context, other in zip(
            self.config.streams, self.cross, contexts, reversed(contexts), strict=True
        ):
            seen, attention[f"co.{name}"] = cross(context.values, *other)
            fused.append(Present(seen, context.mask))
        prediction, embedding = self.head(*beside(fused))
        return Output(prediction, embedding, attention)
