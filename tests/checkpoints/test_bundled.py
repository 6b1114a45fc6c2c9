"""The bundled checkpoints say of themselves what their stored predictions give."""

import numpy as np
import pytest
from places import ROOT

from emoviz import checkpoints
from emoviz.analysis import comparison
from emoviz.checkpoints.card import GIVEN
from emoviz.evaluation.scores import ALL
from emoviz.training import load_config, preset

KEEPING = sorted(path.parent.name for path in (ROOT / "checkpoints").glob("*/predictions.parquet"))


@pytest.mark.parametrize("name", KEEPING)
def test_held_out_figures_are_those_of_the_stored_predictions(name):
    folder = ROOT / "checkpoints" / name
    model = comparison.read(name, folder)
    stated = {
        (row["output"], row["metric"], row["aggregation"]): row["value"]
        for row in model.metrics["test"]
        if row["culture"] == ALL
    }
    everyone = np.arange(len(model.results))
    found = {
        (score.output, score.metric, score.aggregation): score.statistic(list(model.results))(everyone)
        for score in model.scores
    }
    assert stated == pytest.approx({key: float(found[key]) for key in stated}, abs=1e-3)
    card = (folder / checkpoints.CARD).read_text(encoding="utf-8")
    assert all(f"{value:.3f} [" in card for value in stated.values())


def test_there_are_some():
    assert len(KEEPING) >= 8


@pytest.mark.parametrize("folder", sorted(ROOT.glob("checkpoints/*/config.json")), ids=lambda path: path.parent.name)
def test_the_cards_command_is_the_training_that_the_config_states(folder):
    config, card = load_config(folder), (folder.parent / checkpoints.CARD).read_text(encoding="utf-8")
    assert card.endswith(f"python -m emoviz train --preset {config.name}\n```\n")
    assert preset(config.name) == config
    assert GIVEN[config.kind] in card or config.outputs[0].endswith("(derived)")
