"""The annotation format of ELAN (Max Planck Institute for Psycholinguistics), read by pympi."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from ...core.errors import AnnotationError
from . import READERS, WRITERS, Entry

SAID = {"noNamespaceSchemaLocation": "the address of ELAN's format at its beginning"}
"""Plain words for what a file of ELAN may lack; other parts are said by the names that the file gives them."""


@READERS.register("eaf")
def read(path: Path) -> Iterator[Entry]:
    """Read the annotations of all tiers; those that refer to others have their times.

    Raises:
        AnnotationError: if something is missing that ELAN writes.
    """
    from pympi import Eaf

    try:
        file = Eaf(str(path))
        file.timeslots.update(_filled(file.timeslots))
        for tier in file.get_tier_names():
            for annotation in file.get_annotation_data_for_tier(tier):
                start, end, label = annotation[:3]
                yield start / 1000, end / 1000, label, tier
    except KeyError as error:
        named = str(error.args[0]).rpartition("}")[2]
        lacks = SAID.get(named, f"'{named}'")
        raise AnnotationError(
            f"'{path.name}' is no complete file of ELAN, as it lacks {lacks}: open it in ELAN "
            "and save it again, or give its segments as .csv with start and end in seconds."
        ) from None


def _filled(slots: Mapping[str, float | None]) -> dict[str, float]:
    """Return the times of all slots; those without one share the time between their neighbours, as in ELAN."""
    known = [place for place, time in enumerate(slots.values()) if time is not None]
    if not known:
        return {}
    times = [time for time in slots.values() if time is not None]
    return dict(zip(slots, np.interp(range(len(slots)), known, times).tolist(), strict=True))


@WRITERS.register("eaf")
def write(path: Path, segments: Sequence[Entry], recording: str) -> None:
    """Write a tier per person, with times in milliseconds."""
    from pympi import Eaf

    file = Eaf(author="emoviz")
    file.remove_tier("default")
    for start, end, label, tier in segments:
        if tier not in file.get_tier_names():
            file.add_tier(tier)
        file.add_annotation(tier, round(1000 * start), max(round(1000 * end), round(1000 * start) + 1), label)
    path.unlink(missing_ok=True)  # pympi would keep a copy of what is there
    file.to_file(str(path))
