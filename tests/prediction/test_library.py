"""The library lists recordings by what was noted of them, each once, and deletes all of one."""

import os
import shutil
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from emoviz.core.errors import MediaError
from emoviz.core.kept import Entry as KeptEntry
from emoviz.core.kept import Kept
from emoviz.evaluation.sentence import Moment, strongest_moments
from emoviz.prediction.library import known as known_module
from emoviz.prediction.library import listing
from emoviz.prediction.library.keeping import KeptFiles
from emoviz.prediction.library.known import Known, Library, Seen
from emoviz.prediction.library.listing import Own, State, listed, narrowed

START = "Folder: lab/"


def seen(path, noted: int = 1) -> dict[str, Seen]:
    state = path.stat()
    return {str(path): Seen(state.st_size, state.st_mtime_ns, noted)}


@pytest.fixture
def lab(tmp_path):
    """A folder with four recordings, and something else."""
    (tmp_path / "lab" / "anna").mkdir(parents=True)
    for number, name in enumerate(("a.wav", "b.wav", "anna/c.wav", "anna/d.wav", "notes.txt")):
        (tmp_path / "lab" / name).write_bytes(bytes(number + 1))
    return tmp_path / "lab"


def test_each_recording_has_the_state_that_was_noted_until_its_file_changes(lab):
    known = {
        "1": Known("1", 8.0, models=("m",), emotion="happy", moments=(("sad", 2.0),), files=seen(lab / "a.wav")),
        "2": Known("2", problem="It is cut off.", files=seen(lab / "b.wav")),
        "3": Known("3", 70.0, models=("m",), files=seen(lab / "anna/c.wav")),
    }

    def states() -> dict[str, State]:
        return {entry.name: entry.state for entry in listed({}, {START: lab}, known).entries}

    wanted = {"a.wav": State.ANALYSED, "anna/c.wav": State.ANALYSED, "anna/d.wav": State.NEW, "b.wav": State.FAILED}
    assert states() == {START + name: state for name, state in wanted.items()}
    (lab / "anna/c.wav").write_bytes(b"another")
    (lab / "b.wav").unlink()
    assert states()[START + "anna/c.wav"] == State.CHANGED and states()[START + "b.wav"] == State.GONE
    # Read anew, the changed file has another content; what was known of the old one has no file any more.
    known["4"] = Known("4", 70.0, models=("m",), files=seen(lab / "anna/c.wav", noted=2))
    assert states()[START + "anna/c.wav"] == State.ANALYSED and len(states()) == 4
    shutil.move(lab / "a.wav", lab / "moved.wav")
    known["1"] = Known("1", 8.0, models=("m",), files={**known["1"].files, **seen(lab / "moved.wav", noted=3)})
    assert states()[START + "moved.wav"] == State.ANALYSED and START + "a.wav" not in states()


def test_recordings_of_one_content_are_one_entry_and_problems_are_told(lab, tmp_path):
    (tmp_path / "private.wav").touch()
    (lab / "private.wav").symlink_to(tmp_path / "private.wav")
    (lab / "a\udcff.wav").touch()
    known = {"1": Known("1", 8.0, models=("m",), files=seen(lab / "a.wav") | seen(lab / "anna/d.wav"))}
    uploads = {"Upload: x.wav": Own(tmp_path / "x", "1"), "Upload: y.wav": Own(tmp_path / "y", "5")}
    entries, problems = listed(uploads, {START: lab}, known)
    assert [(entry.name, entry.state) for entry in entries[:2]] == [
        ("Upload: x.wav", State.ANALYSED),
        ("Upload: y.wav", State.NEW),
    ]
    assert entries[0].also == (f"{START}a.wav", f"{START}anna/d.wav") and len(entries) == 4
    assert [one.file for one in problems] == [f"{START}private.wav", f"{START}a\\xff.wav"]
    none = listed({}, {"Folder: none/": tmp_path / "none"}, known)
    assert none.entries == [] and none.problems[0].problem == "There is no such folder."


def test_what_fits_is_found_by_name_state_emotion_and_length(lab):
    known = {
        "1": Known("1", 8.0, models=("m",), emotion="happy", moments=(("sad", 2.0),), files=seen(lab / "a.wav")),
        "2": Known("2", 10.5, models=("m",), emotion="neutral", files=seen(lab / "b.wav")),
    }
    entries = listed({}, {START: lab}, known).entries

    def names(*conditions) -> list[str]:
        return [entry.name.removeprefix(START) for entry in narrowed(entries, *conditions)]

    assert names() == ["a.wav", "anna/c.wav", "anna/d.wav", "b.wav"]
    assert names("ANNA/") == ["anna/c.wav", "anna/d.wav"]
    assert names("", [State.NEW, State.FAILED]) == ["anna/c.wav", "anna/d.wav"]
    assert names("", [], "sad") == names("", [], "happy") == ["a.wav"] and names("", [], "angry") == []
    assert names("", [], "", "up to 10 s") == ["a.wav"] and names("", [], "", "10 s to 1 min") == ["b.wav"]


def test_nothing_is_opened_while_thousands_are_listed(lab, monkeypatch):
    for number in range(200):
        (lab / f"{number}.wav").touch()
    monkeypatch.setattr(listing, "open", None, raising=False)
    opened = []
    monkeypatch.setattr("builtins.open", lambda *given, **named: opened.append(given))
    assert len(listed({}, {START: lab}, {}).entries) == 204 and not opened


def test_notes_stay_until_they_are_forgotten_with_all_that_is_kept(tmp_path):
    kept = Kept(tmp_path / "kept")
    library = Library(kept)
    (tmp_path / "cut.mp4").write_bytes(b"cut")
    assert library.all() == {}
    version = library.version()
    library.note_problem(tmp_path / "cut.mp4", "It is cut off.")
    for name in ("none.mp4", "no\0.mp4"):
        library.note_problem(tmp_path / name, "It is not there.")
    (known,) = Library(kept).all().values()
    assert known.problem == "It is cut off." and known.files[str(tmp_path / "cut.mp4")].size == 3
    assert library.all() == {known.content: known} and library.version() != version == Library(kept).version() - 1
    for content in (known.content, "f" * 64):
        kept.write("faces", {"content": content}, KeptEntry({"values": np.zeros(2)}))
    kept.write("faces", {}, KeptEntry({"values": np.zeros(2)}))  # as of a version that did not say of what
    kept.path_of("persons", {"content": known.content}, ".json").touch()
    library.forget(known.content)
    assert library.all() == {} and Library(kept).all() == {}
    assert [path.name for path in kept.folder.iterdir() if path.is_file()] == [
        kept.path_of("faces", {"content": "f" * 64}).name
    ]
    (library.folder / "damaged.json").write_text('{"content": "damaged", "files": 3}')
    os.utime(library.folder, (1, 1))
    assert library.all() == {}


def test_an_upload_is_kept_once_under_a_name_that_stays(tmp_path):
    files = KeptFiles(tmp_path / "store", most_mb=1)
    for name in ("one", "two", "large"):
        (tmp_path / name).write_bytes(name.encode() if name != "large" else bytes(1_000_000))
    assert files.keep(tmp_path / "one", "1" * 64, "talk.mp4") == "talk.mp4"
    assert files.keep(tmp_path / "two", "2" * 64, "talk.mp4") == "talk (22222222).mp4"
    assert files.keep(tmp_path / "one", "1" * 64, "other.mp4") == "talk.mp4"
    assert [file.path.read_bytes() for file in files.all().values()] == [b"two", b"one"]
    assert files.folder.stat().st_mode & 0o77 == 0
    with pytest.raises(MediaError, match="EMOVIZ_UPLOADS_MB"):
        files.keep(tmp_path / "large", "3" * 64, "large.mp4")
    files.delete("1" * 64)
    files.delete("1" * 64)
    assert list(files.all()) == ["talk (22222222).mp4"]


def test_strongest_moments_begin_with_the_one_that_the_sentence_names():
    time = np.arange(0, 10, 0.02)
    bumps = {
        name: height * np.exp(-((time - at) ** 2)) for name, height, at in (("happy", 0.8, 3.0), ("sad", 0.5, 7.0))
    }
    table = pd.DataFrame({"time": time, "face.neutral": 0.9 - sum(bumps.values())})
    table = table.assign(**{f"face.{name}": values for name, values in bumps.items()}, **{"face.angry": 0.02})
    outputs = pd.DataFrame(
        [(f"face.{name}", "face", "m", name, "emotion", False) for name in ("neutral", "happy", "sad", "angry")],
        columns=["column", "source", "model", "output", "kind", "derived"],
    )
    moments = strongest_moments(table, outputs)
    assert [(moment.emotion, round(moment.time, 1)) for moment in moments] == [("happy", 3.0), ("sad", 7.0)]
    assert strongest_moments(table, outputs, 1) == (Moment("happy", moments[0].time),)
    assert strongest_moments(table, outputs[:0]) == ()


def test_an_analysis_by_some_of_the_models_does_not_take_the_place_of_one_by_all(tmp_path, monkeypatch):
    def prediction(*models: str) -> SimpleNamespace:
        outputs = pd.DataFrame({"model": models, "source": "speech"})
        info = SimpleNamespace(duration=2.0, still=False)
        return SimpleNamespace(table=None, outputs=outputs, of_clip=outputs, info=info, faces=None)

    monkeypatch.setattr(known_module, "verdict_and_doubts", lambda _, outputs: (" and ".join(outputs.model), ""))
    monkeypatch.setattr(known_module, "prevailing_emotion", lambda *_: "happy")
    monkeypatch.setattr(known_module, "strongest_moments", lambda *_: [])
    library = Library(Kept(tmp_path))
    verdicts = []
    for models in (("a",), ("a", "b"), ("b",), ("a", "b"), ("c",)):
        library.note_prediction("1" * 64, prediction(*models), None)
        verdicts.append(library.all()["1" * 64].verdict)
    assert verdicts == ["a", "a and b", "a and b", "a and b", "c"]
    assert library.all()["1" * 64].models == ("a", "b", "c")
