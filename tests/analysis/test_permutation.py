"""Permutation tests against every labelling, planted differences, and made-up data without any difference."""

import math
from itertools import permutations

import numpy as np
import pytest
from scipy import stats

from emoviz.analysis import permutation, similarity
from emoviz.core.errors import AnalysisError

from .weights import HAND, made_up, table


def test_a_pair_of_three_seeds_each_cannot_go_below_a_tenth():
    (row,) = permutation.differences(made_up(0, seeds=3, shift=1.0)).to_dict("records")
    assert (row["labellings"], row["exact"]) == (20, True)
    assert row["p"] == pytest.approx(0.1) == row["smallest_p"] == row["p_holm"]
    assert row["excess"] == pytest.approx(row["within"] - row["between"]) and row["excess"] > 0


@pytest.mark.parametrize(
    ("sizes", "smallest"), [((2, 2), 2 / 6), ((1, 3), 1 / 4), ((4, 4), 2 / 70), ((2, 2, 2), 6 / 90)]
)
def test_the_smallest_p_is_reached_where_groups_are_apart(sizes, smallest):
    labels = np.repeat(range(len(sizes)), sizes)
    apart = permutation.permutation_test(np.eye(len(sizes))[labels], labels)
    assert apart.p == pytest.approx(smallest) == apart.smallest_p


def test_p_by_every_permutation_of_the_rows():
    weights = made_up(5, ("A", "B", "C"), seeds=2, shift=0.05)
    (row,) = permutation.overall_difference(weights).to_dict("records")
    units = similarity.cosine(weights.to_numpy(), 0)

    def between(order) -> float:
        groups = units[list(order)].reshape(3, 2, -1)
        return 2 * ((groups.mean(1) - units.mean(0)) ** 2).sum()

    values = np.array([between(order) for order in permutations(range(6))])
    assert row["p"] == pytest.approx((values >= values[0] - 1e-9).mean())
    assert row["labellings"] == 90


def test_random_labellings_agree_with_all(monkeypatch):
    weights = made_up(8, seeds=4, shift=0.02)
    exact = permutation.differences(weights).p[0]
    monkeypatch.setattr(permutation, "MOST_EXACT", 10)
    (row,) = permutation.differences(weights, draws=4000).to_dict("records")
    assert not row["exact"] and row["labellings"] == 4001
    assert row["p"] == pytest.approx(exact, abs=0.03)
    assert row["smallest_p"] == pytest.approx(2 / 70)


@pytest.mark.parametrize(("groups", "level"), [(2, 6 / 70), (3, 6 / 90)])
def test_the_test_keeps_its_level_where_nothing_differs(groups, level):
    """Groups of 4 and 4, or 2, 2 and 2, can reach these levels exactly, so as many null data sets are rejected."""
    labels = np.repeat(range(groups), 4 if groups == 2 else 2)
    p_values = []
    for seed in range(400):
        rows = np.random.default_rng(seed).uniform(0, 1, (len(labels), 8))
        p_values.append(permutation.permutation_test(similarity.cosine(rows, 0), labels).p)
    rejected = int((np.array(p_values) <= level + 1e-9).sum())
    low, high = stats.binom.interval(0.999, len(p_values), level)
    assert low <= rejected <= high


def test_a_planted_difference_is_found():
    found = [permutation.differences(made_up(seed, seeds=4, shift=0.1), "pearson").p[0] for seed in range(25)]
    assert np.mean(np.array(found) <= 0.05) > 0.9


def test_shared_seeds_make_the_test_cautious():
    rejected = 0
    for seed in range(200):
        random = np.random.default_rng(seed)
        shared = random.normal(0.5, 0.1, (4, 8))  # what a seed does to the models of both cultures
        rows = np.concatenate([shared, shared]) + random.normal(0, 0.05, (8, 8))
        rejected += permutation.permutation_test(similarity.cosine(rows, 0), np.repeat([0, 1], 4)).p <= 6 / 70 + 1e-9
    assert rejected <= stats.binom.ppf(0.999, 200, 6 / 70)


def test_holm_by_hand():
    assert permutation.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert permutation.holm([0.6, 0.7]) == [1, 1]
    corrected = permutation.holm([0.02, math.nan, 0.03])
    assert corrected[0] == pytest.approx(0.04) == corrected[2] and math.isnan(corrected[1])
    assert permutation.holm([]) == []


def test_pairs_that_cannot_be_tested_do_not_count():
    found = permutation.differences(HAND).set_index(["culture", "other"])
    assert found.loc[("Y", "Z"), "labellings"] == 4
    weights = table({"X": [[1, 0, 0, 0]], "Y": [[0, 1, 0, 0]], "Z": [[1, 1, 0, 0], [1, 2, 0, 0], [1, 3, 0, 0]]})
    found = permutation.differences(weights).set_index(["culture", "other"])
    assert found.loc[("X", "Y"), ["p", "p_holm"]].isna().all() and found.loc[("X", "Y"), "smallest_p"] == 1
    assert (found.loc[[("X", "Z"), ("Y", "Z")], "p_holm"] <= 2 * found.loc[[("X", "Z"), ("Y", "Z")], "p"]).all()


def test_a_matched_test_is_exact_within_blocks():
    random = np.random.default_rng(4)
    units = random.normal(size=(6, 5))
    labels, blocks = np.array([0, 0, 0, 1, 1, 1]), np.array([0, 1, 2, 0, 1, 2])
    found = permutation.permutation_test(units, labels, blocks=blocks)

    def statistic(groups: np.ndarray) -> float:
        return sum((units[groups == g].sum(0) ** 2).sum() / 3 for g in (0, 1))

    swaps = [np.where(np.array(swap * 2, bool), 1 - labels, labels) for swap in np.ndindex(2, 2, 2)]
    expected = np.mean([statistic(groups) >= statistic(labels) - 1e-9 for groups in swaps])
    assert found == (pytest.approx(expected), 0.25, 8, True)


def test_a_small_effect_of_culture_is_found_under_a_large_one_of_the_seed():
    random = np.random.default_rng(0)
    starts, cultures = random.normal(0, 1, (3, 30)), random.normal(0, 0.5, (6, 30))
    rows = {f"C{c}": [(start + cultures[c] + 10).tolist() for start in starts] for c in range(6)}
    weights = table(rows, channels=[f"audio.c{i:02d}" for i in range(30)])
    free, matched = (
        permutation.overall_difference(weights, "pearson", matched=m, draws=999).iloc[0] for m in (False, True)
    )
    assert free["p"] > 0.5 and matched["p"] < 0.01
    assert matched["excess"] > 0 > free["excess"]


@pytest.mark.slow
def test_a_matched_test_holds_its_level():
    values = []
    for draw in range(200):
        random = np.random.default_rng(draw)
        starts = random.normal(0, 1, (4, 12))
        rows = {c: (starts + random.normal(0, 0.5, starts.shape) + 10).tolist() for c in ("A", "B", "C")}
        weights = table(rows, channels=[f"audio.c{i:02d}" for i in range(12)])
        values.append(permutation.overall_difference(weights, matched=True, draws=99).loc[0, "p"])
    assert np.mean(np.array(values) <= 0.05) <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 200)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: permutation.differences(table({"X": [[1, 0, 0, 0]]})), AnalysisError, "valence has X only"),
    ],
)
def test_refusals_say_what_is_accepted(call, error, message):
    with pytest.raises(error, match=message):
        call()
