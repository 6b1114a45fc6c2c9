"""Names of persons, and persons that people join or part by hand."""

from collections.abc import Iterable, Sequence

from ...core.errors import AnnotationError
from .found import Person, face_name, voice_name

LONGEST = 60
"""Largest number of characters of a name."""

People = tuple[Person, ...]


def renamed(people: Sequence[Person], name: str, new: str) -> People:
    """Return the persons with a new name for one of them.

    Args:
        people: persons.
        name: name of the person.
        new: new name of the person; spaces around it do not count.

    Raises:
        AnnotationError: if the new name is empty or too long, or another person has it.
    """
    wanted = " ".join(new.split())
    if not 1 <= len(wanted) <= LONGEST:
        raise AnnotationError(f"A name has 1 to {LONGEST} characters.")
    if wanted != name and any(person.name == wanted for person in people):
        raise AnnotationError(
            f"Two persons cannot both be called '{wanted}': choose another name, or say that they are one person."
        )
    return tuple(person._replace(name=wanted) if person.name == name else person for person in people)


def merged(people: Sequence[Person], names: Iterable[str]) -> People:
    """Return the persons with some of them joined to one, who stands in the place of the first of them.

    The joined person has the first name among theirs that somebody gave, or else the first name.

    Args:
        people: persons.
        names: names of those who are one person, at least two.

    Raises:
        AnnotationError: if fewer than two are named.
    """
    chosen = set(names)
    parts = [person for person in people if person.name in chosen]
    if len(parts) < 2:
        raise AnnotationError("Choose at least two persons who are one.")
    one = Person(
        next((person.name for person in parts if not _is_default(person)), parts[0].name),
        tuple(sorted(voice for person in parts for voice in person.voices)),
        tuple(sorted(face for person in parts for face in person.faces)),
    )
    return tuple(
        one if person is parts[0] else person for person in people if person is parts[0] or person not in parts
    )


def parted(people: Sequence[Person], name: str) -> People:
    """Return the persons with one of them split: each voice and each face becomes a person of its own.

    Args:
        people: persons.
        name: name of the person, which the first part keeps where somebody gave it.

    Raises:
        AnnotationError: if the person is one voice or one face alone.
    """
    found: list[Person] = []
    for person in people:
        if person.name != name:
            found.append(person)
            continue
        parts = [Person(voice_name(voice), (voice,)) for voice in person.voices]
        parts += [Person(face_name(face), (), (face,)) for face in person.faces]
        if len(parts) < 2:
            raise AnnotationError(f"'{name}' is one voice or one face alone and cannot be parted.")
        first = parts[0] if _is_default(person) else parts[0]._replace(name=name)
        found += [first, *parts[1:]]
    return tuple(found)


def _is_default(person: Person) -> bool:
    """Whether the name is one that a voice or a face has from the start."""
    return person.name in {*map(voice_name, person.voices), *map(face_name, person.faces)}
