"""The bounds of recordings: larger ones are refused before memory is taken."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Bounds:
    """Limits of a recording.

    Attributes:
        longest: length of a recording in seconds.
        filled: seconds of gaps between samples or pictures, in all, that are kept as gaps; a recording is read up to
            the gap that exceeds them.
        side: number of pixels of a picture's side.
        channels: number of channels of a sound track.
        slowest: samples per second of the slowest sound track.
        fastest: samples per second of the fastest sound track.
    """

    longest: float = 12 * 3600.0
    filled: float = 60.0
    side: int = 8192
    channels: int = 64
    slowest: int = 1000
    fastest: int = 768_000


BOUNDS = Bounds()
"""The bounds that hold unless others are chosen."""
