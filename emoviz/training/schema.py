"""Fields of a config dataclass as plain data, with their explanations, for a form or a help text.

A field's explanation is its entry under ``Attributes`` in the dataclass's docstring, so that there is one text for
code, page and command line.
"""

import dataclasses
import inspect
import re
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal

from ..core.vocabulary import BINARY, DERIVED_AXES, Dimension, Task
from ..models.base import MODELS, Model
from ..models.inputs import InputConfig
from ..models.losses import LOSSES, METRIC_LOSSES
from .config import OUTPUTS, SELECTIONS, TrainingConfig
from .data import DATA

Kind = Literal["flag", "whole", "number", "text", "choice", "several", "list"]
"""The kind of a field's value: yes or no, a whole number, a number, a text, one or several choices, or a list."""

GROUPS: dict[str, tuple[str, ...]] = {
    "Learning": ("epochs", "batch_size", "learning_rate", "seed", "patience", "optimiser", "schedule",
                 "schedule_epochs", "weight_decay", "gradient_clip", "averaging", "micro_batch", "precision",
                 "compile"),
    "Task": ("data", "loss", "selection", "metric_loss", "metric_weight", "margins", "balance",
             "uniform_prior", "threshold", "neutral", "copies", "voices", "channels"),
    "Time": ("hop", "window", "resample", "label_delay"),
    "Split and adaptation": ("validation_share", "test_share", "sentences_apart", "cultures", "standardise_by",
                             "speaker_weight", "adapt_norm"),
}  # fmt: skip
"""Fields of a training config that a form shows in groups; the other fields have places of their own."""
ELSEWHERE = ("name", "title", "source", "model", "options", "corpora", "inputs", "outputs")
GIVEN = ("streams", "outputs")
"""Fields of a model's config that follow from the rest of the training."""
TARGETS: dict[str, tuple[str, ...]] = {
    **{kind: tuple(map(str, names)) for kind, names in OUTPUTS.items() if kind not in ("dimension", "binary")},
    **{f"{pair[0]} or {pair[1]}": pair for pair in BINARY.values()},
    "rated dimension": tuple(map(str, Dimension)),
    "dimension derived from emotions": tuple(DERIVED_AXES),
}
"""The outputs among which one chooses, for each target of a prediction."""
TASKS: dict[str, dict[str, Any]] = {
    "emotion": {"data": "utterances", "loss": "cross_entropy", "selection": "ua"},
    "intensity": {"data": "utterances", "loss": "mse", "selection": "pearson"},
    **{f"{pair[0]} or {pair[1]}": {"data": "utterances", "loss": "cross_entropy", "selection": "ua"}
       for pair in BINARY.values()},
    "rated dimension": {"data": "utterances", "loss": "ccc_mse", "selection": "ccc"},
    "dimension derived from emotions": {"data": "sequences", "loss": "ccc_mse", "selection": "ccc", "copies": 0,
                                        "voices": 0.0},
}  # fmt: skip
"""The fields that a config changes with the target of its prediction."""


def target_of(outputs: Sequence[str]) -> str:
    """Return the target of outputs, a key of :data:`TARGETS`; the first where they have several targets or none."""
    return next((target for target, names in TARGETS.items() if set(outputs) <= set(names)), next(iter(TARGETS)))


def fitted(values: Mapping[str, Any], target: str) -> dict[str, Any]:
    """Fit the values of a config to another target: its data, loss and selection.

    Args:
        values: values of a training config, which stay as they are where the target is the same.
        target: key of :data:`TARGETS`.
    """
    if target == target_of(values["outputs"]):
        return dict(values)
    changed = dict(values) | TASKS[target] | {"outputs": list(TARGETS[target])}
    if target != "emotion":
        groups = [group for group in values["balance"] if group != "emotion"]
        changed |= {"metric_loss": "", "balance": groups, "uniform_prior": 0.0}
    if not set(TARGETS[target]) <= set(OUTPUTS["binary"]):
        changed |= {"threshold": 0.0, "neutral": 0.0}
    return changed


@dataclass(frozen=True)
class Field:
    """One setting.

    Attributes:
        name: name in the config.
        kind: kind of value that the field takes.
        about: explanation of the field.
        default: value unless it is set; None where the field has to be set, or where None is the value.
        choices: values that the field takes, in order; empty for other kinds.
        optional: whether the field may be None.
    """

    name: str
    kind: Kind
    about: str
    default: Any = None
    choices: tuple[str | int, ...] = ()
    optional: bool = False


def fields_of(kind: type, leave_out: Sequence[str] = ()) -> tuple[Field, ...]:
    """Return the fields of a config dataclass in its order.

    Raises:
        TypeError: if a form cannot show a field of that annotation.
    """
    hints, explained, choices = typing.get_type_hints(kind), explanations(kind), _registered(kind)
    found = []
    for field in dataclasses.fields(kind):
        if field.name in leave_out:
            continue
        default = None if field.default is dataclasses.MISSING else field.default
        shape, known, optional = _shape(hints[field.name])
        if field.name in choices:
            shape, known = ("several" if shape == "list" else "choice"), choices[field.name]
        found.append(Field(field.name, shape, explained.get(field.name, ""), default, known, optional))
    return tuple(found)


def training_fields() -> dict[str, tuple[Field, ...]]:
    """Return the fields of a training config by group."""
    named = {field.name: field for field in fields_of(TrainingConfig, ELSEWHERE)}
    return {group: tuple(named[name] for name in names) for group, names in GROUPS.items()}


def model_fields(model: str) -> tuple[Field, ...]:
    """Return the fields of a model's own config.

    Raises:
        UnknownNameError: if there is no such model.
    """
    return fields_of(MODELS[model].Config, GIVEN)


def input_fields() -> tuple[Field, ...]:
    """Return the fields of each feature stream, beside its extractor's own settings."""
    return fields_of(InputConfig, ("feature", "settings"))


def explanations(kind: type) -> dict[str, str]:
    """Return the entry of each field, inherited ones too, under ``Attributes`` in the docstring, as one line."""
    found: dict[str, str] = {}
    for one in reversed(kind.__mro__):
        text = inspect.cleandoc(one.__doc__ or "")
        section = text.partition("\nAttributes:\n")[2]
        section = re.split(r"\n(?=\S)", section)[0]
        for entry in re.split(r"\n(?=    \w)", section):
            name, colon, words = entry.strip().partition(":")
            if colon and name.isidentifier():
                found[name] = _plain(" ".join(words.split()))
    return found


def about_model(model: str) -> str:
    """Return the first line of a model's file, which says which system it is."""
    module = inspect.getmodule(MODELS[model])
    return _plain((module.__doc__ or "").strip().split("\n")[0]) if module else ""


def tasks(model: type[Model]) -> tuple[Task, ...]:
    """Return the tasks that a model can have; both, where its config decides."""
    task = getattr(model, "task", None)
    return (task,) if isinstance(task, Task) else tuple(Task)


def selections(outputs: Sequence[str]) -> tuple[str, ...]:
    """Return the validation metrics that may select an epoch of a model with these outputs."""
    return next((SELECTIONS[kind] for kind, names in OUTPUTS.items() if set(outputs) <= set(names)), ())


def plain(value: Any) -> Any:
    """Return a value of a config as JSON has it, with tuples as lists and enumerations as texts."""
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    return (
        plain(dataclasses.asdict(value)) if dataclasses.is_dataclass(value) and not isinstance(value, type) else value
    )


def _registered(kind: type) -> dict[str, tuple[str, ...]]:
    """Return the choices of fields whose values stand in a registry instead of their annotation."""
    if kind is not TrainingConfig:
        return {}
    return {
        "data": tuple(DATA),
        "loss": tuple(LOSSES),
        "metric_loss": ("", *METRIC_LOSSES),
        "balance": ("speaker", "culture", "emotion"),
    }


def _shape(hint: Any) -> tuple[Kind, tuple[str | int, ...], bool]:
    """Return the kind and the choices of an annotation, and whether it accepts None."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        (rest,) = [option for option in args if option is not type(None)]
        return (*_shape(rest)[:2], True)
    if origin is Literal:
        return "choice", args, False
    if origin is tuple:
        element = args[0]
        if isinstance(element, type) and issubclass(element, Enum):
            return "several", tuple(str(entry.value) for entry in element), False
        return "list", (), False
    if isinstance(hint, type) and issubclass(hint, Enum):
        return "choice", tuple(str(entry.value) for entry in hint), False
    simple: dict[Any, Kind] = {bool: "flag", int: "whole", float: "number", str: "text"}
    if hint in simple:
        return simple[hint], (), False
    raise TypeError(f"A form cannot show a field of type {hint}.")


def _plain(text: str) -> str:
    """Return a text without the marks of a docstring."""
    text = re.sub(r":\w+:`~?([^`]*)`", lambda match: match[1].rpartition(".")[2], text)
    return text.replace("``", "`")
