"""Files that say who speaks when: tables, and annotations for other programs."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ...annotation import segments
from ...annotation.formats import WRITERS
from ...core.errors import AnnotationError
from ..export import write_table
from ..formats import FORMATS

if TYPE_CHECKING:
    import pandas as pd

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
    """Return the function that writes who speaks when to a file, given the persons and the recording's name.

    It raises a ConfigError or an AnnotationError if the folder is missing or not writable, and an AnnotationError
    where a format of annotations is asked for and nobody speaks.

    Raises:
        AnnotationError: if the file's ending is of no format.
    """
    name = path.suffix.lower().removeprefix(".")
    if name in FORMATS:
        return lambda persons, _: write_table(turn_table(persons), path)
    if name not in WRITERS:
        raise AnnotationError(f"Who speaks when is written as {file_endings()}, not '{path.suffix.lower()}'.")

    def write(persons: "Persons", recording: str) -> None:
        if not persons.turns:
            raise AnnotationError(
                f"{' '.join(persons.notes)} A {path.suffix.lower()} file says who speaks when; without --out the "
                "persons are told as a table."
            )
        segments.write(segments.checked(persons.segments(), recording), path, recording)

    return write
