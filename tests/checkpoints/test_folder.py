"""A checkpoint folder survives the round trip, and a damaged one says what is wrong."""

import dataclasses
import json

import numpy as np
import pytest
import torch

from emoviz import checkpoints
from emoviz.checkpoints.description import Description, FeatureSpec
from emoviz.checkpoints.folder import build_predictor
from emoviz.core.errors import CheckpointError
from emoviz.core.vocabulary import Source, Task
from emoviz.models.inputs import InputConfig

DESCRIPTION = Description(
    name="toy",
    title="Toy",
    source=Source.SPEECH,
    model="bi-gru",
    model_config={"streams": {"a": 2, "b": 3}, "outputs": 1, "hidden": 4, "layers": 1},
    task=Task.FRAMES,
    kind="dimension",
    outputs=("arousal (derived)",),
    derived=True,
    features=(FeatureSpec("a", "1", {}, ("a.0", "a.1", "a.2"), 3), FeatureSpec("b", "1", {}, ("x", "y", "z"), 3)),
    inputs=(InputConfig("a", components=2), InputConfig("b")),
    hop=0.02,
    window=15.0,
)


@pytest.fixture
def saved(tmp_path):
    torch.manual_seed(0)
    predictor = build_predictor(DESCRIPTION).eval()
    random = np.random.default_rng(0)
    for transform in predictor.inputs.values():
        transform.fit(random.normal(3, 2, size=(50, 3)))
    folder = tmp_path / "toy"
    checkpoints.save(folder, DESCRIPTION, predictor, metrics={"test": [], "x": float("nan")}, card="# toy", half=False)
    return folder, predictor


def test_round_trip(saved):
    folder, predictor = saved
    found = checkpoints.load(folder)
    assert dataclasses.asdict(found.description) == json.loads(json.dumps(dataclasses.asdict(DESCRIPTION))) | {
        "outputs": DESCRIPTION.outputs,
        "features": tuple(dataclasses.asdict(f) for f in DESCRIPTION.features),
        "inputs": tuple(dataclasses.asdict(i) for i in DESCRIPTION.inputs),
    }
    for name, values in predictor.state_dict().items():
        assert torch.equal(values, found.predictor.state_dict()[name])
    assert found.channels == ("a.pc000", "a.pc001", "x", "y", "z")
    assert found.metrics == {"test": [], "x": None}
    assert found.card == "# toy"
    assert found.table("attention") is None
    random = np.random.default_rng(1)
    streams = {"a": random.normal(size=(6, 3)), "b": random.normal(size=(6, 3))}
    with torch.no_grad():
        inputs = predictor.inputs({n: torch.tensor(v, dtype=torch.float32)[None] for n, v in streams.items()})
        expected = predictor.model(inputs, torch.ones(1, 6, dtype=torch.bool)).prediction
    assert torch.allclose(found(streams).prediction, expected, atol=1e-6)


def test_half_precision_stays_close_and_halves_the_size(saved, tmp_path):
    folder, predictor = saved
    checkpoints.save(tmp_path / "half", DESCRIPTION, predictor, metrics={}, card="")
    found = checkpoints.load(tmp_path / "half")
    for name, values in predictor.state_dict().items():
        assert torch.allclose(values, found.predictor.state_dict()[name], atol=2e-3)
        if name.startswith("inputs."):
            assert torch.equal(values, found.predictor.state_dict()[name])


def test_missing_or_misshapen_streams_are_named(saved):
    found = checkpoints.load(saved[0])
    with pytest.raises(CheckpointError, match="reads the feature 'b'"):
        found({"a": np.zeros((4, 3), np.float32)})
    with pytest.raises(CheckpointError, match="reads 3 channels of 'a', not 2"):
        found({"a": np.zeros((4, 2), np.float32), "b": np.zeros((4, 3), np.float32)})


def change(folder, **values):
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: (f / "config.json").unlink(), "No such file"),
        (lambda f: (f / "config.json").write_text("{"), "not a readable checkpoint"),
        (lambda f: (f / "config.json").write_text("[]"), "format is not 1"),
        (lambda f: change(f, format=2), "format is not 1"),
        (lambda f: change(f, colour="red"), "Unknown key 'colour'"),
        (lambda f: change(f, model="perceptron"), "no model named 'perceptron'"),
        (lambda f: change(f, model_config={"streams": {"a": 2, "b": 3}, "outputs": 2}), "weights do not fit"),
        (lambda f: (f / "model.safetensors").write_bytes(b"junk"), "damaged"),
        (lambda f: (f / "model.safetensors").write_bytes((f / "model.safetensors").read_bytes()[:-9]), "damaged"),
        (lambda f: (f / "model.safetensors").unlink(), "damaged"),
        (lambda f: (f / "metrics.json").write_text("x"), "damaged"),
    ],
)
def test_damaged_folders_say_what_is_wrong(saved, damage, message):
    damage(saved[0])
    with pytest.raises(CheckpointError, match=message) as caught:
        checkpoints.load(saved[0])
    assert "\n" not in str(caught.value)


def test_saving_replaces_whole_or_not_at_all(saved, monkeypatch):
    folder, predictor = saved
    before = {p.name: p.read_bytes() for p in folder.iterdir()}

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("emoviz.checkpoints.folder.save_file", full)
    with pytest.raises(CheckpointError, match="No space left on device"):
        checkpoints.save(folder, DESCRIPTION, predictor, metrics={"new": 1}, card="new")
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before
    assert [p.name for p in folder.parent.iterdir()] == ["toy"]
    monkeypatch.undo()
    checkpoints.save(folder, DESCRIPTION, predictor, metrics={"new": 1}, card="new")
    assert checkpoints.load(folder).metrics == {"new": 1}
    assert [p.name for p in folder.parent.iterdir()] == ["toy"]


def test_find_lists_folders_with_a_config_and_later_ones_win(saved, tmp_path):
    folder, _ = saved
    (tmp_path / "own" / "toy").mkdir(parents=True)
    (tmp_path / "own" / "toy" / "config.json").write_text("{}")
    (tmp_path / "own" / "notes").mkdir()
    assert checkpoints.find([tmp_path, tmp_path / "missing"]) == {"toy": folder}
    assert checkpoints.find([tmp_path, tmp_path / "own"])["toy"] == tmp_path / "own" / "toy"


def test_pixels_are_numbered_and_not_named():
    pixels = FeatureSpec("crop", "1", {}, (), 3)
    assert pixels.names == ("crop.00000", "crop.00001", "crop.00002")
    assert FeatureSpec("egemaps", "1", {}, ("egemaps.loudness",), 1).names == ("egemaps.loudness",)
