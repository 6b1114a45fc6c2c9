"""Where a training's figures go beside its own log: nowhere, or to a tool that a lab already watches."""

import importlib.util
import os
from pathlib import Path

from lightning.pytorch.loggers import Logger, MLFlowLogger, TensorBoardLogger

from ..core.errors import ConfigError
from ..core.registry import Registry

LOGGERS: Registry[type] = Registry("logger")


@LOGGERS.register("tensorboard")
class TensorBoard(TensorBoardLogger):
    """Writes ``<run>/tensorboard``, for ``tensorboard --logdir``."""

    def __init__(self, run: Path) -> None:
        super().__init__(run, name=None, version="tensorboard")


@LOGGERS.register("mlflow")
class MLflow(MLFlowLogger):
    """Writes to the server that MLFLOW_TRACKING_URI names, or to ``<run>/mlruns``."""

    def __init__(self, run: Path) -> None:
        super().__init__("emoviz", run.name, os.environ.get("MLFLOW_TRACKING_URI"), save_dir=str(run / "mlruns"))


def require_logger(name: str) -> None:
    """Refuse a logger, other than "", that is not there.

    Raises:
        UnknownNameError: there is none of that name.
        ConfigError: its package is not installed.
    """
    if not name:
        return
    LOGGERS[name]
    if importlib.util.find_spec(name) is None:
        raise ConfigError(f"The logger '{name}' needs a package that is not installed: pip install {name}.")


def make_logger(name: str, run: Path) -> Logger | None:
    """The logger of a run, None for "".

    Raises:
        UnknownNameError: there is no such logger.
        ConfigError: its package is not installed.
    """
    require_logger(name)
    logger: Logger | None = LOGGERS[name](run) if name else None
    return logger
