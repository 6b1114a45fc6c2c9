"""The folder of a running training: its config, a line per epoch, and the state from which it resumes."""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightning.pytorch as lightning
import torch
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import Logger

from ..core.configuration import to_dict
from ..core.errors import CheckpointError, ConfigError
from ..core.files import append_line, raising, read_lines, recover, write_text
from ..core.progress import Progress
from ..core.words import number
from .config import TrainingConfig
from .data.base import Batch
from .loggers import make_logger

CONFIG, LOG, LAST = "config.json", "metrics.jsonl", "last.ckpt"


@dataclass(frozen=True)
class Run:
    """A training that is under way.

    Attributes:
        folder: folder of its log and state.
        resumed: whether the folder holds the state of an interrupted training of the same config.
        kept: whether states are kept, so that the training can be resumed.
        logger: tool that gets the loss and the metrics beside the log, or None.
    """

    folder: Path
    resumed: bool = False
    kept: bool = False
    logger: Logger | None = None


def open_run(folder: Path, config: TrainingConfig, logger: str = "") -> Run:
    """Set up the folder of a run, or find the state of the same training in it.

    Args:
        folder: folder of the run.
        config: config of the training.
        logger: name of a logger, or "".

    Raises:
        UnknownNameError: if there is no such logger.
        ConfigError: if the logger's package is not installed, the folder cannot be written, or it holds an unfinished
            training of another config.
    """
    made = make_logger(logger, folder)
    values = json.dumps(to_dict(config), indent=1)
    with raising(ConfigError, folder, name=f"The run folder '{folder}'", setting="EMOVIZ_RUNS"):
        folder.mkdir(parents=True, exist_ok=True)
        recover(folder / LAST)
        path = folder / CONFIG
        resumed = path.exists() and (folder / LAST).exists()
        if resumed and path.read_text(encoding="utf-8") != values:
            raise ConfigError(
                f"The folder '{folder}' holds an unfinished training of another config; "
                "finish it, delete the folder, or give this one another name."
            )
        if not resumed:
            (folder / LOG).unlink(missing_ok=True)
            write_text(path, values)
    return Run(folder, resumed, kept=True, logger=made)


class Keeper(Callback):
    """Keeps the state of a training after every epoch, so that it can be resumed."""

    def __init__(self, run: Path) -> None:
        self.run = run

    def on_train_epoch_end(self, trainer: lightning.Trainer, module: lightning.LightningModule) -> None:
        """Save the state (validation and selection of the epoch are done by now)."""
        trainer.save_checkpoint(self.run / LAST)


class Reporter(Callback):
    """Tells a listener how far a training is, and writes one JSON line per epoch."""

    def __init__(self, run: Path, epochs: int, progress: Progress) -> None:
        self.lines = run / LOG
        self.epochs = epochs
        self.progress = progress
        self.stage = "Training"

    def on_train_batch_start(self, trainer: lightning.Trainer, module: Any, batch: Batch, number: int) -> None:
        """Report the share of epochs done."""
        self.progress(self.stage, trainer.current_epoch + number / max(1, trainer.num_training_batches), self.epochs)

    def on_train_epoch_end(self, trainer: lightning.Trainer, module: Any) -> None:
        """Write the loss and the validation metrics of the epoch."""
        own = torch.tensor(module.take_loss(), device=module.device)
        loss = float(trainer.strategy.reduce(own))  # the mean over the processes that share the training
        for logger in trainer.loggers:  # Lightning itself passes the validation metrics on
            logger.log_metrics({"loss": loss}, trainer.global_step - 1)
        values = {"loss": loss, **{n: float(value) for n, value in trainer.callback_metrics.items()}}
        self.stage = f"Training (validation {number(values.get('validation'), 3)})"
        if not trainer.is_global_zero:
            return
        try:
            append_line(self.lines, {"epoch": trainer.current_epoch, **_finite(values)})
        except OSError as error:
            raise CheckpointError(f"'{self.lines}' cannot be written: {error.strerror or error}.") from error


def read_log(run: Path) -> list[dict[str, float]]:
    """Return the loss and the metrics of each epoch; of an epoch that was trained twice, those of the last time."""
    return list({line["epoch"]: line for line in read_lines(run / LOG)}.values())


def _finite(values: dict[str, float]) -> dict[str, float]:
    return {name: value for name, value in values.items() if math.isfinite(value)}
