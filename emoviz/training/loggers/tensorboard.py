"""TensorBoard as a logger."""

from pathlib import Path

from lightning.pytorch.loggers import TensorBoardLogger

from .base import LOGGERS


@LOGGERS.register("tensorboard")
class TensorBoard(TensorBoardLogger):
    """Writes ``<run>/tensorboard``, for ``tensorboard --logdir``.

    Args:
        run: folder of the run.
    """

    def __init__(self, run: Path) -> None:
        super().__init__(run, name=None, version="tensorboard")
