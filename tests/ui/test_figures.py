"""The part of plotly that draws figures: whole, known, and of the version that Python writes for."""

import hashlib
import json

import pandas as pd
import plotly.graph_objects as go
from plotly.offline import get_plotlyjs_version

from emoviz.ui import figures

FOLDER = figures.FOLDER / "plotly"


def test_what_is_read_is_what_its_licences_are_of():
    packed = (FOLDER / "plotly.min.js.gz").read_bytes()
    assert f"sha256 {hashlib.sha256(packed).hexdigest()}" in (FOLDER / "LICENSES.txt").read_text("utf-8")


def test_it_is_of_the_version_that_python_writes_for():
    built_of = json.loads((FOLDER / "package.json").read_text("utf-8"))["devDependencies"]
    assert built_of["plotly.js"] == get_plotlyjs_version()


def test_a_kept_figure_is_drawn_again_only_for_another_table():
    drawn = []

    def draw(table: pd.DataFrame, *, score: str) -> go.Figure:
        drawn.append(score)
        return go.Figure(go.Bar(x=table["value"]), {"title": {"text": score}})

    kept = figures.kept(draw)
    first, again = (kept(pd.DataFrame({"value": [1.0, 2.0]}), score="UA") for _ in range(2))
    assert first == again and drawn == ["UA"]
    assert kept(pd.DataFrame({"value": [1.0, 3.0]}), score="UA") != first
    assert kept(pd.DataFrame({"value": [1.0, 2.0]}), score="accuracy") != first
    assert drawn == ["UA", "UA", "accuracy"]
    assert figures.kept(draw) is kept
