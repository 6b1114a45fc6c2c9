"""The names of the persons in a written video: of each face, and of whom the curves speak at a moment."""

from typing import TYPE_CHECKING

from ...core.vocabulary import Source
from ..persons.found import face_name
from .drawing import drawable

if TYPE_CHECKING:
    from ..persons.found import Persons


class Names:
    """Names of the persons of a recording; one with signs that cannot be drawn is left out.

    Args:
        persons: persons that were found in it, by the names that they have now.
        face: id of the face that is analysed; None where there is none.
    """

    def __init__(self, persons: "Persons", face: int | None) -> None:
        self._of_faces = {face: person.name for person in persons.people for face in person.faces}
        self._face, self._turns = face, persons.segments()

    def of_face(self, face: int) -> str:
        """Return the name of the person whom a face shows."""
        name = self._of_faces.get(face, face_name(face))
        return name if drawable(name) else face_name(face)

    def of_curves(self, source: str, time: float) -> str:
        """Return the name of the person of whom the curves of a source speak at a time in s, or "" if there is none.

        Curves of the face are those of the analysed face, those of speech are those of whoever speaks. Fused ones are
        of both, which are both told where another person speaks.
        """
        seen = "" if source == Source.SPEECH or self._face is None else self.of_face(self._face)
        heard = "" if source == Source.FACE else self._speaker(time)
        if seen and heard and seen != heard:
            return f"{seen} (face), {heard} (voice)"
        return seen or heard

    def _speaker(self, time: float) -> str:
        name = next((turn.tier for turn in self._turns if turn.start <= time < turn.end), "")
        return name if drawable(name) else ""
