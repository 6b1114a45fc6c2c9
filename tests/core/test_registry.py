"""Registries: a new file in the home is a new entry, and names are found both ways."""

import sys
from collections.abc import Iterator

import pytest

from emoviz.core.errors import UnknownNameError
from emoviz.core.registry import Registry


@pytest.fixture
def home(tmp_path, monkeypatch) -> Iterator[Registry[int]]:
    """A package with one module, which registers the entry ``filed`` in ``emoviz.core.registry.MADE_UP``."""
    package = tmp_path / "made_up_home"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "one.py").write_text("from emoviz.core import registry\nregistry.MADE_UP.register('filed')(1)\n")
    monkeypatch.syspath_prepend(tmp_path)
    registry = Registry("thing", home="made_up_home")
    monkeypatch.setattr("emoviz.core.registry.MADE_UP", registry, raising=False)
    yield registry
    for name in ("made_up_home", "made_up_home.one"):
        sys.modules.pop(name, None)


def test_every_module_of_the_home_is_imported_when_the_registry_is_read(home):
    assert "made_up_home.one" not in sys.modules
    assert list(home) == ["filed"] and len(home) == 1 and "filed" in home and home["filed"] == 1
    assert home.name_of(1) == "filed"


def test_an_entry_that_is_registered_already_is_found_without_the_home(home):
    home.register("early")(2)
    assert home["early"] == 2 and home.name_of(2) == "early"
    assert "made_up_home.one" not in sys.modules
    assert list(home) == ["early", "filed"]


def test_a_name_that_is_taken_and_names_that_are_unknown_are_refused():
    registry = Registry[int]("thing")
    registry.register("a")(1)
    with pytest.raises(ValueError, match="The thing 'a' is registered twice"):
        registry.register("a")(2)
    with pytest.raises(UnknownNameError, match="There is no thing named 'b'; known are: a"):
        registry["b"]
    with pytest.raises(UnknownNameError, match="There is no thing named '2'"):
        registry.name_of(2)
