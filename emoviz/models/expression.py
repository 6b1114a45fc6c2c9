"""The network of facial expressions, which reads a 48 x 48 grey face crop and gives eight emotion probabilities.

A plain VGG-style network (K. Simonyan, A. Zisserman, ICLR 2015) trained on the raters' vote shares of FER+
(E. Barsoum, C. Zhang, C. Canton Ferrer, Z. Zhang, "Training deep networks for facial expression recognition
with crowd-sourced label distribution", ICMI 2016).

Blocks of 3 x 3 convolutions with batch normalisation and ReLU, a 2 x 2 max pooling between blocks, the global
maximum of the last block (512 channels: paper 1's face stream) and one linear layer:

    x = (crop - mean(crop)) / std(crop)            per picture
    e = max over positions of block_n(... block_1(x))
    prediction = W dropout(e) + b

Deviations from FER+'s VGG-13: narrower, batch normalisation, no hidden dense layer, so that the weights stay
under 20 MB and Grad-CAM has the last convolution right before the head.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..core.errors import ConfigError
from ..core.vocabulary import Task
from .base import MODELS, Convolution, Model, ModelConfig, Output


@dataclass(frozen=True)
class ExpressionConfig(ModelConfig):
    """Config of the expression network.

    Attributes:
        side: pixels of a crop's side; the one stream has ``side * side`` channels.
        widths: channels of each block.
        depths: convolutions of each block.
        dropout: share of values dropped before the linear layer.
    """

    side: int = 48
    widths: tuple[int, ...] = (32, 64, 128, 256, 512)
    depths: tuple[int, ...] = (2, 2, 2, 2, 1)
    dropout: float = 0.4

    def __post_init__(self) -> None:
        super().__post_init__()
        if list(self.streams.values()) != [self.side**2]:
            raise ConfigError(f"The expression network reads one stream of {self.side**2} pixels, not {self.streams}.")
        if len(self.widths) != len(self.depths):
            raise ConfigError(f"{len(self.widths)} block widths carry {len(self.depths)} depths.")


class ConvolutionBlock(nn.Sequential):
    """A block of ``depth`` times 3 x 3 convolution, batch normalisation, ReLU: (N, C, h, w) -> (N, width, h, w)."""

    def __init__(self, channels: int, width: int, depth: int) -> None:
        layers: list[nn.Module] = []
        for _ in range(depth):
            layers += [nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
            channels = width
        super().__init__(*layers)


@MODELS.register("expression")
class ExpressionNetwork(Model):
    """Maps grey values (B, 1, side * side) of any scale to logits (B, K) and an embedding (B, widths[-1])."""

    Config = ExpressionConfig
    task = Task.CLIP
    config: ExpressionConfig

    def __init__(self, config: ExpressionConfig) -> None:
        super().__init__(config)
        blocks: list[nn.Module] = []
        channels = 1
        for width, depth in zip(config.widths, config.depths, strict=True):
            blocks += [ConvolutionBlock(channels, width, depth), nn.MaxPool2d(2)]
            channels = width
        self.features = nn.Sequential(*blocks[:-1])
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(channels, config.outputs)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # about twice as fast for 3 x 3 convolutions on a CPU

    def forward(self, streams: Mapping[str, Tensor], mask: Tensor, targets: Tensor | None = None) -> Output:
        """Predict once per crop; ``mask`` (B, 1) is not read, as a crop has no padding."""
        (crop,) = streams.values()
        side = self.config.side
        crop = crop.reshape(-1, 1, side, side)
        spread, centre = torch.std_mean(crop, dim=(1, 2, 3), keepdim=True)
        picture = ((crop - centre) / (spread + 1e-4)).contiguous(memory_format=torch.channels_last)
        embedding = self.features(picture).amax(dim=(2, 3))
        return Output(self.head(self.dropout(embedding)), embedding)

    @property
    def last_convolution(self) -> Mapping[str, Convolution]:
        """The last block, whose maxima are the embedding."""
        (stream,) = self.config.streams
        return {stream: Convolution(self.features[-1], (self.config.side, self.config.side))}
