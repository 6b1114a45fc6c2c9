"""Many recordings: which are found under which names, and what a run does when something is wrong."""

import errno
import os
import time
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emoviz.core.errors import AnnotationError, Cancelled, ConfigError, CorpusError, MediaError
from emoviz.core.kept import Kept
from emoviz.core.progress import silent, stoppable
from emoviz.media import Choice, content_key
from emoviz.prediction.bulk import run as bulk
from emoviz.prediction.bulk.listing import Listing, Recording, find, folders_in
from emoviz.prediction.bulk.records import Records
from emoviz.prediction.library.known import Library
from emoviz.prediction.persons.diarisation import Turn
from emoviz.prediction.persons.found import Person, Persons

SLOW = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
TEXT = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=50)
BYTES = st.binary(min_size=1, max_size=240).map(os.fsdecode)  # names that are no text
PART = (TEXT | BYTES).filter(lambda part: part not in (".", "..") and not set(part) & {"/", "\0"})
NAME = st.lists(PART, min_size=1, max_size=3).map("/".join)


class Asked:
    """Stands in for a request: a table that tells the recording's content, or the error that was planted for it."""

    def __init__(self, errors: dict[str, Exception] | None = None, models: str = "a") -> None:
        self.errors, self.models = errors or {}, models
        self.segments, self.persons, self.choice = "1", False, Choice()
        self.asked: list[str] = []

    def answer(self, path: Path, *, limit_mb, store, kept, progress):
        self.asked.append(path.name)
        progress("Reading", 1, 2)
        if path.name in self.errors:
            raise self.errors[path.name]
        table = pd.DataFrame({"start": [0.0], "label": [path.read_text()], "value": [-0.1]})
        persons = Persons((Person("Anna", (0,), (1,)),), (Turn(0.0, 2.5, 0),)) if self.persons else None
        return SimpleNamespace(segments=table, said=("Done.",), content=f"{path.read_text()}", persons=persons)

    def facts(self):
        return {"models": self.models, "segments": [self.segments, None], "persons": self.persons or None}


@dataclass
class SomeFrames(Asked):
    """One that asks for frames of recordings that have no segments of their own."""

    segments: str | None = None
    persons: bool = False
    choice: Choice = Choice()
    models: str = "a"

    def __post_init__(self) -> None:
        self.errors, self.asked = {}, []


def recordings(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


def predict(folder: Path, asked: Asked, out: Path, **more) -> bulk.Outcome:
    listing = more.pop("listing", None) or find([folder])
    return bulk.predict_all(listing, asked, out, limit_mb=1, **more)


def tables(out: Path) -> dict[str, bytes]:
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*.csv")}


def names(listing: Listing) -> list[str]:
    return [one.name for one in listing.recordings]


def test_every_depth_is_searched_and_patterns_choose(tmp_path):
    folder = recordings(tmp_path / "f", "b.MP4", "a/c.wav", "a/b/d.mp4", "a/notes.txt", ".h/e.wav", "a/.f.wav")
    assert names(find([folder])) == ["a/b/d.mp4", "a/c.wav", "b.MP4"]
    assert names(find([folder], ["*.mp4"])) == ["a/b/d.mp4", "b.MP4"]
    assert names(find([folder], ["a/*", "b.*"])) == ["a/b/d.mp4", "a/c.wav", "b.MP4"]
    assert names(find([folder / "a", folder / "b.MP4"])) == ["a/b/d.mp4", "a/c.wav", "b.MP4"]
    assert folders_in([folder], 2) == [folder, folder / "a"]
    with pytest.raises(ConfigError, match=r"no recording that fits \*.ogg in .*accepted are mp4"):
        find([folder], ["*.ogg"])
    with pytest.raises(ConfigError, match="same name"):
        find([folder / "a" / "c.wav", recordings(tmp_path / "g", "c.wav") / "c.wav"])


def test_links_that_leave_the_folder_are_problems_and_no_circle_is_followed(tmp_path):
    folder, other = recordings(tmp_path / "f", "a/one.wav"), recordings(tmp_path / "other", "two.wav")
    (folder / "out.wav").symlink_to(other / "two.wav")
    (folder / "away").symlink_to(other)
    (folder / "a" / "circle").symlink_to(folder)
    (folder / "inside.wav").symlink_to(folder / "a" / "one.wav")
    (folder / "gone.wav").symlink_to(folder / "none.wav")
    found = find([folder])
    assert names(found) == ["a/one.wav", "gone.wav", "inside.wav"]
    assert [problem.file for problem in found.problems] == ["away", "out.wav"]


def test_a_list_names_recordings_and_segments_of_their_own(tmp_path):
    folder = recordings(tmp_path / "f", "one.wav", "deep/one.wav")
    away = recordings(tmp_path / "away", "one.wav") / "one.wav"
    table = folder / "list.csv"
    table.write_text(
        f"person;File;segments\nA;one.wav;2.5\nB;deep/one.wav;deep/one.eaf\nC;{away};\nD;;\nE;one.wav;\nF\n"
    )
    found = find([table])
    assert found.recordings == [
        Recording("one.wav", folder / "one.wav", "2.5"),
        Recording("deep/one.wav", folder / "deep" / "one.wav", str(folder / "deep" / "one.eaf")),
        Recording(str(away)[1:], away, None),
    ]
    assert [problem.problem for problem in found.problems] == [
        "Line 7: The row has 1 fields, not 3.", "Line 5 names no recording."
    ]  # fmt: skip
    table.write_text("clip\none.wav\n")
    with pytest.raises(ConfigError, match="needs a column 'file'.*its columns are clip"):
        find([table])
    with pytest.raises(CorpusError, match="cannot be read"):
        find([folder / "none.csv"])


def test_a_recording_that_a_list_names_again_with_other_segments_is_told(tmp_path):
    recordings(tmp_path, "one.wav", "two.wav")
    (tmp_path / "list.csv").write_text("file,segments\none.wav,1\ntwo.wav,\none.wav,speech\none.wav ,1\n")
    found = find([tmp_path / "list.csv"])
    assert [(one.name, one.segments) for one in found.recordings] == [("one.wav", "1"), ("two.wav", None)]
    (problem,) = found.problems
    assert problem.file == "list.csv" and "Line 4 names 'one.wav' again, with other segments than line 2" in problem[1]


def test_segments_that_cannot_be_are_the_problem_of_their_recording_alone(tmp_path):
    recordings(tmp_path, "one.wav", "two.wav")
    (tmp_path / "list.csv").write_text("file,segments\none.wav,banana\ntwo.wav,2\n")
    outcome = predict(tmp_path, SomeFrames(), tmp_path / "out", listing=find([tmp_path / "list.csv"]))
    assert [problem.file for problem in outcome.problems] == ["one.wav"] and outcome.predicted == 1
    assert (tmp_path / "out" / "two.wav.csv").exists()


def test_the_table_of_segments_holds_what_was_asked_by_segments_and_goes_with_it(tmp_path):
    recordings(tmp_path, "one.wav", "two.wav")
    (tmp_path / "list.csv").write_text("file,segments\none.wav,1\ntwo.wav,\n")
    predict(tmp_path, SomeFrames(), tmp_path / "out", listing=find([tmp_path / "list.csv"]))
    assert list(pd.read_csv(tmp_path / "out" / "segments.csv")["recording"]) == ["one.wav"]
    (tmp_path / "list.csv").write_text("file\none.wav\ntwo.wav\n")
    predict(tmp_path, SomeFrames(), tmp_path / "out", listing=find([tmp_path / "list.csv"]))
    assert not (tmp_path / "out" / "segments.csv").exists()


@SLOW
@given(st.lists(NAME, min_size=1, max_size=4, unique=True))
def test_each_recording_has_a_table_of_its_own_whatever_its_name(tmp_path, listed):
    place = tmp_path / str(time.monotonic_ns())
    place.mkdir()
    content = place / "content"
    content.write_text("=1+1")
    listing = Listing([Recording(name, content) for name in listed], [])
    outcome = predict(place, Asked(), place / "out", listing=listing)
    clash = any(other.startswith(f"{name}.csv/") for name in listed for other in listed)  # a folder of a table's name
    assert clash or not outcome.problems
    segments = pd.read_csv(place / "out" / "segments.csv", dtype=str, keep_default_na=False)
    assert len(segments) == len(listed) - len(outcome.problems) and set(segments["value"]) <= {"-0.1"}
    assert not any(name.startswith(("=", "+", "-", "@")) for name in segments["recording"])
    again = Asked()
    predict(place, again, place / "out", listing=listing)
    assert len(again.asked) == len(outcome.problems)


def test_one_that_fails_stops_no_other_and_a_lasting_reason_is_not_met_twice(tmp_path):
    folder = recordings(tmp_path / "f", "1.wav", "2.wav", "3.wav", "4.wav", "5.wav")
    errors = {"1.wav": MediaError("Damaged."), "2.wav": AnnotationError("Nobody speaks."), "4.wav": ValueError("odd")}
    asked, said = Asked(errors), []
    outcome = predict(folder, asked, tmp_path / "out", tell=lambda *given: said.append(given))
    assert (outcome.found, outcome.predicted) == (5, 2)
    assert [one.problem for one in outcome.problems] == [
        "Damaged.", "Nobody speaks.", "It could not be predicted for a reason inside emoviz (ValueError: odd)."
    ]  # fmt: skip
    assert said[2] == ("3.wav", ("Done.",))
    with pytest.raises(MediaError, match="3 of 5 recordings could not be predicted: 1.wav, 2.wav, 4.wav."):
        outcome.require_all()
    asked.asked.clear()
    asked.errors = {}
    assert len(predict(folder, asked, tmp_path / "out").problems) == 1
    assert asked.asked == ["1.wav", "4.wav"]
    (folder / "2.wav").write_text("now with speech")
    assert not predict(folder, asked, tmp_path / "out").problems


@pytest.mark.parametrize("reason", [OSError(errno.ENOSPC, "No space left on device"), Cancelled("Stopped.")])
def test_what_concerns_all_stops_the_run_which_then_goes_on_with_nothing_half_written(tmp_path, reason):
    folder = recordings(tmp_path / "f", "1.wav", "2.wav", "3.wav")
    asked = Asked({"2.wav": reason})
    with pytest.raises(type(reason)):
        predict(folder, asked, tmp_path / "out")
    assert set(tables(tmp_path / "out")) == {"1.wav.csv"}
    asked.errors.clear()
    asked.asked.clear()
    predict(folder, asked, tmp_path / "out")
    predict(folder, Asked(), tmp_path / "whole")
    assert asked.asked == ["2.wav", "3.wav"] and tables(tmp_path / "out") == tables(tmp_path / "whole")


def test_a_full_disk_stops_the_run_with_one_sentence(tmp_path, monkeypatch):
    folder = recordings(tmp_path / "f", "1.wav", "2.wav")
    replace, written = os.replace, []

    def full(source, target):
        written.append(target)
        if len(written) == 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        replace(source, target)

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(MediaError, match="2.wav.csv' cannot be written: No space left on device"):
        predict(folder, Asked(), tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [".emoviz", "1.wav.csv"]


def test_a_recording_that_changes_while_it_is_read_is_a_problem(tmp_path):
    folder = recordings(tmp_path / "f", "1.wav", "2.wav")

    class Growing(Asked):
        def answer(self, path, **more):
            path.with_name("1.wav").write_text("longer")
            return super().answer(path, **more)

    outcome = predict(folder, Growing(), tmp_path / "out")
    assert [one.file for one in outcome.problems] == ["1.wav"] and "changed while" in outcome.problems[0].problem
    assert not predict(folder, Asked(), tmp_path / "out").problems


def test_what_is_predicted_and_what_cannot_be_is_noted_in_a_library(tmp_path, monkeypatch):
    folder, noted = recordings(tmp_path / "f", "1.wav", "2.wav"), []
    library = Library(Kept(tmp_path / "kept"))
    monkeypatch.setattr(library, "note_prediction", lambda *given: noted.append(given))

    class Answering(Asked):
        def answer(self, path, **more):
            answer = super().answer(path, **more)
            answer.prediction = "of 1"
            return answer

    predict(folder, Answering({"2.wav": MediaError("It is cut off.")}), tmp_path / "out", library=library)
    assert noted == [(content_key(folder / "1.wav"), "of 1", folder / "1.wav")]
    assert [known.problem for known in library.all().values()] == ["It is cut off."]


def test_a_listener_stops_the_run(tmp_path):
    folder = recordings(tmp_path / "f", "1.wav", "2.wav")
    with pytest.raises(Cancelled):
        predict(folder, Asked(), tmp_path / "out", progress=stoppable(silent, lambda: True))


def test_ten_thousand_recordings_are_found_and_recognised_quickly(tmp_path):
    folder = tmp_path / "f"
    for number in range(100):
        (folder / f"{number}").mkdir(parents=True)
        for other in range(100):
            (folder / f"{number}" / f"{other}.wav").touch()
    began = time.process_time()
    found = find([folder])
    records = Records(tmp_path / "out")
    records.folder.mkdir()
    records.prepare()
    assert len(found.recordings) == 10_000
    assert {records.standing(one, {}, Choice())[0] for one in found.recordings} == {"new"}
    assert time.process_time() - began < 5


def test_persons_have_tables_of_their_own_which_come_and_go_with_the_request(tmp_path):
    folder, out = recordings(tmp_path / "f", "one.wav", "a/two.wav", "bad.wav"), tmp_path / "out"
    asked = Asked({"bad.wav": MediaError("It cannot be read.")})
    predict(folder, asked, out)
    assert not list(out.rglob("*persons.csv"))
    asked.persons, asked.asked = True, []
    predict(folder, asked, out)
    assert sorted(asked.asked) == ["bad.wav", "one.wav", "two.wav"]
    assert (out / "one.wav.persons.csv").read_text().splitlines() == ["person,faces,turns,seconds", "Anna,1,1,2.5"]
    together = pd.read_csv(out / "persons.csv")
    assert list(together["recording"]) == ["a/two.wav", "one.wav"] and set(together["person"]) == {"Anna"}
    asked.asked = []
    (out / "a" / "two.wav.persons.csv").unlink()
    predict(folder, asked, out)
    assert asked.asked == ["two.wav", "bad.wav"], "what is gone is made anew, what is done is left"
    asked.persons = False
    predict(folder, asked, out)
    assert not list(out.rglob("*persons.csv"))
