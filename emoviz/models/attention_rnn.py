r"""Attention RNNs of paper 2: early attention fusion, attentive encoder-decoder, and the two in one.

J. Raju, Y. F. A. Gaus, T. P. Breckon, "Continuous multi-modal emotion prediction in video based on
recurrent neural network variants with attention", ICMLA 2021, sections III-A to III-C. The paper
prints no equations; these are its figures' in the notation of its sources.

**EAF**, early attention fusion: a fully connected layer and a softmax weight the features of each
stream m, and a BiLSTM of two layers reads the weighted streams side by side:

.. math::
    a^m_t = \mathrm{softmax}(W_m x^m_t + b_m), \quad z_t = [a^m_t \odot x^m_t]_m, \quad
    h = \mathrm{BiLSTM}(z), \quad y_t = W h_t + b

**AED**, attention-based encoder-decoder (D. Bahdanau, K. Cho, Y. Bengio, "Neural machine translation
by jointly learning to align and translate", ICLR 2015, section 3): the encoder's states h are read by
an LSTM that starts at the backward direction's last state and looks at them anew at every output i:

.. math::
    s_0 = \tanh(W_s \overleftarrow{h}_1), \quad e_{ij} = v^\top \tanh(W_a s_{i-1} + U_a h_j), \quad
    \alpha_i = \mathrm{softmax}_j(e_{ij}), \quad c_i = \sum_j \alpha_{ij} h_j, \quad
    s_i = \mathrm{LSTM}(s_{i-1}, [c_i ; h_i]), \quad y_i = W [s_i ; c_i] + b

**EMAFN**, extended multi-attention fusion: EAF with AED in place of its BiLSTM.

The mean of a^m over the clip is the map ``channel.<stream>`` (B, D_m), and :math:`\alpha` is
``temporal`` (B, T, T), which models in training leave out.

Deviations, and what the paper leaves open:

- Weights of features are per frame. They sum to one, so they shrink D features to about 1 / D.
  ``scale`` multiplies by D, so that equal weights change nothing. It is off, as in the paper: over
  some dozens of recordings and channels small inputs keep the LSTM from learning the recordings by
  heart. Over hundreds of channels it may be needed to learn at all.
- Recurrences run on a grid of ``step`` frames: they read the mean of each step's (weighted) features,
  and predictions are linear between the centres of steps, and so are the rows of ``temporal``, where
  the frames of one step share its weight evenly. 1 is the paper's frame rate.
- AED sees the encoder's states within ``window`` frames of its place; None is all of them, as in the
  paper. Emotion and signal share one clock, unlike two languages, and with some dozens of recordings
  a decoder does not learn where it is. For the same reason it is told :math:`h_i`, the state at its
  own place (B. Liu, I. Lane, "Attention-based recurrent neural network models for joint intent
  detection and slot filling", Interspeech 2016, section 3.1), unless ``aligned`` is false.
- The previous output is not fed back: under teacher forcing a decoder learns to copy it, because labels
  move slowly (see ``cats.py``), and its own output is a linear map of a state that it has already.
- "One fixed-length vector from the final hidden state" (section III-A) cannot give a prediction per
  frame: every state is read.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..core.errors import ConfigError
from ..core.vocabulary import Task
from .base import MODELS, Model, ModelConfig, Output, require_positive, require_share
from .layers import Present, Steps, beside, masked_mean, masked_softmax, present_streams, reordered


@dataclass(frozen=True)
class AttentionRNNConfig(ModelConfig):
    """The fields that the configs of the three models share.

    Attributes:
        hidden: width of the LSTMs' states, per direction, and of the decoder's attention.
        layers: number of layers of the BiLSTM.
        dropout: share of values dropped after each of these layers and before the head, in [0, 1).
        step: frames per step of the recurrences; outputs between the centres of steps are interpolated.
    """

    hidden: int = 32
    layers: int = 2
    dropout: float = 0.2
    step: int = 10

    def __post_init__(self) -> None:
        super().__post_init__()
        require_positive(self, "hidden", "layers", "step")
        require_share(self, "dropout")


@dataclass(frozen=True)
class EAFConfig(AttentionRNNConfig):
    """Config of early attention fusion.

    Attributes:
        scale: whether weighted features are multiplied by their number, so that equal weights change nothing.
    """

    scale: bool = False


@dataclass(frozen=True)
class AEDConfig(AttentionRNNConfig):
    """Config of the attentive encoder-decoder.

    Attributes:
        window: frames before and after its place that the decoder sees, in whole steps; None for the whole clip.
        aligned: whether the decoder is told the encoder's state at its own place beside the attended ones.
    """

    layers: int = 1
    window: int | None = 40
    aligned: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.window is not None and self.window < self.step:
            raise ConfigError(f"'window' is null or at least 'step' ({self.step}), not {self.window}.")


@dataclass(frozen=True)
class EMAFNConfig(AEDConfig, EAFConfig):
    """Config of extended multi-attention fusion: that of AED and of EAF."""


class FeatureAttention(nn.Module):
    """Weights over the features of each stream, frame by frame.

    Args:
        widths: number of channels D of each stream.
        scale: whether the weighted features are multiplied by D.
    """

    def __init__(self, widths: Mapping[str, int], scale: bool) -> None:
        super().__init__()
        self.scale = scale
        self.scores = nn.ModuleList(nn.Linear(width, width) for width in widths.values())

    def forward(self, streams: Mapping[str, Present]) -> tuple[dict[str, Present], dict[str, Tensor]]:
        """Weight the streams, in the order of the config.

        Returns:
            The weighted streams, and their mean weights (B, D) over the frames that they have as ``channel.<stream>``.
        """
        weighted, attention = {}, {}
        for score, (name, (features, mask)) in zip(self.scores, streams.items(), strict=True):
            weights = score(features).softmax(-1)
            attention[f"channel.{name}"] = masked_mean(weights, mask)
            weighted[name] = Present(features * weights * (features.shape[-1] if self.scale else 1), mask)
        return weighted, attention


class BiLSTM(nn.Module):
    """A bidirectional LSTM over sequences of several lengths, each filled up at its end.

    The backward direction reads each sequence reversed up to its own length. Packing the sequences for
    `nn.LSTM` gives the same, but its gradient takes time quadratic in the length on a CPU (at 27 sequences
    of about 1,768 steps 200 s instead of 1).

    Args:
        channels: number of channels D.
        config: config with hidden, layers and dropout.
    """

    def __init__(self, channels: int, config: AttentionRNNConfig) -> None:
        super().__init__()
        self.width = 2 * config.hidden
        widths = [channels] + [self.width] * (config.layers - 1)
        self.ahead = nn.ModuleList(nn.LSTM(width, config.hidden, batch_first=True) for width in widths)
        self.back = nn.ModuleList(nn.LSTM(width, config.hidden, batch_first=True) for width in widths)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, sequences: Tensor, real: Tensor) -> tuple[Tensor, None]:
        """Read sequences (B, S, D), real where (B, S) is true, and return states (B, S, width) and no attention."""
        lengths, places = real.sum(1, keepdim=True), torch.arange(real.shape[1], device=real.device)
        reverse = torch.where(real, lengths - 1 - places, places)
        states = sequences
        for layer, (ahead, back) in enumerate(zip(self.ahead, self.back, strict=True)):
            states = self.dropout(states) if layer else states
            states = torch.cat([ahead(states)[0], reordered(back(reordered(states, reverse))[0], reverse)], dim=-1)
        return states, None


class EncoderDecoder(nn.Module):
    """A BiLSTM, and an LSTM that attends to the former's states at every step.

    Args:
        channels: number of channels D.
        config: config of the model.
    """

    def __init__(self, channels: int, config: AEDConfig) -> None:
        super().__init__()
        self.aligned = config.aligned
        self.window = None if config.window is None else config.window // config.step
        self.encoder = BiLSTM(channels, config)
        self.dropout = nn.Dropout(config.dropout)
        self.start = nn.Linear(config.hidden, config.hidden)
        self.query = nn.Linear(config.hidden, config.hidden)
        self.key = nn.Linear(self.encoder.width, config.hidden, bias=False)
        self.score = nn.Linear(config.hidden, 1, bias=False)
        self.decoder = nn.LSTMCell(self.encoder.width * (2 if config.aligned else 1), config.hidden)
        self.width = config.hidden + self.encoder.width

    def forward(self, sequences: Tensor, real: Tensor) -> tuple[Tensor, Tensor | None]:
        """Encode and decode.

        Args:
            sequences: sequences (B, S, D).
            real: mask (B, S), true up to a sequence's length.

        Returns:
            The decoder's states beside the encoder's states that they attended to, (B, S, width), and the weights
            (B, S, S), or None in training.
        """
        memory = self.dropout(self.encoder(sequences, real)[0])
        keys, count = self.key(memory), real.shape[1]
        reach = count if self.window is None else self.window
        state = self.start(memory[:, 0, self.encoder.width // 2 :]).tanh()
        cell = torch.zeros_like(state)
        states, contexts, rows = [], [], []
        for step, own in enumerate(memory.unbind(1)):
            first, end = max(0, step - reach), min(count, step + reach + 1)
            if step % (2 * reach) == 0:
                # The gradient of a slice is as long as what it is cut from, so slices are cut from a part.
                part = slice(first, step + 3 * reach)
                offset, near, near_keys = first, memory[:, part], keys[:, part]
            seen = slice(first - offset, end - offset)
            scores = self.score((near_keys[:, seen] + self.query(state)[:, None]).tanh()).squeeze(-1)
            weights = masked_softmax(scores, real[:, first:end])
            context = (weights[:, None] @ near[:, seen]).squeeze(1)
            state, cell = self.decoder(torch.cat([context, own], -1) if self.aligned else context, (state, cell))
            states.append(state)
            contexts.append(context)
            if not self.training:
                rows.append(functional.pad(weights, (first, count - end)))
        decoded = torch.cat([torch.stack(states, 1), torch.stack(contexts, 1)], dim=-1)
        return decoded, torch.stack(rows, 1) if rows else None


class AttentionRNN(Model):
    """A recurrence on a coarser grid over streams, weighted or not, and a linear head; frame-wise.

    Frames outside the mask do not exist for the recurrence: the real ones are moved together, and
    predictions are moved back. The embedding is the mean of the recurrence's states over the steps.

    Args:
        config: config of the model.
        recurrence: network between the streams and the head.
        feature_attention: network that weights the streams first, or None.
    """

    task = Task.FRAMES
    config: AttentionRNNConfig

    def __init__(
        self,
        config: AttentionRNNConfig,
        recurrence: BiLSTM | EncoderDecoder,
        feature_attention: FeatureAttention | None = None,
    ) -> None:
        super().__init__(config)
        self.feature_attention, self.recurrence = feature_attention, recurrence
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(recurrence.width, config.outputs)

    def forward(self, streams: Mapping[str, Tensor], mask: Tensor, targets: Tensor | None = None) -> Output:
        """Predict as :class:`~emoviz.models.base.Model` says; the targets are not read."""
        features, attention = present_streams(streams, self.config.streams, mask), {}
        if self.feature_attention is not None:
            features, attention = self.feature_attention(features)
        order = (~mask).int().argsort(dim=1, stable=True)
        back = order.argsort(dim=1)
        steps = Steps(mask.take_along_dim(order, 1), self.config.step)
        fused, known = (reordered(own, order) for own in beside(features.values()))
        states, weights = self.recurrence(steps.mean(fused, known), steps.real)
        if weights is not None:
            attention["temporal"] = frame_weights(weights, steps, back)
        prediction = steps.interpolate(self.head(self.dropout(states)))
        return Output(reordered(prediction, back), masked_mean(states, steps.real), attention)


def frame_weights(weights: Tensor, steps: Steps, back: Tensor) -> Tensor:
    """Turn weights of steps over steps into weights of frames over frames, zero from and to padding.

    Args:
        weights: weights (B, S, S).
        steps: grid over the frames that were moved together.
        back: place (B, T) of each frame among these.

    Returns:
        Weights (B, T, T). Rows are interpolated as predictions are; the frames of one step share its weight.
    """
    starts = torch.arange(steps.count, device=back.device) * steps.step
    sizes = (steps.mask.sum(1, keepdim=True) - starts).clamp(1, steps.step)
    rows = reordered(steps.interpolate(weights / sizes[:, None]), back)
    real = steps.mask.take_along_dim(back, 1)
    rows = functional.pad(torch.where(real[..., None], rows, 0.0), (0, 1))
    step_of = (back // steps.step).masked_fill(~real, steps.count)  # padding's is the zero column
    return rows.mT[torch.arange(len(rows), device=back.device)[:, None], step_of].mT


@MODELS.register("eaf")
class EAF(AttentionRNN):
    """Early attention fusion: weighted features, two layers of BiLSTM."""

    Config = EAFConfig

    def __init__(self, config: EAFConfig) -> None:
        channels = sum(config.streams.values())
        super().__init__(config, BiLSTM(channels, config), FeatureAttention(config.streams, config.scale))


@MODELS.register("aed")
class AED(AttentionRNN):
    """Attention-based encoder-decoder over the streams as they are."""

    Config = AEDConfig

    def __init__(self, config: AEDConfig) -> None:
        super().__init__(config, EncoderDecoder(sum(config.streams.values()), config))


@MODELS.register("emafn")
class EMAFN(AttentionRNN):
    """Extended multi-attention fusion: weighted features, attention-based encoder-decoder."""

    Config = EMAFNConfig

    def __init__(self, config: EMAFNConfig) -> None:
        channels = sum(config.streams.values())
        super().__init__(config, EncoderDecoder(channels, config), FeatureAttention(config.streams, config.scale))
