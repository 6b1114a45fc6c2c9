"""The worked example in docs/adding-a-corpus.md does what the page says."""

import re
from pathlib import Path

import pytest

from emoviz.core.errors import UnknownNameError
from emoviz.corpora import READERS, load

PAGE = Path(__file__).parents[2] / "docs" / "adding-a-corpus.md"


def test_the_worked_example_runs(tmp_path, monkeypatch):
    assert len(READERS)  # all others first: they would else be registered in the copy, and lost with it
    monkeypatch.setattr(READERS, "_entries", dict(READERS._entries))
    reader, its_test = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), flags=re.DOTALL)
    with pytest.raises(UnknownNameError):
        load("savee", tmp_path)
    exec(compile(reader, "savee.py", "exec"), {"__name__": "emoviz.corpora.savee", "__package__": "emoviz.corpora"})
    names = {"__name__": "test_savee"}
    exec(compile(its_test, "test_savee.py", "exec"), names)
    names["test_savee"](tmp_path)
