"""The persons of a recording, and what a prediction says while each of them speaks."""

from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING

from ..core import extras
from ..core.settings import Settings
from ..media import ClipMedia
from ..prediction.clip import opened
from ..prediction.persons.emotions import emotion_table
from ..prediction.persons.export import person_table, turn_table
from ..prediction.persons.found import Persons as Found
from ..prediction.persons.known import Changes, persons_of
from .given import path_of
from .prediction import Prediction
from .shown import Answer

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go


@dataclass(frozen=True, repr=False)
class Persons(Answer):
    """The persons of one recording.

    Attributes:
        media: recording.
        found: persons that were found in it.
    """

    media: ClipMedia
    found: Found

    @property
    def sentences(self) -> tuple[str, ...]:
        """The number of persons, and the limits of what is known."""
        number = len(self.found.people)
        return f"{number} {'person is' if number == 1 else 'persons are'} heard or seen.", *self.found.notes

    @property
    def table(self) -> "pd.DataFrame":
        """A row per person: ``person``, ``faces``, ``turns`` (how often) and ``seconds`` for which they speak."""
        return person_table(self.found)

    @property
    def turns(self) -> "pd.DataFrame":
        """A row per stretch in which one person speaks (:func:`emoviz.prediction.persons.export.turn_table`)."""
        return turn_table(self.found)

    def emotions(self, prediction: Prediction) -> "pd.DataFrame":
        """Return a row per stretch in which one person speaks, with what a prediction of the recording says in it.

        Columns of the face are empty where the face that was analysed is another person's.
        """
        found = prediction.answer.prediction
        face = found.faces.speaker if found.faces and prediction.face is None else prediction.face
        return emotion_table(found, self.found, face)

    @extras.named()
    def plot(self) -> "go.Figure":
        """Draw who speaks when."""
        from .. import plots

        heard = [person.name for person in self.found.people if person.voices]
        return plots.turns(self.turns.rename(columns={"tier": "person"}), heard, float(self.media.info.duration))


def persons(recording: str | PathLike[str], voices: int | None = None) -> Persons:
    """Find who is heard and seen in a recording, and who speaks when.

    Args:
        recording: path of a video or a sound.
        voices: number of voices; by default as many as are told apart.

    Raises:
        ConfigError: if the number of voices is not positive.
        MediaError: if the recording cannot be read, or nobody is heard or seen in it.
    """
    media = opened(path_of(recording), Settings.read())
    return Persons(media, Changes(media, voices).applied(persons_of(media, voices)))
