r"""CATS-Transformer of paper 1: channel attention, causal encoder, autoregressive decoder.

A. Singh, B. Shrirama, K. Gengedulla Yeranarasappa, X. Guo, "Cross Culture Emotion Recognition",
USC, section 4.2.4. With the concatenated streams FU (B, T, D):

.. math::
    W = \sigma(FC(\mathrm{mean}_t FU) + FC(\mathrm{max}_t FU)), \quad X = FU \cdot W, \quad
    X_e = \mathrm{encoder}(PE(L(X))), \quad Y_p = \mathrm{mlp}(\mathrm{decoder}(X_e, Y_{<p}))

FC is one shared bottleneck (Woo et al., "CBAM", ECCV 2018); another form of W, whose weights do not depend on the
start of the training, stands beside it (:mod:`emoviz.models.channel_attention`). Encoder and decoder self-attention
are causal. Cross-attention sees the whole clip, as in the paper, unless ``causal_memory`` is set;
and W is taken over the whole clip in any case. Layers are pre-norm.

**Why the default is not the paper's training.** Labels move slowly, so under teacher forcing at
the frame rate (:data:`PAPER`) the decoder learns to copy its previous input: the CCC is .99 with
the labels fed in and 0 on its own, as in the paper's tables. The default differs in three ways:
the decoder takes one step per ``step`` frames; it corrects a direct estimate that a linear layer
makes from X_e, and sees the mean of X_e over each step; and it is trained on its own outputs
(``feedback = rollout``): a cached decode without gradient, then one parallel pass with those
outputs as inputs.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..core.errors import ConfigError
from ..core.vocabulary import Task
from .base import MODELS, Model, ModelConfig, Output, require_positive, require_share
from .channel_attention import ChannelAttention, ChannelGates
from .decoding import CrossAttention, Past, SelfAttention, attend, bare_linear, bare_norm
from .layers import Steps, concatenate, masked_mean, positional_encoding, split_heads


@dataclass(frozen=True)
class CATSConfig(ModelConfig):
    """Config of the CATS-Transformer.

    Attributes:
        channel_attention: whether channels are weighted; without it the model is the ablation of the paper's Table 6.
        channel_form: way in which channels are weighted: the paper's ``bottleneck``, whose weights depend on the random
            start of the training; or ``gates``, of which a fixed share is open, the same in all clips; or gates from
            which each clip may deviate (``clip gates``).
        open_share: mean of the gates, in (0, 1).
        reduction: the bottleneck of the channel attention has D / reduction units.
        width: channels inside the transformer (the paper's D_s).
        heads: attention heads; they divide ``width``.
        encoder_layers: causal encoder layers.
        decoder_layers: causal decoder layers.
        feedforward: hidden units of each layer's two-layer network.
        dropout: share of values dropped after each block, in [0, 1).
        feedback: previous outputs that the decoder sees in training: the labels (``teacher``) or
            its own (``rollout``). In use it always sees its own.
        step: frames per decoder step; outputs between the centres of steps are interpolated.
        direct: whether the decoder corrects a direct estimate from the encoder's output, and each
            of its steps is told the encoder's mean output over the step's frames.
        causal_memory: whether a decoder step sees only the frames up to its end, for live use.
    """

    channel_attention: bool = True
    channel_form: Literal["bottleneck", "gates", "clip gates"] = "bottleneck"
    open_share: float = 0.3
    reduction: int = 16
    width: int = 64
    heads: int = 4
    encoder_layers: int = 2
    decoder_layers: int = 2
    feedforward: int = 256
    dropout: float = 0.1
    feedback: Literal["teacher", "rollout"] = "rollout"
    step: int = 30
    direct: bool = True
    causal_memory: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        require_positive(self, "reduction", "width", "heads", "encoder_layers", "decoder_layers", "feedforward", "step")
        require_share(self, "dropout")
        if not 0 < self.open_share < 1:
            raise ConfigError(f"'open_share' lies between 0 and 1, not at {self.open_share}.")
        if self.width % self.heads:
            raise ConfigError(f"'heads' divides 'width': {self.heads} does not divide {self.width}.")


PAPER: dict[str, Any] = {"feedback": "teacher", "step": 1, "direct": False}
"""The paper's own training. Its outputs are (nearly) constant in use, see the top of this file."""


def weighing(config: CATSConfig, channels: int) -> ChannelAttention | ChannelGates:
    """Build the channel attention of a config over D channels."""
    if config.channel_form == "bottleneck":
        return ChannelAttention(channels, config.reduction)
    deviating = config.channel_form == "clip gates"
    return ChannelGates(channels, config.open_share, config.reduction if deviating else None)


def feedforward(config: CATSConfig) -> nn.Sequential:
    """Build the position-wise network of a transformer layer."""
    return nn.Sequential(
        nn.Linear(config.width, config.feedforward),
        nn.ReLU(),
        nn.Linear(config.feedforward, config.width),
    )


class EncoderLayer(nn.Module):
    """Pre-norm self-attention and feed-forward network."""

    def __init__(self, config: CATSConfig) -> None:
        super().__init__()
        self.attention_norm, self.feedforward_norm = nn.LayerNorm(config.width), nn.LayerNorm(config.width)
        self.attention = SelfAttention(config.width, config.heads)
        self.feedforward = feedforward(config)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor, visible: Tensor | None = None) -> Tensor:
        """Encode (B, T, width); a frame sees ``visible`` (B, 1, T, T) frames, or with None all up to its own."""
        x = x + self.dropout(self.attention(self.attention_norm(x), visible))
        encoded: Tensor = x + self.dropout(self.feedforward(self.feedforward_norm(x)))
        return encoded


class DecoderLayer(nn.Module):
    """Pre-norm causal self-attention, cross-attention and feed-forward network."""

    def __init__(self, config: CATSConfig) -> None:
        super().__init__()
        self.own_norm, self.cross_norm = nn.LayerNorm(config.width), nn.LayerNorm(config.width)
        self.feedforward_norm = nn.LayerNorm(config.width)
        self.own = SelfAttention(config.width, config.heads)
        self.cross = CrossAttention(config.width, config.heads)
        self.feedforward = feedforward(config)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor, memory: Tensor, visible: Tensor | None) -> Tensor:
        """Decode all steps (B, S, width) at once.

        Args:
            x: states of the steps.
            memory: keys and values (B, heads, T, 2 * width / heads) from ``cross.keys_values``.
            visible: mask (B, 1, S or 1, T), true for the frames that each step may see; None for all.

        Returns:
            New states in the shape of ``x``.
        """
        x = x + self.dropout(self.own(self.own_norm(x)))
        x = x + self.dropout(self.cross(self.cross_norm(x), memory, visible))
        decoded: Tensor = x + self.dropout(self.feedforward(self.feedforward_norm(x)))
        return decoded

    def stepper(self, memory: Tensor, steps: int) -> Callable[[Tensor, Tensor | None], Tensor]:
        """Return a function that decodes one step (B, 1, width) after the other as :meth:`forward` does all at once.

        It uses the bare weights: to call a module takes longer than the arithmetic of one step.

        Args:
            memory: keys and values as in :meth:`forward`.
            steps: number of steps.
        """
        own, cross, past, linear, norm = self.own, self.cross, Past(steps), functional.linear, torch.layer_norm
        own_norm, cross_norm, last_norm = map(bare_norm, (self.own_norm, self.cross_norm, self.feedforward_norm))
        project, own_out = bare_linear(own.query_key_value), bare_linear(own.out)
        query, cross_out = bare_linear(cross.query), bare_linear(cross.out)
        expand, contract = bare_linear(self.feedforward[0]), bare_linear(self.feedforward[2])
        dropped: Callable[[Tensor], Tensor] = self.dropout if self.training else _same

        def step(x: Tensor, visible: Tensor | None) -> Tensor:
            queries, keys_values = own.parted(linear(norm(x, *own_norm), *project))
            x = x + dropped(linear(attend(queries, past.extended(keys_values)), *own_out))
            queries = split_heads(linear(norm(x, *cross_norm), *query), cross.heads)
            x = x + dropped(linear(attend(queries, memory, visible), *cross_out))
            return x + dropped(linear(linear(norm(x, *last_norm), *expand).relu(), *contract))

        return step


def _same(values: Tensor) -> Tensor:
    return values


@dataclass(frozen=True)
class Context:
    """The knowledge of the decoder's steps beside the outputs before them.

    Attributes:
        queries: positions (B or 1, S, width) and, with a direct estimate, the encoder's mean output.
        memories: keys and values of the encoder's output, one entry per decoder layer.
        visible: mask (B, 1, S or 1, T), true for the frames that each step may see; None where all see all.
        direct: direct estimate (B, S, K) of the steps, or zero (1, S, 1).
    """

    queries: Tensor
    memories: Sequence[Tensor]
    visible: Tensor | None
    direct: Tensor


@MODELS.register("cats")
class CATS(Model):
    """CATS-Transformer; frame-wise. Its embedding is the mean of the encoder's output over real frames."""

    Config = CATSConfig
    task = Task.FRAMES
    config: CATSConfig

    def __init__(self, config: CATSConfig) -> None:
        super().__init__(config)
        channels = sum(config.streams.values())
        self.channel_attention = weighing(config, channels) if config.channel_attention else None
        self.embed_features = nn.Linear(channels, config.width)
        self.encoder = nn.ModuleList(EncoderLayer(config) for _ in range(config.encoder_layers))
        self.encoder_norm = nn.LayerNorm(config.width)
        self.direct = nn.Linear(config.width, config.outputs) if config.direct else None
        self.embed_step = nn.Linear(config.width, config.width) if config.direct else None
        self.start = nn.Parameter(torch.zeros(config.width))
        self.embed_output = nn.Linear(config.outputs, config.width)
        self.decoder = nn.ModuleList(DecoderLayer(config) for _ in range(config.decoder_layers))
        self.mlp = nn.Sequential(
            nn.LayerNorm(config.width),
            nn.Linear(config.width, config.width),
            nn.ReLU(),
            nn.Linear(config.width, config.outputs),
        )
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, streams: Mapping[str, Tensor], mask: Tensor, targets: Tensor | None = None) -> Output:
        """Predict as :class:`~emoviz.models.base.Model` says; the targets are read under teacher forcing only.

        Without teacher forcing the decode is autoregressive. In training a parallel pass over the
        decoded outputs repeats it, through which alone gradients flow; it gives the same prediction.
        In use they flow through the fed-back outputs too, so that explanations are complete.
        """
        fused, known = concatenate(streams, self.config.streams, mask)
        attention = {}
        if self.channel_attention is not None:
            attention["channel"], fused = self.channel_attention(fused, known)
        memory = self.encode(fused, mask)
        steps = Steps(mask, self.config.step)
        if self.config.feedback == "teacher" and self.training and targets is not None:
            correction = self.decode_given(memory, steps, steps.mean(targets))
        elif self.training and torch.is_grad_enabled():
            with torch.no_grad():
                _, decoded = self.decode(memory, steps)
            correction = self.decode_given(memory, steps, decoded)
        else:
            correction, _ = self.decode(memory, steps)
        prediction = steps.interpolate(correction)
        if self.direct is not None:
            prediction = prediction + self.direct(memory)
        return Output(prediction, masked_mean(memory, mask), attention)

    def encode(self, weighted: Tensor, mask: Tensor) -> Tensor:
        """Encode weighted channels X (B, T, D) as X_e (B, T, width), where frame p depends on frames up to p only."""
        frames = torch.arange(mask.shape[1], device=mask.device)
        # Scaled as in Vaswani et al., section 3.4: else the positions drown the features and training is slow.
        x = self.embed_features(weighted) * math.sqrt(self.config.width)
        x = x + positional_encoding(frames, self.config.width)
        x = self.dropout(x)
        visible = None
        if not mask.all():
            past = frames <= frames[:, None]
            # A padded frame sees itself: a softmax over nothing is NaN.
            own = torch.eye(len(frames), dtype=torch.bool, device=mask.device)
            visible = ((past & mask[:, None]) | own)[:, None]
        for layer in self.encoder:
            x = layer(x, visible)
        encoded: Tensor = self.encoder_norm(x)
        return encoded

    def decode(self, memory: Tensor, steps: Steps) -> tuple[Tensor, Tensor]:
        """Decode autoregressively with kept keys and values, one new position per step.

        Args:
            memory: states (B, T, width) from :meth:`encode`.
            steps: grid of the decoder.

        Returns:
            The decoder's outputs and the outputs that it fed back (the same, unless it corrects a direct estimate),
            each (B, S, K).
        """
        context = self._context(memory, steps)
        layers = zip(self.decoder, context.memories, strict=True)
        steppers = [cast(DecoderLayer, layer).stepper(kept, steps.count) for layer, kept in layers]
        queries, direct = context.queries.split(1, 1), context.direct.split(1, 1)
        corrections, outputs = [], []
        x = self.start.expand(len(memory), 1, -1)
        for step in range(steps.count):
            x = self.dropout(x + queries[step])
            visible = context.visible
            if visible is not None and visible.shape[2] > 1:
                visible = visible[:, :, step : step + 1]
            for decode in steppers:
                x = decode(x, visible)
            corrections.append(self.mlp(x))
            outputs.append(corrections[-1] + direct[step])
            x = self.embed_output(outputs[-1])
        return torch.cat(corrections, 1), torch.cat(outputs, 1)

    def decode_given(self, memory: Tensor, steps: Steps, outputs: Tensor) -> Tensor:
        """Decode in one parallel pass, in which the decoder sees the given outputs (B, S, K) shifted by one step.

        Returns:
            The decoder's outputs (B, S, K).
        """
        context = self._context(memory, steps)
        start = self.start.expand(len(memory), 1, -1)
        x = self.dropout(torch.cat([start, self.embed_output(outputs[:, :-1])], 1) + context.queries)
        for layer, kept in zip(self.decoder, context.memories, strict=True):
            x = layer(x, kept, context.visible)
        corrections: Tensor = self.mlp(x)
        return corrections

    def _context(self, memory: Tensor, steps: Steps) -> Context:
        queries = positional_encoding(steps.centres, self.config.width)[None]
        direct = memory.new_zeros(1, steps.count, 1)
        if self.direct is not None and self.embed_step is not None:
            queries = queries + self.embed_step(steps.mean(memory))
            direct = steps.mean(self.direct(memory))
        memories = [cast(DecoderLayer, layer).cross.keys_values(memory) for layer in self.decoder]
        return Context(queries, memories, self._visible(steps), direct)

    def _visible(self, steps: Steps) -> Tensor | None:
        """Return the frames (B, 1, S or 1, T) that each step may see; None, which is faster, where each sees all."""
        visible = steps.mask[:, None, None]
        if self.config.causal_memory:
            frames = torch.arange(steps.frames, device=steps.mask.device)
            visible = visible & (frames <= steps.last_frames[:, None])
        # A step with nothing to see, before the first real frame, sees all: a softmax over nothing is NaN.
        visible = visible | ~visible.any(-1, keepdim=True)
        return None if visible.all() else visible
