"""``export-workspace`` and ``import-workspace``: what a lab has made, moved to another machine as one file."""

import argparse
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from .. import __version__
from ..core.archive import Archive, Item, pack
from ..core.errors import ConfigError, EmovizError
from ..core.settings import Settings
from ..core.words import listed, size
from .command import argument, command
from .output import Bars

FEATURES = "features"
"""Part that is packed on request alone, as it can be made again."""
ENCODERS = "encoders"
"""Folder beside checkpoints of what comes with emoviz."""


@command(
    "export-workspace",
    "pack models, corpora, jobs, reports, profiles and library in one file, to move or keep them",
    argument("out", type=Path, metavar="FILE.zip", help="file to write"),
    argument("--features", action="store_true", help="extracted features, too, which can be made again"),
    argument("--without", nargs="+", default=[], metavar="PART", help="parts to leave out, e.g. library"),
)
def export_workspace(options: argparse.Namespace, settings: Settings) -> None:
    """Pack the workspace, and say what it holds."""
    folders = places_of(settings)
    if unknown := [name for name in options.without if name not in folders]:
        raise ConfigError(f"There is no part '{unknown[0]}' of a workspace; these are: {', '.join(folders)}.")
    left = {*options.without, *(() if options.features else (FEATURES,))}
    running = list(_unfinished(settings)) if "jobs" not in left else []
    parts = {part: list(_items(part, folders, running)) for part in folders if part not in left}
    if running:
        print(f"Left out, as they have not ended: {listed(running)}.")
    about = {
        "emoviz": __version__,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "settings": settings.stated(),
    }
    with Bars() as progress:
        pack(options.out, parts, about, progress)
    packed = Archive(options.out).items
    for part in parts:
        sizes = [bytes_ for item, bytes_ in packed.items() if item.part == part]
        if sizes:
            print(f"{part}: {len(sizes)}, {size(sum(sizes))}")
    print(f"All is in '{options.out}', {size(options.out.stat().st_size)}.")
    if any(item.part in ("library", "recordings", "known") for item in packed):
        print("It holds recordings of people, or what was found in them: keep it as you keep those.")


@command(
    "import-workspace",
    "unpack what export-workspace has packed, beside what is here",
    argument("file", type=Path, metavar="FILE.zip", help="file that export-workspace wrote"),
    argument("--replace", action="store_true", help="replace what is here under the same name"),
    argument(
        "--moved",
        action="append",
        default=[],
        metavar="OLD=NEW",
        help="folder there and here of recordings that imported corpora name; may be repeated",
    ),
)
def import_workspace(options: argparse.Namespace, settings: Settings) -> None:
    """Add a workspace to this machine's; existing things are replaced only if that is asked for."""
    moved = dict(map(_moved, options.moved))
    with Bars() as progress:
        archive = Archive(options.file)
        folders = places_of(settings)
        if strange := sorted({item.part for item in archive.items} - folders.keys()):
            raise EmovizError(f"'{options.file}' holds '{strange[0]}', which is no part of a workspace of this emoviz.")
        archive.check(progress)
        new, other = _compared(archive, folders)
        wanted = [*new, *(other if options.replace else ())]
        _require_room(archive, wanted, folders)
        problems = []
        fitting: set[str] = set()
        for number, item in enumerate(wanted):
            progress("Unpacking", number, len(wanted))
            try:
                archive.unpack(item, folders[item.part] / item.name, _mend(item, settings, moved, fitting))
            except EmovizError as error:
                problems.append(f"{item.part}/{item.name} is left out: {error}")
    done = len(wanted) - len(problems)
    here = len(archive.items) - len(new) - len(other)
    print(f"Unpacked {done} of the {len(archive.items)} files and folders in it; {here} were here already.")
    if other and not options.replace:
        names = listed(f"{item.part}/{item.name}" for item in other)
        print(f"Others of these names are here and stay (`--replace` takes those of the file): {names}.")
    unfit = [f"No unpacked corpus names recordings in '{old}', so --moved has changed nothing there."
             for old in moved.keys() - fitting]  # fmt: skip
    for sentence in [*problems, *unfit, *_missing_recordings(wanted, settings)]:
        print(sentence)
    stated = archive.about.get("settings")
    if isinstance(stated, Mapping):
        print("Settings there, of which those that fit are to be set here:")
        print("\n".join(f"  {name}={value}" for name, value in stated.items() if f"{name}{value}".isprintable()))
    if problems:
        raise EmovizError(f"{len(problems)} of {len(wanted)} could not be unpacked; the others are here.")


def places_of(settings: Settings) -> dict[str, Path]:
    """Return the folder of each part of a workspace."""
    from ..core.selections import FOLDER as SELECTIONS
    from ..features.clip_store import RECORDINGS
    from ..prediction.library import keeping
    from ..prediction.library.known import FOLDER as KNOWN
    from ..prediction.profiles import FOLDER as PROFILES

    return {
        "models": settings.checkpoints[-1],
        "corpora": settings.imports,
        "jobs": settings.runs / "jobs",
        "runs": settings.runs,
        "reports": settings.results[-1],
        "profiles": settings.store / PROFILES,
        "selections": settings.store / SELECTIONS,
        "library": settings.store / keeping.FOLDER,
        "recordings": settings.store / RECORDINGS,
        "known": settings.store / RECORDINGS / KNOWN,
        FEATURES: settings.store,
    }


def _items(part: str, folders: Mapping[str, Path], unfinished: Sequence[str]) -> Iterator[Path]:
    """The files and folders of a part that are packed, without jobs that have not ended."""
    folder = folders[part]
    if not folder.is_dir():
        return
    inside = {place.relative_to(folder).parts[0] for place in folders.values() if folder in place.parents}
    left = inside.union(unfinished if part == "jobs" else (), [ENCODERS] if part == "models" else ())
    for item in sorted(folder.iterdir()):
        if item.name.startswith(".") or item.is_symlink() or item.name in left:
            continue
        if part == "jobs" and not (item / "job.json").is_file():  # the queue, which is made anew from the jobs
            continue
        yield item


def _unfinished(settings: Settings) -> Iterator[str]:
    from ..jobs.folder import State
    from ..jobs.interface import Jobs

    jobs = Jobs(settings)
    for job in jobs.list():
        if jobs.state(job.id).state in (State.QUEUED, State.RUNNING):
            yield job.id


def _compared(archive: Archive, folders: Mapping[str, Path]) -> tuple[list[Item], list[Item]]:
    """The items that are not here, and those under whose name something else is."""
    new, other = [], []
    for item in archive.items:
        there = folders[item.part] / item.name
        if not there.exists():
            new.append(item)
        elif item.part != "jobs" and not archive.equals(item, there):  # a job's id is its own, and its folder fitted
            other.append(item)
    return new, other


def _require_room(archive: Archive, wanted: list[Item], folders: Mapping[str, Path]) -> None:
    for part in dict.fromkeys(item.part for item in wanted):
        needed = sum(archive.items[item] for item in wanted if item.part == part)
        there = next(path for path in (folders[part], *folders[part].absolute().parents) if path.exists())
        if shutil.disk_usage(there).free < needed:
            raise EmovizError(f"The disk of '{folders[part]}' has no room for the {size(needed)} of {part}.")


def _moved(text: str) -> tuple[str, str]:
    old, equals, new = text.partition("=")
    if not (old and equals and new):
        raise ConfigError(
            f"`--moved` takes a folder there and the one here, e.g. /lab/clips=/data/clips, not '{text}'."
        )
    return old.rstrip("/"), new.rstrip("/")


def _mend(item: Item, settings: Settings, moved: Mapping[str, str], fitting: set[str]) -> Callable[[Path], None]:
    """Return the function that fits an item to this machine, or refuses it, and adds the moved folders it has met."""
    if item.part == "jobs":
        return partial(_mend_job, settings)
    if item.part == "corpora" and moved:
        from ..corpora import own

        return lambda path: fitting.update(own.move(path, moved))
    return _check_models if item.part == "models" else lambda path: None


def _check_models(path: Path) -> None:
    from .. import checkpoints

    for config in sorted(path.rglob("config.json")):
        checkpoints.load(config.parent)


def _mend_job(settings: Settings, path: Path) -> None:
    """Give a job the folders of this machine, in which it can be resumed."""
    from ..jobs.folder import JobFolder, Places

    folder = JobFolder(path)
    folder.create(replace(folder.job(), places=Places.of(settings)))


def _missing_recordings(items: list[Item], settings: Settings) -> Iterator[str]:
    """Yield a sentence on each corpus that was unpacked and whose recordings are elsewhere."""
    from ..corpora import own

    for item in items:
        if item.part == "corpora":
            try:
                own.read(item.name, settings.imports)
            except EmovizError as error:
                yield f"{error} `--moved OLD=NEW --replace` tells where they lie."
