"""Whatever ends a writer, readers find the old content or the new, and nothing half-written is left."""

import errno
import json
import os
import re
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from places import ROOT
from safetensors.numpy import save_file

from emoviz.core import files
from emoviz.core.errors import ConfigError
from emoviz.core.files import (
    DAY,
    LONGEST_NAME,
    append_line,
    create_json,
    file_name,
    raising,
    read_json,
    read_lines,
    recover,
    remove_folder,
    replacing,
    replacing_folder,
    write_bytes,
    write_json,
    write_text,
)

RECORDS = st.lists(st.dictionaries(st.text(), st.integers() | st.text() | st.none()), max_size=5)


class Killed(BaseException):
    """As if the process were gone."""


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def content(folder):
    return {path.name: path.read_text() for path in folder.iterdir()}


@settings(max_examples=30)
@given(before=RECORDS, cut=st.integers(0, 40), after=RECORDS)
def test_torn_line_costs_no_other(before, cut, after, tmp_path_factory):
    path = tmp_path_factory.mktemp("lines") / "file.jsonl"
    for record in before:
        append_line(path, record)
    torn = (json.dumps({"torn": "x" * 40}).encode())[:cut]
    with path.open("ab") as file:
        file.write(torn)
    for record in after:
        append_line(path, record)
    assert read_lines(path) == [*before, *after]


def test_of_two_writers_one_creates(tmp_path):
    path = tmp_path / "file.json"
    assert read_json(path) is None
    assert create_json(path, {"who": "first"})
    assert not create_json(path, {"who": "second"})
    assert read_json(path) == {"who": "first"}
    write_json(path, {"who": "third"})
    assert read_json(path) == {"who": "third"}
    assert names(tmp_path) == ["file.json"]


def test_json_never_makes_the_folder_of_a_job_that_was_deleted(tmp_path):
    with pytest.raises(OSError):
        write_json(tmp_path / "gone" / "usage.json", {})
    assert names(tmp_path) == []


@settings(max_examples=30)
@given(first=st.binary(), second=st.binary(), name=st.sampled_from(["plain.csv", "mit Umläut [1].csv", ".hidden"]))
def test_the_last_content_stands(first, second, name, tmp_path_factory):
    path = tmp_path_factory.mktemp("files") / "new" / name
    for value in (first, second):
        write_bytes(path, value)
        assert path.read_bytes() == value
    assert names(path.parent) == [name]


def test_a_file_has_the_mode_that_new_files_have(tmp_path):
    write_text(tmp_path / "text", "ä")
    with replacing(tmp_path / "tensors") as draft:
        save_file({"x": np.zeros(2)}, draft)
    (tmp_path / "plain").touch()
    assert len({path.stat().st_mode for path in tmp_path.iterdir()}) == 1


@pytest.mark.parametrize("failure", [OSError(errno.ENOSPC, "full"), ValueError("bug"), Killed()])
def test_a_failed_write_leaves_the_old_file(failure, tmp_path):
    write_text(tmp_path / "file", "old")
    with pytest.raises(type(failure)), replacing(tmp_path / "file") as draft:
        draft.write_text("ne")
        raise failure
    assert content(tmp_path) == {"file": "old"}


@pytest.mark.parametrize("moves", [0, 1])
def test_a_failed_swap_leaves_the_old_folder(moves, tmp_path, monkeypatch):
    folder = tmp_path / "folder"
    with replacing_folder(folder) as draft:
        (draft / "a").write_text("old")
    real, done = os.replace, []

    def replace(source, target):
        done.append(target)
        if len(done) == moves + 1:
            raise OSError(errno.EACCES, os.strerror(errno.EACCES))
        real(source, target)

    monkeypatch.setattr(files.os, "replace", replace)
    with pytest.raises(PermissionError), replacing_folder(folder) as draft:
        (draft / "b").write_text("new")
    assert names(tmp_path) == ["folder"] and content(folder) == {"a": "old"}


def test_a_folder_is_swapped_whole(tmp_path):
    folder = tmp_path / "new" / "folder [x]"
    for value in ("one", "two"):
        with replacing_folder(folder) as draft:
            (draft / value).write_text(value)
        assert content(folder) == {value: value} and names(folder.parent) == ["folder [x]"]
    remove_folder(folder)
    remove_folder(folder)
    assert names(folder.parent) == []


WRITER = """
import os, sys
from pathlib import Path
from emoviz.core.files import replacing, replacing_folder
folder, kind = Path(sys.argv[1]), sys.argv[2]
with (replacing if kind == "file" else replacing_folder)(folder / "target") as draft:
    (draft if kind == "file" else draft / "a").write_text("half")
    os._exit(9)
"""


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_killed_process_leaves_the_old_content_and_later_nothing(kind, tmp_path, monkeypatch):
    target = tmp_path / "target"
    if kind == "file":
        write_text(target, "old")
    else:
        with replacing_folder(target) as draft:
            (draft / "a").write_text("old")
    assert subprocess.run([sys.executable, "-c", WRITER, str(tmp_path), kind]).returncode == 9
    assert (target if kind == "file" else target / "a").read_text() == "old"
    (left,) = set(names(tmp_path)) - {"target"}
    files._sweep.cache_clear()
    write_text(tmp_path / "other", "")
    assert left in names(tmp_path), "another process may be writing it"
    os.utime(tmp_path / left, (0, time.time() - 2 * DAY))
    files._sweep.cache_clear()
    write_text(tmp_path / "other", "")
    assert names(tmp_path) == ["other", "target"]


def test_what_is_no_draft_of_this_module_is_never_deleted(tmp_path):
    (tmp_path / ".my.draft").write_text("")
    os.utime(tmp_path / ".my.draft", (0, 0))
    write_text(tmp_path / "my", "")
    recover(tmp_path / "my")
    assert names(tmp_path) == [".my.draft", "my"]


def test_the_old_folder_comes_back_after_a_kill_between_the_moves(tmp_path, monkeypatch):
    folder = tmp_path / "folder"
    with replacing_folder(folder) as draft:
        (draft / "a").write_text("old")
    real = os.replace
    monkeypatch.setattr(files.os, "replace", lambda a, b: (_ for _ in ()).throw(Killed) if b == folder else real(a, b))
    with pytest.raises(Killed), replacing_folder(folder):
        pass
    monkeypatch.undo()
    assert not folder.exists()
    recover(folder)
    assert content(folder) == {"a": "old"} and names(tmp_path) == ["folder"]


RIVAL = """
import sys
from pathlib import Path
from emoviz.core.files import replacing, replacing_folder
folder, who = Path(sys.argv[1]), sys.argv[2]
for _ in range(150):
    with replacing(folder / "file") as draft:
        draft.write_text(who * 5000)
    with replacing_folder(folder / "folder") as draft:
        (draft / who).write_text(who)
        (draft / "both").write_text(who)
"""


def test_two_processes_write_the_same_targets(tmp_path):
    both = [subprocess.Popen([sys.executable, "-c", RIVAL, str(tmp_path), who]) for who in "ab"]
    while any(process.poll() is None for process in both):
        if (tmp_path / "file").exists():
            text = (tmp_path / "file").read_text()
            assert len(text) == 5000 and len(set(text)) == 1
    assert [process.returncode for process in both] == [0, 0]
    (who,) = set(content(tmp_path / "folder").values())
    assert names(tmp_path / "folder") == [who, "both"] and names(tmp_path) == ["file", "folder"]


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (errno.ENOSPC, "'x' cannot be written: No space left on device; it needs space on its disk."),
        (errno.EROFS, "'x' cannot be written: Read-only file system; it needs write access."),
        (errno.EIO, "'x' cannot be written: Input/output error."),
    ],
)
def test_the_error_says_what_is_needed(number, sentence, tmp_path):
    with pytest.raises(ConfigError) as caught, raising(ConfigError, tmp_path.__class__("x")):
        raise OSError(number, os.strerror(number))
    assert str(caught.value) == sentence


def test_the_error_names_the_setting(tmp_path):
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "store" / "a"
    with (
        pytest.raises(ConfigError, match=r"^The map cannot be written: .*; it needs another folder in EMOVIZ_STORE\.$"),
        raising(ConfigError, path, name="The map", setting="EMOVIZ_STORE"),
    ):
        write_bytes(path, b"")


def test_safetensors_says_it_in_its_own_way(tmp_path):
    with (
        pytest.raises(ConfigError, match=r"cannot be written: No such file or directory\.$"),
        raising(ConfigError, tmp_path),
    ):
        save_file({"x": np.zeros(2)}, tmp_path / "none" / "x")


def test_nobody_else_moves_drafts():
    moving = re.compile(r"os\.(replace|renames?)\(|shutil\.move|NamedTemporaryFile|\.rename\(\w+ / ")
    sources = [*(ROOT / "emoviz").rglob("*.py"), *(ROOT / "pages").glob("*.py"), *(ROOT / "tools").glob("*.py")]
    found = {str(path.relative_to(ROOT)) for path in sources if moving.search(path.read_text(encoding="utf-8"))}
    assert found == {"emoviz/core/files.py", "emoviz/jobs/folder.py"}, "a job's past attempts are moved, not written"


def test_what_json_cannot_hold_is_made_strict():
    values = {1: np.float64("nan"), "a": (np.int64(3), np.bool_(True), 1 / 3), "b": [float("inf"), "x", None]}
    assert files.strict(values, 6) == {"1": None, "a": [3, True, 0.333333], "b": [None, "x", None]}
    assert files.strict(values) == {"1": None, "a": [3, True, 1 / 3], "b": [None, "x", None]}
    assert json.loads(json.dumps(files.strict(values), allow_nan=False)) == files.strict(values)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("mine.mp4", "mine.mp4"),
        ("../../etc/passwd.wav", "passwd.wav"),
        ("C:\\Users\\me\\clip.wav", "clip.wav"),
        ("a\0b\n.wav", "a_b_.wav"),
        ("😀 %03d.wav", "😀 %03d.wav"),
        ("한" * 200 + ".mp4", "한" * 65 + ".mp4"),
        ("..", "file"),
        ("folder/", "folder"),
        ("", "file"),
    ],
)
def test_any_name_becomes_one_that_a_file_can_have(given, expected):
    assert file_name(given) == expected


@given(st.text())
def test_a_name_fits_on_any_disk_and_stays_what_it_became(name):
    found = file_name(name)
    assert 0 < len(found.encode()) <= LONGEST_NAME and "/" not in found and "\0" not in found
    assert file_name(found) == found
