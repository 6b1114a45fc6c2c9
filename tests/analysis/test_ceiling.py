"""The ceiling of a similarity against its equation, and cultures that differ by as much as is planted."""

import math
from itertools import combinations, product

import numpy as np
import pytest

from emoviz.analysis.ceiling import against_ceiling, in_words

from .weights import made_up, table


def test_the_similarity_is_set_against_the_reliabilities_of_both():
    weights = made_up(0, seeds=3, shift=0.1)
    a, b = weights.loc["A"].to_numpy(), weights.loc["B"].to_numpy()
    (row,) = against_ceiling(weights, draws=50).itertuples()

    def mean(pairs):
        return np.mean([np.corrcoef(x, y)[0, 1] for x, y in pairs])

    ceiling = math.sqrt(mean(combinations(a, 2)) * mean(combinations(b, 2)))
    assert row.similarity == pytest.approx(mean(product(a, b)))
    assert row.ceiling == pytest.approx(ceiling)
    assert row.disattenuated == pytest.approx(mean(product(a, b)) / ceiling)
    assert row.low <= row.disattenuated <= row.high


def test_noise_in_the_weights_lowers_the_similarity_and_not_what_it_is_of_its_ceiling():
    random = np.random.default_rng(0)
    centre = random.normal(size=400)
    true = np.corrcoef(centre, other := 0.6 * centre + 0.8 * random.normal(size=400))[0, 1]
    rows = {c: (m + random.normal(size=(6, 400))).tolist() for c, m in (("A", centre), ("B", other))}
    (row,) = against_ceiling(table(rows, channels=[f"a.{i}" for i in range(400)]), draws=200).itertuples()
    assert row.similarity < 0.6 * true
    assert row.disattenuated == pytest.approx(true, abs=0.05) and row.beyond
    assert row.low < true < row.high < 1


def test_cultures_that_differ_no_more_than_their_replicates_are_not_told_apart():
    found = [next(against_ceiling(made_up(seed, seeds=8), draws=200).itertuples()) for seed in range(12)]
    assert np.mean([row.disattenuated for row in found]) == pytest.approx(1, abs=0.05)
    assert sum(row.beyond for row in found) <= 2


def test_the_replicates_that_a_small_difference_needs_are_named():
    small = next(against_ceiling(made_up(1, seeds=3, shift=0.03), draws=300).itertuples())
    assert not small.beyond and small.disattenuated < 1
    expected = math.ceil(3 * ((small.high - small.disattenuated) / (1 - small.disattenuated)) ** 2)
    assert small.needed == expected > 3


def test_one_replicate_or_none_that_agree_have_no_ceiling():
    alone = against_ceiling(table({"X": [[1, 2, 3, 4]], "Y": [[2, 1, 4, 3]]}), draws=20)
    assert alone["ceiling"].isna().all() and not alone["beyond"].any() and alone["needed"].isna().all()
    assert in_words(alone, "seed") == "No ceiling is known: the seeds of a culture do not agree, or there is one only."
    against = {"X": [[1, 2, 3, 4], [4, 3, 2, 1]], "Y": [[2, 1, 4, 3], [2, 1, 4, 3]]}
    assert against_ceiling(table(against), draws=20)["disattenuated"].isna().all()


def test_the_verdict_names_the_pair_that_differs_most():
    weights = made_up(0, cultures=("A", "B", "C"), seeds=5, shift=0.4)
    pairs = against_ceiling(weights, draws=200)
    least = pairs.loc[pairs["disattenuated"].idxmin()]
    words = in_words(pairs, "speaker")
    assert words.startswith("2 of 3 pairs of cultures are less alike than speakers of one culture (their **ceiling**")
    assert "not corrected" in words and f"least {least['culture']} and {least['other']}, at" in words
