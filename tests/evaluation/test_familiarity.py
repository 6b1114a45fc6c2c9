"""Familiarity by scipy's distance, and on windows that were planted far from all others."""

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import mahalanobis

from emoviz.evaluation.familiarity import FLAGGED, fit_familiarity, unlike_spans
from emoviz.evaluation.sentence import sentence

RANDOM = np.random.default_rng(0)
SPREAD = np.array([5.0, 2.0, 1.0, 0.5])


def drawn(count: int, scale: float = 1.0) -> np.ndarray:
    return RANDOM.normal(3, scale * SPREAD, size=(count, 4))


def test_the_distance_is_that_of_mahalanobis_as_a_share_of_the_limit() -> None:
    training, validation = drawn(400), drawn(200)
    found = fit_familiarity(training, {2.0: validation})
    assert found is not None
    mean, inverse = training.mean(0), np.linalg.inv(np.cov(training, rowvar=False))
    distances = np.array([mahalanobis(one, mean, inverse) for one in validation])
    limit = np.quantile(distances, 1 - FLAGGED)
    np.testing.assert_allclose(found.unlike(validation, np.full(200, 2.0)), distances / limit, rtol=1e-5)
    assert (found.unlike(validation, np.full(200, 2.0)) > 1).mean() == pytest.approx(FLAGGED)


def test_of_many_channels_the_spread_of_the_weak_ones_is_one() -> None:
    random = np.random.default_rng(1)
    scale = np.concatenate([np.linspace(9, 4, 32), np.full(28, 0.5)])
    training = random.normal(0, scale, size=(4000, 60))
    found = fit_familiarity(training, {1.0: training[:500]})
    assert found is not None and found.directions.shape == (32, 60)
    assert found.variances[-1] == pytest.approx(0.25, rel=0.05)
    far = np.zeros((1, 60))
    far[0, 40] = 10.0  # 20 times its spread, 2 times that of the strongest
    assert found.unlike(far, np.ones(1))[0] > 2


def test_short_windows_may_lie_further_away() -> None:
    found = fit_familiarity(drawn(400), {0.5: drawn(400, 2.0), 2.0: drawn(400)})
    assert found is not None
    one = drawn(1, 3.0)
    short, between, long, longer = (found.unlike(one, np.array([s]))[0] for s in (0.5, 1.25, 2.0, 9.0))
    assert short < between < long == longer
    assert long / short == pytest.approx(2, rel=0.25)


def test_too_few_or_equal_embeddings_say_nothing() -> None:
    assert fit_familiarity(drawn(5), {1.0: drawn(400)}) is None
    assert fit_familiarity(np.ones((50, 4)), {1.0: drawn(400)}) is None


def test_stretches_that_are_unlike_a_training_are_told_and_gaps_are_none() -> None:
    times = np.arange(200) * 0.02 + 0.01
    unlike = np.where(times < 1, 0.5, 1.5)
    unlike[150:] = np.nan
    unlike[10] = 3.0  # one frame is not worth a word
    table = pd.DataFrame({"time": times, "speech.happy": 0.9, "speech.sad": 0.1, "unlike.heard": unlike})
    assert unlike_spans(table) == {"heard": [(1.0, 3.0)]}
    outputs = pd.DataFrame(
        [(f"speech.{e}", "speech", "heard", e, "emotion", False, np.nan) for e in ("happy", "sad")],
        columns=["column", "source", "model", "output", "kind", "derived", "rmse"],
    )
    assert sentence(table, outputs).endswith("from 1.0 to 3.0 s the clip is unlike what heard was trained on.")
    assert "unlike" not in sentence(table.drop(columns="unlike.heard"), outputs)
    told = sentence(table.assign(**{"unlike.other": np.where(times < 0.9, 1.5, 0.5)}), outputs)
    assert told.endswith("unlike what heard was trained on, and in parts unlike what other was trained on.")
