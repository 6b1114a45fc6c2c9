"""The persons of a recording: those who are heard, those who are seen, and those who are both."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from ...annotation.segments import Segment
from ...core.errors import ConfigError, MediaError
from ...core.progress import Progress, silent
from .diarisation import Turn, turns_of
from .faces import Face, faces_of
from .mouths import speaking_faces

if TYPE_CHECKING:
    from ...media import ClipMedia

VERSION = 4
"""Version of the way persons are told apart; results that another version kept are not used."""
MOST = 20
"""Largest number of voices that can be asked for, and of faces among which a speaker is looked for."""


class Person(NamedTuple):
    """A person of a recording.

    Attributes:
        name: name, which no other person has.
        voices: numbers of the voices with which the person speaks.
        faces: ids of the face tracks that show the person.
    """

    name: str
    voices: tuple[int, ...] = ()
    faces: tuple[int, ...] = ()


@dataclass(frozen=True)
class Persons:
    """The persons of a recording, and when they speak.

    Attributes:
        people: persons, first those who are heard in the order of their first words, then those who are only seen.
        turns: stretches in which one voice speaks.
        notes: limits of what is known, one sentence each.
    """

    people: tuple[Person, ...]
    turns: tuple[Turn, ...]
    notes: tuple[str, ...] = ()

    def segments(self) -> list[Segment]:
        """Return the turns with the person's name as label and tier; successive turns of one person are joined."""
        names = {voice: person.name for person in self.people for voice in person.voices}
        found: list[Segment] = []
        for turn in self.turns:
            name = names[turn.voice]
            if found and found[-1].tier == name and turn.start - found[-1].end < 1e-6:
                found[-1] = found[-1]._replace(end=turn.end)
            else:
                found.append(Segment(turn.start, turn.end, name, name))
        return found

    def seconds(self, person: Person) -> float:
        """Return the number of seconds for which a person speaks."""
        return sum(turn.end - turn.start for turn in self.turns if turn.voice in person.voices)


def find_persons(media: "ClipMedia", count: int | None = None, progress: Progress = silent) -> Persons:
    """Find the persons of a recording.

    Args:
        media: recording.
        count: number of voices; None finds it.
        progress: listener.

    Raises:
        ConfigError: if the number of voices is not possible.
        MediaError: if the recording cannot be read, or nobody is heard or seen in it.
        MissingWeightsError: if a network is not on this machine.
        Cancelled: if ``progress`` raises it.
    """
    require_voices(count)
    turns, notes = _heard(media, count, progress)
    timeline = media.faces(progress) if media.info.video else None
    tracks = sorted(timeline.tracks, key=lambda track: -track.weight) if timeline else []
    if not turns and not tracks:
        raise MediaError(f"Nobody speaks in '{media.path.name}', and no face is seen.")
    if timeline is None:
        notes.append(f"'{media.path.name}' has no picture, so its persons are voices alone.")
    elif not tracks:
        notes.append("No face is seen, so the persons are voices alone.")
    if len(tracks) > MOST:
        notes.append(
            f"{len(tracks)} faces are seen: who speaks is looked for among the {MOST} seen longest and nearest."
        )
    faces, said = faces_of(tracks[:MOST])
    speaking = {}
    if timeline and turns:
        speaking = speaking_faces(turns, media.speech(progress), faces, timeline.times)
    faces += [Face((track.id,), track.frames, track.seen_blendshapes) for track in tracks[MOST:]]
    return Persons(tuple(_people(turns, speaking, faces)), tuple(turns), (*notes, *said))


def require_voices(count: int | None) -> None:
    """Refuse a number of voices that no recording has.

    Raises:
        ConfigError: if it is less than one or too large.
    """
    if count is not None and not 1 <= count <= MOST:
        raise ConfigError(f"A recording has 1 to {MOST} voices, not {count}.")


def _heard(media: "ClipMedia", count: int | None, progress: Progress) -> tuple[list[Turn], list[str]]:
    """Return who speaks when, and what limits that."""
    name = media.path.name
    if media.info.audio is None:
        return [], [f"'{name}' has no sound, so nothing is said about voices."]
    turns = turns_of(media.speech(progress), count, progress)
    if not turns:
        return [], [f"Nobody speaks in '{name}' (music is no speech), so nothing is said about voices."]
    voices = len({turn.voice for turn in turns})
    if count is not None and voices < count:
        return turns, [f"The speech is too short to tell {count} voices apart; {voices} could be told."]
    return turns, []


def _people(turns: list[Turn], speaking: dict[int, int], faces: list[Face]) -> list[Person]:
    """Return a person per voice, with the face that speaks with it, and one per other face."""
    voices = range(len({turn.voice for turn in turns}))
    tracks = {face.id: face.ids for face in faces}
    heard = [Person(voice_name(voice), (voice,), tracks.get(speaking.get(voice, -1), ())) for voice in voices]
    others = sorted(face.ids for face in faces if face.id not in speaking.values())
    return [*heard, *(Person(face_name(ids[0]), (), ids) for ids in others)]


def face_name(face: int) -> str:
    """Return the name of a face by the id of its track, as the chooser of faces shows it."""
    return f"face {face}"


def voice_name(voice: int) -> str:
    """Return the name of a voice by its number: voice A to voice Z, then voice AA."""
    letters = ""
    number = voice + 1
    while number:
        number, place = divmod(number - 1, 26)
        letters = chr(ord("A") + place) + letters
    return f"voice {letters}"
