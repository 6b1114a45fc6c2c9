"""How numbers are written, and that they, and the standing sentences, are written in one place."""

import math
import re
from pathlib import Path

import pytest

from emoviz.core import words

ROOT = Path(__file__).parents[2]
ELSEWHERE = [
    path
    for path in [ROOT / "app.py", *(ROOT / "pages").glob("*.py"), *(ROOT / "emoviz").rglob("*.py")]
    if path != ROOT / "emoviz" / "core" / "words.py"
]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.61, ".61"), (0.614, ".61"), (-0.08, "−.08"), (-0.001, ".00"), (1.0, "1.00"), (0.005, ".01"), (10.5, "10.50")],
)
def test_numbers_lose_only_the_leading_zero_and_nothing_has_no_minus(value: float, text: str) -> None:
    assert words.number(value) == text


def test_numbers_have_the_digits_that_are_asked_for() -> None:
    values = (0.25, -0.08, 1.0, 12.345, None, math.nan, -0.0001)
    written = [".250", "−.080", "1.00", "12.35", "undefined", "undefined", ".000"]
    assert [words.number(value, 3) for value in values] == written
    assert [words.number(value, 3, sign="+") for value in (0.031, -0.031, 0.0)] == ["+.031", "−.031", "+.000"]
    assert words.number(None, missing="–") == "–"


def test_an_interval_stands_behind_its_number_where_there_is_one() -> None:
    assert words.interval(0.614, 0.55, 0.66) == ".61 [.55, .66]"
    assert words.interval(0.6, None, None) == words.interval(0.6, math.nan, math.nan) == ".60"
    assert words.interval(-0.1, -0.2, 0.05, 3, sign="+") == "−.100 [−.200, +.050]"
    assert words.interval(None, 0.1, 0.2) == "undefined" and words.interval(math.nan, 0.1, 0.2, missing="–") == "–"


def test_a_p_value_says_where_its_floor_is() -> None:
    values = (0.0002, 0.001, 0.0456, 0.3, None, math.nan)
    written = ["p ≤ .001", "p ≤ .001", "p = .046", "p = .30", "p undefined", "p undefined"]
    assert [words.p_value(p) for p in values] == written


def test_counts_and_shares() -> None:
    assert (words.count(1518), words.share(0.614)) == ("1,518", "61 %")
    assert [words.counted(n, "speakers") for n in (1, 1200)] == ["1 person", "1,200 people"]
    assert [words.rests_on(n, "sessions") for n in (1, 4, 5)] == ["rests on 1 session", "rests on 4 sessions", ""]


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?i)culture\s+here\s+is\s+also\s+a\s+corpus",  # the confound
        r"(?i)decisions\s+about\s+people",
        r"no\s+better\s+than\s+the\s+training\s+mean\"",
        r"(?<! ms )\[\{[^{}]*low[^{}]*\}, ?\{[^{}]*high[^{}]*\}\]",  # an interval in an f-string
        r"replace\(\"0\.\"|\^\(-\?\)0",  # a number without its leading zero
        r"\"p (=|≤|<) ",
    ],
)
def test_what_is_written_in_words_is_written_nowhere_else(pattern: str) -> None:
    found = [str(path.relative_to(ROOT)) for path in ELSEWHERE if re.search(pattern, path.read_text("utf-8"))]
    assert found == []


def test_names_are_listed_as_a_sentence_does():
    assert words.listed(["a", "b", "c"]) == "a, b and c" and words.listed("ab", "or") == "a or b"
    assert words.listed(iter(["a"])) == "a"
