r"""Recurrent baselines of paper 1: RNN, LSTM, LSTM-Attention, Bi-LSTM, Bi-GRU.

A. Singh, B. Shrirama, K. Gengedulla Yeranarasappa, X. Guo, "Cross Culture Emotion Recognition",
USC (sections 4.2.1 and 4.2.2). The streams are concatenated (early fusion), go through a stack of
recurrent layers, and a linear layer gives K outputs per frame.

LSTM-Attention follows the paper's reference, Y. Wang et al., "Attention-based LSTM for
Aspect-level Sentiment Classification", EMNLP 2016, equations 7 to 11 without the aspect, which
speech and faces do not have:

.. math::
    \alpha = \mathrm{softmax}_t(w^\top \tanh(W h_t)), \quad r = \sum_t \alpha_t h_t, \quad
    h^*_t = \tanh(W_p r + W_x h_t)

There the last state alone is classified (t = N); here every frame is, each beside the same
summary r of the clip. :math:`\alpha` is the ``temporal`` map (B, T).

Beyond the paper, ``pooling`` turns each of them into a classifier of clips.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from torch import Tensor, nn

from ..core.vocabulary import Task
from .base import MODELS, Model, ModelConfig, Output, require_positive, require_share
from .layers import AttentivePooling, concatenate, masked_mean, recurrent_states


@dataclass(frozen=True)
class RecurrentConfig(ModelConfig):
    """Config of the recurrent family.

    Attributes:
        hidden: width of the state per direction.
        layers: recurrent layers.
        dropout: share of states dropped between layers and before the head, in [0, 1).
        pooling: ``none`` for one prediction per frame; ``mean`` or ``attention`` over the states
            for one per clip.
    """

    hidden: int = 64
    layers: int = 2
    dropout: float = 0.2
    pooling: Literal["none", "mean", "attention"] = "none"

    def __post_init__(self) -> None:
        super().__post_init__()
        require_positive(self, "hidden", "layers")
        require_share(self, "dropout")


class Recurrent(Model):
    """A stack of recurrent layers over the concatenated streams, and a linear head.

    The embedding is the mean of the last layer's states over the real frames, or the pooled state
    that the head sees.
    """

    Config = RecurrentConfig
    cell: ClassVar[type[nn.RNN] | type[nn.LSTM] | type[nn.GRU]]
    bidirectional: ClassVar[bool] = False
    config: RecurrentConfig

    def __init__(self, config: RecurrentConfig) -> None:
        super().__init__(config)
        self.task = Task.FRAMES if config.pooling == "none" else Task.CLIP
        self.width = config.hidden * (2 if self.bidirectional else 1)
        self.recurrent = self.cell(
            sum(config.streams.values()),
            config.hidden,
            num_layers=config.layers,
            dropout=config.dropout if config.layers > 1 else 0.0,
            bidirectional=self.bidirectional,
            batch_first=True,
        )
        self.pooling = AttentivePooling(self.width) if config.pooling == "attention" else None
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(self.width, config.outputs)

    def forward(self, streams: Mapping[str, Tensor], mask: Tensor, targets: Tensor | None = None) -> Output:
        """Predict as :class:`~emoviz.models.base.Model` says; the targets are not read."""
        fused, _ = concatenate(streams, self.config.streams, mask)
        states = recurrent_states(self.recurrent, fused, mask)
        states, attention = self.attend(states, mask)
        if self.pooling is not None:
            embedding, attention["temporal"] = self.pooling(states, mask)
        else:
            embedding = masked_mean(states, mask)
        seen = states if self.config.pooling == "none" else embedding
        return Output(self.head(self.dropout(seen)), embedding, attention)

    def attend(self, states: Tensor, mask: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Transform the states before the head; they stay as they are unless a subclass says otherwise."""
        return states, {}


@MODELS.register("rnn")
class RNN(Recurrent):
    """Elman's recurrent network with tanh, forward in time."""

    cell = nn.RNN


@MODELS.register("lstm")
class LSTM(Recurrent):
    """LSTM, forward in time."""

    cell = nn.LSTM


@MODELS.register("bi-lstm")
class BiLSTM(Recurrent):
    """LSTM in both directions."""

    cell = nn.LSTM
    bidirectional = True


@MODELS.register("bi-gru")
class BiGRU(Recurrent):
    """GRU in both directions, the paper's strongest baseline."""

    cell = nn.GRU
    bidirectional = True


@MODELS.register("lstm-attention")
class LSTMAttention(LSTM):
    """LSTM whose states are seen beside their attention-weighted mean over the clip."""

    def __init__(self, config: RecurrentConfig) -> None:
        super().__init__(config)
        self.summary = AttentivePooling(self.width)
        self.from_summary = nn.Linear(self.width, self.width, bias=False)
        self.from_state = nn.Linear(self.width, self.width, bias=False)

    def attend(self, states: Tensor, mask: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the paper's h*, (B, T, width), and its weights over time."""
        summary, weights = self.summary(states, mask)
        combined = self.from_summary(summary)[:, None] + self.from_state(states)
        return combined.tanh(), {"temporal": weights}
