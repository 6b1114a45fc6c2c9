"""The contract of a model, and the registry of all of them.

A model is rebuilt from its frozen config alone. It gets a dict of streams on one time grid and a
mask, and gives an :class:`Output`. It knows nothing of corpora, features, training or files.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from ..core.configuration import from_dict
from ..core.errors import ConfigError
from ..core.registry import Registry
from ..core.vocabulary import Task


@dataclass(frozen=True)
class Output:
    """The return value of every model: B batch, T frames, K outputs, E embedding width.

    Attributes:
        prediction: predictions, (B, T, K) of frame-wise models, (B, K) otherwise. Class scores are logits.
        embedding: embeddings (B, E).
        attention: maps by name: ``channel`` (B, D), ``temporal`` (B, T) or (B, T, T), ``spatial``
            (B, N, heads, h, w), ``cross_modal``, ``graph``, ``co``, ``latent``. A map of one stream alone is named
            ``<kind>.<stream>``.
    """

    prediction: Tensor
    embedding: Tensor
    attention: dict[str, Tensor] = field(default_factory=dict)

    @property
    def channel_weights(self) -> Tensor | None:
        """The weights (B, D) of the channels of all streams, in the model's order; None without channel attention."""
        maps = [weights for name, weights in self.attention.items() if name.partition(".")[0] == "channel"]
        return torch.cat(maps, dim=1) if maps else None


@dataclass(frozen=True)
class ModelConfig:
    """The fields of every model's config, to which each model adds its own with defaults.

    Attributes:
        streams: number of channels D of each stream, in the order in which they are concatenated.
        outputs: number of outputs K.
    """

    streams: Mapping[str, int]
    outputs: int

    def __post_init__(self) -> None:
        if not self.streams or any(width < 1 for width in self.streams.values()):
            raise ConfigError(f"A model needs at least one stream with one channel or more, not {dict(self.streams)}.")
        if self.outputs < 1:
            raise ConfigError(f"A model needs at least one output, not {self.outputs}.")


def require_positive(config: ModelConfig, *names: str) -> None:
    """Refuse a config in which one of the named whole numbers is below 1.

    Raises:
        ConfigError: if one of these numbers is below 1.
    """
    for name in names:
        if getattr(config, name) < 1:
            raise ConfigError(f"'{name}' is at least 1, not {getattr(config, name)}.")


def require_share(config: ModelConfig, *names: str) -> None:
    """Refuse a config in which one of the named shares lies outside [0, 1).

    Raises:
        ConfigError: if one of these shares lies outside [0, 1).
    """
    for name in names:
        if not 0 <= getattr(config, name) < 1:
            raise ConfigError(f"'{name}' is at least 0 and below 1, not {getattr(config, name)}.")


def require_heads(config: ModelConfig, heads: str, width: str) -> None:
    """Refuse a config whose number of heads does not divide the width that they share.

    Raises:
        ConfigError: if the number does not divide the width.
    """
    if getattr(config, width) % getattr(config, heads):
        raise ConfigError(
            f"'{heads}' divides '{width}': {getattr(config, heads)} does not divide {getattr(config, width)}."
        )


def require_streams(config: ModelConfig, *counts: int) -> None:
    """Refuse a config whose number of streams is not one of the given counts.

    Raises:
        ConfigError: if it is none of them.
    """
    if len(config.streams) not in counts:
        accepted, given = " or ".join(map(str, counts)), ", ".join(config.streams)
        raise ConfigError(f"The model takes {accepted} streams, not {len(config.streams)}: {given}.")


class Convolution(NamedTuple):
    """The part of a convolutional network, which reads a stream of pictures, that explanations look into.

    Attributes:
        layer: last block of the network, called once with the R real frames of a batch, in the order of clips and
            frames: (R, C, h, w), or (R, C, f, h, w) where a frame is a video.
        shape: shape of a frame, (height, width) or (frames, height, width).
    """

    layer: nn.Module
    shape: tuple[int, ...]


class Model(nn.Module):
    """The base of all models.

    ``forward(streams, mask, targets=None)``: ``streams`` maps names to (B, T, D_stream) tensors,
    ``mask`` (B, T) is true on real frames, ``targets`` (B, T, K) are given in training only, and
    only teacher-forced models look at them. Padding never changes an output on a real frame. A stream
    lacks the frames in which it is NaN: attention and pooling pass them over, and a layer over several
    streams gets nothing from it there.
    """

    Config: ClassVar[type[ModelConfig]] = ModelConfig
    task: Task  # of the class, or set by the constructor where the config decides
    config: Any

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config

    def forward(self, streams: Mapping[str, Tensor], mask: Tensor, targets: Tensor | None = None) -> Output:
        """Predict from streams under a mask, as the class says."""
        raise NotImplementedError

    @property
    def last_convolution(self) -> Mapping[str, Convolution]:
        """The network that reads each stream of pictures; empty where a model has no such stream."""
        return {}


MODELS: Registry[type[Model]] = Registry("model", home="emoviz.models")


def build(name: str, config: Mapping[str, Any]) -> Model:
    """Build a model from its registry name and its config as plain values.

    Raises:
        UnknownNameError: if there is no such model.
        ConfigError: if the config has an unknown key, lacks one, or has a value of the wrong type.
    """
    model = MODELS[name]
    return model(from_dict(model.Config, config, where=f"the config of model '{name}'"))
