"""The annotation format of ELAN (Max Planck Institute for Psycholinguistics), read by pympi."""

from collections.abc import Iterator
from pathlib import Path

from . import READERS, Entry


@READERS.register("eaf")
def read(path: Path) -> Iterator[Entry]:
    """Read the annotations of all tiers that are aligned to time; those that refer to others have their times."""
    from pympi import Eaf

    file = Eaf(str(path))
    for tier in file.get_tier_names():
        for annotation in file.get_annotation_data_for_tier(tier):
            start, end, label = annotation[:3]
            yield start / 1000, end / 1000, label, tier
