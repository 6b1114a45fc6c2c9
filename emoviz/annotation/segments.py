"""Segments of a recording: windows, or what an annotation file marks."""

import math
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from ..core.errors import AnnotationError
from ..core.files import raising, replacing
from ..core.words import listed
from .formats import READERS, WRITERS, Writer, not_text

MOST = 100_000
"""Largest number of segments of one recording."""
SHORTEST_WINDOW = 0.1
"""Shortest window in seconds; a prediction has 50 values per second."""


class Segment(NamedTuple):
    """A stretch of a recording.

    Attributes:
        start: second at which it starts.
        end: second at which it ends.
        label: text that the annotation gives it, e.g. a sentence, or its number.
        tier: tier of the annotation, e.g. a speaker; "" where there is only one.
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


def write(segments: Sequence[Segment], path: Path, recording: str) -> None:
    """Write segments to an annotation file, whole or not at all.

    Args:
        segments: segments, in the order of their starts, at least one.
        path: file whose ending is that of a format that is written.
        recording: name of the recording, for formats that state it.

    Raises:
        AnnotationError: if its ending is of no such format, or its folder is missing or not writable.
    """
    kind = writer_of(path)
    with raising(AnnotationError, path):
        path.parent.stat()  # a folder that was mistyped is not made
        with replacing(path) as draft:
            kind(draft, segments, recording)


def encoded(segments: Sequence[Segment], ending: str, recording: str) -> bytes:
    """Return the content of an annotation file.

    Args:
        segments: segments, in the order of their starts, at least one.
        ending: ending of the file, one of :data:`~emoviz.annotation.formats.WRITERS`.
        recording: name of the recording.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"segments.{ending}"
        write(segments, path, recording)
        return path.read_bytes()


def writer_of(path: Path) -> Writer:
    """Return the function that writes files of the ending of a path.

    Raises:
        AnnotationError: if files of that ending are not written.
    """
    name = path.suffix.lower().removeprefix(".")
    if name not in WRITERS:
        raise AnnotationError(f"An annotation is written as {endings(WRITERS)}, not '{path.suffix.lower()}'.")
    return WRITERS[name]


def endings(formats: Iterable[str] = READERS) -> str:
    """Return the endings of annotation files in words; by default of those that are read."""
    return listed((f".{name}" for name in formats), "or")
