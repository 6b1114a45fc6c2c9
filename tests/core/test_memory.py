"""What was freed goes back to the system."""

import ctypes
from pathlib import Path

import pytest

from emoviz.core import memory
from emoviz.core.progress import silent


def used() -> float:
    """Anonymous memory of this process in MB."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("RssAnon"))
    return int(line.split()[1]) / 1000


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="glibc alone can give memory back")
def test_a_report_gives_back_what_was_freed(monkeypatch):
    monkeypatch.setattr(memory, "EVERY", 0.0)
    report = memory.releasing(silent)
    blocks = [bytearray(50_000) for _ in range(3000)]
    for block in blocks:
        block[:] = b"x" * len(block)
    kept = blocks[::100]  # between the others, so that the allocator cannot shrink its heap by itself
    full = used()
    del blocks, block
    report("Working", 1, 2)
    assert full - used() > 100 and len(kept) == 30


def test_reports_are_passed_on_and_memory_is_given_back_now_and_then(monkeypatch):
    released, heard = [], []
    monkeypatch.setattr(memory, "release", lambda: released.append(1))
    report = memory.releasing(lambda *what: heard.append(what))
    for number in range(100):
        report("Working", number, 100)
    assert heard == [("Working", number, 100) for number in range(100)] and released == []
    monkeypatch.setattr(memory, "EVERY", 0.0)
    now = memory.releasing(silent)
    now("Working", 0, 1)
    assert released == [1]
