"""Models so small that their explanations are worked out by hand."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from emoviz.core.vocabulary import Task
from emoviz.models import Convolution, Model, ModelConfig, Output
from emoviz.models.layers import concatenate, masked_mean


class Linear(Model):
    """y_t = W x_t, frame-wise."""

    task = Task.FRAMES

    def __init__(self, streams: Mapping[str, int], weights: np.ndarray) -> None:
        super().__init__(ModelConfig(streams, len(weights)))
        self.weights = nn.Parameter(torch.tensor(weights, dtype=torch.float32))

    def forward(self, streams: Mapping[str, Tensor], mask: Tensor, targets: Tensor | None = None) -> Output:
        fused, _ = concatenate(streams, self.config.streams, mask)
        return Output(fused @ self.weights.T, masked_mean(fused, mask))


class Quadratic(Linear):
    """y = the mean over real frames of W x_t^2, per clip."""

    task = Task.CLIP

    def forward(self, streams: Mapping[str, Tensor], mask: Tensor, targets: Tensor | None = None) -> Output:
        fused, _ = concatenate(streams, self.config.streams, mask)
        return Output(masked_mean(fused**2 @ self.weights.T, mask), masked_mean(fused, mask))


class Dropping(Linear):
    """The linear model with dropout before it."""

    def forward(self, streams: Mapping[str, Tensor], mask: Tensor, targets: Tensor | None = None) -> Output:
        dropped = nn.functional.dropout(streams["a"], 0.5, self.training)
        return super().forward({**streams, "a": dropped}, mask)


class Pictures(Model):
    """Pictures (B, 1, side * side), convolutions, mean over positions, and one linear layer."""

    task = Task.CLIP

    def __init__(self, side: int, block: nn.Module, head: np.ndarray) -> None:
        super().__init__(ModelConfig({"picture": side**2}, len(head)))
        self.side, self.block = side, block
        self.head = nn.Parameter(torch.tensor(head, dtype=torch.float32))

    def forward(self, streams: Mapping[str, Tensor], mask: Tensor, targets: Tensor | None = None) -> Output:
        embedding = self.block(streams["picture"].reshape(-1, 1, self.side, self.side)).mean((2, 3))
        return Output(embedding @ self.head.T, embedding)

    @property
    def last_convolution(self) -> Mapping[str, Convolution]:
        return {"picture": Convolution(self.block, (self.side, self.side))}


def two_filters() -> Pictures:
    """2 x 2 pictures x; activations x and ReLU(3 - x); score 2 mean(x) - 4 mean(ReLU(3 - x)), and its opposite."""
    convolution = nn.Conv2d(1, 2, 1)
    with torch.no_grad():
        convolution.weight.copy_(torch.tensor([1.0, -1.0]).reshape(2, 1, 1, 1))
        convolution.bias.copy_(torch.tensor([0.0, 3.0]))
    return Pictures(2, nn.Sequential(convolution, nn.ReLU()), np.array([[2.0, -4.0], [-2.0, 4.0]]))


def clip(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def everywhere(batch: int, frames: int) -> Tensor:
    return torch.ones(batch, frames, dtype=torch.bool)


def hooks(model: nn.Module) -> int:
    """Hooks of all kinds on all modules of a model."""
    kinds = "_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks"
    return sum(len(getattr(module, kind)) for module in model.modules() for kind in kinds)
