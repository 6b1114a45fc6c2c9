"""The registry of loggers; the name of a logger is also that of the package that it needs."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ...core.errors import ConfigError
from ...core.registry import Registry

if TYPE_CHECKING:  # it takes seconds to import, and the Train page only names the loggers
    from lightning.pytorch.loggers import Logger

LOGGERS: "Registry[Callable[[Path], Logger]]" = Registry("logger", home="emoviz.training.loggers")
"""Functions that make a logger for the folder of a run."""


def require_logger(name: str) -> None:
    """Refuse a logger that does not exist or whose package is not installed; "" stands for no logger.

    Raises:
        UnknownNameError: if there is no logger of that name.
        ConfigError: if its package is not installed.
    """
    if not name:
        return
    LOGGERS[name]
    if importlib.util.find_spec(name) is None:
        raise ConfigError(f"The logger '{name}' needs a package that is not installed: pip install {name}.")


def make_logger(name: str, run: Path) -> "Logger | None":
    """Make the logger of a run, or return None for "".

    Raises:
        UnknownNameError: if there is no such logger.
        ConfigError: if its package is not installed.
    """
    require_logger(name)
    return LOGGERS[name](run) if name else None
