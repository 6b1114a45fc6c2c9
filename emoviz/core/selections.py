"""Named selections of recordings: the recordings, and words that say why they were chosen."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from .errors import SelectionError
from .files import create_json, file_name, raising, read_json
from .words import counted

FOLDER = "selections"
"""Folder of saved selections in a store."""
MOST_RECORDINGS = 20_000
"""Largest number of recordings in a selection."""
MOST_SAVED = 1000
"""Largest number of selections that a store keeps."""
LONGEST_NAME, LONGEST_WORDS = 80, 200
"""Largest number of bytes of a name in UTF-8, and of characters of the words."""


@dataclass(frozen=True)
class Selection:
    """Recordings that somebody chose.

    Attributes:
        recordings: ids of recordings of corpora, or the names by which pages open other recordings; each once.
        words: words on one line that say why they were chosen, e.g. ``German, angry taken for happy``.
    """

    recordings: tuple[str, ...]
    words: str

    def __post_init__(self) -> None:
        words = " ".join(self.words.split())
        object.__setattr__(self, "words", words[: LONGEST_WORDS - 1] + "…" if len(words) > LONGEST_WORDS else words)
        object.__setattr__(self, "recordings", tuple(dict.fromkeys(self.recordings)))
        if not self.recordings or len(self.recordings) > MOST_RECORDINGS:
            raise SelectionError(
                f"A selection holds 1 to {MOST_RECORDINGS:,} recordings, not {len(self.recordings):,}."
            )

    @property
    def size(self) -> str:
        """The number of recordings in words, e.g. ``32 recordings``."""
        return counted(len(self.recordings), "recordings")

    @property
    def content(self) -> str:
        """The sha256 of the recordings and words, which tells selections apart."""
        return hashlib.sha256("\n".join((self.words, *self.recordings)).encode()).hexdigest()


class Selections:
    """The selections that are saved in a store, each in a file of its name.

    Args:
        store: folder of the store.
    """

    def __init__(self, store: Path) -> None:
        self.folder = store / FOLDER

    def names(self) -> list[str]:
        """Return the names of all saved selections, damaged ones too, sorted."""
        return sorted(path.stem for path in self.folder.glob("*.json") if not path.name.startswith("."))

    def save(self, name: str, selection: Selection) -> None:
        """Save a selection under a name that is free.

        Raises:
            SelectionError: if the name is not possible or taken, too many are saved, or the store is not writable.
        """
        if not _is_possible(name):
            raise SelectionError(
                f"A selection's name has 1 to {LONGEST_NAME} bytes, no slash, and no dot at its start."
            )
        if len(self.names()) >= MOST_SAVED:
            raise SelectionError(f"{MOST_SAVED:,} selections are saved, and no more can be: delete one first.")
        with raising(SelectionError, self.folder, name=f"The selection '{name}'", setting="EMOVIZ_STORE"):
            self.folder.mkdir(parents=True, exist_ok=True)
            values = {"words": selection.words, "recordings": list(selection.recordings)}
            if not create_json(self._path(name), values):
                raise SelectionError(f"A selection named '{name}' is saved already: choose another name, or delete it.")

    def load(self, name: str) -> Selection:
        """Return the selection with a name.

        Raises:
            SelectionError: if none has that name, or its file is damaged.
        """
        if not _is_possible(name) or not self._path(name).is_file():
            shown = name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}…"
            raise SelectionError(f"No selection named '{shown}' is saved here.")
        values = read_json(self._path(name)) or {}
        recordings, words = values.get("recordings"), values.get("words")
        if not isinstance(recordings, list) or not isinstance(words, str) or set(map(type, recordings)) != {str}:
            raise SelectionError(
                f"The file of the selection '{name}' is damaged: delete it and save the selection anew."
            )
        return Selection(tuple(recordings), words)

    def delete(self, name: str) -> None:
        """Delete the selection with a name, if there is one.

        Raises:
            SelectionError: if the store is not writable.
        """
        if _is_possible(name):
            with raising(SelectionError, self._path(name), setting="EMOVIZ_STORE"):
                self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.json"


def _is_possible(name: str) -> bool:
    """Return whether a name can be that of a file in any folder, as it stands."""
    fits = 0 < len(name.encode(errors="replace")) <= LONGEST_NAME
    return fits and file_name(name) == name and not name.startswith(".") and "�" not in name
