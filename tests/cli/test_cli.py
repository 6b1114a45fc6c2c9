"""The command line in this process: what it prints, where, and with which exit code."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from clips import face_frames, plain_frames, speech, write_clip, write_part, write_text
from places import ROOT, settings_of_test
from untrained import NAMES, save_all, save_speech

from emoviz import cli
from emoviz.cli.output import Bars
from emoviz.core.vocabulary import Task
from emoviz.prediction.export import endings


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return save_all(tmp_path_factory.mktemp("untrained"))


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    frames = face_frames(25, [lambda i: (150, 60)])
    return write_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", frames, speech(1))


@pytest.fixture(autouse=True)
def own_settings(monkeypatch, folder, tmp_path):
    """Untrained models, an empty store, no corpora."""
    settings_of_test(monkeypatch, tmp_path, folder)


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
        described = [row["column"] for row in content["outputs"]]
        assert described == [c for c in table.columns[1:] if c in described]
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
    assert header[:2] == ["time", "clock"]
    assert all(column.startswith(("speech.", "quality.")) for column in header[2:])


def test_a_model_of_what_a_recording_lacks_is_refused(tmp_path, capsys):
    voice = write_clip(tmp_path / "voice.wav", (), speech(0.4), audio_codec="pcm_s16le")
    assert "'voice.wav' has no picture, without which face-expression can say nothing" in failure(
        capsys, "predict", voice, "--model", "face-expression"
    )


def test_gaps_are_null_in_json(tmp_path):
    clip = write_clip(tmp_path / "grey.mp4", plain_frames(10), speech(0.4))
    assert cli.main(["predict", str(clip), "--out", str(tmp_path / "t.json")]) == 0
    content = json.loads((tmp_path / "t.json").read_text())
    assert {row["face.happy"] for row in content["records"]} == {None}
    assert any("No face" in note for note in content["notes"])
    assert ("face", "no face in the picture") in {(gap["source"], gap["reason"]) for gap in content["gaps"]}


def test_reasons_of_gaps_stand_in_the_table(tmp_path):
    clip = write_clip(tmp_path / "late.wav", (), np.concatenate([np.zeros((32000, 1), np.float32), speech(1)]),
                      audio_codec="pcm_s16le")  # fmt: skip
    assert cli.main(["predict", str(clip), "--model", "speech-emotion", "--out", str(tmp_path / "t.csv")]) == 0
    table = pd.read_csv(tmp_path / "t.csv")
    assert (table["speech.gap"][table.time < 1.5] == "nobody speaks").all() and table["speech.gap"].isna().any()


def test_a_channel_is_chosen_and_one_that_is_not_there_is_refused(tmp_path, capsys):
    both = np.concatenate([speech(1), 0 * speech(1)], axis=1)
    clip = write_clip(tmp_path / "two.wav", (), both, audio_codec="pcm_s16le")
    model = ["--model", "speech-emotion", "--out", str(tmp_path / "t.csv")]
    assert cli.main(["predict", str(clip), "--channel", "left", *model]) == 0
    assert pd.read_csv(tmp_path / "t.csv")["speech.happy"].notna().any()
    assert cli.main(["predict", str(clip), "--channel", "right", *model]) == 0
    assert pd.read_csv(tmp_path / "t.csv")["speech.happy"].isna().all()
    capsys.readouterr()
    assert "accepted are mix, left, right and the numbers 1 to 2" in failure(
        capsys, "predict", clip, "--channel", "3", *model
    )
    assert "no sound track 2; its sound tracks are 1 to 1" in failure(
        capsys, "predict", clip, "--audio-track", "2", *model
    )


def test_bad_clips_fail_in_one_sentence_and_the_next_one_works(clip, tmp_path, capsys):
    empty = tmp_path / "empty.mp4"
    empty.touch()
    assert "0 bytes" in failure(capsys, "predict", empty)
    assert "Accepted are mp4" in failure(capsys, "predict", write_text(tmp_path / "text.mp4"))
    cut = write_part(tmp_path / "cut.mp4", write_clip(tmp_path / "whole.mp4", plain_frames(50), speech(2)), 0.5)
    assert "cut off" in failure(capsys, "predict", cut)
    assert "There is no file" in failure(capsys, "predict", tmp_path / "none.mp4")
    assert cli.main(["predict", str(clip), "--out", str(tmp_path / "t.csv")]) == 0


def test_of_several_clips_those_that_cannot_be_read_are_named_and_the_others_predicted(clip, tmp_path, capsys):
    made, folder = (
        str(write_clip(tmp_path / "sound 😀 %03d.wav", (), speech(1), audio_codec="pcm_s16le")),
        str(tmp_path),
    )
    long = str(write_clip(tmp_path / f"{'é' * 125}n.wav", (), speech(1), audio_codec="pcm_s16le"))
    bad = str(write_text(tmp_path / "text.mp4"))
    names = [long, bad, str(tmp_path / "a\0b.wav"), f"{tmp_path}/{'n' * 300}.wav", "/dev/null", made]
    model = ["--model", "speech-emotion"]
    assert cli.main(["predict", *names, "--out", folder, *model]) == 1
    lines = capsys.readouterr().err.splitlines()
    first, last = Path(long).name, Path(made).name
    told = [line for line in lines[:-1] if not line.startswith((f"{first}: ", f"{last}: "))]
    assert len(told) == 4 and told[0].startswith("text.mp4: 'text.mp4' cannot be read")
    assert lines[0].startswith(f"{first}: ") and lines[-2].startswith(f"{last}: ")
    assert lines[-1].startswith("emoviz: 4 of 6 recordings could")
    tables = {path.name.partition("~")[0] for path in tmp_path.glob("*.csv")}
    assert tables == {"sound 😀 %03d.wav.csv", "é" * 95, "problems.csv"}
    assert "name a folder" in failure(capsys, "predict", made, clip, *model)
    assert "the same name" in failure(capsys, "predict", made, made, "--out", folder, *model)


def test_a_clip_over_the_size_limit_is_refused(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("EMOVIZ_UPLOAD_LIMIT_MB", "1")
    with (tmp_path / "large.mp4").open("wb") as file:
        file.truncate(1_500_000)
    assert "up to 1 MB are accepted" in failure(capsys, "predict", tmp_path / "large.mp4")


@pytest.mark.parametrize(
    ("setting", "arguments"),
    [
        ("EMOVIZ_STORE", ("predict", "CLIP", "--model", "speech-emotion")),
        ("EMOVIZ_RUNS", ("jobs", "submit", "extract", "emodb", "--features", "egemaps")),
    ],
)
def test_a_folder_without_write_access_is_named_with_its_setting(
    setting, arguments, clip, monkeypatch, tmp_path, capsys
):
    (tmp_path / "file").touch()
    monkeypatch.setenv(setting, str(tmp_path / "file" / "folder"))
    said = failure(capsys, *(clip if word == "CLIP" else word for word in arguments))
    assert f"needs another folder in {setting}" in said and "Not a directory" in said


def test_a_wrong_ending_is_refused_before_the_clip_is_analysed(clip, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr("emoviz.prediction.request.predict_clip", lambda *_, **__: pytest.fail("analysed"))
    assert f"{endings()}, not '.txt'" in failure(capsys, "predict", clip, "--out", tmp_path / "t.txt")


def test_a_folder_that_is_not_there_is_refused(clip, tmp_path, capsys):
    arguments = ["predict", str(clip), "--model", "speech-emotion", "--out", str(tmp_path / "none" / "t.csv")]
    assert cli.main(arguments) == 1
    assert "cannot be written" in capsys.readouterr().err


def test_unknown_names_list_the_known_ones(clip, capsys):
    assert "known are: face-expression, speech-cats, speech-emotion" in failure(capsys, "predict", clip, "--model", "x")
    assert "known are: " in failure(capsys, "extract", "x")
    assert "face-expression, " in failure(capsys, "train", "--preset", "x")


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

    monkeypatch.setattr("emoviz.prediction.request.predict_clip", interrupted)
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
    monkeypatch.setenv("STREAMLIT_SERVER_PORT", "9001")
    assert cli.main(["app"]) == 0 and "--server.port 9001" in " ".join(commands[-1][0])


def test_app_makes_a_token_where_others_can_reach_it(monkeypatch, capsys):
    environments = []
    monkeypatch.setattr(os, "execve", lambda program, command, env: environments.append(env))
    cli.main(["app"])
    assert "EMOVIZ_TOKEN" not in environments[-1] and not capsys.readouterr().out
    monkeypatch.setenv("EMOVIZ_ADDRESS", "0.0.0.0")
    tokens = set()
    for _ in range(2):
        cli.main(["app"])
        tokens.add(environments[-1]["EMOVIZ_TOKEN"])
        assert environments[-1]["EMOVIZ_TOKEN"] in capsys.readouterr().out
    assert len(tokens) == 2 and min(map(len, tokens)) >= 32
    cli.main(["app", "--insecure-no-login"])
    assert "EMOVIZ_TOKEN" not in environments[-1] and environments[-1]["EMOVIZ_NO_LOGIN"] == "1"
    monkeypatch.setenv("EMOVIZ_TOKEN", "a token of our own")
    cli.main(["app"])
    assert environments[-1]["EMOVIZ_TOKEN"] == "a token of our own" and not capsys.readouterr().out


@pytest.mark.parametrize(
    ("address", "port", "says"),
    [
        ("localhost", "99999999", "A port is a number from 1 to 65535, not '99999999'."),
        ("no.such.place.invalid", "8501", "EMOVIZ_ADDRESS is an address of this machine or a name of it, not 'no.such"),
    ],
)
def test_app_refuses_places_where_no_server_can_be(monkeypatch, capsys, address, port, says):
    monkeypatch.setenv("EMOVIZ_ADDRESS", address)
    assert cli.main(["app", "--port", port]) == 1
    said = capsys.readouterr()
    assert says in said.err and not said.out


def test_predict_says_that_a_recording_is_not_there_and_that_several_need_a_folder(capsys, tmp_path):
    assert cli.main(["predict", str(tmp_path / "nothing"), "--out", str(tmp_path / "tables")]) == 1
    assert f"There is no file or folder '{tmp_path / 'nothing'}'." in capsys.readouterr().err
    assert cli.main(["predict", str(tmp_path), "--out", str(tmp_path / "t.csv")]) == 1
    assert "Several recordings have a table each: --out names a folder" in capsys.readouterr().err


def test_bars_keep_one_bar_per_stage(monkeypatch):
    with Bars() as bars:
        bars("Training (validation 0.1)", 1, 10)
        bars("Training (validation 0.2)", 2, 10)
        bars("Testing", 1, 2)
        assert len(bars._bars) == 2


CHANNELS = ("whisper.pc000", "whisper.pc001", "egemaps.loudness", "egemaps.pitch")


def held_out(cultures: str, values: np.ndarray, columns) -> pd.DataFrame:
    """A table of held-out clips of some cultures (a letter each), two clips by each speaker."""
    index = pd.Index([f"clip{i}" for i in range(len(values))], name="id")
    who = {"culture": [cultures[i // 2 % len(cultures)] for i in range(len(values))]}
    who |= {"speaker": [f"s{i // 2}" for i in range(len(values))], "label": ["happy", "sad"] * (len(values) // 2)}
    table = pd.DataFrame(values.astype(np.float16), index, list(columns))
    return pd.concat([pd.DataFrame(who, index=index), table], axis=1)


@pytest.fixture(scope="module")
def analysed(tmp_path_factory) -> Path:
    """A model of three cultures with its tables, and six models of one culture each."""
    folder = tmp_path_factory.mktemp("analysed")
    random = np.random.default_rng(0)
    options = {"width": 8, "heads": 1}
    save_speech(folder, "cats", "cats", Task.FRAMES, options)
    held_out("XYZ", random.uniform(0, 1, (24, 4)), CHANNELS).to_parquet(folder / "cats" / "attention.parquet")
    embeddings = random.normal(size=(24, 6)) + 4 * (np.arange(24)[:, None] % 2)
    columns = [f"e{i:03d}" for i in range(6)]
    held_out("XYZ", embeddings, columns).to_parquet(folder / "cats" / "embeddings.parquet")
    for culture, preferred in (("X", 0), ("Y", 3)):
        for seed in range(3):
            name = f"{culture}-{seed}".lower()
            save_speech(folder / "per-culture", name, "cats", Task.FRAMES, options)
            weights = random.uniform(0, 0.3, (4, 4)) + np.eye(4)[preferred]
            held_out(culture, weights, CHANNELS).to_parquet(folder / "per-culture" / name / "attention.parquet")
    return folder


@pytest.fixture
def with_tables(analysed, monkeypatch):
    monkeypatch.setenv("EMOVIZ_CHECKPOINTS", str(analysed))


def printed(capsys, *arguments: str) -> pd.DataFrame:
    """The records that a command prints as JSON."""
    assert cli.main([*arguments, "--json"]) == 0
    return pd.DataFrame(json.loads(capsys.readouterr().out))


@pytest.mark.usefixtures("with_tables")
def test_similarity_compares_models_of_one_culture_each_or_speakers_of_one_model(capsys):
    found = printed(capsys, "similarity").set_index(["culture", "other"]).similarity
    assert found["X", "X"] > 0.8 > 0.6 > found["X", "Y"] == found["Y", "X"]
    found = printed(capsys, "similarity", "cats", "--measure", "top-k", "--top", "2")
    assert len(found) == 9 and found.similarity.between(0, 1).all()
    chosen = printed(capsys, "similarity", "per-culture/x-0", "per-culture/x-1", "per-culture/y-0")
    assert chosen.set_index(["culture", "other"]).similarity.isna()["Y", "Y"]
    assert cli.main(["similarity"]) == 0
    assert capsys.readouterr().out.split()[:3] == ["dimension", "culture", "other"]


@pytest.mark.usefixtures("with_tables")
def test_similarity_by_a_witness_says_which_models_it_lacks(capsys, analysed):
    assert cli.main(["similarity", "--by", "gradients"]) == 1
    said = capsys.readouterr().err
    assert "not measured yet for 6 models, such as `x-0`" in said and "explain per-culture --deletion" in said
    for name in ("x-0", "y-0"):
        table = pd.DataFrame({"weighting": "integrated gradients", "culture": name[0], "speaker": ["p", "q"]})
        table[list(CHANNELS)] = [[1.0, 0, 0, 0], [0, 3.0, 0, 0]]
        table.to_parquet(analysed / "per-culture" / name / "importance.parquet")
    found = printed(capsys, "similarity", "--by", "gradients").set_index(["culture", "other"])
    assert found.similarity["x", "y"] == pytest.approx(1)
    for file in analysed.rglob("importance.parquet"):
        file.unlink()


@pytest.mark.usefixtures("with_tables")
def test_similarity_tells_differences_and_channels(capsys):
    (row,) = printed(capsys, "similarity", "--table", "differences").to_dict("records")
    assert row["smallest_p"] <= row["p"] <= 1 and row["excess"] > 0
    assert len(printed(capsys, "similarity", "cats", "--table", "overall")) == 1
    top = printed(capsys, "similarity", "--table", "top", "--top", "1")
    assert top.channel.tolist() == ["whisper.pc000", "egemaps.pitch"]
    often = printed(capsys, "similarity", "--table", "frequencies", "--top", "2", "--modality", "egemaps")
    assert often.frequency.tolist() == [2, 2] and set(often.modality) == {"egemaps"}
    assert set(printed(capsys, "similarity", "--table", "weights")) >= {"culture", "seed", *CHANNELS} - {"seed"}
    pair = printed(capsys, "similarity", "--pair", "X", "Y")
    assert set(pair.channel[:2]) == {"whisper.pc000", "egemaps.pitch"}


@pytest.mark.usefixtures("with_tables")
@pytest.mark.parametrize("ending", [".csv", ".parquet", ".json"])
def test_a_map_is_written_with_what_is_known_of_each_clip(ending, tmp_path, capsys):
    out = tmp_path / f"map{ending}"
    assert cli.main(["project", "cats", "--method", "pca", "--set", "dimensions=3", "--out", str(out)]) == 0
    table = {".csv": pd.read_csv, ".parquet": pd.read_parquet, ".json": pd.read_json}[ending](out)
    assert list(table) == ["id", "culture", "speaker", "label", "x", "y", "z"] and len(table) == 24
    assert (np.sign(table.x[::2]) == -np.sign(table.x[1::2].to_numpy())).all()
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("with_tables")
def test_a_map_is_cached_in_the_store_and_judged(capsys, tmp_path):
    settings = ["--set", "perplexity=5", "--set", "iterations=50", "--set", "metric=cosine"]
    found = printed(capsys, "project", "cats", *settings, "--figures").set_index(["figure", "column", "space"]).value
    assert found["silhouette", "label", "embedding"] > 0.3 > found["silhouette", "culture", "embedding"]
    assert len(list((tmp_path / "store" / "maps").iterdir())) == 1


@pytest.mark.usefixtures("with_tables")
def test_analyses_fail_in_one_sentence(capsys, tmp_path):
    assert "known are: cosine" in failure(capsys, "similarity", "--measure", "euclid")
    assert "known are: differences" in failure(capsys, "similarity", "--table", "x")
    assert "known are: cats" in failure(capsys, "similarity", "x")
    assert "known are: X, Y" in failure(capsys, "similarity", "--pair", "X", "Z")
    assert "known are: pca, tsne, umap" in failure(capsys, "project", "cats", "--method", "x")
    assert "'perplexity' in the settings of tsne is of type" in failure(
        capsys, "project", "cats", "--set", "perplexity=x"
    )
    assert "too large for 24 clips" in failure(capsys, "project", "cats")
    assert "keeps no embeddings" in failure(capsys, "project", "per-culture/x-0")
    assert "not '.txt'" in failure(capsys, "project", "cats", "--method", "pca", "--out", tmp_path / "t.txt")


def test_models_that_weigh_no_channels_are_not_compared(capsys):
    assert "No model with channel weights" in failure(capsys, "similarity")
    assert "No model with channel weights" in failure(capsys, "similarity", "speech-emotion")


def test_help_needs_none_of_the_heavy_libraries():
    program = "import sys; from emoviz.cli import parser; parser().format_help(); print(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"torch", "pandas", "av", "cv2", "streamlit"} & set(result.stdout.split())


def test_clips_of_ones_own_are_imported_or_told_what_is_wrong_line_by_line(clip, tmp_path, capsys):
    table = tmp_path / "clips.csv"
    table.write_text("file,label,actor\nclip.mp4,joy,S1\nnone.mp4,joy,S1\n")
    command = ["import", "mine", "--clips", str(clip.parent), "--table", str(table), "--value", "culture=Here"]
    assert cli.main(command) == 1
    output = capsys.readouterr()
    first, last = output.err.strip().splitlines()
    assert output.out == "" and first.startswith("clips.csv, line 3: There is no clip 'none.mp4'")
    assert last.startswith("emoviz: Problems of 'clips.csv': 1, so nothing was imported; correct them, or import")

    assert cli.main([*command, "--skip-wrong"]) == 0
    output = capsys.readouterr()
    assert Path(output.out.strip()) == tmp_path / "store" / "imported" / "mine"
    assert "1 recording of 1 person without named sessions.\n" in output.err
    assert "Labels: happy 1 (written joy).\n" in output.err
    table.write_text("file,label,actor\nclip.mp4,A,S1\n")
    assert cli.main(command) == 1
    assert "correct them, say what each word means, e.g. --emotion 'A=sad', or import" in capsys.readouterr().err
    table.write_text("file,label,actor\nclip.mp4,joy,S1\n")
    claimed = [*command, "--skip-wrong", "--replace", "--column", "session=actor"]
    assert "Every clip has a speaker, so name its column" in failure(capsys, *claimed)
    assert cli.main(["corpora", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["mine"]["recordings"] == 1 and rows["mine"]["labels"] == "happy"
    assert "known are: action_units, bert, blendshapes, " in failure(capsys, "extract", "mine", "--features", "x")
    assert cli.main(["extract", "mine", "--features", "egemaps"]) == 0
    assert (tmp_path / "store" / "corpora" / "mine" / "corpus.json").is_file()


@pytest.fixture(scope="module")
def voice(tmp_path_factory) -> Path:
    return write_clip(tmp_path_factory.mktemp("voice") / "voice.wav", sound=speech(4), audio_codec="pcm_s16le")


def test_a_model_is_calibrated_and_predicts_with_the_profile(voice, tmp_path, capsys, monkeypatch):
    profile = tmp_path / "voice.safetensors"
    assert cli.main(["calibrate", "speech-cats", str(voice), "--out", str(profile)]) == 0
    output = capsys.readouterr()
    assert output.out.strip() == str(profile) and "The profile rests on 1 recording of" in output.err
    tables = []
    for given in ([], ["--calibrate", str(profile)], ["--calibrate", str(voice)], ["--calibrate", "0:00-0:04"]):
        assert cli.main(["predict", str(voice), "--model", "speech-cats", *given]) == 0
        tables.append(pd.read_csv(io.StringIO(capsys.readouterr().out)))
    usual, *fitted = (table.drop(columns="speech-cats.calibration", errors="ignore") for table in tables)
    assert all(table.equals(fitted[0]) for table in fitted) and not usual.equals(fitted[0])

    monkeypatch.setattr("emoviz.training.held_out.evaluate", lambda *_, **__: [])
    monkeypatch.setattr("emoviz.prediction.rated.limits_of_scores", lambda *_: ["No class lacks."])
    for given, said in (
        (profile, "'voice.wav' calibrates speech-cats by 1 rec"),
        ("speaker", "Each speaker of 'mine'"),
    ):
        assert cli.main(["evaluate", "speech-cats", "--corpus", "mine", "--calibrate", str(given)]) == 0
        told = capsys.readouterr().err.splitlines()
        assert told[0].startswith(said) and "calibrates speech-cats" in told[0] and told[1:] == ["No class lacks."]


def test_a_profile_is_kept_under_a_name_and_serves_several_clips(voice, tmp_path, capsys, monkeypatch):
    assert cli.main(["calibrate", "speech-cats", str(voice), "--out", "profile:anna"]) == 0
    kept = Path(capsys.readouterr().out.strip())
    assert kept.parent.name == "profiles" and kept.name == "anna.safetensors"
    assert "is no name of a profile" in failure(capsys, "calibrate", "speech-cats", voice, "--out", "profile:../anna")
    assert "No profile 'berta' lies in the store: there are anna." in failure(
        capsys, "predict", voice, "--calibrate", "profile:berta"
    )
    second = write_clip(tmp_path / "second.wav", sound=speech(2), audio_codec="pcm_s16le")
    given = [str(voice), str(second), "--model", "speech-cats", "--out", str(tmp_path), "--calibrate"]
    assert cli.main(["predict", *given, "profile:anna"]) == 0
    said = capsys.readouterr().err
    assert all(f"{clip.name}: 'voice.wav' calibrates speech-cats by 1 recording of" in said for clip in (voice, second))
    table = pd.read_csv(tmp_path / "second.wav.csv")
    assert table["speech-cats.calibration"].str.startswith("'voice.wav' calibrates speech-cats").all()
    assert cli.main(["predict", *given, "0-3"]) == 1
    said = capsys.readouterr().err
    assert f"{voice.name}: The stretch 0-3 of 'voice.wav' calibrates speech-cats by 1 recording of" in said
    assert f"{second.name}: The stretch 0-3 ends beyond 'second.wav', which lasts 2.0 s." in said
    assert "1 of 2 recordings could not be predicted: second.wav." in said
    assert "'voice.wav' holds 4 s of speech; calibration to its own speech needs at least 60 s." in failure(
        capsys, "predict", voice, "--calibrate", "own"
    )


def test_models_that_cannot_be_calibrated_stay_as_they_are_and_are_named(voice, tmp_path, capsys):
    profile = tmp_path / "voice.safetensors"
    assert cli.main(["calibrate", "speech-cats", str(voice), "--out", str(profile)]) == 0
    capsys.readouterr()
    assert cli.main(["predict", str(voice), "--calibrate", str(profile)]) == 0
    told = capsys.readouterr().err
    assert "'voice.wav' calibrates speech-cats by 1 recording of" in told
    for other in ("face-expression", "speech-emotion"):
        assert f"{other} is not calibrated and stays as it was trained." in told
    assert "'speech-emotion': it was measured for 'speech-cats'" in failure(
        capsys, "predict", voice, "--model", "speech-emotion", "--calibrate", profile
    )
    assert "The stretch 0-100 ends beyond 'voice.wav', which lasts 4.0 s." in failure(
        capsys, "predict", voice, "--calibrate", "0-100"
    )


def test_what_cannot_be_calibrated_is_said_and_nothing_is_written(voice, tmp_path, capsys):
    out = tmp_path / "profile.safetensors"
    assert "names no people" in failure(capsys, "calibrate", "speech-cats", tmp_path / "nobody", "--out", out)
    assert "reads pictures" in failure(capsys, "calibrate", "face-expression", voice, "--out", out)
    assert "A profile ends with .safetensors" in failure(
        capsys, "calibrate", "speech-cats", voice, "--out", tmp_path / "profile.txt"
    )
    assert "at least 1.5 s" in failure(capsys, "predict", voice, "--model", "speech-cats", "--calibrate", "0:00-0:01")
    assert not list(tmp_path.glob("profile*"))
