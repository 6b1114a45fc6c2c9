"""Whole folders on the command line: every depth, what fails, what is done already, and what a kill leaves behind."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from clips import speech, write_clip, write_part
from places import ROOT, settings_of_test
from untrained import save_speech

from emoviz import cli
from emoviz.core.vocabulary import FOUR_EMOTIONS, Task
from emoviz.prediction import request

MODEL = ("--model", "speech-emotion")


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> Path:
    return write_clip(tmp_path_factory.mktemp("sound") / "a.wav", (), speech(1), audio_codec="pcm_s16le")


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    options = {"hidden": 8, "layers": 1, "pooling": "attention"}
    for name in ("speech-emotion", "speech-other"):
        save_speech(folder, name, "bi-gru", Task.CLIP, options, FOUR_EMOTIONS, window=1.0)
    return folder


@pytest.fixture(autouse=True)
def own_settings(monkeypatch, models, tmp_path):
    settings_of_test(monkeypatch, tmp_path, models)


@pytest.fixture
def recordings(tmp_path, sound) -> Path:
    """Two recordings of one name in different folders, a damaged one, and what is none."""
    folder = tmp_path / "recordings"
    for place in ("anna/one.wav", "ben/deeper/one.wav", "ben/two.wav", ".hidden/no.wav"):
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(sound, folder / place)
    (folder / "anna" / "notes.txt").write_text("none")
    write_part(folder / "ben" / "broken.wav", sound, 0.0005)
    return folder


@pytest.fixture
def answers(monkeypatch) -> list[str]:
    """The names of the recordings that are analysed."""
    made: list[str] = []
    predict = request.predict_clip

    def counted(media, *given, **more):
        made.append(media.path.name)
        return predict(media, *given, **more)

    monkeypatch.setattr(request, "predict_clip", counted)
    return made


def predicted(*arguments: str | Path) -> int:
    return cli.main(["predict", *map(str, arguments), *MODEL])


def content(folder: Path) -> dict[str, bytes]:
    """All tables below a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.csv"))}


def test_a_folder_is_predicted_with_one_damaged_file_among_the_good_ones(recordings, tmp_path, capsys, answers):
    out = tmp_path / "out"
    assert predicted(recordings, "--segments", "0.5", "--out", out) == 1
    error = capsys.readouterr().err
    assert error.endswith("emoviz: 1 of 4 recordings could not be predicted: broken.wav.\n")
    assert "Traceback" not in error
    tables = {"anna/one.wav.csv", "ben/deeper/one.wav.csv", "ben/two.wav.csv"}
    assert set(content(out)) == {*tables, "segments.csv", "problems.csv"}
    segments = pd.read_csv(out / "segments.csv")
    assert list(segments["recording"]) == [name.removesuffix(".csv") for name in sorted(tables) for _ in range(2)]
    alone = pd.read_csv(out / "ben" / "two.wav.csv")
    pd.testing.assert_frame_equal(
        segments[segments.recording == "ben/two.wav"][list(alone)].reset_index(drop=True), alone
    )
    problems = pd.read_csv(out / "problems.csv")
    assert list(problems["file"]) == ["ben/broken.wav"] and problems["problem"][0].endswith(".")

    answers.clear()
    before = content(out)
    assert predicted(recordings, "--segments", "0.5", "--out", out) == 1
    assert answers == [] and content(out) == before
    assert "3 of 4 recordings are done already." in capsys.readouterr().err


def test_what_is_asked_otherwise_is_done_anew_and_said(recordings, tmp_path, capsys, answers, models):
    (recordings / "ben" / "broken.wav").unlink()
    out = tmp_path / "out"
    assert predicted(recordings, "--out", out) == 0
    assert set(pd.read_csv(out / "problems.csv")) == {"file", "problem"} and not (out / "segments.csv").exists()
    answers.clear()
    capsys.readouterr()
    assert predicted(recordings, "--out", out, "--segments", "0.5") == 0
    assert "3 recordings are predicted anew, as something else is asked: segments." in capsys.readouterr().err
    assert predicted(recordings, "--out", out, "--segments", "0.5", "--model", "speech-other") == 0
    assert "as something else is asked: models." in capsys.readouterr().err
    assert len(answers) == 6 and len(pd.read_csv(out / "segments.csv")) == 6


def test_content_decides_whether_a_recording_changed(recordings, tmp_path, capsys, answers, sound):
    (recordings / "ben" / "broken.wav").unlink()
    out = tmp_path / "out"
    assert predicted(recordings, "--out", out) == 0
    answers.clear()
    capsys.readouterr()
    os.utime(recordings / "anna" / "one.wav", (1, 1))  # copied anew, with the content that it had
    write_clip(recordings / "ben" / "two.wav", (), speech(0.7), audio_codec="pcm_s16le")
    (out / "ben" / "deeper" / "one.wav.csv").write_text("cut")
    assert predicted(recordings, "--out", out) == 0
    assert answers == ["one.wav", "two.wav"] and "1 recordings changed" in capsys.readouterr().err


def test_a_run_that_was_killed_goes_on_and_ends_with_the_same_files(tmp_path, sound, answers):
    folder, out, whole = (tmp_path / name for name in ("recordings", "out", "whole"))
    folder.mkdir()
    for number in range(12):
        shutil.copy(sound, folder / f"{number}.wav")
    given = [str(folder), "--segments", "0.5", *MODEL, "--out"]
    process = subprocess.Popen([sys.executable, "-m", "emoviz", "predict", *given, str(out)], cwd=ROOT)
    until = time.monotonic() + 120
    while not list(out.glob(".emoviz/*.json")) and time.monotonic() < until:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = len(list(out.glob(".emoviz/*.json")))
    assert 0 < done < 12 and not (out / "segments.csv").exists()
    assert cli.main(["predict", *given, str(out)]) == 0
    assert len(answers) == 12 - done
    assert cli.main(["predict", *given, str(whole)]) == 0
    assert content(out) == content(whole) and len(content(out)) == 14
