"""Mends of refused configs: what is named comes first, and only what can be trained is offered."""

import dataclasses

from emoviz.core.configuration import from_dict
from emoviz.core.errors import ConfigError
from emoviz.training import preset, schema
from emoviz.training.config import TrainingConfig
from emoviz.training.mending import MOST, TARGET, Mend, mended, mends

VALUES = schema.plain(dataclasses.asdict(preset("speech-emotion")))


def make(values) -> None:
    from_dict(TrainingConfig, values, "the form")


def test_a_field_that_the_refusal_names_goes_back_to_its_default():
    found = mends(VALUES | {"epochs": 0}, "'epochs' is at least 1, not 0.", make)
    assert found == [Mend("epochs", 50, "Set epochs to 50")]
    make(mended(VALUES | {"epochs": 0}, found[0]))


def test_a_choice_that_does_not_fit_gets_those_that_do():
    found = mends(VALUES | {"selection": "ccc"}, "'selection' does not fit.", make)
    assert {mend.value for mend in found} == {"accuracy", "ua"}


def test_where_no_field_helps_the_target_or_the_system_changes():
    def frames_alone(values) -> None:
        make(values)
        if values["data"] != "sequences" or values["selection"] != "ccc":
            raise ConfigError("It does not fit.")

    found, *_ = mends(VALUES, "It does not fit.", frames_alone)
    assert (found.field, found.value) == (TARGET, "dimension derived from emotions")
    assert mended(VALUES, found)["loss"] == "ccc_mse"


def test_nothing_is_offered_that_is_refused_again_and_never_too_much():
    def refuse(values) -> None:
        raise ConfigError("Never.")

    assert mends(VALUES, "Never.", refuse) == []
    assert len(mends(VALUES, "Ever.", lambda values: None)) == MOST
