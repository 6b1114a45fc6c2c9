"""Segments of a recording: windows, or what an annotation file marks."""

import math
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from ..core.errors import AnnotationError
from .formats import READERS, not_text

MOST = 100_000
"""Most segments of one recording."""
SHORTEST_WINDOW = 0.1
"""Shortest window in seconds; a prediction has 50 values per second."""


class Segment(NamedTuple):
    """A stretch of a recording.

    Attributes:
        start: second at which it starts.
        end: second at which it ends.
        label: text that the annotation gives it, e.g. a sentence, or its number.
        tier: tier of the annotation, e.g. a speaker; "" where there is but one.
    """

    start: float
    end: float
    label: str
    tier: str = ""


def windows(duration: float, seconds: float) -> list[Segment]:
    """Return windows of one length that follow each other; the last one ends with the recording.

    Raises:
        AnnotationError: if the windows are shorter than :data:`SHORTEST_WINDOW`, or too many.
    """
    if not seconds >= SHORTEST_WINDOW or math.isinf(seconds):
        raise AnnotationError(f"Windows have at least {SHORTEST_WINDOW} s, not {seconds:g} s.")
    count = max(1, math.ceil(round(duration / seconds, 6)))
    if count > MOST:
        raise AnnotationError(f"A recording has at most {MOST:,} segments, not {count:,}: choose longer windows.")
    return [Segment(n * seconds, min((n + 1) * seconds, duration), str(n + 1)) for n in range(count)]


def read(path: Path) -> list[Segment]:
    """Read the segments of an annotation file, in the order of their starts.

    Raises:
        AnnotationError: if the file is missing, its ending is of no known format, it is damaged, or it has no segment.
    """
    name = path.suffix.lower().removeprefix(".")
    if name not in READERS:
        raise AnnotationError(f"'{path.name}' is no annotation that is read; accepted are {endings()}.")
    if not path.is_file():
        raise AnnotationError(f"There is no file '{path}'.")
    try:
        found = [Segment(*entry) for entry in READERS[name](path)]
    except AnnotationError:
        raise
    except UnicodeDecodeError:
        raise not_text(path) from None
    except Exception as error:  # the libraries raise what they meet
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise AnnotationError(f"'{path.name}' cannot be read as {name}: {reason}") from error
    return checked(found, path.name)


def checked(segments: Iterable[Segment], name: str) -> list[Segment]:
    """Return segments in the order of their starts.

    Raises:
        AnnotationError: if there are none or too many, or one does not end after it starts.
    """
    found = sorted(segments)
    if not found or len(found) > MOST:
        raise AnnotationError(f"An annotation has 1 to {MOST:,} segments, and '{name}' has {len(found):,}.")
    for segment in found:
        if not (0 <= segment.start < segment.end < math.inf):
            raise AnnotationError(
                f"A segment of '{name}' goes from {segment.start:g} s to {segment.end:g} s; it starts at 0 s or later "
                "and ends after that."
            )
    return found


def endings() -> str:
    """Return the endings of annotation files in words, e.g. ``.csv, .eaf or .srt``."""
    *others, last = (f".{name}" for name in READERS)
    return f"{', '.join(others)} or {last}"
