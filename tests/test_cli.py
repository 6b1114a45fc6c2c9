"""The command line in this process: what it prints, where, and with which exit code."""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from clips import face_frames, plain_frames, sine, write_clip, write_part, write_text
from untrained import NAMES, save_all

from emoviz import cli, predict
from emoviz.settings import ROOT


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return save_all(tmp_path_factory.mktemp("untrained"))


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    frames = face_frames(25, [lambda i: (150, 60)])
    return write_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", frames, sine(1))


@pytest.fixture(autouse=True)
def own_settings(monkeypatch, folder, tmp_path):
    """Untrained models, an empty store, no corpora."""
    for module in ("emoviz.media", "emoviz.features"):
        importlib.import_module(module)  # they find the bundled encoders at import, before the root moves
    monkeypatch.setattr("emoviz.settings.ROOT", tmp_path)  # hides the bundled checkpoints
    for name, value in (("CHECKPOINTS", folder), ("STORE", tmp_path / "store"), ("RUNS", tmp_path / "runs")):
        monkeypatch.setenv(f"EMOVIZ_{name}", str(value))
    monkeypatch.delenv("EMOVIZ_DATA", raising=False)


def failure(capsys, *arguments: str | Path) -> str:
    """The one sentence with which a command fails."""
    assert cli.main([str(argument) for argument in arguments]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert "Traceback" not in output.err
    assert output.err.startswith("emoviz: ")
    assert len(output.err.strip().splitlines()) == 1
    return output.err


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".json"])
def test_predict_writes_a_row_per_frame_and_a_column_per_output(ending, clip, tmp_path, capsys):
    out = tmp_path / f"table{ending}"
    assert cli.main(["predict", str(clip), "--out", str(out)]) == 0
    if ending == ".json":
        content = json.loads(out.read_text())
        table = pd.DataFrame(content["records"])
        assert [row["column"] for row in content["outputs"]] == list(table.columns[1:])
    else:
        table = pd.read_csv(out) if ending == ".csv" else pd.read_parquet(out)
    assert len(table) == pytest.approx(50, abs=3)
    np.testing.assert_allclose(table.time[:2], [0.01, 0.03])
    assert {"face.happy", "speech.valence (derived)", "fused.arousal (derived)"} <= set(table)
    assert table["face.happy"].notna().all()
    assert [file.name for file in tmp_path.iterdir() if "table" in file.name] == [out.name]
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.strip().endswith(".")


def test_predict_without_a_file_prints_csv_with_the_chosen_model_only(clip, capsys):
    assert cli.main(["predict", str(clip), "--model", "speech-emotion"]) == 0
    header = capsys.readouterr().out.splitlines()[0].split(",")
    assert header[0] == "time"
    assert all(column.startswith("speech.") for column in header[1:])


def test_gaps_are_null_in_json(tmp_path):
    clip = write_clip(tmp_path / "grey.mp4", plain_frames(10), sine(0.4))
    assert cli.main(["predict", str(clip), "--out", str(tmp_path / "t.json")]) == 0
    content = json.loads((tmp_path / "t.json").read_text())
    assert {row["face.happy"] for row in content["records"]} == {None}
    assert any("No face" in note for note in content["notes"])


def test_bad_clips_fail_in_one_sentence_and_the_next_one_works(clip, tmp_path, capsys):
    empty = tmp_path / "empty.mp4"
    empty.touch()
    assert "0 bytes" in failure(capsys, "predict", empty)
    assert "Accepted are mp4" in failure(capsys, "predict", write_text(tmp_path / "text.mp4"))
    cut = write_part(tmp_path / "cut.mp4", write_clip(tmp_path / "whole.mp4", plain_frames(50), sine(2)), 0.5)
    assert "cut off" in failure(capsys, "predict", cut)
    assert "There is no file" in failure(capsys, "predict", tmp_path / "none.mp4")
    assert cli.main(["predict", str(clip), "--out", str(tmp_path / "t.csv")]) == 0


def test_a_clip_over_the_size_limit_is_refused(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("EMOVIZ_UPLOAD_LIMIT_MB", "1")
    with (tmp_path / "large.mp4").open("wb") as file:
        file.truncate(1_500_000)
    assert "up to 1 MB are accepted" in failure(capsys, "predict", tmp_path / "large.mp4")


def test_a_wrong_ending_is_refused_before_the_clip_is_analysed(clip, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(predict, "predict_clip", lambda *_, **__: pytest.fail("analysed"))
    assert ".csv, .parquet or .json, not '.txt'" in failure(capsys, "predict", clip, "--out", tmp_path / "t.txt")


def test_a_folder_that_is_not_there_is_refused(clip, tmp_path, capsys):
    arguments = ["predict", str(clip), "--model", "speech-emotion", "--out", str(tmp_path / "none" / "t.csv")]
    assert cli.main(arguments) == 1
    assert "cannot be written" in capsys.readouterr().err


def test_unknown_names_list_the_known_ones(clip, capsys):
    assert "known are: face-expression, speech-cats, speech-emotion" in failure(capsys, "predict", clip, "--model", "x")
    assert "known are: " in failure(capsys, "extract", "x")
    assert "known are: blendshapes" in failure(capsys, "extract", "emodb", "--features", "x")
    assert "known are: face-expression" in failure(capsys, "train", "--preset", "x")


def test_missing_corpora_say_which_setting_names_their_folder(capsys):
    assert "EMOVIZ_DATA" in failure(capsys, "extract", "emodb")
    assert "python -m emoviz extract emodb" in failure(capsys, "evaluate", "speech-emotion", "--corpus", "emodb")
    assert cli.main(["corpora", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {"name": "emodb", "present": False}.items() <= {row["name"]: row for row in rows}["emodb"].items()


def test_models_lists_damaged_ones_with_the_reason(monkeypatch, tmp_path, capsys):
    save_all(tmp_path / "models")
    (tmp_path / "models" / "speech-cats" / "config.json").write_text("{")
    monkeypatch.setenv("EMOVIZ_CHECKPOINTS", str(tmp_path / "models"))
    assert cli.main(["models", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert sorted(rows) == sorted(NAMES)
    assert rows["face-expression"]["error"] is None
    assert "config.json" in rows["speech-cats"]["error"]
    assert cli.main(["models"]) == 0
    assert "speech-emotion" in capsys.readouterr().out


def test_config_with_an_unknown_key_is_refused(tmp_path, capsys):
    config = tmp_path / "config.json"
    config.write_text('{"epoch": 3}')
    assert "Unknown key 'epoch'" in failure(capsys, "train", config)
    assert "Unknown key 'epoch'" in failure(capsys, "train", "--preset", "speech-cats", "--set", "epoch=3")


@pytest.mark.parametrize("arguments", [[], ["predict"], ["train"], ["fly"], ["evaluate", "speech-cats"]])
def test_wrong_usage_exits_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main(arguments)
    assert stopped.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_ctrl_c_exits_with_130(clip, monkeypatch, capsys):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(predict, "predict_clip", interrupted)
    assert cli.main(["predict", str(clip)]) == 130
    assert capsys.readouterr().err == "Stopped.\n"


def test_app_passes_address_and_limit_to_streamlit(monkeypatch, tmp_path):
    commands = []
    monkeypatch.setattr(os, "execve", lambda program, command, env: commands.append((command, env)))
    monkeypatch.setenv("EMOVIZ_ADDRESS", "0.0.0.0")
    assert cli.main(["--store", str(tmp_path / "elsewhere"), "app", "--port", "9000"]) == 0
    ((command, env),) = commands
    text = " ".join(command)
    assert "--server.address 0.0.0.0" in text
    assert "--server.port 9000" in text
    assert "--server.maxUploadSize 500" in text
    assert env["EMOVIZ_STORE"] == str(tmp_path / "elsewhere")


def test_bars_keep_one_bar_per_stage(monkeypatch):
    with cli.Bars() as bars:
        bars("Training (validation 0.1)", 1, 10)
        bars("Training (validation 0.2)", 2, 10)
        bars("Testing", 1, 2)
        assert len(bars._bars) == 2


def test_help_needs_none_of_the_heavy_libraries():
    program = "import sys; from emoviz.cli import parser; parser().format_help(); print(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"torch", "pandas", "av", "cv2", "streamlit"} & set(result.stdout.split())
