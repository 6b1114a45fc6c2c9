"""Every notebook runs from top to bottom, as a reader runs it, on short recordings; they share one warmed process."""

import ast
import json
import re
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import pytest
from clips import write_clip
from example import example_images, example_voice
from places import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
LONGEST = 8_000
"""Bytes of a notebook, which has no outputs."""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder to work in, and what comes with emoviz, but with examples of 2.4 seconds."""
    folder = tmp_path_factory.mktemp("notebooks")
    bundled = folder / "bundled"
    (bundled / "examples").mkdir(parents=True)
    for name in ("checkpoints", "results"):
        (bundled / name).symlink_to(ROOT / name)
    for language in ("english", "german"):
        clip = bundled / "examples" / f"synthetic-{language}.mp4"
        write_clip(clip, example_images(language), example_voice(language)[:, None])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMOVIZ_BUNDLED", str(bundled))
        for name in ("STORE", "RUNS", "CHECKPOINTS", "WEIGHTS"):
            patch.setenv(f"EMOVIZ_{name}", str(folder / name.lower()))
        patch.delenv("EMOVIZ_DATA", raising=False)
        patch.chdir(folder)
        yield folder


def cells(notebook, kind: str) -> list[str]:
    """The sources of a notebook's cells of one kind."""
    content = json.loads(notebook.read_text("utf-8"))
    return ["".join(cell["source"]) for cell in content["cells"] if cell["cell_type"] == kind]


def run(code: str, space: dict[str, Any]) -> Any:
    """Run a cell and return the value of its last line, where that is an expression, as a notebook shows it."""
    tree = ast.parse(code)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), space)
    return eval(compile(ast.Expression(last.value), "cell", "eval"), space) if isinstance(last, ast.Expr) else None


@pytest.mark.slow
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda notebook: notebook.stem)
def test_a_notebook_runs_and_has_a_figure_and_a_table(notebook, place):
    space: dict[str, Any] = {}
    shown = [run(code, space) for code in cells(notebook, "code")]
    figures = [one for one in shown if isinstance(one, go.Figure)]
    assert figures and all(figure.to_plotly_json()["data"] for figure in figures)
    pages = [one._repr_html_() for one in shown if hasattr(one, "_repr_html_") and not isinstance(one, go.Figure)]
    assert any("<table" in page for page in pages) or any(isinstance(one, pd.DataFrame) for one in shown)


def test_there_are_six_without_outputs_that_use_public_names_alone():
    assert len(NOTEBOOKS) >= 6
    for notebook in NOTEBOOKS:
        text = notebook.read_text("utf-8")
        content = json.loads(text)
        assert len(text.encode()) < LONGEST
        assert not [cell for cell in content["cells"] if cell.get("outputs") or cell.get("execution_count")]
        assert cells(notebook, "markdown")[0].startswith("# ")
        code = "\n".join(cells(notebook, "code"))
        assert not re.search(r"\b(?:from|import) emoviz[\w.]*\._|\b[a-z]\w*\._[a-z]", code)
        assert "import emoviz\n" in f"{code}\n"
