"""The diarisation error against figures worked out by hand, and against every match of names tried in turn."""

import itertools

import numpy as np
import pytest

from emoviz.evaluation.diarisation import DiarisationError, diarisation_error

TRUE = [(0.0, 4.0, "Anna"), (4.0, 10.0, "Ben")]


def test_names_do_not_matter():
    assert diarisation_error(TRUE, [(0, 4, "2"), (4, 10, "1")]).rate == 0


def test_each_part_is_counted_in_seconds():
    found = [(0, 5, "x"), (5, 9, "y"), (11, 12, "y")]
    assert diarisation_error(TRUE, found, collar=0) == pytest.approx((1, 1, 1, 10))
    assert diarisation_error(TRUE, found, collar=0).rate == pytest.approx(0.3)


def test_nothing_counts_within_half_a_collar_of_a_true_edge():
    error = diarisation_error(TRUE, [(0, 4.2, "x"), (4.2, 9.9, "y")], collar=0.2)
    assert error == pytest.approx((0, 0, 0.1, 9.6))


def test_speech_of_two_at_once_counts_twice():
    both = [(0.0, 2.0, "Anna"), (1.0, 2.0, "Ben")]
    assert diarisation_error(both, [(0, 2, "x")], collar=0) == pytest.approx((1, 0, 0, 3))
    assert diarisation_error([], [(0, 1, "x")]).rate != diarisation_error([], []).rate  # neither is a number


@pytest.mark.parametrize("seed", range(5))
def test_the_best_match_is_found(seed):
    """On a grid of tenths of a second, where each matching can be tried."""
    random = np.random.default_rng(seed)
    true, said = random.integers(0, 3, 100), random.integers(0, 4, 100)
    best = max(
        sum(((said == one) & (true == other)).sum() for one, other in zip(match, range(3), strict=True))
        for match in itertools.permutations(range(4), 3)
    )
    turns = [[(n / 10, (n + 1) / 10, str(who)) for n, who in enumerate(names)] for names in (true, said)]
    assert diarisation_error(*turns, collar=0).confused == pytest.approx((100 - best) / 10)


def test_errors_add_up():
    assert DiarisationError(1, 0, 1, 4).plus(DiarisationError(0, 1, 0, 6)).rate == pytest.approx(0.3)
