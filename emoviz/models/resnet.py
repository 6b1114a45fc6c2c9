r"""Residual networks over pictures and over videos, without their global pooling and classifier.

K. He, X. Zhang, S. Ren, J. Sun, "Deep Residual Learning for Image Recognition", CVPR 2016, and its
counterpart with three-dimensional kernels: K. Hara, H. Kataoka, Y. Satoh, "Can Spatiotemporal 3D CNNs
Retrace the History of 2D CNNs and ImageNet?", CVPR 2018. A block of either kind is

.. math:: y = \mathrm{ReLU}(F(x) + S(x))

with F two 3 x 3 convolutions (depths 18 and 34) or 1 x 1, 3 x 3 and 1 x 1 (50 and 101), each followed by
batch normalisation, and S the identity, or, where the shape changes, a 1 x 1 convolution with batch
normalisation (shortcut type B). The stem is a convolution of side 7 and a maximum pooling of side 3. The
width or height of a picture is halved five times; the length of a video, which the stem's convolution leaves,
four times.

A bottleneck's stride stands in its 3 x 3 convolution, as in both papers' published code.
"""

from typing import Literal

from torch import Tensor, nn

DEPTHS: dict[int, tuple[tuple[int, int, int, int], bool]] = {
    18: ((2, 2, 2, 2), False),
    34: ((3, 4, 6, 3), False),
    50: ((3, 4, 6, 3), True),
    101: ((3, 4, 23, 3), True),
}
"""Depth -> blocks of each of the four stages, and whether they are bottlenecks."""

EXPANSION = 4
"""A bottleneck's output channels over its inner ones."""

CONVOLUTIONS: dict[int, type[nn.Conv2d] | type[nn.Conv3d]] = {2: nn.Conv2d, 3: nn.Conv3d}
NORMS: dict[int, type[nn.BatchNorm2d] | type[nn.BatchNorm3d]] = {2: nn.BatchNorm2d, 3: nn.BatchNorm3d}
POOLINGS: dict[int, type[nn.MaxPool2d] | type[nn.MaxPool3d]] = {2: nn.MaxPool2d, 3: nn.MaxPool3d}


class Block(nn.Module):
    """One residual block.

    Args:
        axes: 2 for pictures, 3 for videos.
        channels: number of channels of the input.
        width: width of the inner convolutions.
        stride: stride of the block in all axes.
        bottleneck: whether the block is a bottleneck.
    """

    def __init__(self, axes: Literal[2, 3], channels: int, width: int, stride: int, bottleneck: bool) -> None:
        super().__init__()
        if bottleneck:
            out = width * EXPANSION
            steps = [(channels, width, 1, 1), (width, width, 3, stride), (width, out, 1, 1)]
        else:
            out = width
            steps = [(channels, width, 3, stride), (width, width, 3, 1)]
        layers: list[nn.Module] = []
        for before, after, kernel, step in steps:
            layers += [*convolution(axes, before, after, kernel, step), nn.ReLU(inplace=True)]
        self.residual = nn.Sequential(*layers[:-1])
        self.relu = nn.ReLU(inplace=True)
        same = stride == 1 and channels == out
        self.shortcut = nn.Identity() if same else nn.Sequential(*convolution(axes, channels, out, 1, stride))

    def forward(self, x: Tensor) -> Tensor:
        """Apply the block: (R, channels, ...) -> (R, out, ...)."""
        activation: Tensor = self.relu(self.residual(x) + self.shortcut(x))
        return activation


class ResNet(nn.Sequential):
    """Maps (R, channels, [frames,] height, width) to (R, ``out_channels``, [frames / 16,] height / 32, width / 32).

    Args:
        axes: 2 for pictures, 3 for videos.
        depth: number of layers, 18, 34, 50 or 101.
        channels: number of channels of the input.
        width: channels of the first stage's inner convolutions, 64 in the papers; each later stage doubles them.

    Attributes:
        out_channels: number of channels of the last stage.
    """

    def __init__(self, axes: Literal[2, 3], depth: int, channels: int = 3, width: int = 64) -> None:
        blocks, bottleneck = DEPTHS[depth]
        # The first convolution keeps a video's frames and halves the picture.
        stride = 2 if axes == 2 else (1, 2, 2)
        stem = CONVOLUTIONS[axes](channels, width, 7, stride=stride, padding=3, bias=False)  # type: ignore[arg-type]
        layers: list[nn.Module] = [
            stem,
            NORMS[axes](width),
            nn.ReLU(inplace=True),
            POOLINGS[axes](3, stride=2, padding=1),
        ]
        before = width
        for stage, count in enumerate(blocks):
            inner = width * 2**stage
            for number in range(count):
                stride = 2 if stage and not number else 1
                layers.append(Block(axes, before, inner, stride, bottleneck))
                before = inner * EXPANSION if bottleneck else inner
        super().__init__(*layers)
        self.out_channels = before
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Conv3d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")


def convolution(axes: Literal[2, 3], channels: int, width: int, kernel: int, stride: int) -> list[nn.Module]:
    """Make a convolution that keeps the size up to its stride, and its batch normalisation."""
    return [
        CONVOLUTIONS[axes](channels, width, kernel, stride=stride, padding=kernel // 2, bias=False),
        NORMS[axes](width),
    ]
