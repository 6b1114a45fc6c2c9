"""Packed groups of checkpoints: the same folders come out, once, and a damaged file leaves them out."""

import io
import tarfile
from pathlib import Path

import pytest

from emoviz.checkpoints import PER_CULTURE, find
from emoviz.checkpoints.folder import CONFIG
from emoviz.checkpoints.pack import SUFFIX, pack, unpacked
from emoviz.core import places


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(places, "home", lambda: tmp_path / "home")
    return tmp_path / "home"


def group(folder: Path, text: str, *names: str) -> list[Path]:
    for name in names:
        (folder / name).mkdir(parents=True)
        (folder / name / CONFIG).write_text(text)
        (folder / name / "model.safetensors").write_bytes(bytes(range(256)) * 4)
    return [folder / name for name in names]


def test_a_packed_group_is_found_as_its_folders_are_and_a_folder_takes_the_place_of_its_own(tmp_path, home):
    shipped, own = tmp_path / "shipped", tmp_path / "own"
    folders = group(tmp_path / "made", "{}", "north-0", "south-0")
    pack(folders, shipped / f"{PER_CULTURE}{SUFFIX}")
    group(own / PER_CULTURE, '{"mine": 1}', "south-0", "west-0")
    found = find([shipped, own], PER_CULTURE)
    assert list(found) == ["per-culture/north-0", "per-culture/south-0", "per-culture/west-0"]
    assert found["per-culture/south-0"] == own / PER_CULTURE / "south-0"
    north = found["per-culture/north-0"]
    assert {path.name: path.read_bytes() for path in north.iterdir()} == {
        path.name: path.read_bytes() for path in folders[0].iterdir()
    }
    assert home in north.parents
    assert find([shipped, own]) == {}, "a packed group is no checkpoint"


def test_equal_folders_give_an_equal_file_which_is_unpacked_once(tmp_path, home):
    folders = group(tmp_path / "made", "{}", "a", "b")
    first, second = tmp_path / f"x{SUFFIX}", tmp_path / "later" / f"x{SUFFIX}"
    pack(folders, first)
    (folders[0] / CONFIG).touch()
    pack(folders[::-1], second)
    assert first.read_bytes() == second.read_bytes()
    assert unpacked(first) == unpacked(second)
    assert len(list((home / "unpacked").iterdir())) == 1


@pytest.mark.parametrize("hostile", [False, True])
def test_a_file_that_cannot_be_unpacked_leaves_its_group_out_and_says_so(tmp_path, caplog, home, hostile):
    file = tmp_path / f"{PER_CULTURE}{SUFFIX}"
    if hostile:
        with tarfile.open(file, "w:xz") as archive:
            about = tarfile.TarInfo("../../outside")
            about.size = 1
            archive.addfile(about, io.BytesIO(b"x"))
    else:
        file.write_bytes(b"no archive")
    assert find([tmp_path], PER_CULTURE) == {}
    assert f"'{file}' cannot be unpacked" in caplog.text
    assert not list(home.rglob("outside")) and not (tmp_path / "outside").exists()
    assert unpacked(tmp_path / "none") is None
