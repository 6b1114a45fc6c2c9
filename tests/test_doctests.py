"""The examples of docstrings answer as they say."""

import doctest
from importlib import import_module

import pytest
from places import ROOT

PACKAGES = ("core", "evaluation", "checkpoints", "prediction", "analysis")
"""Packages whose public functions are shown by examples."""
FILES = [file for package in PACKAGES for file in sorted((ROOT / "emoviz" / package).rglob("*.py"))]
FILES = [file for file in FILES if ">>> " in file.read_text("utf-8")]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_the_examples_of_docstrings_hold(file):
    name = ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    done = doctest.testmod(import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert done.attempted and not done.failed


def test_every_package_has_examples():
    assert {file.relative_to(ROOT / "emoviz").parts[0] for file in FILES} == set(PACKAGES)
