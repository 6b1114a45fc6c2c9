"""The worked example in docs/adding-a-model.md does what the page says."""

import re
import sys
import types
from pathlib import Path

from emoviz.models import MODELS

PAGE = Path(__file__).parents[2] / "docs" / "adding-a-model.md"


def test_the_worked_example_runs(monkeypatch):
    # All others first: what the example imports would else be registered in the copy, and lost with it.
    monkeypatch.setattr(MODELS, "_entries", dict(MODELS._known()))
    model, its_test = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), flags=re.DOTALL)
    module = types.ModuleType("emoviz.models.linear")
    module.__package__ = "emoviz.models"
    monkeypatch.setitem(sys.modules, module.__name__, module)  # dataclasses look their module up
    exec(compile(model, "linear.py", "exec"), module.__dict__)
    names = {"__name__": "test_linear"}
    exec(compile(its_test, "test_linear.py", "exec"), names)
    names["test_linear"]()
