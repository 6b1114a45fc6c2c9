"""Learning-rate schedules: the change of a training's rate from its highest value on."""

import math
from collections.abc import Callable
from typing import Any

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, ReduceLROnPlateau

from .config import TrainingConfig


def cosine(step: int, total: int, epoch: int, every: int) -> float:
    """Return a share that rises linearly for an epoch and then follows a cosine to zero at the end of the training.

    Args:
        step: number of the step, from 0.
        total: steps of the training.
        epoch: steps of an epoch.
        every: epochs between changes, which this schedule does without.

    Returns:
        The share of the highest rate.
    """
    if step < epoch:
        return (step + 1) / epoch
    return 0.5 * (1 + math.cos(math.pi * (step - epoch) / max(1, total - epoch)))


def constant(step: int, total: int, epoch: int, every: int) -> float:
    """Return the whole rate at each step; the arguments are those of :func:`cosine`."""
    return 1.0


def halving(step: int, total: int, epoch: int, every: int) -> float:
    """Return a share that halves after every ``every`` epochs; the arguments are those of :func:`cosine`."""
    return float(0.5 ** (step // (epoch * every)))


SCHEDULES: dict[str, Callable[[int, int, int, int], float]] = {
    "cosine": cosine,
    "constant": constant,
    "halving": halving,
}
"""Functions that give the share of the highest rate at each step, by name; ``plateau`` follows the validation
instead."""


def scheduled(config: TrainingConfig, optimiser: Optimizer, total: int) -> dict[str, Any]:
    """Return Lightning's description of a config's schedule.

    Args:
        config: config of the training.
        optimiser: optimiser whose rate changes.
        total: steps of the training.
    """
    if config.schedule == "plateau":
        halved = ReduceLROnPlateau(optimiser, mode="max", factor=0.5, patience=config.schedule_epochs - 1)
        return {"scheduler": halved, "interval": "epoch", "monitor": "validation"}
    share, epoch = SCHEDULES[config.schedule], max(1, total // config.epochs)
    steps = LambdaLR(optimiser, lambda step: share(step, total, epoch, config.schedule_epochs))
    return {"scheduler": steps, "interval": "step"}
