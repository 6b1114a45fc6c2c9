"""The bundled checkpoints say of themselves what their stored predictions give."""

import json
from collections import Counter

import numpy as np
import pytest
from places import ROOT

from emoviz import checkpoints
from emoviz.analysis import comparison
from emoviz.checkpoints.card import GIVEN, Origin, write_card
from emoviz.core import words
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
    assert all(f"{words.number(value, 3)} [" in card for value in stated.values())


def test_there_are_some():
    assert len(KEEPING) >= 8


@pytest.mark.parametrize("folder", sorted(ROOT.glob("checkpoints/*/config.json")), ids=lambda path: path.parent.name)
def test_the_cards_command_is_the_training_that_the_config_states(folder):
    config, card = load_config(folder), (folder.parent / checkpoints.CARD).read_text(encoding="utf-8")
    assert card.endswith(f"python -m emoviz train --preset {config.name}\n```\n")
    assert preset(config.name) == config
    assert GIVEN[config.kind] in card or config.outputs[0].endswith("(derived)")


BUNDLED = {
    name: folder
    for group in ("", checkpoints.PER_CULTURE)
    for name, folder in checkpoints.find([ROOT / "checkpoints"], group).items()
}


def test_there_are_at_least_five_models_of_each_culture_and_dimension():
    made = Counter(name.rpartition("-")[0] for name in BUNDLED if "/" in name)
    assert len(made) == 12 and min(made.values()) >= 5


@pytest.mark.parametrize("name", BUNDLED)
def test_intervals_say_what_they_rest_on_and_the_card_is_what_the_files_give(name):
    path = BUNDLED[name] / checkpoints.METRICS
    metrics = json.loads(path.read_text(encoding="utf-8"))
    about = checkpoints.read_description(path.parent)
    conversations = about.training["corpora"] == ["avec2019_ces"]  # of two people each
    for row in metrics["test"]:
        people = ("sessions", row["speakers"] / 2) if conversations else ("speakers", row["speakers"])
        assert (row["unit"], row["clusters"]) == (people if row["speakers"] else ("recordings", row["recordings"]))
        assert (row["low"] is None) == (row["clusters"] == 1)
    card = (path.parent / checkpoints.CARD).read_text(encoding="utf-8")
    assert card == write_card(about, metrics, Origin(**metrics["origin"]))
