r"""A classifier of clips from the mean and the spread of every channel over time.

D. Snyder, D. Garcia-Romero, G. Sell, D. Povey, S. Khudanpur, "X-vectors: robust DNN embeddings for
speaker recognition", ICASSP 2018 (statistics pooling), over encoder features instead of a TDNN's:

.. math::
    s = [\mathrm{mean}_t x_t ; \sqrt{\mathrm{var}_t x_t + \epsilon}], \quad
    e = \mathrm{GELU}(W_1\, \mathrm{dropout}(\mathrm{BN}(s)) + b_1), \quad
    y = W_2\, \mathrm{dropout}(e) + b_2

It has no notion of order, which on some thousand acted utterances is a strength: recurrent models
of the same data learn the training speakers by heart.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional

from ..core.vocabulary import Task
from .base import MODELS, Model, ModelConfig, Output, require_positive, require_share
from .layers import concatenate, normalised, statistics


@dataclass(frozen=True)
class StatisticsPoolingConfig(ModelConfig):
    """Config of the classifier.

    Attributes:
        hidden: units of the hidden layer, which is the embedding.
        dropout: share of statistics and of hidden units dropped, in [0, 1).
    """

    hidden: int = 128
    dropout: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        require_positive(self, "hidden")
        require_share(self, "dropout")


@MODELS.register("statistics-pooling")
class StatisticsPooling(Model):
    """Maps streams (B, T, D) to logits (B, K) and an embedding (B, hidden)."""

    Config = StatisticsPoolingConfig
    task = Task.CLIP
    config: StatisticsPoolingConfig

    def __init__(self, config: StatisticsPoolingConfig) -> None:
        super().__init__(config)
        statistics = 2 * sum(config.streams.values())
        self.norm = nn.BatchNorm1d(statistics)
        self.hidden = nn.Linear(statistics, config.hidden)
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(config.hidden, config.outputs)

    def forward(self, streams: Mapping[str, Tensor], mask: Tensor, targets: Tensor | None = None) -> Output:
        """Predict as :class:`~emoviz.models.base.Model` says; the targets are not read."""
        fused, known = concatenate(streams, self.config.streams, mask)
        pooled = normalised(self.norm, statistics(fused, known), known.any(1).repeat(1, 2))
        embedding = functional.gelu(self.hidden(self.dropout(pooled)))
        return Output(self.head(self.dropout(embedding)), embedding)
