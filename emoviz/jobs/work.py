"""Kinds of work that a job can do.

A kind is a frozen dataclass of plain settings, registered by name; ``job.json`` keeps its fields. The project's own
stand in ``kinds``. Modules that register more are named in ``EMOVIZ_PLUGINS``, separated by commas.
"""

import importlib
import os
from pathlib import Path
from typing import Any, Protocol

from ..core.configuration import from_dict
from ..core.errors import ConfigError, UnknownNameError
from ..core.progress import Progress
from ..core.registry import Registry
from .folder import Job, Places


class Work(Protocol):
    """Settings of some work, and the work."""

    @property
    def title(self) -> str:
        """One line for people."""

    @property
    def writes(self) -> str:
        """Name of the checkpoint that it will write, or ""."""

    def check(self, places: Places, tasks: int = 1) -> None:
        """Refuse what cannot be done, or not by so many processes together.

        Raises:
            EmovizError: of its kind.
        """

    def run(self, folder: Path, places: Places, progress: Progress) -> tuple[str, ...]:
        """Do it, or go on where an earlier attempt in the folder ended; the names of what was made."""


WORKS: Registry[Any] = Registry("kind of job")


def require_one(tasks: int) -> None:
    """Refuse to share work that one process does.

    Raises:
        ConfigError: so.
    """
    if tasks > 1:
        raise ConfigError(f"Only a training can be shared by {tasks} processes; this takes one.")


def kind_of(work: Work) -> str:
    """The name under which this kind of work is registered.

    Raises:
        UnknownNameError: it is not.
    """
    for name in WORKS:
        if WORKS[name] is type(work):
            return name
    raise UnknownNameError("kind of job", type(work).__name__, WORKS)


def work_of(job: Job) -> Work:
    """What a job does, with its settings checked.

    Raises:
        EmovizError: its kind is unknown or its settings do not fit.
    """
    _load_kinds(job.kind)
    work: Work = from_dict(WORKS[job.kind], job.work, f"the job '{job.id}'")
    return work


def _load_kinds(kind: str) -> None:
    """Import the modules that register kinds, the project's own, which take torch with them, only where needed."""
    for name in filter(None, os.environ.get("EMOVIZ_PLUGINS", "").split(",")):
        try:
            importlib.import_module(name)
        except ImportError as error:
            raise ConfigError(f"EMOVIZ_PLUGINS names '{name}', which cannot be imported: {error}.") from error
    if kind not in WORKS:
        importlib.import_module(f"{__package__}.kinds")
