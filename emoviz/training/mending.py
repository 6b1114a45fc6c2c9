"""Mends of a refused config: the smallest changes after which it can be trained, for buttons beside the refusal."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from ..core.errors import EmovizError
from ..core.words import setting
from ..models import MODELS
from . import schema

MOST = 3
"""Largest number of mends that are offered."""
TARGET, MODEL = "target", "model"
CHOSEN = ("data", "loss", "selection")
"""Fields that are tried where the refusal names no field, as they depend on each other and on the target."""


class Mend(NamedTuple):
    """One change of a config.

    Attributes:
        field: field of the config, or :data:`TARGET` where the prediction's target changes with all that follows.
        value: new value of the field.
        told: the change in words, for a button.
    """

    field: str
    value: Any
    told: str


def mends(values: Mapping[str, Any], refusal: str, fits: Callable[[Mapping[str, Any]], object]) -> list[Mend]:
    """Return changes after which a refused config can be trained, at most :data:`MOST`.

    Fields that the refusal names come first, then the target, choices that depend on it, and the system if the refusal
    names it; where one of these helps, the others are left as they are.

    Args:
        values: values of a training config.
        refusal: sentence that refused it.
        fits: function that raises an EmovizError on values that cannot be trained.
    """
    fields = list(_of_fields(values))
    groups = (
        [mend for mend in fields if f"'{mend.field}'" in refusal],
        [Mend(TARGET, target, f"Predict: {target}") for target in schema.TARGETS if target != _target(values)],
        [mend for mend in fields if mend.field in CHOSEN],
        [
            Mend(MODEL, model, f"Choose the system {model}")
            for model in MODELS
            if f"'{values['model']}'" in refusal and model != values["model"]
        ],
    )
    for group in groups:
        if found := [mend for mend in group if _fits(mended(values, mend), fits)]:
            return found[:MOST]
    return []


def mended(values: Mapping[str, Any], mend: Mend) -> dict[str, Any]:
    """Return the values of a config after a change."""
    if mend.field == TARGET:
        return schema.fitted(values, mend.value)
    changed = {**values, mend.field: mend.value}
    return changed | {"options": {}} if mend.field == MODEL else changed


def _of_fields(values: Mapping[str, Any]) -> Iterator[Mend]:
    """Yield changes of one field each: a value to its default, a choice to another one."""
    for field in (field for group in schema.training_fields().values() for field in group):
        default, now = schema.plain(field.default), values.get(field.name, field.default)
        if field.kind == "choice":
            for choice in field.choices:
                if choice != now:
                    yield Mend(field.name, choice, f"Set {_name(field.name)} to {choice or 'none'}")
        elif field.kind != "text" and default is not None and now != default:
            yield Mend(field.name, default, f"Set {_name(field.name)} to {setting(default)}")


def _fits(values: Mapping[str, Any], fits: Callable[[Mapping[str, Any]], object]) -> bool:
    try:
        fits(values)
    except EmovizError:
        return False
    return True


def _target(values: Mapping[str, Any]) -> str:
    return schema.target_of(values["outputs"])


def _name(field: str) -> str:
    return field.replace("_", " ")
