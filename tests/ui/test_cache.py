"""What pages keep between their runs."""

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from emoviz.ui.cache import cached, kept

ROOT = Path(__file__).resolve().parents[2]


def test_a_result_is_made_once_for_its_arguments():
    made = []

    @cached(8)
    def double(number: int, _how: str) -> list[int]:
        """Documented."""
        made.append((number, _how))
        return [2 * number]

    assert double(1, "first") is double(1, "again") and double(2, "first") == [4]
    assert made == [(1, "first"), (2, "first")]
    assert double.__doc__ == "Documented."
    double.forget(1, "whatever")
    assert double(1, "anew") == [2] and made[-1] == (1, "anew")


def test_what_was_not_asked_for_longest_goes_first():
    made = []

    @cached(2)
    def same(text: str) -> str:
        made.append(text)
        return text

    for text in "abacab":
        same(text)
    assert made == ["a", "b", "c", "b"]


def test_who_asks_meanwhile_waits_and_nothing_is_made_twice():
    made, begun = [], threading.Event()

    @cached(2)
    def slow(text: str) -> str:
        begun.set()
        time.sleep(0.1)
        made.append(text)
        return text

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(slow, ["a"] * 4)) == ["a"] * 4
    assert made == ["a"]


def test_what_failed_is_tried_again():
    def fail() -> None:
        raise ValueError("not yet")

    with pytest.raises(ValueError):
        kept(("a failing test",), fail)
    assert kept(("a failing test",), lambda: "now") == "now"


def test_nothing_else_is_a_cache():
    """But what belongs to one visitor, which only Streamlit can end with the visit."""
    other = re.compile(r"cache_data|cache_resource|lru_cache|@cache\b")
    files = [*(ROOT / "emoviz" / "ui").glob("*.py"), *(ROOT / "pages").glob("*.py")]
    found = {file.name: other.findall(file.read_text("utf-8")) for file in files}
    assert {name: uses for name, uses in found.items() if uses} == {"session.py": ["cache_resource"]}
