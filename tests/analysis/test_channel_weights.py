"""Means and differences of channel weights: by hand, against SciPy, and what is undefined."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from emoviz.analysis import channel_weights

CHANNELS = pd.DataFrame(
    {"channel": ["a.x", "a.y", "b.z"], "stream": ["a", "a", "b"], "modality": ["audio", "audio", "video"]}
)


def weights(rows: int, seed: int = 0) -> pd.DataFrame:
    values = np.random.default_rng(seed).uniform(size=(rows, 3)).astype(np.float32)
    return pd.DataFrame(values, columns=list(CHANNELS.channel), index=[f"r{i}" for i in range(rows)])


def test_means_and_their_intervals_by_hand():
    """Of .2, .4 and .6: mean .4, standard error .2 / sqrt(3), and t with two degrees of freedom is 4.303."""
    table = pd.DataFrame({"a.x": [0.2, 0.4, 0.6], "a.y": [0.5] * 3, "b.z": [0.0, 0.0, 0.3]})
    found = channel_weights.channel_means(table, CHANNELS).set_index("channel")
    half = 4.302653 * 0.2 / 3**0.5
    assert found.loc["a.x", ["weight", "low", "high"]].tolist() == pytest.approx([0.4, 0.4 - half, 0.4 + half])
    assert found.loc["a.y", ["low", "high"]].tolist() == [0.5, 0.5]
    assert (found["recordings"] == 3).all() and found["stream"].tolist() == ["a", "a", "b"]


def test_one_recording_has_no_interval():
    found = channel_weights.channel_means(weights(1), CHANNELS)
    assert found["low"].isna().all() and found["weight"].notna().all()


def test_disjoint_slices_get_welchs_interval():
    table = weights(12)
    first = np.arange(12) < 5
    found = channel_weights.channel_differences(table, first, ~first, CHANNELS)
    expected = stats.ttest_ind(table[first], table[~first], equal_var=False).confidence_interval()
    np.testing.assert_allclose(found["low"], expected.low, rtol=1e-5)
    np.testing.assert_allclose(found["high"], expected.high, rtol=1e-5)
    np.testing.assert_allclose(found["difference"], table[first].mean() - table[~first].mean(), rtol=1e-5)


def test_a_slice_against_all_is_its_difference_from_the_rest_scaled():
    """With n of N recordings in the slice, mean(slice) - mean(all) = (1 - n / N) (mean(slice) - mean(rest))."""
    table = weights(12)
    first = np.arange(12) < 3
    with_all = channel_weights.channel_differences(table, first, np.ones(12, bool), CHANNELS)
    with_rest = channel_weights.channel_differences(table, first, ~first, CHANNELS)
    for column in ("difference", "low", "high"):
        np.testing.assert_allclose(with_all[column], 0.75 * with_rest[column], rtol=1e-5)


def test_a_slice_does_not_differ_from_itself():
    everyone = np.ones(6, bool)
    found = channel_weights.channel_differences(weights(6), everyone, everyone, CHANNELS)
    assert (found[["difference", "low", "high"]] == 0).all(axis=None) and not found["differs"].any()


def test_one_recording_on_a_side_leaves_the_interval_open():
    first = np.arange(6) < 1
    found = channel_weights.channel_differences(weights(6), first, ~first, CHANNELS)
    assert found["low"].isna().all() and not found["differs"].any()
    assert "no interval" in channel_weights.words_of_differences(found)


def test_differences_of_nothing_are_found_at_their_level():
    """Two slices of the same distribution differ in about 5 % of the channels."""
    channels = pd.DataFrame({"channel": [f"a.{i}" for i in range(2000)], "stream": "a", "modality": "audio"})
    values = np.random.default_rng(1).uniform(size=(30, 2000))
    first = np.arange(30) < 12
    found = channel_weights.channel_differences(
        pd.DataFrame(values, columns=list(channels.channel)), first, ~first, channels
    )
    assert found["differs"].mean() == pytest.approx(0.05, abs=0.015)
    said = channel_weights.words_of_differences(found)
    assert "of 2000 channels" in said and "about 100" in said and said.endswith("So their order says nothing.")
    many = found.assign(differs=np.arange(2000) < 121)
    assert channel_weights.are_noise(found) and not channel_weights.are_noise(many)


def test_streams_are_averaged_per_recording_first():
    table = pd.DataFrame({"a.x": [0.2, 0.4], "a.y": [0.4, 0.2], "b.z": [0.1, 0.3]})
    found = channel_weights.stream_means(table, CHANNELS)
    assert found["stream"].tolist() == ["a", "b"] and found["weight"].tolist() == pytest.approx([0.3, 0.2])
    assert found.loc[0, ["low", "high"]].tolist() == pytest.approx([0.3, 0.3])
    words = channel_weights.words_of_means(channel_weights.channel_means(table, CHANNELS), found)
    assert "`a.x`, .30 [" in words and "a .30 [.30, .30]" in words
