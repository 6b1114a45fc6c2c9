"""Written form of numbers, intervals, p values and counts, and the sentences that stand in several places."""

import re
from collections.abc import Iterable
from typing import Any, Literal

from .errors import ConfigError

CONFOUND = (
    "A culture here is also a corpus, with its own room, microphone and sentences, so a difference between cultures is "
    "always also a difference between corpora."
)
DERIVED = (
    "Labels called derived are those of the emotion class that was acted, by published norms (Russell and Mehrabian "
    "1977); no rater gave them to these recordings."
)
COLLAPSED = "nearly constant, or no better than the training mean"
"""The state of a model that has collapsed."""
NOT_FOR_DECISIONS = "Not for decisions about people."
UNDEFINED = "undefined"
"""Text for a number that is undefined."""

FEW = 5
"""Number of independent units below which an interval carries a warning."""
UNITS = {
    "pictures": ("picture", "pictures"),
    "sessions": ("session", "sessions"),
    "speakers": ("person", "people"),
    "recordings": ("recording", "recordings"),
    "rows": ("row", "rows"),
    "words": ("word", "words"),
}
"""Singular and plural of each unit that is counted; an interval may rest on sessions, speakers or recordings."""
LEAST_P = 0.001
"""The smallest p value that 1000 draws of a bootstrap can show."""

Number = float | None


def number(value: Number, digits: int = 2, *, sign: Literal["", "+"] = "", missing: str = UNDEFINED) -> str:
    """Return a number without the zero before its point and with a true minus sign, e.g. ``.61``, ``−.08`` or ``1.00``.

    Args:
        value: the number; None and NaN are missing.
        digits: places after the point of a number below 1; a larger one has two.
        sign: ``+`` for a difference, which shows its sign also where it is positive.
        missing: text that stands for a missing number.

    Examples:
        >>> number(0.614), number(-0.08), number(0.125, sign="+")
        ('.61', '−.08', '+.12')
    """
    if value is None or value != value:
        return missing
    rounded = round(float(value), digits) + 0.0  # nothing is not negative
    text = re.sub(r"^([+-]?)0\.", r"\1.", f"{rounded:{sign}.{digits if abs(value) < 1 else 2}f}")
    return text.replace("-", "−")


def bounds(low: Number, high: Number, digits: int = 2, *, sign: Literal["", "+"] = "") -> str:
    """Return the two ends of an interval, e.g. ``[.55, .66]``; empty where there is none."""
    if low is None or low != low:
        return ""
    return f"[{number(low, digits, sign=sign)}, {number(high, digits, sign=sign)}]"


def interval(
    value: Number,
    low: Number,
    high: Number,
    digits: int = 2,
    *,
    sign: Literal["", "+"] = "",
    missing: str = UNDEFINED,
) -> str:
    """Return a number with its interval where it has one, e.g. ``.61 [.55, .66]``; see :func:`number`.

    Examples:
        >>> interval(0.61, 0.55, 0.66)
        '.61 [.55, .66]'
    """
    written = number(value, digits, sign=sign, missing=missing)
    return written if written == missing else f"{written} {bounds(low, high, digits, sign=sign)}".rstrip()


def p_value(p: Number) -> str:
    """Return a p value as text, e.g. ``p = .046`` or ``p = .30``; values of .001 and less read ``p ≤ .001``.

    Examples:
        >>> p_value(0.046), p_value(0.0002)
        ('p = .046', 'p ≤ .001')
    """
    if p is None or p != p:
        return f"p {UNDEFINED}"
    return f"p ≤ {number(LEAST_P, 3)}" if p <= LEAST_P else f"p = {number(p, 3 if p < 0.1 else 2)}"


def count(value: int) -> str:
    """Return a count with separated thousands, e.g. ``1,518``."""
    return f"{value:,}"


def share(value: float) -> str:
    """Return a share in per cent, rounded to a whole number, e.g. ``61 %``."""
    return f"{100 * value:.0f} %"


def duration(seconds: float) -> str:
    """Return a duration in seconds as a rounded text: ``40 s``, ``12 min``, ``3.5 h``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def size(bytes_: float) -> str:
    """Return a number of bytes in words: ``3 kB``, ``12 MB``, ``1.2 GB``."""
    if bytes_ < 999_500:
        return f"{max(1, bytes_ / 1e3):.0f} kB"
    return f"{bytes_ / 1e9:.1f} GB" if bytes_ >= 1e9 else f"{bytes_ / 1e6:.0f} MB"


def listed(names: Iterable[str], last: str = "and") -> str:
    """Return names as a sentence lists them: ``a, b and c``; ``last`` stands before the last one.

    Examples:
        >>> listed(["face", "speech", "text"])
        'face, speech and text'
    """
    *others, end = names
    return f"{', '.join(others)} {last} {end}" if others else end


def counted(value: int, unit: str) -> str:
    """Return a number of independent units, e.g. ``19 people``.

    Args:
        value: number of units.
        unit: a key of :data:`UNITS`.
    """
    one, several = UNITS[unit]
    return f"{count(value)} {one if value == 1 else several}"


def rests_on(value: int, unit: str) -> str:
    """Return the warning that an interval rests on few units, e.g. ``rests on 3 people``; empty for five or more.

    Args:
        value: number of units that the bootstrap drew.
        unit: a key of :data:`UNITS`.
    """
    return f"rests on {counted(value, unit)}" if value < FEW else ""


def setting(value: Any) -> str:
    """Return a value of a setting as people read it, e.g. ``yes``, ``none`` or ``0.001``; commas part a list."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(setting, value)) or "none"
    return "none" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


def insert(text: str, name: str, part: str) -> str:
    """Renew the part of a Markdown text between the lines ``<!-- name -->`` and ``<!-- end of name -->``.

    Args:
        text: the whole text.
        name: the name of the part.
        part: its new content, with a line break at its end.

    Raises:
        ConfigError: if the text lacks these two lines.
    """
    first, last = f"<!-- {name} -->", f"<!-- end of {name} -->"
    before, begin, rest = text.partition(first)
    _, end, after = rest.partition(last)
    if not begin or not end:
        raise ConfigError(f"The text needs the lines '{first}' and '{last}', between which the {name} stand.")
    return f"{before}{begin}\n{part}{end}{after}"
