"""Processes that share a training see together what one would see alone."""

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import pytest
from places import ROOT

from emoviz.core.errors import ConfigError
from emoviz.training import train
from emoviz.training.data import Part
from emoviz.training.feed import EpochSampler
from emoviz.training.run_folder import read_log
from emoviz.training.world import World

from .made_up import TRACES, TracedStore, folders


@pytest.mark.parametrize("size", [1, 2, 4])
@pytest.mark.parametrize("balanced", [False, True])
def test_together_the_processes_see_the_batches_of_one(size, balanced):
    part = Part(43, lambda epoch, number: None, groups=["a", "b"] * 21 + ["c"])
    share, batch = World(size).divide(8), 8
    alone = [number for _, number in EpochSampler(part, 3, balanced)]
    own = [[number for _, number in EpochSampler(part, 3, balanced, World(size, rank))] for rank in range(size)]
    assert {len(numbers) for numbers in own} == {43 // size}
    for step in range(43 // batch):
        together = [number for numbers in own for number in numbers[step * share : (step + 1) * share]]
        assert sorted(together) == sorted(alone[step * batch : (step + 1) * batch])


def test_batch_that_cannot_be_divided_is_refused():
    with pytest.raises(ConfigError, match="A batch of 9 samples cannot be divided evenly among 2 processes"):
        World(2).divide(9)


def test_world_is_read_as_torchrun_tells_it():
    assert World.read({}) == World()
    told = World.read({"WORLD_SIZE": "4", "RANK": "3", "LOCAL_WORLD_SIZE": "2"})
    assert (told.size, told.rank, told.per_node, told.first) == (4, 3, 2, False)


def train_toy(root: Path) -> None:
    """Train a small network on made-up traces."""
    options = {"hidden": 4, "layers": 1, "dropout": 0.0}
    changes = {"loss": "mse", "window": 4.0, "epochs": 6, "batch_size": 2, "learning_rate": 0.03, "averaging": 0.5}
    config = dataclasses.replace(TRACES, options=options, **changes)
    train(config, TracedStore(), *folders(root))


PROGRAM = """
import sys
from pathlib import Path
from training.test_world import train_toy
train_toy(Path(sys.argv[1]))
"""


@pytest.mark.slow
def test_two_processes_have_the_loss_curve_of_one(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    places = os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}", "CUDA_VISIBLE_DEVICES": ""}
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    command = [sys.executable, *launcher, str(program), str(tmp_path / "two")]
    done = subprocess.run(command, env=places, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    train_toy(tmp_path / "one")
    one, two = (read_log(tmp_path / name / "runs" / "toy-traces") for name in ("one", "two"))
    assert [line["epoch"] for line in two] == [line["epoch"] for line in one] == [0, 1, 2, 3, 4, 5]
    assert [line["loss"] for line in two] == pytest.approx([line["loss"] for line in one], rel=1e-4)
    assert one[-1]["loss"] < 0.8 * one[0]["loss"]
    assert (tmp_path / "two" / "checkpoints" / "toy-traces" / "model.safetensors").is_file()
