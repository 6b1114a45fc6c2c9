"""The worked example in docs/adding-an-extractor.md does what the page says."""

import re
import sys
import types
from pathlib import Path

import numpy as np

from emoviz.features import EXTRACTORS

from .fakes import FakeMedia, voice

PAGE = Path(__file__).parents[2] / "docs" / "adding-an-extractor.md"
ENCODERS = PAGE.with_name("encoders.md")


def test_the_worked_example_runs(monkeypatch, tmp_path):
    monkeypatch.setattr(EXTRACTORS, "_entries", dict(EXTRACTORS._known()))
    extractor, its_test = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), flags=re.DOTALL)
    module = types.ModuleType("emoviz.features.loudness")
    module.__package__ = "emoviz.features"
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(extractor, "loudness.py", "exec"), module.__dict__)
    names = {"__name__": "test_loudness"}
    exec(compile(its_test, "test_loudness.py", "exec"), names)
    names["test_loudness"](tmp_path)
    assert np.isfinite(EXTRACTORS["loudness"]().extract(FakeMedia(voice(0.5))).values).all()


def test_the_page_of_encoders_names_them_all():
    page = ENCODERS.read_text("utf-8")
    for feature in EXTRACTORS:
        name = "deep-spectrum-..." if feature.startswith("deep-spectrum") else feature
        assert f"`{name}`" in page, feature
