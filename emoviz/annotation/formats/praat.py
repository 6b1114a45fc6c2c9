"""The TextGrid format of Praat (Boersma and Weenink), read by praatio."""

from collections.abc import Iterator
from pathlib import Path

from . import READERS, Entry


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
