"""``python -m emoviz explain CLIP``: tables on the screen, pictures in a folder, one sentence for what goes wrong."""

import json

import cv2
import pytest
from clips import face_frames, speech, write_clip
from places import settings_of_test
from untrained import save_all, save_sound

from emoviz import cli
from emoviz.cli.explain import MOMENTS, TOP_CHANNELS
from emoviz.core.vocabulary import FER_EMOTIONS


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = save_all(tmp_path_factory.mktemp("untrained"))
    save_sound(folder)
    return folder


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> str:
    frames = face_frames(25, [lambda i: (150, 60)])
    return str(write_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", frames, speech(1)))


@pytest.fixture(autouse=True)
def own_settings(monkeypatch, folder, tmp_path):
    settings_of_test(monkeypatch, tmp_path, folder)


def records(capsys, *arguments: str) -> tuple[list[dict], str]:
    assert cli.main(["explain", *arguments, "--json"]) == 0
    output = capsys.readouterr()
    return json.loads(output.out), output.err


@pytest.mark.parametrize("method", ["integrated-gradients", "occlusion"])
def test_a_row_per_channel_the_weightiest_first(method, clip, capsys):
    rows, said = records(capsys, clip, "--model", "speech-cats", "--method", method)
    assert len(rows) == 4 + 25 and set(rows[0]) == {"channel", "modality", "contribution", "magnitude"}
    assert [row["magnitude"] for row in rows] == sorted((row["magnitude"] for row in rows), reverse=True)
    assert said.startswith("The mean of valence (derived) is ")


def test_a_network_that_sees_the_sound_has_a_row_per_band(clip, capsys):
    rows, said = records(capsys, clip, "--model", "speech-spectrogram", "--output", "sad")
    assert len(rows) == 32 and set(rows[0]) == {"low", "high", "heat"}
    assert said.startswith("Sad has a probability of .")
    rows, _ = records(capsys, clip, "--model", "speech-spectrogram", "--by", "time")
    assert rows[0]["time"] == pytest.approx(0.005) and len(rows) == pytest.approx(100, abs=3)


def test_a_row_per_time(clip, capsys):
    options = ["--by", "time", "--output", "sad", "--start", "0.2", "--end", "0.6"]
    rows, said = records(capsys, clip, "--model", "speech-emotion", *options)
    assert rows[0]["time"] == pytest.approx(0.01) and len(rows) == pytest.approx(50, abs=3)
    assert said.startswith("The score of sad is ")


@pytest.mark.slow
def test_people_see_the_first_channels(clip, capsys):
    assert cli.main(["explain", clip, "--model", "speech-emotion", "--method", "occlusion"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1 + TOP_CHANNELS


def test_pictures_of_chosen_seconds(clip, capsys, tmp_path):
    options = ["--output", "happy", "--at", "0.2", "--at", "0.6", "--out", str(tmp_path)]
    rows, _ = records(capsys, clip, "--model", "face-expression", *options)
    assert [row["time"] for row in rows] == pytest.approx([0.2, 0.6], abs=0.021)
    assert all(0 < row["probability"] < 1 and row["output"] == "happy" for row in rows)
    pictures = [cv2.imread(row["picture"]) for row in rows]
    assert all(picture.shape == (240, 240, 3) and picture.std() > 10 for picture in pictures)
    assert len(list(tmp_path.glob("*.png"))) == 2


def test_moments_and_output_have_defaults(clip, capsys, tmp_path):
    rows, _ = records(capsys, clip, "--model", "face-expression", "--out", str(tmp_path))
    assert len(rows) == MOMENTS and rows[0]["output"] in FER_EMOTIONS


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Say whose prediction to explain: --model NAME"),
        (["--model", "x"], "no trained model named 'x'"),
        (["--model", "speech-cats", "--output", "joy"], "no output named 'joy'; known are: arousal"),
        (["--model", "speech-cats", "--start", "9"], "There is nothing to explain"),
        (["--model", "face-expression"], "name a folder for them, --out FOLDER"),
    ],
)
def test_what_goes_wrong_is_one_sentence(arguments, message, clip, capsys):
    assert cli.main(["explain", clip, *arguments]) == 1
    output = capsys.readouterr()
    assert output.out == "" and message in output.err and len(output.err.strip().splitlines()) == 1
