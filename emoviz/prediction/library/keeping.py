"""Uploads that somebody asked to keep: each content once, under a permanent name."""

import os
import shutil
from pathlib import Path
from typing import NamedTuple

from ...core.errors import MediaError
from ...core.files import extent, file_name, raising, remove_folder, replacing_folder

FOLDER = "library"
"""Folder of these recordings in a store."""
SHOWN = 8
"""Number of characters of the content that tell recordings of the same name apart."""


class KeptFile(NamedTuple):
    """A recording that is kept: its ``path``, and its ``content`` as sha256."""

    path: Path
    content: str


class KeptFiles:
    """The recordings that are kept in a store, readable by its user alone.

    Args:
        store: folder of the store.
        most_mb: megabytes that all of them may take.
    """

    def __init__(self, store: Path, most_mb: int) -> None:
        self.folder, self._most = store / FOLDER, most_mb * 1_000_000

    def all(self) -> dict[str, KeptFile]:
        """Return the recordings by their names, in alphabetical order."""
        found: dict[str, KeptFile] = {}
        if self.folder.is_dir():
            for place in os.scandir(self.folder):
                if place.is_dir() and not place.name.startswith("."):
                    found |= {file.name: KeptFile(Path(file.path), place.name) for file in os.scandir(place.path)}
        return dict(sorted(found.items()))

    def keep(self, path: Path, content: str, name: str) -> str:
        """Keep a copy of a recording, and return the name that it has from now on.

        A recording that is already kept keeps its name. Where another recording has the wished name, a part of the
        content is added to it.

        Args:
            path: path of its file.
            content: sha256 of the file.
            name: name that somebody gave it.

        Raises:
            MediaError: if there is no room for the recording, or it cannot be written.
        """
        kept = self.all()
        for own, file in kept.items():
            if file.content == content:
                return own
        name = file_name(name)
        if name in kept:
            name = f"{Path(name).stem} ({content[:SHOWN]}){Path(name).suffix}"
        with raising(MediaError, self.folder, name=f"The recording '{name}'", setting="EMOVIZ_STORE"):
            taken, size = extent(self.folder).size, path.stat().st_size
            if taken + size > self._most:
                raise MediaError(
                    f"The recordings that are kept take {taken / 1e6:,.0f} MB of {self._most / 1e6:,.0f} (setting "
                    "EMOVIZ_UPLOADS_MB), and no room is left for this one: delete some on the page Library."
                )
            self.folder.mkdir(parents=True, exist_ok=True)
            self.folder.chmod(0o700)
            with replacing_folder(self.folder / content) as draft:
                shutil.copyfile(path, draft / name)
        return name

    def delete(self, content: str) -> None:
        """Delete a recording.

        Raises:
            MediaError: if the store is not writable.
        """
        with raising(MediaError, self.folder / content, setting="EMOVIZ_STORE"):
            remove_folder(self.folder / content)
