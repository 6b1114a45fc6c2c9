"""Figures reach another tool when it is asked for, and nothing is written when it is not."""

import dataclasses

import pytest

from emoviz.core.errors import ConfigError, UnknownNameError
from emoviz.training import loggers, train

from .made_up import UTTERANCES, MadeUpStore, folders


def test_tensorboard_has_the_figures_of_each_epoch(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    runs, checkpoints = folders(tmp_path)
    train(UTTERANCES, MadeUpStore(), runs, checkpoints, logger="tensorboard")
    events = EventAccumulator(str(runs / "toy" / "tensorboard")).Reload()
    assert {"loss", "validation"} <= set(events.Tags()["scalars"])
    assert len(events.Scalars("loss")) == UTTERANCES.epochs


def test_no_logger_writes_nothing(tmp_path):
    runs, checkpoints = folders(tmp_path)
    train(dataclasses.replace(UTTERANCES, epochs=1), MadeUpStore(), runs, checkpoints)
    assert not [path for path in (runs / "toy").iterdir() if path.is_dir() and not path.name.endswith(".ckpt")]


def test_what_cannot_log_is_refused_before_anything_starts(tmp_path, monkeypatch):
    with pytest.raises(UnknownNameError, match="no logger named 'paper'; known are: mlflow, tensorboard"):
        loggers.make_logger("paper", tmp_path)

    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match="'mlflow' needs a package that is not installed: pip install mlflow"):
        loggers.make_logger("mlflow", tmp_path)
    assert loggers.make_logger("", tmp_path) is None
