"""Silhouettes and trustworthiness against values by hand and scikit-learn's, and labels that mean nothing."""

import numpy as np
import pandas as pd
import pytest
from sklearn import manifold
from sklearn import metrics as sklearn_metrics

from emoviz.analysis import separation
from emoviz.analysis.projection import fit
from emoviz.analysis.projection_methods import PCA, TSNE
from emoviz.core.errors import AnalysisError, ConfigError

from .planted import EMBEDDINGS, LABELS, QUICK, planted


def test_a_silhouette_by_hand():
    # On a line at 0 and 1 (a), 4 (b) and 10 (c): (4 - 1) / 4 and (3 - 1) / 3 for the first two, 0 for those alone.
    found = separation.silhouette(np.array([[0.0], [1], [4], [10]]), ["a", "a", "b", "c"], permutations=19)
    assert found.value == pytest.approx((3 / 4 + 2 / 3) / 4)
    assert found.clips == 4


@pytest.mark.parametrize("apart", [0.0, 1.0])
def test_a_silhouette_is_scikit_learns(apart):
    embeddings, labels = planted(apart=apart)
    found = separation.silhouette(embeddings, labels, permutations=9)
    assert found.value == pytest.approx(sklearn_metrics.silhouette_score(embeddings, labels), abs=1e-6)
    assert found.low < found.value < found.high
    gaps = [None if i < 20 else label for i, label in enumerate(labels)]
    without = separation.silhouette(embeddings, gaps, permutations=9)
    assert without.clips == 80
    assert without.value == pytest.approx(sklearn_metrics.silhouette_score(embeddings[20:], labels[20:]), abs=1e-6)


def test_a_silhouette_of_many_clips_is_estimated_on_some():
    embeddings, labels = planted(600, 5, apart=1.0)
    whole, part = (separation.silhouette(embeddings, labels, most=most, permutations=9) for most in (1000, 300))
    assert (whole.clips, part.clips) == (600, 300)
    assert part.value == pytest.approx(whole.value, abs=0.04)
    assert part.high - part.low > whole.high - whole.low


def test_labels_that_mean_nothing_separate_nothing():
    random = np.random.default_rng(0)
    p_values = [
        separation.silhouette(random.normal(size=(30, 3)), random.integers(0, 3, 30), draws=1, permutations=19).p
        for _ in range(200)
    ]
    assert 1 <= np.sum(np.array(p_values) <= 0.05) <= 22  # .05 of 200, within the 99.9 % of a binomial
    planted_p = separation.silhouette(*planted(40, 3, apart=1.0), permutations=19).p
    assert planted_p == pytest.approx(1 / 20)


def test_clips_of_one_speaker_do_not_count_as_many():
    """Six speakers in two cultures that do not differ: many alike clips of each do not make it a finding."""
    random = np.random.default_rng(0)
    speakers = np.repeat(range(6), 20)
    findings = {"clips": 0, "speakers": 0}
    for _ in range(20):
        points = 3 * random.normal(size=(6, 2))[speakers] + 0.3 * random.normal(size=(120, 2))
        culture = (speakers % 2).tolist()
        alone = separation.silhouette(points, culture, draws=100, permutations=19)
        grouped = separation.silhouette(points, culture, groups=speakers.tolist(), draws=100, permutations=19)
        findings["clips"] += alone.p <= 0.05
        findings["speakers"] += grouped.p <= 0.05
        assert grouped.value == alone.value
        assert grouped.high - grouped.low > 2 * (alone.high - alone.low)
    assert findings["clips"] > 12 and findings["speakers"] < 5


def test_labels_that_vary_within_speakers_are_permuted_within_them():
    random = np.random.default_rng(0)
    speakers, emotions = np.repeat(range(5), 12), np.tile([0, 1, 2], 20)
    points = random.normal(size=(5, 2))[speakers] + np.array([[0, 0], [3, 0], [0, 3]])[emotions]
    points += 0.5 * random.normal(size=points.shape)
    found = separation.silhouette(points, emotions.tolist(), groups=speakers.tolist(), permutations=99)
    assert found.p == pytest.approx(0.01)
    shuffle = separation._shuffler(emotions, speakers, random)
    for speaker in range(5):
        assert sorted(shuffle()[speakers == speaker]) == sorted(emotions[speakers == speaker])


def test_one_label_separates_nothing():
    found = separation.silhouette(EMBEDDINGS, ["a"] * 100)
    assert np.isnan(found[:5]).all() and found.clips == 100
    assert separation.silhouette(EMBEDDINGS, [None] * 100).clips == 0


@pytest.mark.parametrize("neighbours", [1, 5, 20])
def test_trustworthiness_is_scikit_learns(neighbours):
    random = np.random.default_rng(0)
    for points in (random.normal(size=(100, 2)), fit(EMBEDDINGS, PCA()).points):
        found = separation.trustworthiness(EMBEDDINGS, points, neighbours=neighbours)
        expected = manifold.trustworthiness(EMBEDDINGS, points, n_neighbors=neighbours)
        assert found.value == pytest.approx(expected, abs=1e-6)
        assert found.low < found.value < found.high
    assert separation.trustworthiness(EMBEDDINGS, EMBEDDINGS, neighbours=neighbours).value == 1


def test_trustworthiness_of_many_clips_is_estimated_on_some():
    embeddings, _ = planted(400, 10, apart=1.0)
    points = embeddings[:, :2]
    whole, part = (separation.trustworthiness(embeddings, points, most=most) for most in (400, 150))
    assert part.value == pytest.approx(whole.value, abs=0.03)
    assert part.high - part.low > whole.high - whole.low


def test_equal_points_are_neighbours_of_each_other():
    points = np.zeros((20, 2))
    assert not (separation._nearest(points, np.arange(20), 5) == np.arange(20)[:, None]).any()


def test_figures_say_what_is_separated():
    random = np.random.default_rng(0)
    about = pd.DataFrame(
        {
            "culture": random.choice(["X", "Y"], 100),
            "label": LABELS.astype(str),
            "speaker": random.integers(0, 30, 100),
            "split": "test",
        }
    )
    projection = fit(EMBEDDINGS, TSNE(metric="cosine", **QUICK))
    found = separation.scores(projection, about, ("label", "culture", "split", "age"))
    assert found.figure.tolist() == ["silhouette"] * 4 + ["trustworthiness"]
    assert found.column.tolist()[:4] == ["label", "label", "culture", "culture"]
    assert found.space.tolist() == ["embedding", "map"] * 2 + ["map"]
    values = found.value.tolist()
    assert values[1] > values[0] > 0.3 > 0.1 > values[3] and values[4] > 0.7
    assert found.p[1] < 0.05 < found.p[3]
    pd.testing.assert_frame_equal(separation.scores(projection, about, ("label", "culture", "split", "age")), found)


def test_neighbours_that_do_not_fit_are_refused():
    with pytest.raises(ConfigError, match="1 to 49 neighbours of 100 clips"):
        separation.trustworthiness(EMBEDDINGS, EMBEDDINGS[:, :2], neighbours=50)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: separation.silhouette(EMBEDDINGS, LABELS[:5]), "100 points need as many labels and groups, not 5"),
        (lambda: separation.silhouette(EMBEDDINGS, LABELS, groups=[1]), "not 1"),
        (lambda: separation.trustworthiness(EMBEDDINGS[:5], EMBEDDINGS), "100 points does not show 5"),
        (lambda: separation.scores(fit(EMBEDDINGS, PCA()), pd.DataFrame({"label": [1]})), "the table has 1"),
    ],
)
def test_points_that_cannot_be_judged_are_refused(call, message):
    with pytest.raises(AnalysisError, match=message):
        call()
