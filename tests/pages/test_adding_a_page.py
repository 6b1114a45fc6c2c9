"""The worked example in docs/adding-a-page.md does what the page says."""

import re
import sys
import types

import pytest
from places import ROOT
from reading import specs
from streamlit.testing.v1 import AppTest

import emoviz
from emoviz import plots

BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "adding-a-page.md").read_text("utf-8"), flags=re.DOTALL)


def put(monkeypatch: pytest.MonkeyPatch, parent: types.ModuleType, code: str) -> types.ModuleType:
    """A module ``speakers`` in a package, for this test alone."""
    module = types.ModuleType(f"{parent.__name__}.speakers")
    module.__package__ = parent.__name__
    exec(compile(code, "speakers.py", "exec"), module.__dict__)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(parent, "speakers", module, raising=False)
    return module


def test_the_worked_example_shows_the_bundled_models(monkeypatch):
    computation, figure, page = BLOCKS
    put(monkeypatch, emoviz, computation)
    put(monkeypatch, plots, figure)
    shown = AppTest.from_string(page, default_timeout=60)
    shown.query_params["model"] = "speech-emotion"
    shown.run()
    assert not shown.exception and not shown.error
    assert shown.title[0].value == "Speakers" and specs(shown)
    shown.query_params["model"] = "speech-cats"
    shown.run()
    assert not shown.exception
