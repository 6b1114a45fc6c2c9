"""Alignment to one grid, against its definition."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from emoviz.core.errors import FeatureError
from emoviz.features.align import align, grid
from emoviz.features.base import FeatureStream
from emoviz.features.grid import on_grid

VALUES = arrays(
    np.float32,
    st.tuples(st.integers(1, 40), st.integers(1, 3)),
    elements=st.one_of(st.floats(-1000, 1000, width=32), st.just(np.float32(np.nan))),
)
METHODS = pytest.mark.parametrize("method", ["linear", "mean", "none"])


def stream(values: np.ndarray, start: float = 0.0, hop: float = 0.02) -> FeatureStream:
    return FeatureStream(values, start, hop, tuple(f"c{i}" for i in range(values.shape[1])))


@METHODS
@given(values=VALUES, start=st.floats(-5, 5), hop=st.sampled_from([0.01, 0.02, 1 / 30, 0.04, 0.1]))
def test_its_own_times_give_the_stream_itself(method, values, start, hop):
    given_stream = stream(values, start, hop)
    aligned = align(given_stream, given_stream.times, method)
    assert aligned.dtype == np.float32
    np.testing.assert_allclose(aligned, values, rtol=1e-5, atol=1e-3)


@given(values=VALUES, times=st.lists(st.floats(-0.2, 1.0), min_size=1, max_size=30, unique=True).map(sorted))
def test_linear_equals_numpys_interpolation_where_all_is_known(values, times):
    values, times = np.nan_to_num(values), np.array(times)
    given_stream = stream(values)
    aligned = align(given_stream, times)
    position = times / 0.02
    last = len(values) - 1
    inside = (position > -0.499) & (position < last + 0.499)
    outside = (position < -0.501) | (position > last + 0.501)
    assert np.isnan(aligned[outside]).all()
    for channel in range(values.shape[1]):
        expected = np.interp(times[inside], given_stream.times, values[:, channel])
        np.testing.assert_allclose(aligned[inside, channel], expected, rtol=1e-4, atol=0.02)


@METHODS
@given(values=VALUES, hop=st.sampled_from([0.005, 0.013, 0.02, 0.05]))
def test_known_values_stay_within_the_range_of_the_stream(method, values, hop):
    aligned = align(stream(values), grid(1.0, hop), method)
    for before, after in zip(values.T, aligned.T, strict=True):
        known = after[~np.isnan(after)]
        if np.isnan(before).all():
            assert not len(known)
        elif len(known):
            assert known.min() >= np.nanmin(before) - 0.01
            assert known.max() <= np.nanmax(before) + 0.01


def test_linear_does_not_cross_a_gap():
    values = np.array([0, 1, np.nan, 3, 4], np.float32)[:, None]
    aligned = align(stream(values, hop=1.0), np.array([0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5]))[:, 0]
    np.testing.assert_array_equal(aligned, np.array([0.5, 1, np.nan, np.nan, np.nan, 3, 3.5], np.float32))


@given(st.integers(1, 8), st.integers(2, 6))
def test_mean_is_the_average_of_the_frames_in_a_cell(frames_per_cell, cells):
    values = np.random.default_rng(cells).standard_normal((frames_per_cell * cells, 2)).astype(np.float32)
    times = (np.arange(cells) * frames_per_cell + (frames_per_cell - 1) / 2) * 0.01
    expected = values.reshape(cells, frames_per_cell, 2).mean(1)
    np.testing.assert_allclose(align(stream(values, hop=0.01), times, "mean"), expected, atol=1e-5)


def test_mean_leaves_out_missing_frames_and_needs_half_of_a_cell():
    values = np.array([1, np.nan, 3, 5, np.nan, np.nan, np.nan, 9], np.float32)[:, None]
    aligned = align(stream(values, hop=1.0), np.array([1.5, 5.5]), "mean")[:, 0]
    np.testing.assert_allclose(aligned, [3.0, np.nan])


def test_mean_on_a_finer_grid_repeats_frames():
    values = np.array([1, 2], np.float32)[:, None]
    aligned = align(stream(values, start=0.5, hop=1.0), np.array([0.125, 0.375, 0.625, 0.875, 1.125]), "mean")[:, 0]
    np.testing.assert_allclose(aligned, [1, 1, 1, 1, 2])


@METHODS
def test_a_stream_without_frames_is_all_gap(method):
    assert np.isnan(align(stream(np.zeros((0, 2), np.float32)), np.array([0.0, 1.0]), method)).all()
    assert align(stream(np.zeros((3, 2), np.float32)), np.array([]), method).shape == (0, 2)


@given(st.integers(1, 3000), st.sampled_from([0.01, 0.02, 0.04, 0.1]))
def test_grid_has_the_points_before_the_end(points, hop):
    times = grid(points * hop, hop)
    assert len(times) == points
    assert times[0] == 0
    assert times[-1] < points * hop
    assert len(grid(points * hop + hop / 2, hop)) == points + 1


def test_grid_of_an_empty_clip_has_one_point():
    assert grid(0.0, 0.02).tolist() == [0.0]


def test_refuses_times_that_do_not_increase_and_unknown_methods():
    given_stream = stream(np.zeros((3, 1), np.float32))
    with pytest.raises(FeatureError, match="increasing"):
        align(given_stream, np.array([0.0, 0.0]))
    with pytest.raises(FeatureError, match="'linear', 'mean' or 'none', not 'cubic'"):
        align(given_stream, np.array([0.0]), "cubic")


@given(parts=st.integers(1, 9), duration=st.floats(0.3, 60))
def test_parts_of_a_clip_stay_as_they_are_whatever_its_length(parts, duration):
    values = np.random.default_rng(parts).normal(size=(parts, 2)).astype(np.float32)
    hop = duration / parts
    streams = {name: stream(values + k, hop / 2, hop) for k, name in enumerate("ab")}
    frames = on_grid(streams, 0.5, "none")
    np.testing.assert_array_equal(frames.values["a"], values)
    np.testing.assert_array_equal(frames.values["b"], values + 1)
    np.testing.assert_allclose(frames.times, (np.arange(parts) + 0.5) * hop)


def test_streams_of_other_parts_are_not_taken_as_they_are():
    six, five = (stream(np.zeros((count, 1), np.float32), 0.1, 3.82 / count) for count in (6, 5))
    with pytest.raises(FeatureError, match="as many frames of the same length; here: a 6 of 0.637 s, b 5 of 0.764 s"):
        on_grid({"a": six, "b": five}, 0.5, "none")
