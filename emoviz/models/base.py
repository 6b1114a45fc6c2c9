"""The contract of a model, and the registry of all of them.

A model is rebuilt from its frozen config alone. It gets a dict of streams on one time grid and a
mask, and gives an :class:`Output`. It knows nothing of corpora, features, training or files.
"""

import dataclasses
import importlib
import pkgutil
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from torch import Tensor, nn

from ..define import Task
from ..errors import ConfigError
from ..registry import Registry


@dataclass(frozen=True)
class Output:
    """What every model returns. B batch, T frames, K outputs, E embedding width.

    Attributes:
        prediction: (B, T, K) for frame-wise models, (B, K) otherwise. Class scores are logits.
        embedding: (B, E).
        attention: named maps: ``channel`` (B, D), ``temporal`` (B, T) or (B, T, T), ``spatial``
            (B, N, heads, h, w), ``cross_modal``, ``graph``, ``co``, ``latent``.
    """

    prediction: Tensor
    embedding: Tensor
    attention: dict[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class ModelConfig:
    """What every model's config has. Each model adds its own fields with defaults.

    Attributes:
        streams: stream name -> number of channels D, in the order in which they are concatenated.
        outputs: number of outputs K.
    """

    streams: Mapping[str, int]
    outputs: int

    def __post_init__(self) -> None:
        if not self.streams or any(width < 1 for width in self.streams.values()):
            raise ConfigError(f"A model needs at least one stream with one channel or more, not {dict(self.streams)}.")
        if self.outputs < 1:
            raise ConfigError(f"A model needs at least one output, not {self.outputs}.")


class Model(nn.Module):
    """Base of all models.

    ``forward(streams, mask, targets=None)``: ``streams`` maps names to (B, T, D_stream) tensors,
    ``mask`` (B, T) is true on real frames, ``targets`` (B, T, K) are given in training only, and
    only teacher-forced models look at them. Padding never changes an output on a real frame.
    """

    Config: ClassVar[type[ModelConfig]] = ModelConfig
    task: ClassVar[Task]
    config: Any

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config

    def forward(self, streams: Mapping[str, Tensor], mask: Tensor, targets: Tensor | None = None) -> Output:
        raise NotImplementedError


MODELS: Registry[type[Model]] = Registry("model")


def load_models() -> Registry[type[Model]]:
    """The registry with every model file of this package imported."""
    package = importlib.import_module(__package__)
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{__package__}.{module.name}")
    return MODELS


def build(name: str, config: Mapping[str, Any]) -> Model:
    """Build a model from its registry name and its config as plain values.

    Raises:
        UnknownNameError: no such model.
        ConfigError: an unknown key, a missing one, or a value of the wrong type.
    """
    model = load_models()[name]
    return model(from_dict(model.Config, config, where=f"the config of model '{name}'"))


def from_dict(kind: type, values: Mapping[str, Any], where: str) -> Any:
    """Make the dataclass ``kind`` from plain values, refusing unknown keys and wrong types.

    Args:
        where: what the values are, for the message, e.g. ``the training config``.

    Raises:
        ConfigError: as said, naming the key and what would have been right.
    """
    known = {f.name: f for f in dataclasses.fields(kind) if f.init}
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise ConfigError(f"Unknown key '{unknown[0]}' in {where}; known are: {', '.join(known)}.")
    hints = typing.get_type_hints(kind)
    given = {name: _coerce(hints[name], value, f"'{name}' in {where}") for name, value in values.items()}
    missing = [
        name
        for name, f in known.items()
        if name not in given and f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
    ]
    if missing:
        raise ConfigError(f"The key '{missing[0]}' is missing in {where}.")
    return kind(**given)


def _coerce(hint: Any, value: Any, what: str) -> Any:
    """Check one value against its annotation; lists become tuples, whole numbers become floats."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return value
    if origin in (typing.Union, types.UnionType):
        errors = []
        for option in args:
            try:
                return _coerce(option, value, what)
            except ConfigError as error:
                errors.append(str(error))
        raise ConfigError(errors[0])
    if origin is typing.Literal:
        if value not in args:
            raise ConfigError(f"{what} is one of {', '.join(map(str, args))}, not {value!r}.")
        return value
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise ConfigError(f"{what} is a list, not {value!r}.")
        if args[-1] is not Ellipsis and len(args) != len(value):
            raise ConfigError(f"{what} has {len(args)} entries, not {len(value)}.")
        element = [args[0]] * len(value) if args[-1] is Ellipsis else args
        return tuple(_coerce(e, v, what) for e, v in zip(element, value, strict=True))
    if origin is not None and issubclass(origin, Mapping):
        if not isinstance(value, Mapping):
            raise ConfigError(f"{what} is a table, not {value!r}.")
        return {_coerce(args[0], k, what): _coerce(args[1], v, what) for k, v in value.items()}
    if hint is type(None):
        if value is None:
            return None
    elif hint is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    elif hint is int and isinstance(value, bool):
        pass
    elif dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return value if isinstance(value, hint) else from_dict(hint, value, what)
    elif isinstance(value, hint):
        return value
    elif isinstance(hint, type) and issubclass(hint, str):
        if isinstance(value, str) and value in list(hint):  # type: ignore[call-overload]
            return hint(value)
        if hint is not str:
            raise ConfigError(f"{what} is one of {', '.join(hint)}, not {value!r}.")  # type: ignore[arg-type]
    raise ConfigError(f"{what} is of type {getattr(hint, '__name__', hint)}, not {value!r}.")
