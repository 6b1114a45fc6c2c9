"""The tables of bundled models in the docs are what their metrics say."""

from pathlib import Path

import pytest

from emoviz import checkpoints
from emoviz.checkpoints.readme import models_summary, models_table
from emoviz.core.errors import ConfigError
from emoviz.core.words import insert

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("page", "name", "table"),
    [("README.md", "models", models_summary), ("docs/results.md", "model scores", models_table)],
)
def test_the_docs_have_the_scores_of_the_bundled_models(page, name, table):
    loaded = {name: checkpoints.load(folder) for name, folder in checkpoints.find([ROOT / "checkpoints"]).items()}
    made = table({name: (model.description, model.metrics) for name, model in loaded.items()})
    text = (ROOT / page).read_text(encoding="utf-8")
    assert insert(text, name, made) == text, f"run `python -m emoviz models --renew {page}`"


def test_a_summary_has_a_row_for_each_model_with_its_primary_scores():
    model = checkpoints.load(ROOT / "checkpoints" / "speech-cats")
    rows = [dict(row, value=0.5, low=0.4, high=0.6, training_mean=0.1) for row in model.metrics["test"]]
    lines = models_summary({"speech-cats": (model.description, {"test": rows})}).splitlines()
    assert len(lines) == 3 and lines[2].startswith("| [`speech-cats`](checkpoints/speech-cats/README.md) | ")
    scores = "CCC: valence (derived) .500 [.400, .600], arousal (derived) .500 [.400, .600]"
    tested = f"{rows[0]['recordings']} recordings of {rows[0]['speakers']} people"
    assert lines[2].endswith(f" | {scores} | .100, .100 | {tested} |")


def test_a_model_has_a_row_per_output_and_metric():
    name = "speech-emotion"
    model = checkpoints.load(ROOT / "checkpoints" / name)
    rows = [dict(row, value=0.5, low=0.4, high=float("nan"), training_mean=0.25) for row in model.metrics["test"]]
    lines = models_table({name: (model.description, {"test": rows})}).splitlines()
    assert len(lines) == 4 and lines[3].startswith("|  |  | UA | .500")
    assert lines[2].startswith(f"| `{name}`: {model.description.title} | emotion | accuracy | .500 ")
    assert lines[2].endswith("recordings of 19 people |")


def test_a_text_without_the_lines_is_refused():
    with pytest.raises(ConfigError, match="needs the lines '<!-- models -->' and '<!-- end of models -->'"):
        insert("# Title\n", "models", "table\n")
