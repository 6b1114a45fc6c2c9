"""The bundled checkpoints say of themselves what their stored predictions give."""

import numpy as np
import pytest

from emoviz import checkpoint, compare
from emoviz.settings import ROOT

KEEPING = sorted(path.parent.name for path in (ROOT / "checkpoints").glob("*/predictions.parquet"))


@pytest.mark.parametrize("name", KEEPING)
def test_held_out_figures_are_those_of_the_stored_predictions(name):
    folder = ROOT / "checkpoints" / name
    model = compare.read(name, folder)
    stated = {
        (row["output"], row["metric"], row["aggregation"]): row["value"]
        for row in model.metrics["test"]
        if row["culture"] == compare.ALL
    }
    everyone = np.arange(len(model.results))
    found = {
        (score.output, score.metric, score.aggregation): score.statistic(list(model.results))(everyone)
        for score in model.scores
    }
    assert stated == pytest.approx({key: float(found[key]) for key in stated}, abs=1e-3)
    card = (folder / checkpoint.CARD).read_text(encoding="utf-8")
    assert all(f"{value:.3f} [" in card for value in stated.values())


def test_there_are_some():
    assert len(KEEPING) >= 8
