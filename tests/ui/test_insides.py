"""What reaches into Streamlit's insides: it fits the pinned version, and pages open without it."""

import ast
import importlib
import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from places import ROOT
from streamlit.testing.v1 import AppTest

from emoviz.ui import cache, figures, insides, serve
from emoviz.ui.receiver import PATH

PRIVATE = ("streamlit.runtime", "streamlit.web", "streamlit.file_util", "streamlit.config", "streamlit.elements")


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Nothing is known from another test, nor afterwards."""
    cache.clear()
    yield
    cache.clear()


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == insides.__name__]


def imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names if not node.level)


def test_one_module_reaches_into_streamlit():
    files = [*(ROOT / "emoviz").rglob("*.py"), *(ROOT / "pages").glob("*.py"), ROOT / "app.py"]
    found = {file.name for file in files if any(name.startswith(PRIVATE) for name in imported(file))}
    assert found == {"insides.py"}


def test_the_pinned_version_is_as_expected(caplog):
    pinned = {line.strip() for line in (ROOT / "requirements.txt").read_text("utf-8").splitlines()}
    assert f"streamlit=={st.__version__}" in pinned
    assert insides.draws_figures() and insides.index("figures.js") and insides._scripts() == []
    assert insides.media_url(b"bytes", "text/plain", "a test") == ""  # as no server runs
    assert not insides._leave_older_navigation()
    assert warnings(caplog) == []


def test_another_page_opens_with_a_query_that_widgets_of_this_one_are_bound_to(tmp_path, caplog):
    (tmp_path / "main.py").write_text("import streamlit as st\nst.navigation(['a.py', 'b.py']).run()\n")
    (tmp_path / "a.py").write_text(
        "import streamlit as st\nfrom emoviz.ui import insides\n"
        "st.selectbox('Clip', ['x', 'y', 'z'], key='clip', bind='query-params')\n"
        "if st.button('Go'):\n    insides.switch('b.py', {'clip': ['z']})\n"
    )
    (tmp_path / "b.py").write_text(
        "import streamlit as st\nst.title('B')\n"
        "st.selectbox('Clip', ['x', 'y', 'z'], key='clip', bind='query-params')\n"
    )
    test = AppTest.from_file(str(tmp_path / "main.py"), default_timeout=60)
    test.query_params["clip"] = "y"
    test.run()
    assert test.selectbox[0].value == "y"
    test.button[0].click().run()
    assert not test.exception and test.title[0].value == "B" and test.selectbox[0].value == "z"
    assert test.query_params["clip"] == "z" and warnings(caplog) == []


@pytest.mark.parametrize(
    ("module", "use"),
    [
        ("streamlit.runtime.scriptrunner", lambda: insides.has("pages/predict.py")),
        ("streamlit.runtime.pages_manager", insides.enter),
        ("streamlit.file_util", lambda: insides.index("figures.js")),
    ],
)
def test_a_module_that_is_gone_is_told_once(module: str, use: Callable, monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, module, None)
    parent, _, name = module.rpartition(".")
    monkeypatch.delattr(sys.modules[parent], name, raising=False)
    with caplog.at_level(logging.WARNING):
        assert not use() and not use()
    assert len(warnings(caplog)) == 1 and "plain Streamlit takes its place" in warnings(caplog)[0]


def test_without_its_page_the_server_still_has_plotlys_part(monkeypatch, caplog):
    monkeypatch.setattr(insides, "EARLY", ("Renamed",))
    paths = [route.path for route in serve.routes()]
    assert paths[0] == serve.plotly_url().removeprefix(".") and all(path.startswith(PATH) for path in paths[1:])
    assert len(warnings(caplog)) == 1


def test_bytes_reach_the_browser_without_the_store_of_media_files(monkeypatch):
    monkeypatch.delattr("streamlit.runtime.exists")
    assert insides.media_url(b"a", "text/plain", "a test") == "data:text/plain;base64,YQ=="
    assert insides.media_url(Path("clip.mp4"), "video/mp4", "a test") == ""


def page() -> None:
    import pandas as pd
    import plotly.graph_objects as go
    import streamlit as st

    from emoviz.ui import figures, navigation

    navigation.enter()
    st.title("A page")
    table = pd.DataFrame({"x": [1, 2], "y": [3, 4]})
    figure = go.Figure(go.Bar(x=table.x, y=table.y), {"title": {"text": "Bars"}})
    figures.show(figure, table, key="bars", name="bars", about="Two bars.")
    figures.show_table(table, table, key="table", name="table", about="The same.")


def shown() -> AppTest:
    test = AppTest.from_function(page, default_timeout=60).run()
    assert not test.exception and test.title[0].value == "A page"
    return test


def test_figures_of_another_plotly_are_drawn_by_streamlit(monkeypatch, caplog):
    monkeypatch.setattr("plotly.offline.get_plotlyjs_version", lambda: "0.1")
    (chart,) = shown().get("plotly_chart")
    assert '"Bars"' in chart.proto.spec
    assert ["0.1" in line for line in warnings(caplog)] == [True]


def test_without_parts_with_scripts_pages_are_plain(monkeypatch, caplog):
    with monkeypatch.context() as without:
        without.delattr(st.components.v2, "component")
        importlib.reload(figures)
        test = shown()
    importlib.reload(figures)
    assert len(test.get("plotly_chart")) == 1 and not test.get("bidi_component")
    assert len(test.dataframe) == 3 and len(test.get("download_button")) == 4
    assert "Two bars." in [text.value for text in test.markdown]
    assert len(warnings(caplog)) == 1
