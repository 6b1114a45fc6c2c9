"""Valence and arousal that follow from a model's emotion probabilities, scored against those that follow from votes.

Both sides are the mean of the emotions' places in :data:`~emoviz.core.vocabulary.CIRCUMPLEX`, weighted by the model's
probabilities or by the raters' shares, so the scores say how well a model knows the raters' votes along the two axes.
No rater judged valence or arousal.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.vocabulary import CIRCUMPLEX, DERIVED_AXES, Emotion
from ..evaluation.metrics.aggregation import POOLED
from ..evaluation.scores import Result, score_table, scores_of
from .data.base import Data

KEY = "derived"
"""Name under which ``metrics.json`` states the scores."""
METRICS = "ccc", "rmse"


def derived_scores(results: Sequence[Result], data: Data, training_shares: np.ndarray) -> dict[str, Any]:
    """Return the scores under :data:`KEY`, rows as ``score_table`` returns them; nothing where there are no votes.

    Args:
        results: held-out results of a classifier, with class probabilities (K,).
        data: samples, with the votes of their recordings.
        training_shares: shares (K,) of the classes among the training targets.
    """
    if data.votes is None:
        return {}
    axes = np.array([CIRCUMPLEX[Emotion(emotion)] for emotion in data.votes.columns])
    votes = data.votes.loc[[result.id for result in results]].to_numpy(np.float64)
    placed = [
        dataclasses.replace(result, truth=(shares @ axes)[None], prediction=(result.prediction @ axes)[None])
        for result, shares in zip(results, votes, strict=True)
        if not np.isnan(shares).any()
    ]
    rows = score_table(placed, scores_of("dimension", tuple(DERIVED_AXES), training_shares @ axes))
    return {KEY: [row for row in rows if row["metric"] in METRICS and row["aggregation"] == POOLED]}
