r"""Audio-video attention network of paper 5: attention inside residual networks, fusion by cross-correlation.

B. Mocanu, R. Tapu, T. Zaharia, "Multimodal emotion recognition using cross modal audio-video fusion with
attention and deep metric learning", Image and Vision Computing 133 (2023). A clip is N snippets of pictures
(m channels at s positions each, behind a 3D ResNet) and N segments of its spectrogram (behind a 2D ResNet).
Self-attention, of H heads, is

.. math:: A(X) = [\mathrm{softmax}(Q_h K_h^\top / \sqrt{d}) V_h]_{h = 1 \dots H} W_0,
    \quad Q_h = X W_h^Q, \; K_h = X W_h^K, \; V_h = X W_h^V

over the positions of a snippet (VS, equations 1-3), over its channels (VC: the same of the transposed map,
equations 4 and 5), over the snippets of a clip after averaging their positions (VT, equation 6) and over the
segments of its spectrogram (AT). With D_A and D_V (N, m') behind the temporal attention, fusion is

.. math::
    C = D_A W D_V^\top, \quad
    D'_A = \tanh(D_A + \mathrm{softmax}_{\downarrow}(C) D_A), \quad
    D'_V = \tanh(D_V + \mathrm{softmax}_{\downarrow}(C^\top) D_V)

(equations 7-10), where the softmax runs down each column. The mean of [D'_V ; D'_A] over the snippets is the
embedding, and one linear layer makes the classes of it. Any of VS, VC, VT and AT, and either modality, can be
left out: the rows of the paper's tables 1 and 2.

The ``cross_modal`` map (B, N, N) is the transpose of the second softmax: for each segment of sound, weights
over the snippets of pictures. ``spatial`` (B, N, heads, h, w) is VS averaged over the queries, ``temporal``
(B, N, N) VT or AT averaged over the heads.

Deviations:

- The paper hands the (N, 2 m') fused features to fully connected layers and does not say how their N rows
  become one; here by their mean, as clips may have fewer snippets.
- The paper says 1,024 channels at 16 x 16 positions behind conv5 of a 3D ResNet-101 at 224 pixels; by its own
  strides there are 2,048 at 7 x 7. With 49 positions, eight heads of VC do not divide them: each has
  ceil(s / H) units.
- Where a temporal attention is left out, a linear layer brings its features to m'.
- A ResNet's frames that are left over behind its last stage (one of 16) are averaged.
- Weights start at random; the paper starts from ImageNet's and Kinetics'.
- One modality alone has no cross-correlation: D' = tanh(D).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..core.errors import ConfigError
from ..core.vocabulary import Modality, Task
from .base import MODELS, Convolution, Model, ModelConfig, Output, require_positive, require_share
from .layers import Present, beside, masked_mean, masked_softmax, present_streams
from .resnet import ResNet


@dataclass(frozen=True)
class TwoModalitiesConfig(ModelConfig):
    """The fields that the configs of both networks with this fusion share.

    Attributes:
        modalities: modality of each stream in their order; audio and video, or one of them.
    """

    modalities: tuple[Modality, ...] = (Modality.AUDIO, Modality.VIDEO)

    def __post_init__(self) -> None:
        super().__post_init__()
        accepted = ((Modality.AUDIO, Modality.VIDEO), (Modality.AUDIO,), (Modality.VIDEO,))
        if self.modalities not in accepted:
            named = " + ".join(self.modalities) or "none"
            raise ConfigError(f"'modalities' are audio and video in this order, or one of them, not {named}.")
        if len(self.modalities) != len(self.streams):
            raise ConfigError(
                f"'modalities' names one for each stream: {len(self.modalities)} for {', '.join(self.streams)}."
            )

    def stream(self, modality: Modality) -> str | None:
        """Return the name of a modality's stream, or None."""
        return dict(zip(self.modalities, self.streams, strict=True)).get(modality)


class SelfAttention(nn.Module):
    """Self-attention A(X) as at the top of this file, without biases, residual or norm, as in the paper.

    Args:
        width: width of X.
        heads: number H of heads; each has ceil(width / H) units.
        out: width of the result, by default that of X.
    """

    def __init__(self, width: int, heads: int, out: int | None = None) -> None:
        super().__init__()
        self.heads = heads
        inner = heads * -(-width // heads)
        self.query_key_value = nn.Linear(width, 3 * inner, bias=False)
        self.out = nn.Linear(inner, out or width, bias=False)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Attend within (B, S, width) under a mask (B, S) or none: return (B, S, out), weights (B, heads, S, S)."""
        queries, keys, values = self._project(x)
        scores = queries @ keys.mT / math.sqrt(queries.shape[-1])
        weights = scores.softmax(-1) if mask is None else masked_softmax(scores, mask[:, None, None])
        return self.out((weights @ values).transpose(1, 2).flatten(2)), weights

    def gather(self, x: Tensor) -> Tensor:
        """Attend as :meth:`forward` does, without the weights, which are never all in memory: m x m for VC."""
        gathered = functional.scaled_dot_product_attention(*self._project(x))
        attended: Tensor = self.out(gathered.transpose(1, 2).flatten(2))
        return attended

    def _project(self, x: Tensor) -> Tensor:
        """Queries, keys and values, (3, B, heads, S, units)."""
        projected: Tensor = self.query_key_value(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        return projected


class CorrelationFusion(nn.Module):
    """The fusion by cross-correlation at the top of this file.

    Args:
        width: width m' of both modalities.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.correlation = nn.Parameter(nn.init.xavier_uniform_(torch.empty(width, width)))

    def forward(self, audio: Present, video: Present) -> tuple[Tensor, Tensor, Tensor]:
        """Fuse both (B, N, m'): return D'_A, D'_V and the map (B, N, N) of sound over snippets."""
        real = audio.mask[:, :, None] & video.mask[:, None]
        scores = audio.values @ self.correlation @ video.values.mT
        over_video = masked_softmax(scores, real)
        over_audio = masked_softmax(scores.mT, real.mT)
        fused_audio = torch.tanh(audio.values + over_audio.mT @ audio.values)
        return fused_audio, torch.tanh(video.values + over_video.mT @ video.values), over_video


class FusionHead(nn.Module):
    """A head of fusion, mean over the snippets, dropout and one linear layer.

    Args:
        modalities: number of modalities, one or two.
        width: width m' of a modality.
        outputs: number K of outputs.
        dropout: share of the embedding dropped.
    """

    def __init__(self, modalities: int, width: int, outputs: int, dropout: float) -> None:
        super().__init__()
        self.fusion = CorrelationFusion(width) if modalities == 2 else None
        self.dropout = nn.Dropout(dropout)
        self.classes = nn.Linear(modalities * width, outputs)

    def forward(self, descriptors: Sequence[Present]) -> tuple[Tensor, Tensor, Tensor | None]:
        """Turn one or two (B, N, m') into logits (B, K), embedding (B, E) and the cross-modal map."""
        present = [Present(own.values * own.mask[..., None], own.mask) for own in descriptors]
        if self.fusion is None:
            (only,) = present
            fused, weights = [Present(torch.tanh(only.values), only.mask)], None
        else:
            audio, video = present
            of_audio, of_video, weights = self.fusion(audio, video)
            fused = [Present(of_video, video.mask), Present(of_audio, audio.mask)]
        embedding = masked_mean(*beside(fused))
        return self.classes(self.dropout(embedding)), embedding, weights


@dataclass(frozen=True)
class AVAttentionConfig(TwoModalitiesConfig):
    """Config of the audio-video attention network.

    Its frames are snippets. A stream's channels are the flattened picture of a spectrogram (``bins * steps``)
    or video (``colours * frames * side * side``), in this order of axes.

    Attributes:
        bins: frequencies of a spectrogram.
        steps: its time steps per segment.
        colours: channels of a picture, 3 or 1.
        frames: pictures per snippet.
        side: side of a picture, in pixels.
        depth: number of layers of the 3D ResNet.
        audio_depth: number of layers of the 2D ResNet.
        backbone_width: channels of both networks' first stage, 64 in their papers.
        width: channels of a snippet and of a segment before their fusion (m').
        heads: number of heads of every attention.
        spatial_attention: whether there is attention over the positions of a snippet (VS).
        channel_attention: whether there is attention over the channels of a snippet (VC).
        video_attention: whether there is attention over the snippets of a clip (VT).
        audio_attention: whether there is attention over the segments of a spectrogram (AT).
        dropout: share of the embedding dropped, in [0, 1).
    """

    bins: int = 256
    steps: int = 100
    colours: int = 3
    frames: int = 16
    side: int = 224
    depth: Literal[18, 34, 50, 101] = 101
    audio_depth: Literal[18, 34, 50, 101] = 18
    backbone_width: int = 64
    width: int = 512
    heads: int = 8
    spatial_attention: bool = True
    channel_attention: bool = True
    video_attention: bool = True
    audio_attention: bool = True
    dropout: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        require_positive(self, "bins", "steps", "colours", "frames", "side", "backbone_width", "width", "heads")
        require_share(self, "dropout")
        sizes = {
            Modality.AUDIO: ("bins x steps", (self.bins, self.steps)),
            Modality.VIDEO: ("colours x frames x side x side", (self.colours, self.frames, self.side, self.side)),
        }
        for modality in self.modalities:
            name, (axes, size) = self.stream(modality), sizes[modality]
            if name is not None and self.streams[name] != math.prod(size):
                product = " x ".join(map(str, size))
                raise ConfigError(f"The stream '{name}' has {axes} = {product} channels, not {self.streams[name]}.")


class VideoBranch(nn.Module):
    """The branch from snippets of pictures to D_V, with the maps ``spatial`` and ``temporal``."""

    def __init__(self, config: AVAttentionConfig) -> None:
        super().__init__()
        self.shape = (config.colours, config.frames, config.side, config.side)
        self.backbone = ResNet(3, config.depth, config.colours, config.backbone_width)
        channels, self.positions = self.backbone.out_channels, -(-config.side // 32)
        self.spatial = SelfAttention(channels, config.heads) if config.spatial_attention else None
        self.channel = SelfAttention(self.positions**2, config.heads) if config.channel_attention else None
        self.temporal = _over_snippets(channels, config.heads, config.width, config.video_attention)

    def forward(self, snippets: Tensor, mask: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Describe snippets (B, N, colours * frames * side²) under a mask (B, N): return (B, N, m') and the maps."""
        maps = {}
        # (R, positions, channels) of the R real snippets of the batch.
        features = self.backbone(snippets[mask].unflatten(-1, self.shape)).mean(2).flatten(2).mT
        if self.spatial is not None:
            features, weights = self.spatial(features)
            square = weights.mean(2).unflatten(-1, (self.positions, self.positions))
            maps["spatial"] = _spread(square, mask)
        if self.channel is not None:
            features = self.channel.gather(features.mT).mT
        return _temporal(self.temporal, _spread(features.mean(1), mask), mask, maps)


class AudioBranch(nn.Module):
    """The branch from segments of a spectrogram to D_A, with the map ``temporal``."""

    def __init__(self, config: AVAttentionConfig) -> None:
        super().__init__()
        self.shape = (1, config.bins, config.steps)
        self.backbone = ResNet(2, config.audio_depth, 1, config.backbone_width)
        self.temporal = _over_snippets(self.backbone.out_channels, config.heads, config.width, config.audio_attention)

    def forward(self, segments: Tensor, mask: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Describe spectrograms (B, N, bins * steps) under a mask (B, N): return (B, N, m') and the maps."""
        features = self.backbone(segments[mask].unflatten(-1, self.shape)).mean((2, 3))
        return _temporal(self.temporal, _spread(features, mask), mask, {})


def _over_snippets(channels: int, heads: int, width: int, attention: bool) -> nn.Module:
    """A temporal attention m -> m', or what stands in its place."""
    return SelfAttention(channels, heads, width) if attention else nn.Linear(channels, width, bias=False)


def _temporal(
    layer: nn.Module, features: Tensor, mask: Tensor, maps: dict[str, Tensor]
) -> tuple[Tensor, dict[str, Tensor]]:
    if not isinstance(layer, SelfAttention):
        return layer(features), maps
    features, weights = layer(features, mask)
    return features, maps | {"temporal": weights.mean(1) * mask[..., None]}


def _spread(values: Tensor, mask: Tensor) -> Tensor:
    """Values (R, ...) of the real snippets at their places: (B, N, ...), zero elsewhere."""
    spread = values.new_zeros(*mask.shape, *values.shape[1:])
    spread[mask] = values
    return spread


@MODELS.register("av-attention")
class AVAttention(Model):
    """Maps streams (B, N, D) of spectrograms and of pictures to logits (B, K) and an embedding (B, m' per modality)."""

    Config = AVAttentionConfig
    task = Task.CLIP
    config: AVAttentionConfig

    def __init__(self, config: AVAttentionConfig) -> None:
        super().__init__(config)
        kinds = {Modality.AUDIO: AudioBranch, Modality.VIDEO: VideoBranch}
        self.branches = nn.ModuleList(kinds[modality](config) for modality in config.modalities)
        self.head = FusionHead(len(config.modalities), config.width, config.outputs, config.dropout)

    def forward(self, streams: Mapping[str, Tensor], mask: Tensor, targets: Tensor | None = None) -> Output:
        """Predict as :class:`~emoviz.models.base.Model` says; the targets are not read."""
        descriptors: list[Present] = []
        attention: dict[str, Tensor] = {}
        present = present_streams(streams, self.config.streams, mask)
        for branch, (name, own) in zip(self.branches, present.items(), strict=True):
            features, maps = branch(*own)
            descriptors.append(Present(features, own.mask))
            attention |= {f"{kind}.{name}": weights for kind, weights in maps.items()}
        prediction, embedding, weights = self.head(descriptors)
        return Output(prediction, embedding, attention if weights is None else attention | {"cross_modal": weights})

    @property
    def last_convolution(self) -> Mapping[str, Convolution]:
        """The last block of each modality's residual network."""
        branches = cast(Sequence[AudioBranch | VideoBranch], self.branches)
        return {
            name: Convolution(branch.backbone[-1], branch.shape[1:])
            for name, branch in zip(self.config.streams, branches, strict=True)
        }


def augment_snippets(snippets: Tensor, shape: tuple[int, int, int, int]) -> Tensor:
    """Crop, mirror and brighten the pictures of each clip at random, all pictures of a clip alike.

    A crop has 80 to 100 % of the side and is enlarged again; half of the clips are mirrored; the brightness
    changes by up to a fifth of its range. Torch's global generator draws.

    Args:
        snippets: snippets (B, N, D) with values in [0, 1]; NaN stays NaN.
        shape: colours, frames, height and width, whose product is D.

    Returns:
        Snippets (B, N, D) with values in [0, 1].
    """
    count, device = len(snippets), snippets.device

    def uniform(low: float, high: float) -> Tensor:
        return torch.empty(count, device=device).uniform_(low, high)

    scale = uniform(0.8, 1)
    mirror = torch.where(uniform(-1, 1) < 0, -1.0, 1.0)
    nothing = torch.zeros_like(scale)
    left, top = (1 - scale) * uniform(-1, 1), (1 - scale) * uniform(-1, 1)
    rows = torch.stack([scale * mirror, nothing, left, nothing, scale, top], 1).unflatten(1, (2, 3))
    pictures = snippets.reshape(count, -1, *shape[2:])
    grid = functional.affine_grid(rows, list(pictures.shape), align_corners=False)
    pictures = functional.grid_sample(pictures, grid, padding_mode="border", align_corners=False)
    return (pictures + uniform(-0.2, 0.2)[:, None, None, None]).clamp(0, 1).reshape(snippets.shape)
