r"""ViPER of paper 3: a Perceiver over tokens that hold all modalities of a fragment of the clip.

L. Vaiani, M. La Quatra, L. Cagliero, P. Garza, "ViPER: Video-based Perceiver for Emotion Recognition",
MuSe 2022, section 3. The R real frames of a clip are tiled by N fragments without overlap, centred on N
evenly spaced points of which the first and the last are the clip's ends, so that the two fragments
there are half as long (section 3.2). With d = R / (N - 1), fragment i spans

.. math:: [\max(0, (i - \tfrac12) d),\; \min(R, (i + \tfrac12) d)], \qquad i = 0 \dots N - 1

and its token is the mean of all streams, side by side, over it: :math:`z = S x`, where :math:`S_{it}` is
the share of fragment i that lies in frame t; of a stream that lacks frames, the mean is over those that it
has. A Perceiver (A. Jaegle et al., ICML 2021; transformers' ``PerceiverModel``) reads the tokens: a learned
array of L latents attends to them, self-attention layers follow, and one learned query attends to the
latents; a linear layer makes its answer K intensities.
Any subset of modalities is a config with those streams.

The paper prints no sizes. The defaults are those of its code (github.com/VaianiLorenzo/ViPER), which
trains transformers' default Perceiver from random weights: it is large, and meant for a GPU.

The ``latent`` map (B, L, T) is the latents' attention A to the tokens, mean over heads, handed on to the
frames that the tokens are made of: A S.

Deviations:

- Pictures too are averaged over a fragment, where the paper takes one frame at its centre.
- The paper gives .74 s as the mean length of fragments .37 s apart; they cannot both be and not overlap.
  Here they do not overlap.
- Where frames are missing in the middle, the real ones are moved together before they are tiled.
- Tokens are filled up with zero channels to a multiple of ``heads``, which their keys need. The paper does
  so with its 27 facial action channels (32 there).
- ``projection`` and ``positions`` are not in the paper, whose model does not know the order of tokens.

The last layer is linear, as in the paper, so that an intensity may leave [0, 1] a little.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..core.errors import ConfigError
from ..core.vocabulary import Task
from .base import MODELS, Model, ModelConfig, Output, require_positive, require_share
from .layers import in_any, positional_encoding, present_streams, shares_of


@dataclass(frozen=True)
class ViPERConfig(ModelConfig):
    """Config of ViPER.

    Attributes:
        tokens: number N of fragments of a clip; at least 2.
        latents: number L of latents.
        width: width of a latent; a multiple of ``heads``.
        layers: number of layers of self-attention among the latents.
        heads: number of heads of the attention to the tokens and among the latents.
        dropout: share of attention weights dropped, in [0, 1).
        projection: width, a multiple of ``heads``, to which a linear layer brings the tokens; None for none.
        positions: whether sines and cosines of a token's place are added to it.
    """

    tokens: int = 32
    latents: int = 256
    width: int = 1280
    layers: int = 26
    heads: int = 8
    dropout: float = 0.1
    projection: int | None = None
    positions: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        require_positive(self, "latents", "width", "layers", "heads")
        require_share(self, "dropout")
        if self.tokens < 2:
            raise ConfigError(f"'tokens' is at least 2, for the two ends of a clip, not {self.tokens}.")
        for name in ("width", "projection"):
            value = getattr(self, name)
            if value is not None and (value < 1 or value % self.heads):
                raise ConfigError(f"'{name}' is a multiple of the {self.heads} heads, not {value}.")


@MODELS.register("viper")
class ViPER(Model):
    """Maps streams (B, T, D) to intensities (B, K); the embedding is the mean of the latents (B, width)."""

    Config = ViPERConfig
    task = Task.CLIP
    config: ViPERConfig

    def __init__(self, config: ViPERConfig) -> None:
        # Here, as importing it takes seconds that only users of this model should wait.
        from transformers import PerceiverConfig, PerceiverModel
        from transformers.models.perceiver.modeling_perceiver import PerceiverClassificationDecoder

        super().__init__(config)
        channels = sum(config.streams.values())
        self.projection = nn.Linear(channels, config.projection) if config.projection else None
        self.token_width = config.projection or channels + -channels % config.heads
        perceiver = PerceiverConfig(
            d_model=self.token_width,
            num_latents=config.latents,
            d_latents=config.width,
            num_self_attends_per_block=config.layers,
            num_self_attention_heads=config.heads,
            num_cross_attention_heads=config.heads,
            attention_probs_dropout_prob=config.dropout,
        )
        perceiver.num_labels = config.outputs
        query = {"num_channels": config.width, "index_dims": 1}
        decoder = PerceiverClassificationDecoder(
            perceiver, num_channels=config.width, trainable_position_encoding_kwargs=query, use_query_residual=True
        )
        self.perceiver = PerceiverModel(perceiver, decoder=decoder)

    def forward(self, streams: Mapping[str, Tensor], mask: Tensor, targets: Tensor | None = None) -> Output:
        """Predict as :class:`~emoviz.models.base.Model` says; the targets are not read."""
        present = present_streams(streams, self.config.streams, mask)
        shares = fragments(in_any(present.values()), self.config.tokens)
        tokens = self.encode(torch.cat([shares_of(own.mask, shares) @ own.values for own in present.values()], dim=-1))
        output = self.perceiver(tokens, output_attentions=True)
        attention = output.cross_attentions[0].mean(1)
        return Output(output.logits, output.last_hidden_state.mean(1), {"latent": attention @ shares})

    def encode(self, tokens: Tensor) -> Tensor:
        """Turn features into the tokens that the Perceiver reads: (B, N, sum of D) -> (B, N, token width)."""
        if self.projection is not None:
            tokens = self.projection(tokens)
        tokens = functional.pad(tokens, (0, self.token_width - tokens.shape[-1]))
        if self.config.positions:
            tokens = tokens + positional_encoding(torch.arange(tokens.shape[1], device=tokens.device), self.token_width)
        return tokens


def fragments(mask: Tensor, count: int) -> Tensor:
    """Return S: the share of each of ``count`` fragments that lies in each frame.

    Args:
        mask: mask (B, T), true on real frames.
        count: number N of fragments.

    Returns:
        Shares (B, N, T); rows sum to one over the real frames, or are zero in a clip that has none.
    """
    # In double precision: the edges of fragments and of frames meet where they should.
    end = mask.cumsum(1)[:, None].double()
    start = end - mask[:, None].double()
    frames = mask.sum(1)[:, None, None].double()
    centre = frames / (count - 1) * torch.arange(count, device=mask.device)[:, None]
    half = frames / (count - 1) / 2
    first, last = (centre - half).clamp(min=0), torch.minimum(centre + half, frames)
    overlap = (torch.minimum(end, last) - torch.maximum(start, first)).clamp(min=0)
    return (overlap / (last - first).clamp(min=1e-12)).float()
