"""Forms are made of these fields, so every setting of every config has to be among them, explained."""

import dataclasses
import typing
from dataclasses import dataclass
from typing import Literal

import pytest

from emoviz.core.configuration import coerce, from_dict, to_dict
from emoviz.core.vocabulary import Modality
from emoviz.models import MODELS
from emoviz.training import preset, presets, schema
from emoviz.training.config import TrainingConfig
from emoviz.training.data import DATA


def test_every_field_of_a_training_stands_in_one_place():
    grouped = [name for names in schema.GROUPS.values() for name in names]
    assert sorted([*grouped, *schema.ELSEWHERE]) == sorted(f.name for f in dataclasses.fields(TrainingConfig))
    assert all(field.about for fields in schema.training_fields().values() for field in fields)


@pytest.mark.parametrize("model", MODELS)
def test_every_field_of_a_model_is_explained_and_its_default_accepted(model):
    fields = schema.model_fields(model)
    assert not {"streams", "outputs"} & {field.name for field in fields}
    assert all(field.about for field in fields), [field.name for field in fields if not field.about]
    hints = typing.get_type_hints(MODELS[model].Config)
    for field in fields:
        assert coerce(hints[field.name], schema.plain(field.default), field.name) == field.default
    assert schema.about_model(model)


@pytest.mark.parametrize("model", MODELS)
def test_the_choices_of_a_field_are_values_that_the_config_takes(model):
    hints = typing.get_type_hints(MODELS[model].Config)
    for field in schema.model_fields(model):
        for choice in field.choices if field.kind == "choice" else ():
            assert schema.plain(coerce(hints[field.name], choice, field.name)) == choice


@pytest.mark.parametrize("name", presets())
def test_presets_go_through_plain_values_unchanged(name):
    values = schema.plain(to_dict(preset(name)))
    assert from_dict(TrainingConfig, values, "a form") == preset(name)


@dataclass(frozen=True)
class Parent:
    """A config.

    Attributes:
        width: of it; as ``wide``
            as :data:`emoviz.core.vocabulary.Modality` says.
        name: of it.
    """

    width: int | None = None
    name: str = "x"


@dataclass(frozen=True)
class Child(Parent):
    """A config with more.

    Attributes:
        kind: one of two.
        kinds: some of three.
        sizes: some numbers.
        on: yes or no.
        share: of it.

    Example:
        None: needed.
    """

    kind: Literal["a", "b"] = "b"
    kinds: tuple[Modality, ...] = (Modality.TEXT,)
    sizes: tuple[int, ...] = (1, 2)
    on: bool = True
    share: float = 0.5


def test_fields_follow_from_annotations_and_docstrings():
    fields = {field.name: field for field in schema.fields_of(Child)}
    assert list(fields) == ["width", "name", "kind", "kinds", "sizes", "on", "share"]
    assert (fields["width"].kind, fields["width"].optional) == ("whole", True)
    assert fields["width"].about == "of it; as `wide` as Modality says."
    assert (fields["kind"].kind, fields["kind"].choices, fields["kind"].default) == ("choice", ("a", "b"), "b")
    assert (fields["kinds"].kind, fields["kinds"].choices) == ("several", ("audio", "video", "text"))
    assert [fields[name].kind for name in ("sizes", "on", "share", "name")] == ["list", "flag", "number", "text"]
    assert [field.name for field in schema.fields_of(Child, ("kind", "on"))] == [
        "width",
        "name",
        "kinds",
        "sizes",
        "share",
    ]


def test_a_field_that_no_form_can_show_is_refused():
    @dataclass(frozen=True)
    class Odd:
        """Odd."""

        field: object = None

    with pytest.raises(TypeError, match="cannot show"):
        schema.fields_of(Odd)


@pytest.mark.parametrize("target", schema.TARGETS)
@pytest.mark.parametrize("name", presets())
def test_another_target_brings_what_fits_it(name, target):
    values = schema.plain(to_dict(preset(name)))
    changed = schema.fitted(values, target)
    config = from_dict(TrainingConfig, changed, "the form")
    if config.data != "pictures":
        DATA[config.data].check(config)
    if target == schema.target_of(values["outputs"]):
        assert changed == values
    else:
        assert schema.target_of(config.outputs) == target and changed["inputs"] == values["inputs"]


def test_metrics_that_select_follow_from_the_outputs():
    assert schema.selections(["happy", "sad"]) == ("accuracy", "ua")
    assert schema.selections(["valence"]) == ("ccc",)
    assert schema.selections(["valence", "happy"]) == ()
