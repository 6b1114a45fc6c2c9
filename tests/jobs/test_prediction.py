"""Predictions of many recordings as jobs: what they write, what shares them, and where they may not go."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
from clips import speech, write_clip
from untrained import save_speech

from emoviz import cli
from emoviz.core.errors import ConfigError, EmovizError
from emoviz.core.progress import silent
from emoviz.core.vocabulary import FOUR_EMOTIONS, Task
from emoviz.jobs.folder import Places
from emoviz.jobs.interface import Jobs
from emoviz.jobs.kinds.prediction import Prediction
from emoviz.jobs.work import work_of


@pytest.fixture
def places(tmp_path) -> Places:
    options = {"hidden": 8, "layers": 1, "pooling": "attention"}
    save_speech(tmp_path / "models", "own", "bi-gru", Task.CLIP, options, FOUR_EMOTIONS, window=1.0)
    return Places("", str(tmp_path / "store"), str(tmp_path / "models"), "")


@pytest.fixture
def folder(tmp_path) -> Path:
    """A folder of four recordings in one that may be read, and a link to one that may not."""
    root = tmp_path / "root"
    (root / "recordings").mkdir(parents=True)
    made = write_clip(tmp_path / "private.wav", (), speech(0.6), audio_codec="pcm_s16le")
    for number in range(4):
        shutil.copy(made, root / "recordings" / f"{number}.wav")
    (root / "recordings" / "private.wav").symlink_to(made)
    return root / "recordings"


def work(folder: Path, **more) -> Prediction:
    root = next(above for above in (folder, *folder.parents) if (above / "root").is_dir()) / "root"
    given = {"out": str(folder / "tables"), "models": ("own",), "segments": "0.3", "inside": (str(root),)}
    return Prediction((str(folder),), **(given | more))


def test_shares_together_write_the_tables_of_all(folder, places, tmp_path):
    reported = []
    first, second = work(folder, share=1, shares=2), work(folder, share=2, shares=2)
    first.check(places)
    first.run(tmp_path, places, lambda *given: reported.append(given))
    assert reported[-1] == ("Predicting recordings", 2, 2) and reported[0][0].startswith("Predicting recordings (0.wav")
    assert len(pd.read_csv(folder / "tables" / "segments.csv")) == 4
    assert second.run(tmp_path, places, silent) == (str(folder / "tables"), "5 recordings, 1 problems")
    segments = pd.read_csv(folder / "tables" / "segments.csv")
    assert list(segments["recording"]) == [f"{number}.wav" for number in range(4) for _ in range(2)]
    problems = pd.read_csv(folder / "tables" / "problems.csv")
    assert problems.to_dict("records") == [
        {"file": "private.wav", "problem": "It is a link that leads out of 'recordings'."}
    ]


def test_nothing_outside_the_named_folders_is_read_or_written(folder, places, tmp_path):
    private = tmp_path / "private"
    private.mkdir()
    shutil.copy(tmp_path / "private.wav", private)
    (folder.parent / "door").symlink_to(private)
    for wrong in (
        work(private, out=str(folder / "tables")),
        work(folder.parent / "door", out=str(folder / "tables")),
        work(folder, out=str(private / "tables")),
        work(folder, out=str(folder.parent / "door" / "tables")),
        work(folder, out=str(folder / ".." / ".." / "tables")),
    ):
        for attempt in (wrong.check, lambda places, own=wrong: own.run(tmp_path, places, silent)):
            with pytest.raises(ConfigError, match="is not inside"):
                attempt(places)
    (folder / "list.csv").write_text(f"file\n{private / 'private.wav'}\n../door/private.wav\n0.wav\n")
    work(folder / "list.csv", out=str(folder / "tables")).run(tmp_path, places, silent)
    problems = pd.read_csv(folder / "tables" / "problems.csv")
    assert len(problems) == 2 and set(problems["problem"]) == {"It lies outside the folders that may be read here."}
    (folder / "tables" / "deeper").symlink_to(private)
    (folder / "deeper").mkdir()
    shutil.copy(tmp_path / "private.wav", folder / "deeper" / "9.wav")
    assert work(folder).run(tmp_path, places, silent)[1] == "7 recordings, 3 problems"  # with the link itself
    assert [path.name for path in private.iterdir()] == ["private.wav"]


def test_what_cannot_be_done_is_refused_before_it_is_queued(folder, places):
    for wrong, said in (
        ({"models": ("none",)}, "no trained model named 'none'"),
        ({"segments": "0.01"}, "Windows have at least"),
        ({"out": str(folder / "a" / "b")}, "no folder"),
        ({"share": 3, "shares": 2}, "no share 3 of 2"),
    ):
        with pytest.raises(EmovizError, match=said):
            work(folder, **wrong).check(places)
    with pytest.raises(ConfigError, match="There is no folder, list or recording"):
        work(folder / "none").check(places)


def test_the_command_line_submits_a_job_for_each_share(folder, places, tmp_path, settings, monkeypatch, capsys):
    monkeypatch.setattr("emoviz.jobs.local.LocalEngine.start", lambda *_: None)
    for name, value in (("RUNS", settings.runs), ("CHECKPOINTS", places.checkpoints), ("STORE", settings.store)):
        monkeypatch.setenv(f"EMOVIZ_{name}", str(value))
    monkeypatch.chdir(folder.parent)
    given = ["jobs", "submit", "predict", "recordings", "--out", "tables", "--model", "own", "--shares", "2"]
    assert cli.main(given) == 0
    found = Jobs(settings).list()
    assert [job.id for job in found] == capsys.readouterr().out.split()
    wanted = Prediction((str(folder),), str(folder.parent / "tables"), ("own",), share=1, shares=2)
    assert work_of(found[0]) == wanted and found[1].title == "Predict recordings, 2 of 2"


def test_a_job_tells_who_speaks(folder, places, tmp_path):
    asked = work(folder, segments="", persons=True, voices=1, patterns=("[01].wav",))
    with pytest.raises(ConfigError, match="1 to 20 voices, not 0"):
        work(folder, voices=0).check(places)
    asked.run(tmp_path, places, silent)
    segments = pd.read_csv(folder / "tables" / "segments.csv")
    assert list(segments["recording"]) == ["0.wav", "1.wav"] and set(segments["person"]) == {"voice A"}
    assert segments.filter(like="speech.").notna().all(axis=None)
    persons = pd.read_csv(folder / "tables" / "persons.csv")
    assert list(persons["person"]) == ["voice A", "voice A"] and (persons["seconds"] > 0.3).all()
