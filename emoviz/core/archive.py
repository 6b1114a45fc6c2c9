"""Files and folders packed in one zip file, and unpacked one by one, each whole or not at all.

The last entry, ``archive.json``, tells what they are and the size and sha256 of each file. What an archive from
elsewhere holds is read only where that is true, and lands nowhere but where it is asked to.
"""

import hashlib
import json
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Any, NamedTuple

from .errors import EmovizError
from .files import raising, replacing, replacing_folder
from .progress import Progress, silent

MANIFEST = "archive.json"
FORMAT = 1
LARGEST_MANIFEST = 64_000_000
"""Largest size in bytes of a list of files, enough for about 400,000."""
BLOCK = 1 << 20
UNREADABLE = (OSError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
"""Errors of entries that are damaged, encrypted, or packed in a way that is not known here."""
FORBIDDEN = set('\\:*?"<>|') | set(map(chr, range(32)))
"""Characters that are not allowed in file names, on one system or another."""


class Item(NamedTuple):
    """A file or a folder in an archive: the ``part`` that it belongs to, and its ``name``."""

    part: str
    name: str


class Packed(NamedTuple):
    """A packed file: its ``size`` in bytes and its ``sha256``."""

    size: int
    sha256: str


def pack(
    path: Path, parts: Mapping[str, Iterable[Path]], about: Mapping[str, Any], progress: Progress = silent
) -> None:
    """Write an archive, whole or not at all.

    Links are left out, as what they name may be gone where it is unpacked.

    Args:
        path: path of the archive.
        parts: files and folders by the part that they belong to; items of one part have different names.
        about: facts for whoever unpacks it, as JSON can hold them.
        progress: listener of the progress, in bytes.

    Raises:
        EmovizError: if the disk is full, or a file changes or vanishes meanwhile.
    """
    files = {
        f"{part}/{item.name}{'' if file == item else '/' + file.relative_to(item).as_posix()}": file
        for part, items in parts.items()
        for item in items
        for file in _files(item)
    }
    with raising(EmovizError, path), replacing(path) as draft:
        packed: dict[str, Packed] = {}
        total, done = sum(file.stat().st_size for file in files.values()), 0
        with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for name, file in files.items():
                progress("Packing", done, total)
                with _opened(file) as source, archive.open(name, "w", force_zip64=True) as target:
                    packed[name] = _copied(iter(partial(source.read, BLOCK), b""), target)
                done += packed[name].size
            held = {"format": FORMAT, "about": about, "files": packed}
            archive.writestr(MANIFEST, json.dumps(held, ensure_ascii=False))


class Archive:
    """An archive that is to be unpacked.

    Args:
        path: path of its file.

    Raises:
        EmovizError: if the file is no archive, is damaged, or holds something under a name that no file can have.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._reading() as archive:
            entries = archive.infolist()
            held = self._manifest(archive)
        try:
            self.about: Mapping[str, Any] = dict(held["about"])
            self.files = {name: Packed(int(size), str(sha256)) for name, (size, sha256) in held["files"].items()}
        except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
            raise self._damaged("its list of files is no such list") from error
        there = {entry.filename: entry.file_size for entry in entries if entry.filename != MANIFEST}
        if len(entries) != len(there) + 1 or there != {name: one.size for name, one in self.files.items()}:
            raise self._damaged("it holds other files than it lists")
        for name in self.files:
            if not _is_sound(name):
                raise self._damaged(f"{name[:80]!r} is no name of a file in it")
        self._names: dict[Item, list[str]] = {}
        for name in self.files:
            self._names.setdefault(_item(name), []).append(name)
        self.items = {item: sum(self.files[name].size for name in names) for item, names in self._names.items()}
        """The bytes of each item."""

    def check(self, progress: Progress = silent) -> None:
        """Read all files without writing any.

        Raises:
            EmovizError: if a file is damaged; the sentence names it.
        """
        total, done = sum(one.size for one in self.files.values()), 0
        with self._reading() as archive:
            for name, one in self.files.items():
                progress("Checking", done, total)
                self._read(archive, name, None)
                done += one.size

    def equals(self, item: Item, path: Path) -> bool:
        """Return whether a file or folder has the files of an item, and no other."""
        own = {self._within(item, name): self.files[name] for name in self._names[item]}
        there = {"" if file == path else file.relative_to(path).as_posix(): file for file in _files(path)}
        if own.keys() != there.keys() or any(there[name].stat().st_size != one.size for name, one in own.items()):
            return False
        return all(_sha256(there[name]) == one.sha256 for name, one in own.items())

    def unpack(self, item: Item, target: Path, mend: Callable[[Path], None] = lambda path: None) -> None:
        """Write an item, whole or not at all, in place of what is there.

        Args:
            item: item of the archive.
            target: path that it gets.
            mend: function that adapts the written item to its new place before it appears there, or refuses it.

        Raises:
            EmovizError: if the disk is full, a file is damaged, or ``mend`` refuses it.
        """
        names = self._names[item]
        alone = names == [f"{item.part}/{item.name}"]
        with (
            raising(EmovizError, target),
            self._reading() as archive,
            (replacing if alone else replacing_folder)(target) as draft,
        ):
            for name in names:
                file = draft / self._within(item, name) if not alone else draft
                file.parent.mkdir(parents=True, exist_ok=True)
                with file.open("wb") as written:
                    self._read(archive, name, written)
            mend(draft)

    def _within(self, item: Item, name: str) -> str:
        return name.removeprefix(f"{item.part}/{item.name}").removeprefix("/")

    def _read(self, archive: zipfile.ZipFile, name: str, target: IO[bytes] | None) -> None:
        """Copy a file out of the archive, no more of it than was listed."""
        if _copied(self._blocks(archive, name), target, self.files[name].size) != self.files[name]:
            raise self._damaged(f"'{name}' in it is another one than it lists")

    def _blocks(self, archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
        """Yield the content of an entry."""
        try:
            with archive.open(name) as source:
                yield from iter(partial(source.read, BLOCK), b"")
        except UNREADABLE as error:
            raise self._damaged(f"'{name}' in it cannot be read") from error

    def _manifest(self, archive: zipfile.ZipFile) -> dict[str, Any]:
        try:
            entry = archive.getinfo(MANIFEST)
            if entry.file_size > LARGEST_MANIFEST:
                raise self._damaged("its list of files is too long")
            held = json.loads(b"".join(self._blocks(archive, MANIFEST)))
        except (KeyError, ValueError, RecursionError) as error:
            raise EmovizError(f"'{self.path}' was not written by emoviz: it has no {MANIFEST}.") from error
        if not isinstance(held, dict) or held.get("format") != FORMAT:
            raise EmovizError(f"'{self.path}' was written by another version of emoviz, whose archives differ.")
        return held

    @contextmanager
    def _reading(self) -> Iterator[zipfile.ZipFile]:
        try:
            with zipfile.ZipFile(self.path) as archive:
                yield archive
        except FileNotFoundError as error:
            raise EmovizError(f"There is no file '{self.path}'.") from error
        except IsADirectoryError as error:
            raise EmovizError(f"'{self.path}' is a folder; export-workspace writes a zip file.") from error
        except PermissionError as error:
            raise EmovizError(f"'{self.path}' may not be read.") from error
        except zipfile.BadZipFile as error:
            raise self._damaged("it is no whole zip file") from error

    def _damaged(self, why: str) -> EmovizError:
        return EmovizError(f"The archive '{self.path}' is damaged: {why}.")


def _files(item: Path) -> list[Path]:
    """The file itself, or all files of a folder, without links and what a killed process left."""
    if item.is_file():
        return [item]
    return sorted(file for file in item.rglob("*") if file.is_file() and not _linked(file, item))


def _linked(file: Path, top: Path) -> bool:
    return any(path.is_symlink() for path in (file, *file.parents) if path.is_relative_to(top) and path != top)


@contextmanager
def _opened(file: Path) -> Iterator[IO[bytes]]:
    try:
        source = file.open("rb")
    except FileNotFoundError as error:
        raise EmovizError(f"'{file}' is gone since the packing began; pack again when nothing works on it.") from error
    with source:
        yield source


def _copied(blocks: Iterable[bytes], target: IO[bytes] | None, most: int | None = None) -> Packed:
    """Copy a file, at most some bytes and one block of it, and return what it is."""
    digest, size = hashlib.sha256(), 0
    for block in blocks:
        digest.update(block)
        size += len(block)
        if most is not None and size > most:
            break
        if target is not None:
            target.write(block)
    return Packed(size, digest.hexdigest())


def _sha256(file: Path) -> str:
    with file.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def _item(name: str) -> Item:
    part, item, *_ = name.split("/")
    return Item(part, item)


def _is_sound(name: str) -> bool:
    """Whether a name leads to a place below an item, on any system."""
    parts = name.split("/")
    return (
        len(parts) > 1
        and PurePosixPath(name).as_posix() == name
        and all(part not in ("", ".", "..") and len(part.encode()) <= 255 for part in parts)
        and not FORBIDDEN & set(name)
    )
