"""Names of persons, and persons that people join or part by hand."""

from collections.abc import Iterable, Sequence

from ...core.errors import AnnotationError
from .found import Person, face_name, voice_name

LONGEST = 60
"""Characters of the longest name."""

People = tuple[Person, ...]


def renamed(people: Sequence[Person], name: str, new: str) -> People:
    """Return the persons of whom one has another name.

    Args:
        people: persons.
        name: name of the person.
        new: name that the person gets; blanks around it do not count.

    Raises:
        AnnotationError: if it is empty or too long, or another person has it.
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
    """Return the persons of whom some are one: it stands where the first of them stood.

    It has the first name among them that somebody gave, or else the first one.

    Args:
        people: persons.
        names: names of those who are one person, at least two.

    Raises:
        AnnotationError: if they are fewer.
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
    """Return the persons of whom one is parted: each voice and each face is a person of its own then.

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
