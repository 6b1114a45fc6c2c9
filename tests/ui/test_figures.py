"""The part of plotly that draws figures: whole, known, and of the version that Python writes for."""

import base64
import hashlib
import json
from array import array
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from hypothesis import given
from hypothesis import strategies as st
from plotly.offline import get_plotlyjs_version
from streamlit.testing.v1 import AppTest

from emoviz.ui import figures, insides

FOLDER = insides.FOLDER / "plotly"


def test_what_is_read_is_what_its_licences_are_of():
    packed = (FOLDER / "plotly.min.js.gz").read_bytes()
    assert f"sha256 {hashlib.sha256(packed).hexdigest()}" in (FOLDER / "LICENSES.txt").read_text("utf-8")


def test_it_is_of_the_version_that_python_writes_for():
    built_of = json.loads((FOLDER / "package.json").read_text("utf-8"))["devDependencies"]
    assert built_of["plotly.js"] == get_plotlyjs_version()


def test_a_kept_figure_is_drawn_once_for_what_it_is_of():
    drawn = []

    def draw() -> go.Figure:
        drawn.append(len(drawn))
        return go.Figure(go.Bar(x=[len(drawn)]), {"height": 300})

    first, again, other = (figures.kept(("bars of", "a test", of), draw) for of in ("this", "this", "that"))
    assert first is again and first.height == 300 and drawn == [0, 1]
    assert json.loads(first.content)["data"][0]["x"] == [1] and json.loads(other.content)["data"][0]["x"] == [2]


TEXTS = st.one_of(st.text(max_size=3), st.sampled_from(["German", "", "not known"]))


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=20), st.sampled_from([1, figures.PACKED_FROM + 1]))
def test_packed_texts_are_those_of_every_point(known: list[tuple[str, str]], copies: int):
    points = [(f"recording {place}", *texts) for place, texts in enumerate(known * copies)]
    trace = go.Scattergl(x=list(range(len(points))), y=[0] * len(points))
    trace.customdata = np.array(points, dtype=object)
    (drawn,) = json.loads(figures.drawing(go.Figure(trace)).content)["data"]
    if len(points) <= figures.PACKED_FROM:
        assert drawn["customdata"] == [list(point) for point in points]
        return
    columns = []
    for column in drawn["customdata"]["columns"]:
        places = range(len(points))
        if "places" in column:
            places = array({1: "B", 2: "H", 4: "I"}[column["bytes"]], base64.b64decode(column["places"]))
        columns.append([column["texts"][place] for place in places])
    assert list(zip(*columns, strict=True)) == points  # all of which are texts


def test_texts_that_recur_are_sent_once():
    trace = go.Scattergl(x=list(range(70_000)), y=[0] * 70_000)
    trace.customdata = np.array([[f"recording {place}", f"speaker {place // 2}", "German"] for place in range(70_000)])
    content = figures.drawing(go.Figure(trace)).content
    assert content.count('"German"') == content.count('"speaker 7"') == content.count('"recording 7"') == 1
    wide, narrow = (column["bytes"] for column in json.loads(content)["data"][0]["customdata"]["columns"][1:])
    assert (wide, narrow) == (2, 1)


def test_figures_in_space_are_left_to_streamlit():
    figure = go.Figure(go.Scatter3d(x=[0], y=[0], z=[0]))
    assert figures.drawing(figure).content is figure


def test_tables_are_written_as_they_are_read():
    shown = pd.DataFrame({"culture": ["North American", "<i>"], "UA": [".73 [.68, .76]", ""], "n": [0.5, float("nan")]})

    def page(shown) -> None:
        from emoviz.ui import figures

        for place in range(2):  # the same table may stand twice on a page
            figures.draw_table(shown, key=f"table {place}")

    test = AppTest.from_function(page, args=(shown,)).run()
    assert not test.exception
    first, second = (json.loads(part.proto.json)["html"] for part in test.get("bidi_component"))
    cells = [cell.text or "" for cell in ElementTree.fromstring(first).iter("td")]
    assert first == second
    assert cells == [
        "North American",
        ".73\N{NO-BREAK SPACE}[.68,\N{NO-BREAK SPACE}.76]",
        "0.5",
        "<i>",
        "",
        "",
    ]
