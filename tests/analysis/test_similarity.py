"""Similarity of cultures against values worked out by hand, the bootstrap, and planted groups."""

import math
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from emoviz.analysis import permutation, similarity
from emoviz.core.errors import AnalysisError, ConfigError, UnknownNameError

from .weights import HAND, made_up, table

ROOT = math.sqrt(0.5)


def cells(weights: pd.DataFrame, measure: str = "cosine", **options) -> pd.DataFrame:
    return similarity.matrix(similarity.similarities(weights, measure, draws=20, **options), "valence")


def test_cosine_by_hand():
    found = cells(HAND)
    assert found.loc["X", "X"] == pytest.approx(ROOT)  # of (1, 0) and (1, 1)
    assert found.loc["X", "Y"] == pytest.approx(0)
    assert found.loc["Y", "Z"] == pytest.approx(ROOT / 3)  # only the second of three
    assert found.loc["X", "Z"] == pytest.approx(2 * ROOT / 6)  # only (1, 1) with the first and third
    assert found.loc["Z", "Z"] == pytest.approx(1 / 3)
    assert math.isnan(found.loc["Y", "Y"])


@pytest.mark.parametrize(
    ("measure", "oracle"),
    [
        ("cosine", lambda x, y: x @ y / np.linalg.norm(x) / np.linalg.norm(y)),
        ("pearson", lambda x, y: stats.pearsonr(x, y).statistic),
        ("spearman", lambda x, y: stats.spearmanr(x, y).statistic),
        ("top-k", lambda x, y: len(set(np.argsort(x)[-3:]) & set(np.argsort(y)[-3:])) / 3),
    ],
)
def test_a_cell_is_the_mean_over_pairs(measure, oracle):
    weights = made_up(0, seeds=3, shift=0.1)
    a, b = weights.loc["A"].to_numpy(), weights.loc["B"].to_numpy()
    found = cells(weights, measure, k=3)
    assert found.loc["A", "B"] == pytest.approx(np.mean([oracle(x, y) for x in a for y in b]))
    assert found.loc["B", "B"] == pytest.approx(np.mean([oracle(x, y) for x, y in combinations(b, 2)]))


def test_spearman_shares_ranks_of_ties():
    weights = table({"X": [[1, 1, 2, 3]], "Y": [[5, 4, 4, 9]]})
    assert cells(weights, "spearman").loc["X", "Y"] == pytest.approx(stats.spearmanr([1, 1, 2, 3], [5, 4, 4, 9])[0])


def test_ties_for_the_last_place_share_it():
    weights = table({"X": [[3, 1, 1, 0]], "Y": [[3, 1, 1, 0]], "Z": [[0, 3, 2, 1]]})
    found = cells(weights, "top-k", k=2)
    assert found.loc["X", "Y"] == pytest.approx(1)
    # (1, 1/2, 1/2, 0) and (0, 1, 1, 0), both brought to unit length
    assert found.loc["X", "Z"] == pytest.approx(1 / math.sqrt(1.5) / math.sqrt(2))


def test_a_row_without_a_preference_is_left_out():
    weights = table({"X": [[1, 2, 3, 4], [0.1, 0.1, 0.1, 0.1]], "Y": [[4, 3, 2, 1]], "Z": [[0.5] * 4]})
    for measure in ("pearson", "spearman", "top-k"):
        table_ = similarity.similarities(weights, measure, k=2, draws=5).set_index(["culture", "other"])
        assert table_.loc[("X", "Y"), "pairs"] == 1
        assert table_.loc[("X", "Z"), "pairs"] == 0 and math.isnan(table_.loc[("X", "Z"), "similarity"])
    assert cells(weights, "pearson").loc["X", "Y"] == pytest.approx(-1)


WEIGHTS = st.integers(0, 2**32 - 1).map(lambda seed: made_up(seed, ("A", "B", "C"), seeds=2, channels=5, shift=0.3))


@settings(max_examples=30)
@given(weights=WEIGHTS, measure=st.sampled_from(sorted(similarity.MEASURES)), order=st.permutations(range(5)))
def test_symmetry_range_and_order_of_channels(weights, measure, order):
    found = cells(weights, measure, k=2)
    np.testing.assert_allclose(found, found.T)
    low = 0 if measure == "top-k" else -1
    assert ((found >= low) & (found <= 1)).all(axis=None)
    np.testing.assert_allclose(found, cells(weights.iloc[:, order], measure, k=2), atol=1e-12)
    np.testing.assert_allclose(found, cells(weights.iloc[::-1], measure, k=2), atol=1e-12)
    twice = pd.concat([weights, weights.rename(index={"A": "D"}, level="culture").loc[["D"]]])
    between = cells(twice, measure, k=2).loc["A", "D"]
    assert between == pytest.approx((1 + cells(twice, measure, k=2).loc["A", "A"]) / 2)  # half the pairs are copies


def test_an_interval_is_the_bootstrap_over_replicates():
    weights = made_up(3, seeds=6, shift=0.05)
    found = similarity.similarities(weights, draws=2000).set_index(["culture", "other"])
    units = {c: similarity.cosine(weights.loc[c].to_numpy(), 0) for c in "AB"}
    random = np.random.default_rng(1)
    values: dict[str, list] = {"A": [], "AB": []}
    for _ in range(2000):
        a, b = random.integers(0, 6, 6), random.integers(0, 6, 6)
        pairs = (units["A"] @ units["A"].T)[np.ix_(a, a)]
        values["A"].append(pairs[a[:, None] != a].mean())
        values["AB"].append((units["A"] @ units["B"].T)[np.ix_(a, b)].mean())
    for cell, drawn in ((("A", "A"), values["A"]), (("A", "B"), values["AB"])):
        low, high = np.quantile(drawn, [0.025, 0.975])
        assert found.loc[cell, ["low", "high"]].tolist() == pytest.approx([low, high], abs=0.15 * (high - low))
        assert found.loc[cell, "low"] <= found.loc[cell, "similarity"] <= found.loc[cell, "high"]


def test_one_replicate_has_no_interval():
    found = similarity.similarities(HAND, draws=50).set_index(["culture", "other"])
    assert found.loc[("X", "Y"), ["low", "high"]].isna().all()
    assert found.loc[("X", "Z"), ["low", "high"]].notna().all()
    assert found.pairs.loc["Z"].to_dict() == {"X": 6, "Y": 3, "Z": 3}


def test_planted_groups_of_cultures_are_found_by_the_dendrogram():
    random = np.random.default_rng(0)
    groups = {"north": "ADF", "south": "BCE"}
    centres = {name: random.uniform(0, 1, 20) for name in groups}
    rows = {
        culture: (centres[name] + random.normal(0, 0.05, (3, 20))).tolist()
        for culture in "ABCDEF"
        for name, members in groups.items()
        if culture in members
    }
    weights = table(rows, channels=[f"audio.c{i:02d}" for i in range(20)])
    for measure in similarity.MEASURES:
        tree = similarity.dendrogram(cells(weights, measure, k=5))
        assert {frozenset(tree.order[:3]), frozenset(tree.order[3:])} == {frozenset("ADF"), frozenset("BCE")}
        assert tree.linkage.shape == (5, 4) and tree.linkage[-1, 2] > 2 * tree.linkage[-2, 2]
    assert permutation.overall_difference(weights, draws=499).p[0] == pytest.approx(1 / 500)


def test_a_dendrogram_by_hand():
    near = pd.DataFrame([[1, 0.9, 0.1], [0.9, 1, 0.3], [0.1, 0.3, 1]], index=list("XYZ"), columns=list("XYZ"))
    tree = similarity.dendrogram(near)
    np.testing.assert_allclose(tree.linkage[:, 2], [0.1, 0.8])  # 1 - .9, then the mean of 1 - .1 and 1 - .3
    assert tree.order in (["X", "Y", "Z"], ["Z", "Y", "X"])
    assert tree.branches.groupby("branch").height.max().tolist() == pytest.approx([0.1, 0.8])
    assert set(tree.branches.position) >= {0.0, 1.0, 2.0} and tree.branches.position.max() == 2
    assert similarity.dendrogram(near, "single").linkage[-1, 2] == pytest.approx(0.7)


def with_gap() -> pd.DataFrame:
    weights = HAND.astype(float)
    weights.iloc[0, 0] = np.nan
    return weights


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: similarity.similarities(HAND.droplevel("dimension")), AnalysisError, "not by culture, seed"),
        (lambda: similarity.similarities(HAND.iloc[:0]), AnalysisError, "no rows"),
        (lambda: similarity.similarities(pd.concat([HAND, HAND])), AnalysisError, "twice"),
        (lambda: similarity.similarities(with_gap()), AnalysisError, "missing or infinite"),
        (
            lambda: similarity.similarities(HAND, "euclid"),
            UnknownNameError,
            "known are: cosine, pearson, spearman, top-k",
        ),
        (lambda: similarity.similarities(HAND, "top-k", k=5), ConfigError, "from 1 to 4, all there are, not 5"),
        (
            lambda: similarity.matrix(similarity.similarities(HAND, draws=5), "liking"),
            UnknownNameError,
            "known are: valence",
        ),
        (lambda: similarity.dendrogram(cells(table({"X": [[1, 0, 0, 0]]}))), AnalysisError, "at least two cultures"),
        (
            lambda: similarity.dendrogram(cells(HAND), "ward"),
            ConfigError,
            "average, complete or single linkage, not 'ward'",
        ),
        (
            lambda: similarity.dendrogram(cells(table({"X": [[1, 1, 1, 1]], "Y": [[1, 0, 0, 0]]}), "pearson")),
            AnalysisError,
            "similarity of X and Y is undefined",
        ),
    ],
)
def test_refusals_say_what_is_accepted(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_matched_pairs_are_left_out_between_cultures():
    # Seed 0 of both cultures is the same vector, seed 1 too; the others are at right angles.
    weights = table({"X": [[1, 0, 0, 0], [0, 1, 0, 0]], "Y": [[1, 0, 0, 0], [0, 1, 0, 0]]})
    free, matched = (
        similarity.similarities(weights, draws=50, matched=m).set_index(["culture", "other"]) for m in (False, True)
    )
    assert free.loc[("X", "Y"), ["similarity", "pairs"]].tolist() == [0.5, 4]
    assert math.isnan(free.loc[("X", "Y"), "matched"])
    assert matched.loc[("X", "Y"), ["similarity", "pairs", "matched"]].tolist() == [0, 2, 1]
    assert (
        matched.loc[("X", "X"), ["similarity", "pairs"]].tolist()
        == free.loc[("X", "X"), ["similarity", "pairs"]].tolist()
    )


def test_one_seed_in_each_culture_leaves_nothing_to_compare():
    weights = table({"X": [[1, 2, 0, 0]], "Y": [[1, 0, 0, 3]]})
    cell = similarity.similarities(weights, draws=5, matched=True).set_index(["culture", "other"]).loc[("X", "Y")]
    assert math.isnan(cell["similarity"]) and cell["pairs"] == 0 and cell["matched"] == pytest.approx(1 / math.sqrt(50))


def test_cultures_without_a_preferred_channel_are_left_out_and_named():
    same, said = similarity.without_flat(HAND)
    assert same is HAND and said == ""
    flat = table({"X": [[0, 0, 0, 0], [2, 2, 2, 2]], "Y": [[0, 0, 0, 0], [0, 1, 0, 0]], "Z": [[1, 1, 1, 1]]})
    left, said = similarity.without_flat(flat)
    assert said == "All channels weigh the same in X and Z, which cannot be compared."
    pd.testing.assert_frame_equal(left, flat.loc[["Y"]])
    assert similarity.without_flat(flat.loc[["X", "Z"]])[1] == ""
