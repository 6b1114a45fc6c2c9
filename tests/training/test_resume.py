"""The state of a training survives a kill at any moment of its writing."""

import os

import pytest
import torch

from emoviz.core import files
from emoviz.core.files import recover
from emoviz.training.resume import SafetensorsIO


class Killed(BaseException):
    """As if the process were gone: nothing is cleared up after it."""


@pytest.mark.parametrize("moment", [0, 1, 2])
def test_one_whole_state_is_always_there(moment, tmp_path, monkeypatch):
    path, writer = tmp_path / "last.ckpt", SafetensorsIO()
    writer.save_checkpoint({"epoch": 0, "weights": torch.zeros(3)}, path)
    real, moves = os.replace, []

    def replace(source, target):
        if len(moves) == moment:
            raise Killed
        moves.append(target)
        real(source, target)

    monkeypatch.setattr(files.os, "replace", replace)
    monkeypatch.setattr(files.shutil, "rmtree", lambda *arguments, **options: None)
    try:
        writer.save_checkpoint({"epoch": 1, "weights": torch.ones(3)}, path)
    except Killed:
        pass
    monkeypatch.undo()
    recover(path)
    state = writer.load_checkpoint(path)
    assert (state["epoch"], state["weights"].tolist()) == ((1, [1.0] * 3) if moment == 2 else (0, [0.0] * 3))
    assert [file.name for file in tmp_path.iterdir()] == ["last.ckpt"]
