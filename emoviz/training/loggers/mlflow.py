"""MLflow as a logger."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from .base import LOGGERS

if TYPE_CHECKING:
    from lightning.pytorch.loggers import MLFlowLogger


@LOGGERS.register("mlflow")
def mlflow(run: Path) -> "MLFlowLogger":
    """Make a logger that writes to the server that MLFLOW_TRACKING_URI names, or to ``<run>/mlruns``."""
    from lightning.pytorch.loggers import MLFlowLogger

    server = os.environ.get("MLFLOW_TRACKING_URI")
    return MLFlowLogger("emoviz", run.name, server, save_dir=str(run / "mlruns"))
