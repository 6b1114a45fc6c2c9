"""TensorBoard as a logger."""

from pathlib import Path
from typing import TYPE_CHECKING

from .base import LOGGERS

if TYPE_CHECKING:
    from lightning.pytorch.loggers import TensorBoardLogger


@LOGGERS.register("tensorboard")
def tensorboard(run: Path) -> "TensorBoardLogger":
    """Make a logger that writes ``<run>/tensorboard``, for ``tensorboard --logdir``."""
    from lightning.pytorch.loggers import TensorBoardLogger

    return TensorBoardLogger(run, name=None, version="tensorboard")
