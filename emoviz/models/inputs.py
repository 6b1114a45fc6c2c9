"""Transforms of features before a model reads them: PCA and standardisation, fitted on training speakers only."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..core.configuration import LEFT_OUT
from ..core.errors import ConfigError
from .groups import Group


@dataclass(frozen=True)
class InputConfig:
    """The way in which one feature stream enters the model.

    Attributes:
        feature: name of the extractor, which is also the stream's name.
        components: number of principal components to keep, or None for all channels as they are.
        standardise: whether channels have zero mean and unit spread on the training speakers.
        settings: settings of the extractor that are not its defaults, e.g. ``{"layer": 12}``.
    """

    feature: str
    components: int | None = None
    standardise: bool = True
    settings: Mapping[str, Any] = field(default_factory=dict, hash=False, metadata=LEFT_OUT)

    def __post_init__(self) -> None:
        if self.components is not None and self.components < 1:
            raise ConfigError(f"The number of components of '{self.feature}' is at least 1, not {self.components}.")


class InputTransform(nn.Module):
    """PCA and standardisation of one stream; its statistics are buffers, so they travel with the weights.

    (..., D) -> (..., components or D). A frame with a missing value is missing as a whole: NaN, which a model takes as
    a frame that the stream lacks.

    Attributes:
        group: statistics of the people by which recordings (..., T, D) are standardised before, where a model was
            trained on such; None leaves them as they are.
    """

    mean: Tensor
    components: Tensor
    spread: Tensor

    def __init__(self, channels: int, config: InputConfig) -> None:
        super().__init__()
        self.config = config
        self.group: Group | None = None
        width = config.components or channels
        if width > channels:
            raise ConfigError(f"'{config.feature}' has {channels} channels, so it has no {width} components.")
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("components", torch.zeros(width, channels) if config.components else torch.zeros(0))
        self.register_buffer("spread", torch.ones(width))

    def fit(self, frames: np.ndarray) -> None:
        """Fit on training frames (N, D), leaving out those with missing values.

        Principal components are the eigenvectors of the covariance, largest variance first, each
        signed so that its largest entry is positive (so that a refit gives the same signs).
        """
        frames = frames[~np.isnan(frames).any(1)].astype(np.float64)
        if len(frames) < 2:
            raise ConfigError(f"'{self.config.feature}' has no complete frames on the training speakers.")
        mean = frames.mean(0)
        if self.config.components:
            _, vectors = np.linalg.eigh(np.cov(frames, rowvar=False))
            components = vectors.T[::-1][: self.config.components]
            largest = np.abs(components).argmax(1)
            components = components * np.sign(components[np.arange(len(components)), largest])[:, None]
            self.components.copy_(torch.from_numpy(components.copy()))
            frames = (frames - mean) @ components.T
            self.mean.copy_(torch.from_numpy(mean))
        elif self.config.standardise:
            self.mean.copy_(torch.from_numpy(mean))
        if self.config.standardise:
            self.spread.copy_(torch.from_numpy(np.maximum(frames.std(0), 1e-6)))

    @torch.no_grad()
    def move(self, level: Tensor, spread: Tensor) -> None:
        """Change the statistics as if values were standardised once more behind this transform.

        Args:
            level: values (W,), in units of this transform, that become zero.
            spread: spreads (W,) in these units that become one.
        """
        shift = level * self.spread
        self.mean += shift @ self.components if self.config.components else shift
        self.spread *= spread

    def forward(self, values: Tensor) -> Tensor:
        """Transform (..., D) features."""
        if self.group is not None:
            values = self.group(values)
        values = torch.where(values.isnan().any(-1, keepdim=True), torch.nan, values) - self.mean
        if self.config.components:
            values = values @ self.components.T
        return values / self.spread


class Inputs(nn.ModuleDict):
    """The transforms of all streams of a model."""

    def __init__(self, configs: Sequence[InputConfig], channels: Mapping[str, int]) -> None:
        super().__init__({c.feature: InputTransform(channels[c.feature], c) for c in configs})

    def forward(self, streams: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Transform each stream (B, T, D)."""
        return {name: transform(streams[name]) for name, transform in self.items()}

    @property
    def widths(self) -> dict[str, int]:
        """The number of channels of each stream after its transform."""
        return {name: transform.get_buffer("spread").numel() for name, transform in self.items()}


COMPONENT = re.compile(r"\.pc\d{3,}$")
"""The end of the name of a channel that is a principal component."""


def is_component(channel: str) -> bool:
    """Return whether a channel is a principal component, which another fit would have made another."""
    return COMPONENT.search(channel) is not None


def channel_names(config: InputConfig, channels: Sequence[str]) -> tuple[str, ...]:
    """Name a stream's channels after its transform: ``whisper.pc017`` for principal components."""
    if config.components is None:
        return tuple(channels)
    return tuple(f"{config.feature}.pc{i:03d}" for i in range(config.components))
