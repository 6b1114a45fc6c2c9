"""A run's note and its tags, in one small file beside the run."""

from dataclasses import asdict, dataclass
from pathlib import Path

from ..core.configuration import from_dict
from ..core.errors import ConfigError, EmovizError, JobError
from ..core.files import raising, read_json, write_json

FILE = "notes.json"
LONGEST_NOTE, LONGEST_TAG = 2000, 30
"""Largest number of characters of a note and of a tag."""
MOST_TAGS = 10


@dataclass(frozen=True)
class Note:
    """The note that somebody wrote on a run.

    Attributes:
        text: note, in the writer's words.
        tags: words by which runs can be found again.
    """

    text: str = ""
    tags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.text) > LONGEST_NOTE:
            raise ConfigError(f"A note has at most {LONGEST_NOTE:,} characters, and this one {len(self.text):,}.")
        if len(self.tags) > MOST_TAGS:
            raise ConfigError(f"A run has at most {MOST_TAGS} tags, and these are {len(self.tags)}.")
        for tag in self.tags:
            if not 0 < len(tag) <= LONGEST_TAG or "," in tag or not tag.isprintable():
                raise ConfigError(f"A tag has 1 to {LONGEST_TAG} characters without a comma, unlike '{tag[:80]}'.")

    def __bool__(self) -> bool:
        return bool(self.text or self.tags)


def note_of(text: str, tags: str) -> Note:
    """Return a note from typed texts.

    Args:
        text: note.
        tags: tags, separated by commas; a repeated tag counts once.

    Raises:
        ConfigError: if the note or a tag is too long, or there are too many tags.
    """
    return Note(text.strip(), tuple(dict.fromkeys(filter(None, map(str.strip, tags.split(","))))))


def read_note(folder: Path) -> Note:
    """Return the note in a run's folder; an empty one where there is none, or it is damaged."""
    try:
        return from_dict(Note, read_json(folder / FILE) or {}, "the note")
    except EmovizError:
        return Note()


def write_note(folder: Path, note: Note) -> None:
    """Write a note into a run's folder, which is made where it is missing; an empty one deletes what is there.

    Raises:
        JobError: if the disk is full or the folder is not writable.
    """
    with raising(JobError, folder / FILE, setting="EMOVIZ_CHECKPOINTS"):
        if not note:
            (folder / FILE).unlink(missing_ok=True)
            return
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / FILE, asdict(note))
