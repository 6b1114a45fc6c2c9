"""Every registered kind of job: it is made from plain settings, tells what it is, and keeps to the contract."""

import dataclasses
import inspect
import json
import subprocess
import sys
import typing
from collections.abc import Mapping
from typing import Any

import pytest

from emoviz.jobs.work import WORKS, Work, make
from emoviz.training import preset
from emoviz.training.config import TrainingConfig

EXAMPLES: Mapping[Any, Any] = {
    TrainingConfig: preset("speech-cats"),
    str: "some name",
    int: 3,
    float: 0.5,
    bool: True,
    tuple[str, ...]: ("a", "b"),
}
"""Type of a field without a default -> a value."""


def example(kind: type[Work]) -> Work:
    """Work of a kind, with a value for each field that needs one."""
    hints = typing.get_type_hints(kind)
    missing = dataclasses.MISSING
    needed = [f.name for f in dataclasses.fields(kind) if f.default is missing and f.default_factory is missing]
    return kind(**{name: EXAMPLES[hints[name]] for name in needed})


@pytest.mark.parametrize("name", WORKS)
def test_a_kind_is_frozen_and_explains_its_settings(name):
    kind = WORKS[name]
    assert dataclasses.is_dataclass(kind) and kind.__dataclass_params__.frozen
    for field in dataclasses.fields(kind):
        assert f"        {field.name}: " in kind.__doc__, f"the docstring of '{name}' lacks {field.name}"


@pytest.mark.parametrize("name", WORKS)
def test_a_kind_goes_into_a_file_and_comes_back(name):
    work = example(WORKS[name])
    again = make(name, json.loads(json.dumps(dataclasses.asdict(work))), "the test")
    assert again == work and WORKS.name_of(type(again)) == name
    assert work.title == work.title.strip() != "" and "\n" not in work.title
    assert isinstance(work.writes, str)


@pytest.mark.parametrize("name", WORKS)
@pytest.mark.parametrize("method", ["check", "run"])
def test_a_kind_keeps_to_the_contract(name, method):
    wanted, own = (inspect.signature(getattr(kind, method)) for kind in (Work, WORKS[name]))
    assert list(own.parameters) == list(wanted.parameters)
    assert [p.default for p in own.parameters.values()] == [p.default for p in wanted.parameters.values()]


def test_submitit_is_imported_only_when_a_job_is_handed_to_slurm():
    program = "import sys, emoviz.jobs.interface; assert not {'submitit', 'torch'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)
