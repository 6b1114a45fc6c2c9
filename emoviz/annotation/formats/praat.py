"""The TextGrid format of Praat (Boersma and Weenink), read by praatio."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from . import READERS, WRITERS, Entry


@READERS.register("textgrid")
def read(path: Path) -> Iterator[Entry]:
    """Read the intervals that have a label, of all tiers; points have no length and are left out."""
    from praatio import textgrid
    from praatio.data_classes.interval_tier import IntervalTier

    grid = textgrid.openTextgrid(str(path), includeEmptyIntervals=False)
    for tier in grid.tiers:
        if isinstance(tier, IntervalTier):
            for start, end, label in tier.entries:
                yield float(start), float(end), label, tier.name


@WRITERS.register("textgrid")
def write(path: Path, segments: Sequence[Entry], recording: str) -> None:
    """Write a tier of intervals per person."""
    from praatio import textgrid
    from praatio.data_classes.interval_tier import IntervalTier

    grid, last = textgrid.Textgrid(), max(end for _, end, _, _ in segments)
    for name in dict.fromkeys(tier for *_, tier in segments):
        own = [(start, end, label) for start, end, label, tier in segments if tier == name]
        grid.addTier(IntervalTier(name, own, 0, last))
    grid.save(str(path), "long_textgrid", includeBlankSpaces=True)
