"""A workspace that was packed on one machine is there on another, and what is there already stays."""

import shutil
import zipfile

import pytest
import untrained
from own_corpus import TABLE, write_own
from places import settings_of_test

from emoviz.checkpoints import load
from emoviz.cli import main
from emoviz.core.files import read_json
from emoviz.core.settings import Settings
from emoviz.corpora import own
from emoviz.jobs import interface
from emoviz.jobs.folder import JobFolder, State
from emoviz.jobs.kinds.extraction import Extraction
from emoviz.prediction.library.keeping import KeptFiles
from emoviz.prediction.profiles import FOLDER as PROFILES


def settings_at(monkeypatch, folder) -> Settings:
    """The settings of one machine, all of whose folders lie below one."""
    shutil.rmtree(folder / "bundled", ignore_errors=True)
    settings_of_test(monkeypatch, folder, folder / "models")
    monkeypatch.setenv("EMOVIZ_RESULTS", str(folder / "reports"))
    return Settings.read()


def files_of(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """A machine with a model, a corpus, a job that ended and one that waits, a report, a profile and a kept upload."""
    there = tmp_path / "there"
    clips = write_own(there / "clips", speakers=2, takes=1)
    untrained.save_sound(there / "models")
    settings = settings_at(monkeypatch, there)
    assert main(["import", "ours", "--clips", str(clips), "--table", str(clips / TABLE)]) == 0
    monkeypatch.setattr(interface.LocalEngine, "start", lambda engine, folder: None)
    jobs = interface.Jobs(settings)
    ended, waits = (jobs.submit(Extraction("ours", ("egemaps",))) for _ in range(2))
    JobFolder(jobs.root / ended.id).end(State.FINISHED)
    (jobs.root / "queue.db").write_bytes(b"a queue")
    for name in ("reports/ours.within.svm.json", f"store/{PROFILES}/people.json", "store/ours/egemaps.bin"):
        (there / name).parent.mkdir(parents=True, exist_ok=True)
        (there / name).write_text('{"of": "the lab"}')
    KeptFiles(settings.store, 10).keep(clips / "s0-joy-0.wav", "a" * 64, "joy.wav")
    return there, ended.id, waits.id


def test_what_a_lab_made_is_there_on_another_machine(lab, tmp_path, monkeypatch, capsys):
    there, ended, waits = lab
    capsys.readouterr()
    assert main(["export-workspace", str(tmp_path / "lab.zip")]) == 0
    told = capsys.readouterr().out
    assert f"Left out, as they have not ended: {waits}." in told and "recordings of people" in told
    assert "models: 1" in told and "corpora: 1" in told and "jobs: 1" in told and "features" not in told

    here = settings_at(monkeypatch, tmp_path / "here")
    (there / "clips").rename(tmp_path / "moved")
    moves = ["--moved", f"{there / 'clips'}={tmp_path / 'moved'}", "--moved", "/nowhere=/here"]
    assert main(["import-workspace", str(tmp_path / "lab.zip"), *moves]) == 0
    assert "No unpacked corpus names recordings in '/nowhere'" in capsys.readouterr().out
    assert load(here.checkpoints[-1] / "speech-spectrogram").name == "speech-spectrogram"
    corpus = own.read("ours", here.imports)
    assert len(corpus.recordings) == 8 and corpus.recordings["audio"].str.startswith(str(tmp_path / "moved")).all()
    jobs = interface.Jobs(here)
    assert [job.id for job in jobs.list()] == [ended] and jobs.state(ended).state is State.FINISHED
    assert jobs.list()[0].places.store == str(here.store.resolve()), "where it can be resumed"
    assert not (here.runs / "jobs" / "queue.db").exists()
    assert read_json(here.results[-1] / "ours.within.svm.json") == {"of": "the lab"}
    assert read_json(here.store / PROFILES / "people.json") == {"of": "the lab"}
    assert list(KeptFiles(here.store, 10).all()) == ["joy.wav"]
    assert not (here.store / "ours").exists(), "features are made again"


def test_what_is_here_stays_unless_it_is_replaced(lab, tmp_path, monkeypatch, capsys):
    there, *_ = lab
    assert main(["export-workspace", str(tmp_path / "lab.zip"), "--features", "--without", "library"]) == 0
    here = settings_at(monkeypatch, tmp_path / "here")
    mine = here.results[-1] / "ours.within.svm.json"
    mine.parent.mkdir(parents=True)
    mine.write_text('{"of": "mine"}')
    assert main(["import-workspace", str(tmp_path / "lab.zip")]) == 0
    assert read_json(mine) == {"of": "mine"} and "reports/ours.within.svm.json" in capsys.readouterr().out
    assert (here.store / "ours" / "egemaps.bin").is_file() and not KeptFiles(here.store, 10).all()

    before = files_of(tmp_path / "here")
    assert main(["import-workspace", str(tmp_path / "lab.zip")]) == 0
    assert "Unpacked 0 of the 6 files and folders in it; 5 were here already." in capsys.readouterr().out
    assert files_of(tmp_path / "here") == before
    assert main(["import-workspace", str(tmp_path / "lab.zip"), "--replace"]) == 0
    assert read_json(mine) == {"of": "the lab"}


def test_a_damaged_model_is_left_out_and_the_rest_is_unpacked(lab, tmp_path, monkeypatch, capsys):
    there, *_ = lab
    (there / "models" / "speech-spectrogram" / "config.json").write_text("{")
    assert main(["export-workspace", str(tmp_path / "lab.zip")]) == 0
    here = settings_at(monkeypatch, tmp_path / "here")
    assert main(["import-workspace", str(tmp_path / "lab.zip")]) != 0
    captured = capsys.readouterr()
    assert "models/speech-spectrogram is left out" in captured.out and "Traceback" not in captured.err
    assert not (here.checkpoints[-1] / "speech-spectrogram").exists() and own.names(here.imports) == ("ours",)


@pytest.mark.parametrize("damage", ["cut", "flipped", "another part"])
def test_a_damaged_file_changes_nothing(lab, tmp_path, monkeypatch, capsys, damage):
    path = tmp_path / "lab.zip"
    assert main(["export-workspace", str(path)]) == 0
    content = bytearray(path.read_bytes())
    if damage == "cut":
        del content[-100:]
    elif damage == "flipped":
        content[len(content) // 2] ^= 255
    path.write_bytes(content)
    if damage == "another part":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("boot/loader", b"1")
            archive.writestr("archive.json", '{"format": 1, "about": {}, "files": {"boot/loader": [1, ""]}}')
    settings_at(monkeypatch, tmp_path / "here")
    before = files_of(tmp_path / "here")
    assert main(["import-workspace", str(path)]) != 0
    assert str(path) in capsys.readouterr().err
    assert files_of(tmp_path / "here") == before


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (["export-workspace", "all.zip", "--without", "everything"], "There is no part 'everything'"),
        (["export-workspace", "/proc/none/all.zip"], "cannot be written"),
        (["import-workspace", "none.zip"], "There is no file"),
        (["import-workspace", "none.zip", "--moved", "here"], "takes a folder there"),
    ],
)
def test_what_cannot_be_is_told(tmp_path, monkeypatch, capsys, command, sentence):
    settings_at(monkeypatch, tmp_path)
    assert main(command) != 0
    assert sentence in capsys.readouterr().err
