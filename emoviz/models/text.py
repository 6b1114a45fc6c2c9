r"""The text classifier of paper 1: DistilBERT over the words of a clip.

A. Singh, B. Shrirama, K. Gengedulla Yeranarasappa, X. Guo, "Cross Culture Emotion Recognition", USC
(sections 4.1 and 4.2.1), after V. Sanh, L. Debut, J. Chaumond, T. Wolf, "DistilBERT, a distilled version of
BERT", 2019. With h the encoder's states (transformers' ``DistilBertModel``) of the clip's tokens:

.. math:: e = \mathrm{ReLU}(W_1 h_1 + b_1), \qquad y = W_2\, \mathrm{dropout}(e) + b_2

as in transformers' ``DistilBertForSequenceClassification``; or over the mean of all states, by ``pooling``.

The paper's encoder is pretrained, and its tokens are the word pieces of distilbert-base-uncased, whose
sizes are the defaults. This one starts from random weights, and any whole numbers may be its tokens:
``emoviz.features.tokens.byte_tokens`` makes them of any language, with a vocabulary of 259.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn
from torch.nn import functional

from ..core.errors import ConfigError
from ..core.vocabulary import Task
from .base import MODELS, Model, ModelConfig, Output, require_positive, require_share
from .layers import Dropout, masked_mean, present_streams


@dataclass(frozen=True)
class DistilBERTConfig(ModelConfig):
    """Config of the text classifier, whose one stream has one channel, the number of a token.

    Attributes:
        vocabulary: number of tokens, which are numbered from 0 (padding).
        length: tokens of a text that are read; what follows is cut.
        width: width of a state and of the embedding; a multiple of ``heads``.
        layers: number of layers of the encoder.
        heads: number of heads per layer.
        feedforward: hidden units of a layer.
        dropout: share dropped in the encoder, in [0, 1).
        head_dropout: share of the embedding dropped before the classes, in [0, 1).
        pooling: ``first`` for the state of the first token, which should say that a text begins; or ``mean``.
    """

    vocabulary: int = 30522
    length: int = 512
    width: int = 768
    layers: int = 6
    heads: int = 12
    feedforward: int = 3072
    dropout: float = 0.1
    head_dropout: float = 0.2
    pooling: Literal["first", "mean"] = "first"

    def __post_init__(self) -> None:
        super().__post_init__()
        require_positive(self, "vocabulary", "length", "width", "layers", "heads", "feedforward")
        require_share(self, "dropout", "head_dropout")
        if list(self.streams.values()) != [1]:
            raise ConfigError(f"Text is one stream of one channel, the tokens' numbers, not {dict(self.streams)}.")
        if self.width % self.heads:
            raise ConfigError(f"'width' is a multiple of the {self.heads} heads, not {self.width}.")


@MODELS.register("distilbert")
class DistilBERT(Model):
    """Maps numbers of tokens (B, T, 1) to logits (B, K) and an embedding (B, width).

    A number is rounded to a whole one, and to the nearest of the vocabulary where it lies outside.
    """

    Config = DistilBERTConfig
    task = Task.CLIP
    config: DistilBERTConfig

    def __init__(self, config: DistilBERTConfig) -> None:
        # Here, as importing it takes seconds that only users of this model should wait.
        from transformers import DistilBertConfig, DistilBertModel

        super().__init__(config)
        self.encoder = DistilBertModel(
            DistilBertConfig(
                vocab_size=config.vocabulary,
                max_position_embeddings=config.length,
                dim=config.width,
                n_layers=config.layers,
                n_heads=config.heads,
                hidden_dim=config.feedforward,
                dropout=config.dropout,
                attention_dropout=config.dropout,
            )
        )
        self.hidden = nn.Linear(config.width, config.width)
        self.dropout = Dropout(config.head_dropout)
        self.head = nn.Linear(config.width, config.outputs)

    def forward(self, streams: Mapping[str, Tensor], mask: Tensor, targets: Tensor | None = None) -> Output:
        """Predict as :class:`~emoviz.models.base.Model` says; the targets are not read."""
        (text,) = present_streams(streams, self.config.streams, mask).values()
        numbers, mask = text.values.squeeze(-1), text.mask
        # Moved together, so that the first token is a real one and the text is cut behind real ones.
        order = (~mask).int().argsort(dim=1, stable=True)[:, : self.config.length]
        tokens, real = numbers.gather(1, order), mask.gather(1, order)
        tokens = tokens.round().long().clamp(0, self.config.vocabulary - 1)
        visible = real.clone()
        visible[:, 0] = True  # also in an empty text: a softmax over nothing is NaN
        states = self.encoder(tokens, visible).last_hidden_state
        pooled = states[:, 0] if self.config.pooling == "first" else masked_mean(states, real)
        embedding = functional.relu(self.hidden(pooled))
        return Output(self.head(self.dropout(embedding)), embedding)
