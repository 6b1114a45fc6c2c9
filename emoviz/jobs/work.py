"""The kinds of work that a job can do.

A kind is a frozen dataclass of plain settings, registered by name; ``job.json`` keeps its fields. The project's own
kinds are the files of ``kinds``. ``EMOVIZ_PLUGINS`` names modules that register more, separated by commas.
"""

import importlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from ..core.configuration import from_dict
from ..core.errors import ConfigError
from ..core.progress import Progress
from ..core.registry import Registry
from .folder import Job, Places


class Work(Protocol):
    """A piece of work: its settings, and the function that does it."""

    @property
    def title(self) -> str:
        """The line that names the work for people."""

    @property
    def writes(self) -> str:
        """The name of the checkpoint that the work will write, or ""."""

    def check(self, places: Places, tasks: int = 1) -> None:
        """Refuse work that cannot be done, or cannot be shared by the number of processes.

        Raises:
            EmovizError: if the work cannot be done.
        """

    def run(self, folder: Path, places: Places, progress: Progress) -> tuple[str, ...]:
        """Do the work, or go on where an earlier attempt in the folder ended; return the names of its results."""


WORKS: Registry[type[Work]] = Registry("kind of job", home="emoviz.jobs.kinds")


def require_one(tasks: int) -> None:
    """Refuse several processes for work that one process does.

    Raises:
        ConfigError: if more than one process is asked for.
    """
    if tasks > 1:
        raise ConfigError(f"Only a training can be shared by {tasks} processes; this takes one.")


def work_of(job: Job) -> Work:
    """Return the work of a job, with its settings checked.

    Raises:
        EmovizError: if its kind is unknown or its settings do not fit.
    """
    return make(job.kind, job.work, f"the job '{job.id}'")


def make(kind: str, settings: Mapping[str, Any], where: str) -> Work:
    """Return work of a kind, with its settings checked.

    Args:
        kind: a name in :data:`WORKS`, or one that a module of ``EMOVIZ_PLUGINS`` registers.
        settings: values of the fields of that kind.
        where: source of the settings, for messages.

    Raises:
        EmovizError: if the kind is unknown or the settings do not fit.
    """
    for name in filter(None, os.environ.get("EMOVIZ_PLUGINS", "").split(",")):
        try:
            importlib.import_module(name)
        except ImportError as error:
            raise ConfigError(f"EMOVIZ_PLUGINS names '{name}', which cannot be imported: {error}.") from error
    work: Work = from_dict(WORKS[kind], settings, where)
    return work
