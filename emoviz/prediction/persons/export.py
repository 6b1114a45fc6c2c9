"""Files that say who speaks when: tables, and annotations for other programs."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ...annotation import segments
from ...annotation.formats import WRITERS
from ...core.errors import AnnotationError
from ..export import found_writer
from ..formats import FORMATS

if TYPE_CHECKING:
    import pandas as pd

    from ...annotation.segments import Segment
    from .found import Persons


def file_endings() -> str:
    """Return the endings of files that are written, for people."""
    return segments.endings([*FORMATS, *WRITERS])


def turn_table(persons: "Persons") -> "pd.DataFrame":
    """Return a row for each stretch in which one person speaks.

    Returns:
        ``start``, ``end`` (s), ``label`` and ``tier`` (both the person's name), as annotations are read, and ``face``:
        the ids of the person's faces, separated by blanks.
    """
    import pandas as pd

    faces = {person.name: " ".join(map(str, person.faces)) for person in persons.people}
    rows = [{**turn._asdict(), "face": faces[turn.tier]} for turn in persons.segments()]
    return pd.DataFrame(rows, columns=["start", "end", "label", "tier", "face"]).round(3)


def person_table(persons: "Persons") -> "pd.DataFrame":
    """Return a row per person: ``person``, ``faces``, ``turns`` (how often), and ``seconds`` for which they speak."""
    import pandas as pd

    spoken = persons.segments()
    return pd.DataFrame(
        {
            "person": person.name,
            "faces": " ".join(map(str, person.faces)),
            "turns": sum(turn.tier == person.name for turn in spoken),
            "seconds": round(persons.seconds(person), 2),
        }
        for person in persons.people
    )


def writer_of(path: Path) -> "Callable[[Persons, str], None]":
    """Return the function that writes who speaks when to a file (:func:`~emoviz.prediction.export.found_writer`).

    Raises:
        AnnotationError: if the file's ending is of no format.
    """

    def turns(persons: "Persons", ending: str) -> "list[Segment]":
        if not persons.turns:
            raise AnnotationError(
                f"{' '.join(persons.notes)} A .{ending} file says who speaks when; without --out the persons are told "
                "as a table."
            )
        return persons.segments()

    return found_writer(path, "Who speaks when is", turn_table, turns)
