"""The README's table of bundled models is what their metrics say."""

from pathlib import Path

import pytest

from emoviz import checkpoints
from emoviz.checkpoints.readme import models_table
from emoviz.core.errors import ConfigError
from emoviz.core.words import insert

ROOT = Path(__file__).parents[2]


def test_the_readme_has_the_scores_of_the_bundled_models():
    found = {name: checkpoints.load(folder) for name, folder in checkpoints.find([ROOT / "checkpoints"]).items()}
    table = models_table({name: (model.description, model.metrics) for name, model in found.items()})
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert insert(readme, "models", table) == readme, "run `python -m emoviz models --readme README.md`"


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
