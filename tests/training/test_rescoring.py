"""Intervals and cards made anew: values stay, and predictions that are not the model's are refused."""

import json
import shutil

import pytest
from places import ROOT

from emoviz import checkpoints, cli
from emoviz.core.errors import CheckpointError, ConfigError
from emoviz.evaluation import bootstrap
from emoviz.features.store import FeatureStore
from emoviz.training import train
from emoviz.training.rescoring import RENEWED, rescore

from .made_up import MadeUpStore, folders
from .test_loop import FRAMES

BUNDLED = "ravdess-softmax"


@pytest.fixture
def folder(tmp_path):
    """A copy of a bundled checkpoint whose intervals are those of an earlier version."""
    found = tmp_path / "checkpoints" / BUNDLED
    shutil.copytree(ROOT / "checkpoints" / BUNDLED, found)
    change(
        found, lambda row: {key: value for key, value in row.items() if key not in ("unit", "clusters")} | {"low": 0.0}
    )
    return found


def change(folder, how):
    metrics = read(folder)
    metrics["test"] = [how(row) for row in metrics["test"]]
    (folder / checkpoints.METRICS).write_text(json.dumps(metrics))


def read(folder):
    return json.loads((folder / checkpoints.METRICS).read_text(encoding="utf-8"))


def test_intervals_are_those_of_the_bundled_checkpoint_again(folder, tmp_path):
    rescore(folder, FeatureStore(tmp_path / "store"))
    for name in (checkpoints.METRICS, checkpoints.CARD):
        assert (folder / name).read_text("utf-8") == (ROOT / "checkpoints" / BUNDLED / name).read_text("utf-8")


def test_values_stay_bit_for_bit(folder, tmp_path):
    before = read(folder)["test"]
    rows = rescore(folder, FeatureStore(tmp_path / "store"))
    for old, new in zip(before, rows, strict=True):
        assert {k: v for k, v in old.items() if k not in RENEWED} == {k: v for k, v in new.items() if k not in RENEWED}
        assert new["unit"] == "speakers" and new["clusters"] == new["speakers"] == 6


def test_predictions_that_give_other_scores_are_refused(folder, tmp_path):
    change(folder, lambda row: row | {"value": row["value"] - 0.01})
    before = (folder / checkpoints.METRICS).read_text()
    with pytest.raises(CheckpointError, match="do not give its all emotion accuracy pooled"):
        rescore(folder, FeatureStore(tmp_path / "store"))
    assert (folder / checkpoints.METRICS).read_text() == before


def test_a_checkpoint_without_its_origin_is_refused(folder, tmp_path):
    metrics = read(folder)
    del metrics["origin"]
    (folder / checkpoints.METRICS).write_text(json.dumps(metrics))
    with pytest.raises(CheckpointError, match="does not hold the scores and the origin of a model"):
        rescore(folder, FeatureStore(tmp_path / "store"))


def test_without_kept_predictions_they_are_made_again(tmp_path, monkeypatch):
    monkeypatch.setattr(bootstrap, "DRAWS", 50)
    found = train(FRAMES, MadeUpStore(), *folders(tmp_path))
    before, card = read(found), (found / checkpoints.CARD).read_text(encoding="utf-8")
    (found / "predictions.parquet").unlink()
    metrics = json.loads(json.dumps(before))
    del metrics["origin"]["people"]  # as of before people were counted
    (found / checkpoints.METRICS).write_text(json.dumps(metrics))
    rescore(found, MadeUpStore())
    after = read(found)
    assert after["test"] == [pytest.approx(row, abs=1e-6, nan_ok=True) for row in before["test"]]
    assert after["origin"] == before["origin"] and (found / checkpoints.CARD).read_text(encoding="utf-8") == card
    assert [row["people"] for row in after["origin"]["people"]] == [5, 5]


def test_without_predictions_and_known_speakers_there_is_nothing_to_go_by(folder, tmp_path):
    (folder / "predictions.parquet").unlink()
    config = json.loads((folder / checkpoints.CONFIG).read_text())
    (folder / checkpoints.CONFIG).write_text(json.dumps(config | {"split": {}}))
    with pytest.raises(ConfigError, match="does not say on which speakers it was tested"):
        rescore(folder, FeatureStore(tmp_path / "store"))


def test_the_command_renews_a_checkpoint(folder, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("EMOVIZ_CHECKPOINTS", str(folder.parent))
    monkeypatch.setenv("EMOVIZ_STORE", str(tmp_path / "store"))
    assert cli.main(["rescore", BUNDLED, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {(row["checkpoint"], row["unit"], row["clusters"]) for row in rows} == {(BUNDLED, "speakers", 6)}
    assert read(folder)["test"][0]["unit"] == "speakers"


def test_a_checkpoint_that_cannot_be_renewed_is_named_and_the_others_are(folder, tmp_path, monkeypatch, capsys):
    broken = folder.parent / "broken"
    shutil.copytree(folder, broken)
    (broken / "predictions.parquet").unlink()
    monkeypatch.setenv("EMOVIZ_CHECKPOINTS", str(folder.parent))
    monkeypatch.setenv("EMOVIZ_STORE", str(tmp_path / "store"))
    assert cli.main(["rescore", "broken", BUNDLED, "--json"]) == 1
    output = capsys.readouterr()
    assert {row["checkpoint"] for row in json.loads(output.out)} == {BUNDLED}
    assert "'broken' stays as it is: The store" in output.err and "it holds no corpus" in output.err
