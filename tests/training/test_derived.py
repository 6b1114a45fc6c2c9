"""Derived valence and arousal of pictures, scored against the raters' votes."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from emoviz.core.vocabulary import CIRCUMPLEX, Emotion
from emoviz.evaluation import bootstrap
from emoviz.evaluation.scores import Result
from emoviz.training.derived import derived_scores

HAPPY, SAD = (np.array(CIRCUMPLEX[emotion]) for emotion in (Emotion.HAPPY, Emotion.SAD))


@pytest.fixture
def rows(monkeypatch):
    """The rows of three pictures, of which one has no votes, by output and metric."""
    monkeypatch.setattr(bootstrap, "DRAWS", 20)
    votes = pd.DataFrame({Emotion.HAPPY: [1.0, 0.25, np.nan], Emotion.SAD: [0.0, 0.75, np.nan]}, index=["a", "b", "c"])
    said = {"a": [0.9, 0.1], "b": [0.3, 0.7], "c": [0.5, 0.5]}
    results = [
        Result(name, None, None, "", np.array([1.0, 0.0]), np.array(shares), np.zeros(1))
        for name, shares in said.items()
    ]
    found = derived_scores(results, SimpleNamespace(votes=votes), np.array([0.5, 0.5]))["derived"]
    return {(row["output"], row["metric"]): row for row in found}


def test_each_axis_has_the_ccc_and_rmse_of_weighted_places(rows):
    for axis, name in enumerate(("valence (derived)", "arousal (derived)")):
        truth = np.array([HAPPY, 0.25 * HAPPY + 0.75 * SAD])[:, axis]
        said = np.array([0.9 * HAPPY + 0.1 * SAD, 0.3 * HAPPY + 0.7 * SAD])[:, axis]
        gap = ((said - truth) ** 2).mean()
        ccc = 2 * np.cov(said, truth, bias=True)[0, 1] / (said.var() + truth.var() + (said.mean() - truth.mean()) ** 2)
        assert rows[name, "ccc"]["value"] == pytest.approx(ccc)
        assert rows[name, "rmse"]["value"] == pytest.approx(np.sqrt(gap))
        assert rows[name, "ccc"]["recordings"] == 2


def test_without_votes_nothing_is_stated():
    assert derived_scores([], SimpleNamespace(votes=None), np.array([1.0])) == {}
