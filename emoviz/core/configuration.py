"""Conversion of config dataclasses from plain values and back, which refuses unknown keys and wrong types."""

import dataclasses
import json
import types
import typing
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from .errors import ConfigError

T = TypeVar("T")

LONGEST = 80
"""Largest number of characters of a wrong value that a message shows."""
LEFT_OUT = {"left out when empty": True}
"""Metadata of a field that :func:`to_dict` leaves out while it is empty, so that older configs keep their form."""


def to_dict(config: Any) -> Any:
    """Return a config dataclass as plain values, which :func:`from_dict` takes."""
    if dataclasses.is_dataclass(config) and not isinstance(config, type):
        values = {f: getattr(config, f.name) for f in dataclasses.fields(config)}
        return {f.name: to_dict(v) for f, v in values.items() if v or f.metadata != LEFT_OUT}
    if isinstance(config, Mapping):
        return {key: to_dict(value) for key, value in config.items()}
    if isinstance(config, list | tuple):
        return type(config)(to_dict(value) for value in config)
    return config


def from_dict(kind: type[T], values: Mapping[str, Any], where: str) -> T:
    """Make the dataclass ``kind`` from plain values, refusing unknown keys and wrong types.

    Args:
        kind: the dataclass.
        values: value of each field, as read from JSON.
        where: name of the values in messages, e.g. ``the training config``.

    Raises:
        ConfigError: if a key is unknown or missing, or a value is of the wrong type; it says what would be right.
    """
    if not isinstance(values, Mapping):
        raise ConfigError(f"{where[:1].upper()}{where[1:]} is a table, not {_shown(values)}.")
    known = {f.name: f for f in dataclasses.fields(kind) if f.init}  # type: ignore[arg-type]
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise ConfigError(f"Unknown key '{unknown[0]}' in {where}; known are: {', '.join(known)}.")
    hints = typing.get_type_hints(kind)
    given = {name: coerce(hints[name], value, f"'{name}' in {where}") for name, value in values.items()}
    missing = [
        name
        for name, f in known.items()
        if name not in given and f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
    ]
    if missing:
        raise ConfigError(f"The key '{missing[0]}' is missing in {where}.")
    return kind(**given)


def from_texts(settings: Sequence[str]) -> dict[str, Any]:
    """Return the plain values of ``key=value`` texts, as a command line has them.

    Values are read as JSON where that works (``0.1``, ``true``, ``["emodb"]``), else as text.

    Raises:
        ConfigError: if a text has no ``=``.
    """
    values: dict[str, Any] = {}
    for key, raw in pairs(settings).items():
        try:
            values[key] = json.loads(raw)
        except ValueError:
            values[key] = raw
    return values


def pairs(settings: Sequence[str]) -> dict[str, str]:
    """Return the texts of ``key=text`` settings by their keys, as a command line has them.

    Raises:
        ConfigError: if a text has no ``=``.
    """
    parted = {text: text.partition("=") for text in settings}
    for text, (_, equals, _) in parted.items():
        if not equals:
            raise ConfigError(f"A setting has the form key=value, unlike '{text}'.")
    return {key: value for key, _, value in parted.values()}


def coerce(hint: Any, value: Any, what: str) -> Any:
    """Check one value against its annotation; lists become tuples, whole numbers become floats.

    Raises:
        ConfigError: if the value does not fit the annotation; the message calls it ``what``.
    """
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return value
    if origin in (typing.Union, types.UnionType):
        errors = []
        for option in args:
            try:
                return coerce(option, value, what)
            except ConfigError as error:
                errors.append(str(error))
        raise ConfigError(errors[0])
    if origin is typing.Literal:
        if value not in args:
            raise ConfigError(f"{what} is one of {', '.join(map(str, args))}, not {_shown(value)}.")
        return value
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise ConfigError(f"{what} is a list, not {_shown(value)}.")
        if args[-1] is not Ellipsis and len(args) != len(value):
            raise ConfigError(f"{what} has {len(args)} entries, not {len(value)}.")
        element = [args[0]] * len(value) if args[-1] is Ellipsis else args
        return tuple(coerce(e, v, what) for e, v in zip(element, value, strict=True))
    if origin is not None and issubclass(origin, Mapping):
        if not isinstance(value, Mapping):
            raise ConfigError(f"{what} is a table, not {_shown(value)}.")
        return {coerce(args[0], k, what): coerce(args[1], v, what) for k, v in value.items()}
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
            raise ConfigError(f"{what} is one of {', '.join(hint)}, not {_shown(value)}.")  # type: ignore[arg-type]
    raise ConfigError(f"{what} is of type {getattr(hint, '__name__', hint)}, not {_shown(value)}.")


def _shown(value: Any) -> str:
    """A value as a sentence shows it, which has no room for a long one."""
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
