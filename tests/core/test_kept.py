"""What is kept is found by what it was made of, whole or not at all, and the longest unused goes first."""

import os
import tracemalloc

import numpy as np
import pytest

from emoviz.core import arrays, growing
from emoviz.core.errors import Cancelled
from emoviz.core.kept import Entry, Kept, KeptBlocks


def entry(size: int = 10) -> Entry:
    generator = np.random.default_rng(size)
    return Entry(
        {
            "times": generator.normal(size=size),
            "values": generator.normal(size=(size, 3)).astype(np.float32),
            "frames": np.arange(size, dtype=np.int32),
            "points": generator.integers(-9, 9, (size, 2, 3)).astype(np.int16),
            "crops": generator.integers(0, 255, (size, 2, 2)).astype(np.uint8),
            "nothing": np.zeros((0, 4), np.float32),
        },
        {"notes": ["ü"], "size": [2, 3]},
    )


def same(found: Entry | None, expected: Entry) -> bool:
    return (
        found is not None
        and found.about == expected.about
        and list(found.arrays) == list(expected.arrays)
        and all(
            own.dtype == found.arrays[name].dtype and np.array_equal(np.asarray(found.arrays[name]), own)
            for name, own in expected.arrays.items()
        )
    )


@pytest.mark.parametrize("in_memory", [0, 10**9])
def test_an_entry_is_read_as_it_was_written_and_by_nothing_else(tmp_path, monkeypatch, in_memory):
    monkeypatch.setattr(arrays, "IN_MEMORY", in_memory)
    Kept(tmp_path / "new").write("faces", {"key": "a", "every": 10}, entry())
    kept = Kept(tmp_path / "new")
    found = kept.read("faces", {"every": 10, "key": "a"})
    assert same(found, entry())
    assert isinstance(found.arrays["values"], growing.Rows) == (in_memory == 0)
    assert kept.read("faces", {"key": "a", "every": 5}) is None
    assert kept.read("other", {"key": "a", "every": 10}) is None


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "header"])
def test_a_damaged_entry_counts_as_absent_and_is_made_anew(tmp_path, damage):
    kept = Kept(tmp_path)
    kept.write("faces", {}, entry())
    (file,) = tmp_path.iterdir()
    content = bytearray(file.read_bytes())
    if damage == "flipped":
        content[-5] ^= 1
    elif damage == "header":
        content[12] ^= 1
    file.write_bytes({"cut": content[:-3], "empty": b""}.get(damage, content))
    assert kept.read("faces", {}) is None
    kept.write("faces", {}, entry())
    assert same(kept.read("faces", {}), entry())


def test_nothing_is_left_of_an_entry_whose_writing_is_stopped(tmp_path):
    def stop(stage, done, total):
        if done:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        Kept(tmp_path).write("faces", {}, entry(), stop)
    assert list(tmp_path.iterdir()) == []


def test_the_progress_of_keeping_never_exceeds_its_total(tmp_path):
    told = []
    Kept(tmp_path).write("faces", {}, entry(), lambda *now: told.append(now))  # its facts take more than its arrays
    assert len(told) > 1 and all(0 <= done <= total == 100 for _, done, total in told)


def test_the_longest_unused_entries_go_when_there_are_too_many(tmp_path):
    kept = Kept(tmp_path)
    for number in range(4):
        kept.write("faces", {"number": number}, entry(1000))
        for file in tmp_path.iterdir():
            os.utime(file, ns=(file.stat().st_atime_ns, file.stat().st_mtime_ns - 10**9))
    one = next(tmp_path.iterdir()).stat().st_size
    assert kept.read("faces", {"number": 0}) is not None  # it is used, and so the last that goes
    small = Kept(tmp_path, most=3 * one + 100)
    small.write("faces", {"number": 4}, entry(1000))
    there = [number for number in range(5) if small.read("faces", {"number": number})]
    assert there == [0, 3, 4]


def test_nobody_but_its_user_may_look_into_the_folder(tmp_path):
    folder = tmp_path / "made" / "recordings"
    Kept(folder).write("faces", {}, entry())
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o755)  # as an earlier version made it
    Kept(folder).write("faces", {"key": "other"}, entry())
    assert folder.stat().st_mode & 0o777 == 0o700


def test_what_exceeds_the_bound_alone_and_what_cannot_be_written_is_not_kept(tmp_path):
    Kept(tmp_path / "small", most=100).write("faces", {}, entry())
    assert not (tmp_path / "small").exists()
    (tmp_path / "file").write_text("")
    kept = Kept(tmp_path / "file" / "folder")
    kept.write("faces", {}, entry())
    assert kept.read("faces", {}) is None


def test_a_long_entry_takes_little_memory(tmp_path):
    rows = growing.GrowingArray((1000,), np.float32, in_memory=0)
    for _ in range(40):
        rows.extend(np.ones((250, 1000), np.float32))
    tracemalloc.start()
    Kept(tmp_path).write("faces", {}, Entry({"values": rows.array}))
    found = Kept(tmp_path).read("faces", {})
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found is not None and found.arrays["values"].shape == (10000, 1000)
    assert most < 5 * growing.BLOCK < 40_000_000


def test_blocks_go_on_behind_the_last_that_is_whole(tmp_path):
    def blocks() -> KeptBlocks:
        return KeptBlocks(Kept(tmp_path), "part", {"of": "it"})

    begun = blocks()
    for size in (1, 2, 3, 4):
        begun.append(entry(size))
    assert list(KeptBlocks(Kept(tmp_path), "part", {"of": "another"}).read()) == []
    assert [len(one.arrays["times"]) for one in blocks().read()] == [1, 2, 3, 4]
    (third,) = [file for file in tmp_path.iterdir() if file == Kept(tmp_path).path_of("part", {"of": "it", "block": 2})]
    third.write_bytes(third.read_bytes()[:-1])
    anew = blocks()
    assert [len(one.arrays["times"]) for one in anew.read()] == [1, 2]
    anew.append(entry(5))
    found = list(anew.read())
    assert [len(one.arrays["times"]) for one in found] == [1, 2, 5] and same(found[2], entry(5))
    anew.drop()
    assert list(tmp_path.iterdir()) == []
