"""Intervals that hold what they are made to hold, of people who differ from each other."""

import numpy as np
import pytest

from emoviz.evaluation.intervals import LEAST, LEVEL, Band, coverage, fit_band, fit_bands, people_of
from emoviz.evaluation.scores import Result


def people(count: int, seed: int, frames: int = 200) -> list[tuple[np.ndarray, np.ndarray]]:
    """People of whom each is misjudged in a way of their own, and less where low values are predicted."""
    random = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        prediction = random.uniform(-0.8, 0.8, frames)
        scale = 0.05 + 0.2 * (prediction > 0)
        truth = prediction + random.normal(0, 0.1) + scale * random.normal(size=frames)
        found.append((prediction, truth.clip(-1, 1)))
    return found


def test_the_next_person_is_held_in_nine_moments_of_ten() -> None:
    held = []
    for seed in range(12):
        band = fit_band(people(12, seed))
        assert band is not None
        held.append(coverage(band, people(20, 1000 + seed))["people"])
    assert LEVEL <= np.mean(held) <= LEVEL * 13 / 12 + 0.02  # as one of thirteen people could be the next


def test_it_is_as_wide_as_it_must_be_at_each_value() -> None:
    band = fit_band(people(20, 1))
    assert band is not None
    below, above = band.ends(np.array([-0.5, 0.5]))
    narrow, wide = above - below
    assert wide > 1.5 * narrow
    low, high = band.ends(np.array([0.9, np.nan]))
    assert low[0] <= 0.9 <= high[0] == 1.0 and np.isnan(low[1]) and np.isnan(high[1])


def test_coverage_by_hand() -> None:
    band = Band((-0.5, 0.5), (-0.1, -0.3), (0.1, 0.1))
    truth = np.array([-0.65, -0.55, 0.15, 0.25])
    judged = coverage(band, [(np.array([-0.5, -0.5, 0.5, 0.5]), truth), (np.zeros(2), np.array([-0.2, 0.05]))])
    assert judged == pytest.approx(
        {"frames": 4 / 6, "people": (0.5 + 1) / 2, "width": (0.2 * 2 + 0.4 * 2 + 0.3 * 2) / 6}
    )


def test_too_few_people_and_constant_predictions() -> None:
    assert fit_band(people(LEAST - 1, 0)) is None
    same = [(np.zeros(50), truth) for _, truth in people(LEAST, 0, 50)]
    band = fit_band(same)
    assert band is not None and len(band.at) == 1
    assert coverage(band, same)["frames"] >= LEVEL


def test_results_are_gathered_by_person_without_missing_labels() -> None:
    truth = np.array([[0.1, np.nan], [0.2, 0.3]])
    results = [Result(str(i), None, f"s{i % 2}", "", truth, truth / 2, np.empty(0)) for i in range(4)]
    (prediction, label), _ = people_of(results, 1)
    assert prediction.tolist() == [0.15, 0.15] and label.tolist() == [0.3, 0.3]
    assert fit_bands(results, ("a", "b")) == {}
