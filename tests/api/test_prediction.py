"""``emoviz.predict`` answers as the command does, and its answer shows itself."""

import re
import subprocess
import sys

import pandas as pd
import pytest
from clips import face_frames, speech, write_clip
from places import ROOT, settings_of_test
from untrained import save_all

import emoviz
from emoviz import cli
from emoviz.core.errors import ConfigError, MediaError, UnknownNameError
from emoviz.plots import still


@pytest.fixture(scope="module", autouse=True)
def place(tmp_path_factory):
    """A folder with a clip of one second, and untrained models alone."""
    folder = tmp_path_factory.mktemp("api")
    write_clip(folder / "clip.mp4", face_frames(25, [lambda i: (150, 60)]), speech(1))
    with pytest.MonkeyPatch.context() as patch:
        settings_of_test(patch, folder, save_all(folder / "untrained"))
        yield folder


@pytest.fixture(scope="module")
def prediction(place):
    return emoviz.predict(place / "clip.mp4", segments=0.5)


def test_it_answers_as_the_command_does(place, prediction, capsys):
    assert cli.main(["predict", str(place / "clip.mp4"), "--segments", ".5", "--out", str(place / "a.csv")]) == 0
    assert prediction.export(place / "b.csv").read_bytes() == (place / "a.csv").read_bytes()
    assert [*prediction.notes, prediction.sentence] == capsys.readouterr().err.splitlines()
    assert len(pd.read_csv(place / "b.csv")) == len(prediction.segments) == 2
    whole = emoviz.predict(place / "clip.mp4", models=["speech-emotion"])
    assert cli.main(["predict", str(place / "clip.mp4"), "--model", "speech-emotion"]) == 0
    assert whole.export(place / "c.csv").read_text() == capsys.readouterr().out
    assert whole.segments is None and len(whole.table) == pytest.approx(50, abs=3)


def test_it_shows_itself(prediction):
    page = prediction._repr_html_()
    assert prediction.sentence in page and "<svg" in page and "<table" in page
    assert not re.search(r"<script|https?://(?!www\.w3\.org)", page)
    summary = prediction.summary
    mean = prediction.table["face.happy"].mean()
    assert summary.loc["happy", "face-expression"] == pytest.approx(mean)
    assert repr(prediction) == f"<Prediction of clip.mp4: {prediction.sentence}>"
    assert [trace.name for trace in prediction.plot().data if trace.name == "happy"]


def test_without_the_libraries_of_figures_it_names_the_extra_that_brings_them(prediction, monkeypatch):
    for name in [one for one in sys.modules if one.partition(".")[0] == "plotly" or one.startswith("emoviz.plots")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr("emoviz.plots")
    monkeypatch.setitem(sys.modules, "plotly", None)
    with pytest.raises(
        ConfigError, match=r"^This needs the package 'plotly'; .* `pip install \"\.\[app\]\"` brings it\.$"
    ):
        prediction.plot()
    page = prediction._repr_html_()
    assert prediction.sentence in page and "<table" in page and "the package &#x27;plotly&#x27;" in page


def test_what_cannot_be_is_one_sentence(place, prediction):
    with pytest.raises(MediaError, match=r"There is no file '.*none\.mp4'"):
        emoviz.predict(place / "none.mp4")
    for ask in (emoviz.predict, emoviz.persons):
        with pytest.raises(MediaError, match="A recording is given by the path of its file, not by None"):
            ask(None)
    for odd in (None, 3, ""):
        with pytest.raises(ConfigError, match="Models are given by their names"):
            emoviz.predict(place / "clip.mp4", models=[odd])
    with pytest.raises(UnknownNameError, match="'nix'"):
        emoviz.predict(place / "clip.mp4", models="nix")
    with pytest.raises(ConfigError, match="not '.txt'"):
        prediction.export(place / "a.txt")
    with pytest.raises(AttributeError, match="no attribute 'fly'"):
        emoviz.fly  # noqa: B018


def test_emoviz_itself_is_imported_at_once():
    program = (
        "import sys, emoviz; assert not {'numpy', 'emoviz.api'} & set(sys.modules); assert 'predict' in dir(emoviz)"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)


def test_curves_of_a_still_are_broken_where_there_is_no_value():
    table = pd.DataFrame({"time": [0.01, 0.03, 0.05, 0.07, 0.09], "a": [1, 0, None, 0, -1], "b": [0.4] * 5})
    table["c"] = 1 - table["b"]
    outputs = pd.DataFrame(
        [("a", "valence", "dimension"), ("b", "sad", "emotion"), ("c", "happy", "emotion")],
        columns=["column", "output", "kind"],
    ).assign(source="face", model="m")
    drawn = still(table, outputs, "face")
    curves = re.findall(r'<polyline points="([^"]+)" fill="none"', drawn)
    assert [len(curve.split()) for curve in curves] == [2, 2]
    corners = [[tuple(map(float, corner.split(","))) for corner in curve.split()] for curve in curves]
    assert corners[0][0][1] < corners[0][1][1] == corners[1][0][1] < corners[1][1][1]  # 1, 0, 0, -1 from top to bottom
    areas = re.findall(r'<polygon points="([^"]+)"', drawn)
    heights = [[float(corner.split(",")[1]) for corner in area.split()] for area in areas]
    happy, sad = heights  # happy is more frequent, so that it lies below, where y is larger
    assert max(happy) > max(sad) == pytest.approx(min(happy), abs=0.1)
    assert "<polyline" in still(table[:1], outputs, "face")
