"""VGG-16, AlexNet and DenseNet: the networks behind deep spectrum and VGGFace.

Sources: K. Simonyan, A. Zisserman, "Very Deep Convolutional Networks", ICLR 2015; A. Krizhevsky, "One weird trick for
parallelizing convolutional neural networks", 2014 (the AlexNet whose weights are in circulation); G. Huang et al.,
"Densely Connected Convolutional Networks", CVPR 2017. Tensors are named as in torchvision's state files, which are
read as they are.
"""

from collections import OrderedDict

import torch
from torch import Tensor, nn
from torch.nn import functional

VGG16 = (64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0)
"""Channels of the convolutions; 0 is a pooling to half the size."""


class VGG(nn.Module):
    """VGG-16 with or without its fully connected layers.

    Args:
        connected: units of the two hidden fully connected layers, 0 for none.
        plan: channels of the convolutions, 0 for pooling.
        depth: fully connected layer that is returned, 1 or 2.
    """

    def __init__(self, connected: int = 4096, plan: tuple[int, ...] = VGG16, depth: int = 2) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = 3
        for width in plan:
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()] if width else [nn.MaxPool2d(2)]
            channels = width or channels
        self.features = nn.Sequential(*layers)
        if connected:
            self.classifier = nn.Sequential(
                nn.Linear(channels * 49, connected), nn.ReLU(), nn.Dropout(), nn.Linear(connected, connected)
            )
        self.connected, self.depth = bool(connected), depth

    def forward(self, pictures: Tensor) -> Tensor:
        """Return a hidden layer (B, connected) of pictures (B, 3, H, W), or else the maxima of the last block."""
        maps: Tensor = self.features(pictures)
        if not self.connected:
            return maps.amax((2, 3))
        hidden: Tensor = self.classifier[: 3 * self.depth - 2](functional.adaptive_avg_pool2d(maps, 7).flatten(1))
        return hidden.relu()


class AlexNet(nn.Module):
    """AlexNet up to its second hidden fully connected layer.

    Args:
        connected: units of the two hidden fully connected layers.
    """

    def __init__(self, connected: int = 4096) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 64, 11, 4, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(3, 2),
            nn.Conv2d(64, 192, 5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(3, 2),
            nn.Conv2d(192, 384, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(384, 256, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(256, 256, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(3, 2),
        )
        self.classifier = nn.Sequential(
            nn.Dropout(), nn.Linear(256 * 36, connected), nn.ReLU(), nn.Dropout(), nn.Linear(connected, connected)
        )

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the second hidden layer: (B, 3, H, W) -> (B, connected)."""
        maps = functional.adaptive_avg_pool2d(self.features(pictures), 6)
        hidden: Tensor = self.classifier(maps.flatten(1)).relu()
        return hidden


class DenseLayer(nn.Module):
    """A dense layer: norm, 1 x 1 convolution, norm, 3 x 3 convolution, whose output joins what it read."""

    def __init__(self, channels: int, growth: int) -> None:
        super().__init__()
        self.norm1, self.conv1 = nn.BatchNorm2d(channels), nn.Conv2d(channels, 4 * growth, 1, bias=False)
        self.norm2, self.conv2 = nn.BatchNorm2d(4 * growth), nn.Conv2d(4 * growth, growth, 3, padding=1, bias=False)

    def forward(self, maps: Tensor) -> Tensor:
        """Add the channels of the layer: (B, C, H, W) -> (B, C + growth, H, W)."""
        new = self.conv2(self.norm2(self.conv1(self.norm1(maps).relu())).relu())
        return torch.cat([maps, new], 1)


class DenseNet(nn.Module):
    """DenseNet up to its average pooling.

    Args:
        blocks: layers of each dense block; (6, 12, 24, 16) is DenseNet-121, (6, 12, 48, 32) DenseNet-201.
        growth: channels that a layer adds.
    """

    def __init__(self, blocks: tuple[int, ...], growth: int = 32) -> None:
        super().__init__()
        channels = 64
        layers: OrderedDict[str, nn.Module] = OrderedDict(
            conv0=nn.Conv2d(3, channels, 7, 2, padding=3, bias=False),
            norm0=nn.BatchNorm2d(channels),
            relu0=nn.ReLU(),
            pool0=nn.MaxPool2d(3, 2, padding=1),
        )
        for number, count in enumerate(blocks, 1):
            block = [(f"denselayer{k + 1}", DenseLayer(channels + k * growth, growth)) for k in range(count)]
            layers[f"denseblock{number}"] = nn.Sequential(OrderedDict(block))
            channels += count * growth
            if number < len(blocks):
                layers[f"transition{number}"] = nn.Sequential(
                    OrderedDict(
                        norm=nn.BatchNorm2d(channels),
                        relu=nn.ReLU(),
                        conv=nn.Conv2d(channels, channels // 2, 1, bias=False),
                        pool=nn.AvgPool2d(2),
                    )
                )
                channels //= 2
        layers["norm5"] = nn.BatchNorm2d(channels)
        self.features = nn.Sequential(layers)

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the average of each channel of the last block: (B, 3, H, W) -> (B, C)."""
        average: Tensor = self.features(pictures).relu().mean((2, 3))
        return average
