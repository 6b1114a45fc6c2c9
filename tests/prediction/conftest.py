"""Untrained models, saved as checkpoints."""

from pathlib import Path

import pytest
from untrained import NAMES, save_all

from emoviz.checkpoints.folder import Checkpoint
from emoviz.prediction.clip import load_checkpoints


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return save_all(tmp_path_factory.mktemp("untrained"))


@pytest.fixture(scope="module")
def models(folder) -> list[Checkpoint]:
    return load_checkpoints(NAMES, [folder])
