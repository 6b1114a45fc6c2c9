"""The Rich Transcription Time Marked format of NIST, in which diarisations are exchanged."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from ...core.errors import AnnotationError
from . import READERS, WRITERS, Entry, text_of


@READERS.register("rttm")
def read(path: Path) -> Iterator[Entry]:
    """Read the SPEAKER lines; the speaker is both label and tier.

    Raises:
        AnnotationError: if a line lacks a field or has a time that is no number.
    """
    for number, line in enumerate(text_of(path).splitlines(), 1):
        fields = line.split()
        if not fields or fields[0] != "SPEAKER":
            continue
        try:
            start, length, speaker = float(fields[3]), float(fields[4]), fields[7]
        except (ValueError, IndexError):
            raise AnnotationError(
                f"Line {number} of '{path.name}' is not 'SPEAKER file channel start duration <NA> <NA> speaker'."
            ) from None
        yield start, start + length, speaker, speaker


@WRITERS.register("rttm")
def write(path: Path, segments: Sequence[Entry], recording: str) -> None:
    """Write a SPEAKER line per segment, with its tier as the speaker; the format has no blanks in names."""
    name = _unbroken(recording)
    lines = [
        f"SPEAKER {name} 1 {start:.3f} {end - start:.3f} <NA> <NA> {_unbroken(tier or label)} <NA> <NA>\n"
        for start, end, label, tier in segments
    ]
    path.write_text("".join(lines), "utf-8")


def _unbroken(name: str) -> str:
    return "_".join(name.split()) or "<NA>"
