"""A growing array reads the same in memory and on disk."""

import gc
import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emoviz.core import growing
from emoviz.core.errors import EmovizError
from emoviz.core.growing import GrowingArray, Rows, blocks

SHAPES = [(), (3,), (2, 2)]


@settings(max_examples=60, deadline=None)
@given(
    shape=st.sampled_from(SHAPES),
    sizes=st.lists(st.integers(0, 40), min_size=1, max_size=8),
    limit=st.sampled_from([0, 100, 10**9]),
    seed=st.integers(0, 1000),
    data=st.data(),
)
def test_rows_on_disk_read_as_the_array_in_memory(shape, sizes, limit, seed, data):
    random = np.random.default_rng(seed)
    parts = [random.normal(size=(size, *shape)).astype(np.float32) for size in sizes]
    grown = GrowingArray(shape, np.float32, in_memory=limit)
    for part in parts:
        before, count = grown.array, len(grown)
        grown.extend(part)
        assert len(before) == count  # what was taken before stays as it was
    whole = np.concatenate(parts)
    rows = grown.array
    assert isinstance(rows, Rows) == (whole.nbytes > limit)
    assert (rows.shape, rows.dtype, rows.ndim, len(rows)) == (whole.shape, whole.dtype, whole.ndim, len(whole))
    np.testing.assert_array_equal(np.asarray(rows), whole)
    a, b = data.draw(st.integers(-50, 300)), data.draw(st.integers(-50, 300))
    step = data.draw(st.sampled_from([None, 1, 2, -1]))
    np.testing.assert_array_equal(rows[a:b:step], whole[a:b:step])
    if len(whole):
        numbers = np.array(data.draw(st.lists(st.integers(-len(whole), len(whole) - 1), max_size=20)), int)
        np.testing.assert_array_equal(rows[numbers], whole[numbers])
        np.testing.assert_array_equal(rows[int(a) % len(whole)], whole[a % len(whole)])
        mask = random.random(len(whole)) > 0.5
        np.testing.assert_array_equal(rows[mask], whole[mask])
        np.testing.assert_array_equal(np.concatenate(list(blocks(rows))), whole)
        np.testing.assert_array_equal(np.stack(list(rows)), whole)
    np.testing.assert_array_equal(np.isnan(rows), np.isnan(whole))
    np.testing.assert_array_equal(2 * rows - 1, 2 * whole - 1)
    assert rows.sum() == pytest.approx(whole.sum(), abs=1e-3)


def test_a_long_array_takes_no_memory_and_its_file_goes_with_it():
    gc.collect()  # what other tests left
    files = len(os.listdir("/proc/self/fd"))
    grown = GrowingArray((1000,), np.float32, in_memory=100_000)
    for number in range(100):
        grown.append(np.full(1000, number, np.float32))
    rows = grown.array
    assert isinstance(rows, Rows) and grown._buffer.nbytes == 0
    del grown
    assert rows[99][0] == 99  # rows hold their file
    assert len(os.listdir("/proc/self/fd")) == files + 1
    del rows
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) == files


def test_a_full_disk_is_told_in_one_sentence(monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(growing.os, "pwrite", full)
    with pytest.raises(EmovizError, match="no room in .*No space left on device"):
        GrowingArray((), np.float32, in_memory=10).extend(np.zeros(100, np.float32))


def test_a_number_beyond_the_rows_is_an_error():
    grown = GrowingArray((), np.float32, in_memory=0)
    grown.extend(np.zeros(5, np.float32))
    with pytest.raises(IndexError):
        grown.array[np.array([5])]
    with pytest.raises(IndexError):
        grown.array[5]
