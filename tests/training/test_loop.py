"""The loop learns, stops, resumes to the same result, and writes a checkpoint that loads."""

import dataclasses
import json

import numpy as np
import pytest
import torch

from emoviz import checkpoint, evaluate
from emoviz.errors import Cancelled, CheckpointError, ConfigError
from emoviz.inputs import InputConfig
from emoviz.training import preset, train
from emoviz.training.resume import SafetensorsIO

from .made_up import MadeUpStore, folders

FRAMES = dataclasses.replace(
    preset("speech-bigru"),
    name="toy-frames",
    corpora=("made-up",),
    inputs=(InputConfig("toy", components=3),),
    options={"hidden": 8, "layers": 1, "dropout": 0.2},
    window=1.0,
    epochs=5,
    batch_size=8,
    learning_rate=0.03,
    averaging=0.5,
)
CLIPS = dataclasses.replace(
    preset("speech-emotion"),
    name="toy-clips",
    corpora=("made-up",),
    inputs=(InputConfig("toy"),),
    options={"hidden": 16, "dropout": 0.1},
    epochs=12,
    averaging=0.0,
    batch_size=8,
    learning_rate=0.02,
)


@pytest.fixture(autouse=True)
def few_draws(monkeypatch):
    """Intervals as wide as they are, from fewer draws, to save time."""
    monkeypatch.setattr(evaluate, "DRAWS", 50)


def figure(found, metric, culture="all"):
    return next(r for r in found.metrics["test"] if r["metric"] == metric and r["culture"] == culture)


def test_frames_are_learnt_and_the_checkpoint_predicts_what_was_tested(tmp_path):
    runs, checkpoints = folders(tmp_path)
    found = checkpoint.load(train(FRAMES, MadeUpStore(), runs, checkpoints))
    assert figure(found, "ccc")["value"] > 0.6
    assert not figure(found, "ccc")["collapsed"]
    assert figure(found, "ccc")["low"] < figure(found, "ccc")["value"] < figure(found, "ccc")["high"]
    assert abs(figure(found, "ccc")["training_mean"]) < 1e-6
    assert {r["culture"] for r in found.metrics["test"]} == {"all", "Here", "There"}
    lines = [json.loads(line) for line in (runs / "toy-frames" / "metrics.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [0, 1, 2, 3, 4]
    assert found.metrics["selection"]["value"] == pytest.approx(max(line["validation"] for line in lines))
    assert found.channels == ("toy.pc000", "toy.pc001", "toy.pc002")
    speakers = [s for part in found.description.split.values() for s in part]
    assert len(speakers) == len(set(speakers)) == 10
    output = found({"toy": np.zeros((7, 4), np.float32)})
    assert output.prediction.shape == (1, 7, 2)
    assert len(found.table("embeddings")) == figure(found, "ccc")["recordings"]
    assert "| all | valence (derived) | CCC (pooled) |" in found.card


def test_clips_are_learnt(tmp_path):
    found = checkpoint.load(train(CLIPS, MadeUpStore(), *folders(tmp_path)))
    assert figure(found, "ua")["value"] > 0.8
    assert figure(found, "ua")["training_mean"] == pytest.approx(0.25)
    assert np.array(found.metrics["confusion"]["counts"]).sum() == figure(found, "ua")["recordings"]


def test_a_model_that_learns_nothing_is_flagged(tmp_path):
    config = dataclasses.replace(FRAMES, epochs=1, learning_rate=1e-9, averaging=0.0)
    found = checkpoint.load(train(config, MadeUpStore(), *folders(tmp_path)))
    assert figure(found, "rmse")["collapsed"]


def test_resumed_equals_uninterrupted(tmp_path):
    whole = checkpoint.load(train(FRAMES, MadeUpStore(), *folders(tmp_path / "whole")))

    def interrupt(stage, done, total):
        if stage.startswith("Training") and done > 2.4:
            raise Cancelled("Stopped.")

    broken = folders(tmp_path / "broken")
    with pytest.raises(Cancelled):
        train(FRAMES, MadeUpStore(), *broken, interrupt)
    assert not broken[1].exists()
    resumed = checkpoint.load(train(FRAMES, MadeUpStore(), *broken))
    for name, values in whole.predictor.state_dict().items():
        assert torch.equal(values, resumed.predictor.state_dict()[name]), name
    assert whole.metrics == resumed.metrics


def test_another_config_does_not_continue_an_unfinished_run(tmp_path):
    def interrupt(stage, done, total):
        if stage.startswith("Training") and done > 1:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        train(FRAMES, MadeUpStore(), *folders(tmp_path), interrupt)
    with pytest.raises(ConfigError, match="unfinished training of another config"):
        train(dataclasses.replace(FRAMES, seed=1), MadeUpStore(), *folders(tmp_path))


def test_model_must_fit_the_data(tmp_path):
    config = dataclasses.replace(CLIPS, model="bi-gru", options={})
    with pytest.raises(ConfigError, match="labels per clip"):
        train(config, MadeUpStore(), *folders(tmp_path))


def test_state_survives_without_pickle(tmp_path):
    state = {"epoch": 3, 7: [torch.arange(3), (1.5, None, True)], "nested": {"a": torch.tensor(2.0)}}
    SafetensorsIO().save_checkpoint(state, tmp_path / "state")
    found = SafetensorsIO().load_checkpoint(tmp_path / "state")
    assert found["epoch"] == 3 and found[7][1] == (1.5, None, True)
    assert torch.equal(found[7][0], torch.arange(3)) and found["nested"]["a"].shape == ()
    (tmp_path / "state" / "tree.json").write_text("{")
    with pytest.raises(CheckpointError, match="damaged"):
        SafetensorsIO().load_checkpoint(tmp_path / "state")
    with pytest.raises(CheckpointError, match="cannot be stored safely"):
        SafetensorsIO().save_checkpoint({"x": object()}, tmp_path / "other")


def test_the_checkpoint_keeps_the_training_mean_and_each_epochs_figures_once(tmp_path):
    runs, checkpoints = folders(tmp_path)

    def interrupt(stage, done, total):
        if stage.startswith("Training") and done > 2:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        train(CLIPS, MadeUpStore(), runs, checkpoints, interrupt)
    log = runs / CLIPS.name / "metrics.jsonl"
    log.write_text(log.read_text() + '{"epoch": 2, "loss": 99.0}\n')  # an epoch that ended, but not its state
    found = checkpoint.load(train(CLIPS, MadeUpStore(), runs, checkpoints)).metrics
    assert [line["epoch"] for line in found["epochs"]] == list(range(CLIPS.epochs))
    assert all(line["loss"] < 99 and 0 <= line["validation"] <= 1 for line in found["epochs"])
    assert found["training_mean"] == pytest.approx([0.25] * 4)
