"""Learning-rate schedules against torch's own."""

import dataclasses
import warnings

import pytest
import torch
from torch.optim.lr_scheduler import ConstantLR, CosineAnnealingLR, LinearLR, ReduceLROnPlateau, SequentialLR, StepLR

from emoviz.core.errors import ConfigError
from emoviz.core.vocabulary import Split
from emoviz.training.data import DATA
from emoviz.training.loop import fit
from emoviz.training.schedules import scheduled

from .made_up import UTTERANCES, MadeUpStore

EPOCH, EPOCHS, RATE = 4, 6, 0.2
CONFIG = dataclasses.replace(UTTERANCES, epochs=EPOCHS, learning_rate=RATE, schedule_epochs=2)


def optimiser() -> torch.optim.Optimizer:
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], RATE)


def followed(scheduler, ours, steps: int = EPOCH * EPOCHS) -> list[float]:
    """The rate at each step."""
    rates = []
    for _ in range(steps):
        rates.append(ours.param_groups[0]["lr"])
        ours.step()
        scheduler.step()
    return rates


def cosine(ours):
    rise = LinearLR(ours, 1 / EPOCH, 1, EPOCH - 1)
    fall = CosineAnnealingLR(ours, EPOCH * (EPOCHS - 1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch steps its own schedules in a way of which it warns
        return SequentialLR(ours, [rise, fall], [EPOCH])


@pytest.mark.parametrize(
    ("schedule", "reference"),
    [
        ("constant", lambda ours: ConstantLR(ours, 1.0)),
        ("halving", lambda ours: StepLR(ours, 2 * EPOCH, 0.5)),
        ("cosine", cosine),
    ],
)
def test_a_schedule_is_torchs(schedule, reference):
    ours, theirs = optimiser(), optimiser()
    described = scheduled(dataclasses.replace(CONFIG, schedule=schedule), ours, EPOCH * EPOCHS)
    assert described["interval"] == "step"
    assert followed(described["scheduler"], ours) == pytest.approx(followed(reference(theirs), theirs), abs=1e-7)


def test_plateau_halves_the_rate_after_so_many_epochs_without_a_better_validation():
    ours = optimiser()
    described = scheduled(dataclasses.replace(CONFIG, schedule="plateau"), ours, EPOCH * EPOCHS)
    assert described["interval"] == "epoch" and described["monitor"] == "validation"
    scheduler, rates = described["scheduler"], []
    assert isinstance(scheduler, ReduceLROnPlateau)
    for validation in (0.5, 0.6, 0.6, 0.55, 0.7, 0.7, 0.7):
        scheduler.step(validation)
        rates.append(ours.param_groups[0]["lr"])
    assert rates == pytest.approx([RATE] * 3 + [RATE / 2] * 3 + [RATE / 4])


def test_plateau_without_a_validation_is_refused():
    config = dataclasses.replace(UTTERANCES, schedule="plateau")
    data = DATA[config.data](config, MadeUpStore())
    parts = {part: samples for part, samples in data.parts.items() if part is not Split.VALIDATION}
    with pytest.raises(ConfigError, match="'plateau' follows the validation metric, but no recording validates"):
        fit(config, dataclasses.replace(data, parts=parts))
