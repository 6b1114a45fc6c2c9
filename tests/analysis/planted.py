"""Planted embeddings: clips in groups that a map must keep apart, and settings that arrange them quickly."""

import numpy as np
from sklearn import metrics as sklearn_metrics
from sklearn.cluster import KMeans

from emoviz.analysis import separation
from emoviz.analysis.projection import Projection

QUICK = {"perplexity": 8, "early_iterations": 100, "iterations": 150}
GROUPS = 4


def planted(clips: int = 100, width: int = 20, seed: int = 0, apart: float = 3.0) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings in groups, and the groups."""
    random = np.random.default_rng(seed)
    labels = np.arange(clips) % GROUPS
    centres = apart * random.normal(size=(GROUPS, width))
    return (centres[labels] + random.normal(size=(clips, width))).astype(np.float32), labels


EMBEDDINGS, LABELS = planted()


def assert_groups_are_apart(projection: Projection) -> None:
    found = KMeans(GROUPS, n_init=5, random_state=0).fit_predict(projection.points)
    assert sklearn_metrics.adjusted_rand_score(LABELS, found) == 1
    assert separation.silhouette(projection.points, LABELS, permutations=19).low > 0.5
