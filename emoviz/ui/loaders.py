"""Loaders of what pages read from disk, once per server: settings, checkpoints and examples."""

from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from .. import corpora
from ..checkpoints import (
    CARD,
    CONFIG,
    METRICS,
    PER_CULTURE,
    WEIGHTS,
    Checkpoint,
    Description,
    find,
    groups,
    load,
    read_description,
    read_metrics,
    read_table,
)
from ..core import places
from ..core.errors import CheckpointError, EmovizError
from ..core.kept import Kept
from ..core.settings import Settings
from ..corpora import inventory
from ..corpora.base import Clip, clips_of
from ..features.clip_store import kept_recordings
from ..features.store import FeatureStore
from ..media import ACCEPTED
from ..prediction.library.keeping import KeptFiles
from ..prediction.library.known import Library
from ..studies.reports import Report, read_report, report_files
from .cache import cached, kept
from .shared_store import SharedStore


class Reports(NamedTuple):
    """Committed results of studies.

    Attributes:
        found: reports that can be read.
        problems: errors of the others.
        state: files of the reports, and the times of their changes.
    """

    found: list[Report]
    problems: list[str]
    state: tuple[tuple[Path, int], ...]


@cached(1)
def settings() -> Settings:
    """Return the settings of this server."""
    return Settings.read()


@cached(1)
def store() -> FeatureStore:
    """Return the store that keeps extracted features."""
    own = settings()
    return SharedStore(own.store, kept_recordings(own.store, own.kept_mb))


@cached(1)
def library(_kept: Kept) -> Library:
    """Return the known facts on recordings that are kept beyond a visit."""
    return Library(_kept)


def kept_files() -> KeptFiles | None:
    """Return the uploads that somebody asked to keep, or None where nothing is kept beyond a visit."""
    own = settings()
    return KeptFiles(own.store, own.uploads_mb) if own.kept_mb else None


def checkpoints(group: str = "") -> dict[str, Path]:
    """Return checkpoint folders by name, as they are on disk now, of a group, or those that are in none."""
    return find(settings().checkpoints, group)


def sets() -> dict[str, dict[str, Path]]:
    """Return the groups of checkpoints by name, the bundled one first: sets of models of one culture each."""
    names = sorted(groups(settings().checkpoints), key=lambda name: name != PER_CULTURE)
    return {name: checkpoints(name) for name in names}


def every_checkpoint() -> dict[str, Path]:
    """Return all checkpoints by name, those of a group as ``<group>/<name>``."""
    return checkpoints() | {name: folder for members in sets().values() for name, folder in members.items()}


def table(folder: Path, name: str) -> pd.DataFrame | None:
    """Return a table of held-out recordings of a checkpoint (:data:`emoviz.checkpoints.TABLES`); do not change it.

    Raises:
        CheckpointError: if the file is damaged.
    """
    path = folder / f"{name}.parquet"
    return _table(folder, name, path.stat().st_mtime_ns) if path.exists() else None


@cached(64)
def _table(folder: Path, name: str, changed: int) -> pd.DataFrame | None:
    return read_table(folder, name)


@cached(8, "Reading the corpora")
def recording_clips(names: tuple[str, ...]) -> dict[str, Clip]:
    """Return the clips of recordings of corpora that are on this machine (``EMOVIZ_DATA``), by id."""
    clips: dict[str, Clip] = {}
    for name in names:
        try:
            recordings = corpora.load(name, settings().data, settings().imports).recordings
        except EmovizError:
            continue  # it is not here; the page says that its recordings cannot be played
        clips |= {str(identity): clip for identity, clip in clips_of(recordings).dropna().items()}
    return clips


def holdings() -> list[inventory.Holding]:
    """Return all known corpora as they are here now, those that are here first."""
    own = settings()
    found = [
        _holding(name, changed_at(own.store / "corpora" / name / "corpus.json"), changed_at(own.imports / name))
        for name in corpora.names(own.imports)
    ]
    return sorted(found, key=lambda one: one.tables is None)


@cached(64, "Reading the corpora")
def _holding(name: str, stored: int, imported: int) -> inventory.Holding:
    return inventory.holding(name, settings().data, settings().imports, store())


def changed_at(path: Path) -> int:
    """Return when a file or folder changed, 0 where there is none."""
    return path.stat().st_mtime_ns if path.exists() else 0


def load_checkpoint(folder: Path) -> Checkpoint:
    """Load a checkpoint, once and again when its weights change on disk.

    Raises:
        CheckpointError: if the folder is damaged.
    """
    weights = folder / WEIGHTS
    return _load(folder, weights.stat().st_mtime_ns if weights.exists() else 0)


@cached(16)
def _load(folder: Path, changed: int) -> Checkpoint:
    return load(folder)


def description(folder: Path) -> Description | None:
    """Return the description of a checkpoint, or None when it is damaged (loading it says why)."""
    path = folder / CONFIG
    return _description(folder, path.stat().st_mtime_ns if path.exists() else 0)


@cached(1024)
def _description(folder: Path, changed: int) -> Description | None:
    try:
        return read_description(folder)
    except CheckpointError:
        return None


def reports() -> Reports:
    """Return the committed results as they are on disk now."""
    state = tuple((path, path.stat().st_mtime_ns) for path in report_files(*settings().results))
    return kept(("reports", state), lambda: _reports(state))


def _reports(state: tuple[tuple[Path, int], ...]) -> Reports:
    found, problems = [], []
    for path, changed in state:
        try:
            found.append(_report(path, changed))
        except EmovizError as error:
            problems.append(str(error))
    return Reports(found, problems, state)


@cached(1024)
def _report(path: Path, changed: int) -> Report:
    return read_report(path)


def metrics(folder: Path) -> dict[str, Any]:
    """Return the held-out scores of a checkpoint; empty when it has none, or they are damaged. Do not change them."""
    path = folder / METRICS
    return _metrics(folder, path.stat().st_mtime_ns if path.exists() else 0)


@cached(1024)
def _metrics(folder: Path, changed: int) -> dict[str, Any]:
    try:
        return read_metrics(folder)
    except CheckpointError:
        return {}


def card(folder: Path) -> str:
    """Return the model card, Markdown, without the head that is for the Hub."""
    path = folder / CARD
    if not path.is_file():
        return f"{folder.name} has no model card."
    text = path.read_text(encoding="utf-8")
    return text.split("\n---\n", 1)[-1] if text.startswith("---\n") else text


def examples() -> dict[str, Path]:
    """Return the clips that come with the project, by the name that the page shows."""
    files = sorted(path for path in (places.bundled() / "examples").glob("*.*") if path.suffix[1:] in ACCEPTED)
    return {f"Example: {path.stem.replace('-', ' ').title()}": path for path in files}
