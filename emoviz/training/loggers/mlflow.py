"""MLflow as a logger."""

import os
from pathlib import Path

from lightning.pytorch.loggers import MLFlowLogger

from .base import LOGGERS


@LOGGERS.register("mlflow")
class MLflow(MLFlowLogger):
    """Writes to the server that MLFLOW_TRACKING_URI names, or to ``<run>/mlruns``.

    Args:
        run: folder of the run.
    """

    def __init__(self, run: Path) -> None:
        super().__init__("emoviz", run.name, os.environ.get("MLFLOW_TRACKING_URI"), save_dir=str(run / "mlruns"))
