r"""MDAT of paper 4, a classifier of clips from two streams, and the paper's BiLSTM baseline.

S. A. M. Zaidi, S. Latif, J. Qadir, "Cross-Language Speech Emotion Recognition Using Multimodal Dual
Attention Transformers", arXiv:2306.13804, section III. The first stream is speech (s), the second
text or another one (t); x_s and x_t are their frames after a projection each. Graph attention
(Velickovic et al., "Graph Attention Networks", ICLR 2018) over the frames as nodes, per head:

.. math::
    h = x W, \quad \alpha_{ij} = \mathrm{softmax}_j\, \mathrm{LeakyReLU}_{0.2}(a_1^\top h_i + a_2^\top h_j),
    \quad \hat x = x + \alpha h

Co-attention, then a transformer encoder layer per stream on what it gives:

.. math::
    C = \mathrm{Dense}_s(x_s)\, \mathrm{Dense}_t(x_t)^\top, \quad
    \hat x_s = [x_s ; \mathrm{softmax}_t(C)\, x_t], \quad \hat x_t = [x_t ; \mathrm{softmax}_s(C^\top)\, x_s]

The streams are then put side by side, pooled over time and classified by two dense layers. Each of
the three modules can be left out (the paper's Table VI). Maps: ``graph.<stream>`` and
``temporal.<stream>`` (the transformer's) are means over heads, ``co.<stream>`` is the softmax of C.
The paper names no positional encoding and there is none: MDAT does not see the order of the frames,
which it leaves to the features; its baseline does.

Deviations from the paper:

* Both streams are projected to ``width`` (equation 1, a convolution of kernel 1, is a linear layer on
  each frame); the paper projects the text to the width of the speech, 1024.
* Both lie on one time grid already; the paper pads or crops the shorter and the longer.
* Graph attention scores pairs, as in its source. Equation 4 prints one score per node, which cannot
  give the square matrix of equation 5. It runs per stream, as the paper's text says, or, with
  ``graph_over = concatenation``, over the nodes of both (equation 2); a map then adds up the weights
  that a frame gives to both streams' nodes of the same time.
* Equations 12 and 13 multiply matrices whose shapes do not fit; co-attention gathers the other stream.
* ``residual`` keeps x beside what the graph attention gathers. All nodes of a full graph see the same
  nodes, so without it (equation 6) they become nearly the same before the next module.
* ``pooling``: the paper does not say how frames become one vector. :data:`PAPER` takes their mean.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..core.errors import ConfigError
from ..core.vocabulary import Task
from .base import MODELS, Model, ModelConfig, Output, require_heads, require_positive, require_share, require_streams
from .layers import (
    ClipHead,
    Dropout,
    Pooling,
    Present,
    TransformerLayer,
    beside,
    masked_softmax,
    present_streams,
    recurrent_states,
    split_heads,
)


@dataclass(frozen=True)
class MDATConfig(ModelConfig):
    """Config of MDAT, which reads one or two streams, speech first.

    Attributes:
        graph: whether there is graph attention.
        co_attention: whether there is co-attention, which needs two streams.
        transformer: whether there is a transformer encoder layer.
        graph_over: the nodes of one graph: the frames of one stream, or of the concatenation of both.
        residual: whether the graph attention adds to its nodes or replaces them.
        width: channels that each stream is projected to.
        heads: heads of graph attention and transformer; they divide ``width``.
        feedforward: hidden units of the transformer's network.
        pooling: way in which the frames become one vector, ``mean`` or ``statistics`` (mean and standard deviation).
        dense: units of the dense layer, which is the embedding.
        dropout: share of values dropped after the projection, in the transformer and before each
            dense layer, in [0, 1).
    """

    graph: bool = True
    co_attention: bool = True
    transformer: bool = True
    graph_over: Literal["streams", "concatenation"] = "streams"
    residual: bool = True
    width: int = 32
    heads: int = 4
    feedforward: int = 128
    pooling: Pooling = "statistics"
    dense: int = 128
    dropout: float = 0.3

    def __post_init__(self) -> None:
        super().__post_init__()
        require_streams(self, 1, 2)
        require_positive(self, "width", "heads", "feedforward", "dense")
        require_heads(self, "heads", "width")
        require_share(self, "dropout")
        if self.co_attention and len(self.streams) == 1:
            raise ConfigError("Co-attention needs two streams, not 1; 'co_attention' = false leaves it out.")


PAPER: dict[str, Any] = {"residual": False, "pooling": "mean"}
"""The paper's equations as printed, where that is possible."""


class GraphAttention(nn.Module):
    """Attention over the nodes of a full graph; an edge's score depends on both of its ends.

    Args:
        width: number D of channels.
        heads: number of heads, which divides ``width``.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.project = nn.Linear(width, width, bias=False)
        bound = (width // heads) ** -0.5
        self.receiver = nn.Parameter(torch.empty(heads, width // heads, 1).uniform_(-bound, bound))
        self.sender = nn.Parameter(torch.empty(heads, width // heads, 1).uniform_(-bound, bound))

    def forward(self, nodes: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Attend between nodes (B, N, D) of which those are real where ``mask`` (B, N) is true.

        Returns:
            The gathered values (B, N, D) of each node, and the weights (B, N, N) averaged over the heads.
        """
        projected = split_heads(self.project(nodes), self.heads)
        scores = functional.leaky_relu(projected @ self.receiver + (projected @ self.sender).mT, 0.2)
        weights = masked_softmax(scores, mask[:, None, None])
        return (weights @ projected).transpose(1, 2).flatten(2), weights.mean(1)


class CoAttention(nn.Module):
    """Co-attention, which puts beside each stream what it gathers from the other.

    Args:
        width: number D of channels.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(width, width), nn.Linear(width, width)

    def forward(
        self, first: Tensor, second: Tensor, first_mask: Tensor, second_mask: Tensor
    ) -> tuple[list[Tensor], list[Tensor]]:
        """Attend between two streams (B, T, D), each real where its mask (B, T) is true.

        Returns:
            Both streams (B, T, 2 D), and the weights (B, T, T) of each over the other.
        """
        affinity = self.first(first) @ self.second(second).mT
        weights = [masked_softmax(affinity, second_mask[:, None]), masked_softmax(affinity.mT, first_mask[:, None])]
        attended = [
            torch.cat([own, over @ other], dim=-1)
            for own, other, over in ((first, second, weights[0]), (second, first, weights[1]))
        ]
        return attended, weights


@MODELS.register("mdat")
class MDAT(Model):
    """Maps streams (B, T, D_stream) to class scores (B, K) and an embedding (B, dense)."""

    Config = MDATConfig
    task = Task.CLIP
    config: MDATConfig

    def __init__(self, config: MDATConfig) -> None:
        super().__init__(config)
        count = len(config.streams)
        self.project = nn.ModuleList(nn.Linear(channels, config.width) for channels in config.streams.values())
        graphs = 0 if not config.graph else count if config.graph_over == "streams" else 1
        self.graphs = nn.ModuleList(GraphAttention(config.width, config.heads) for _ in range(graphs))
        self.co_attention = CoAttention(config.width) if config.co_attention else None
        width = config.width * (2 if config.co_attention else 1)
        self.encoders = nn.ModuleList(
            TransformerLayer(width, config.heads, config.feedforward, config.dropout)
            for _ in range(count if config.transformer else 0)
        )
        self.dropout = Dropout(config.dropout)
        self.head = ClipHead(count * width, config.pooling, config.dense, config.outputs, config.dropout)

    def forward(self, streams: Mapping[str, Tensor], mask: Tensor, targets: Tensor | None = None) -> Output:
        """Predict as :class:`~emoviz.models.base.Model` says; the targets are not read."""
        present = present_streams(streams, self.config.streams, mask).values()
        masks = [own.mask for own in present]
        nodes = [self.dropout(project(own.values)) for project, own in zip(self.project, present, strict=True)]
        maps: dict[str, Sequence[Tensor]] = {}
        if self.graphs:
            nodes, maps["graph"] = self._over_graphs(nodes, masks)
        if self.co_attention is not None:
            nodes, maps["co"] = self.co_attention(*nodes, *masks)
        if self.encoders:
            encoded = [layer(own, own, its) for layer, own, its in zip(self.encoders, nodes, masks, strict=True)]
            nodes, maps["temporal"] = [values for values, _ in encoded], [weights for _, weights in encoded]
        prediction, embedding = self.head(*beside(map(Present, nodes, masks)))
        named = {
            f"{kind}.{stream}": weights
            for kind, per_stream in maps.items()
            for stream, weights in zip(self.config.streams, per_stream, strict=True)
        }
        return Output(prediction, embedding, named)

    def _over_graphs(self, nodes: Sequence[Tensor], masks: Sequence[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        """Graph attention: streams (B, T, width) -> the same shapes, and a map (B, T, T) per stream."""
        if self.config.graph_over == "streams":
            passed = [graph(own, mask) for graph, own, mask in zip(self.graphs, nodes, masks, strict=True)]
            gathered, maps = [values for values, _ in passed], [weights for _, weights in passed]
        else:
            shape = (len(nodes), masks[0].shape[1])
            together, weights = self.graphs[0](torch.cat(list(nodes), dim=1), torch.cat(list(masks), dim=1))
            gathered = list(together.chunk(len(nodes), dim=1))
            maps = list(weights.unflatten(2, shape).sum(2).unflatten(1, shape).unbind(1))
        if self.config.residual:
            gathered = [own + new for own, new in zip(nodes, gathered, strict=True)]
        return gathered, maps


@dataclass(frozen=True)
class MDATBaselineConfig(ModelConfig):
    """Config of the baseline.

    Attributes:
        hidden: width of each BiLSTM's state per direction.
        pooling: way in which the frames become one vector, ``mean`` or ``statistics`` (mean and standard deviation).
        dense: units of the dense layer, which is the embedding.
        dropout: share of values dropped before each dense layer, in [0, 1).
    """

    hidden: int = 64
    pooling: Pooling = "statistics"
    dense: int = 128
    dropout: float = 0.3

    def __post_init__(self) -> None:
        super().__post_init__()
        require_positive(self, "hidden", "dense")
        require_share(self, "dropout")


@MODELS.register("mdat-baseline")
class MDATBaseline(Model):
    """A BiLSTM per stream, their states side by side, pooling, two dense layers (the paper's section III-E)."""

    Config = MDATBaselineConfig
    task = Task.CLIP
    config: MDATBaselineConfig

    def __init__(self, config: MDATBaselineConfig) -> None:
        super().__init__(config)
        self.recurrent = nn.ModuleList(
            nn.LSTM(channels, config.hidden, batch_first=True, bidirectional=True)
            for channels in config.streams.values()
        )
        width = 2 * config.hidden * len(config.streams)
        self.head = ClipHead(width, config.pooling, config.dense, config.outputs, config.dropout)

    def forward(self, streams: Mapping[str, Tensor], mask: Tensor, targets: Tensor | None = None) -> Output:
        """Predict as :class:`~emoviz.models.base.Model` says; the targets are not read."""
        present = present_streams(streams, self.config.streams, mask).values()
        states = [
            recurrent_states(cast(nn.LSTM, network), *own) for network, own in zip(self.recurrent, present, strict=True)
        ]
        return Output(*self.head(*beside(map(Present, states, (own.mask for own in present)))))
