"""An archive gives back what was packed; one that is damaged or made by hand gives one sentence and nothing else."""

import io
import json
import random
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emoviz.core.archive import MANIFEST, Archive, Item, pack
from emoviz.core.errors import EmovizError

NAMES = st.text(st.characters(exclude_characters='/\\:*?"<>|', exclude_categories=["C"]), min_size=1, max_size=12)
TREES = st.dictionaries(
    NAMES.filter(lambda name: name.strip(" .")),
    st.binary(max_size=200) | st.dictionaries(NAMES.filter(lambda name: name.strip(" .")), st.binary(max_size=200)),
    max_size=4,
)


def write_tree(folder: Path, tree: dict) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in tree.items():
        if isinstance(content, dict):
            write_tree(folder / name, content)
        else:
            (folder / name).write_bytes(content)


def tree_of(folder: Path) -> dict[str, bytes]:
    """All files below a folder by their names."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def packed(tmp_path):
    """An archive of a folder of two files, and of a file."""
    write_tree(
        tmp_path / "there", {"model": {"config.json": b"{}", "deep": {"weights": bytes(5000)}}, "card": b"words"}
    )
    pack(tmp_path / "all.zip", {"models": sorted((tmp_path / "there").iterdir())}, {"by": "a test"})
    return tmp_path / "all.zip"


@given(TREES)
def test_what_was_packed_is_unpacked(tmp_path_factory, tree):
    folder = tmp_path_factory.mktemp("tree")
    write_tree(folder / "there", tree)
    pack(folder / "all.zip", {"part": sorted((folder / "there").iterdir())}, {})
    archive = Archive(folder / "all.zip")
    archive.check()
    for item in archive.items:
        archive.unpack(item, folder / "here" / item.name)
        assert archive.equals(item, folder / "here" / item.name)
    assert tree_of(folder / "here") == tree_of(folder / "there")
    assert sum(archive.items.values()) == sum(map(len, tree_of(folder / "there").values()))


def test_the_list_tells_what_is_there(packed):
    archive = Archive(packed)
    assert archive.about == {"by": "a test"}
    assert archive.items == {Item("models", "model"): 5002, Item("models", "card"): 5}
    assert archive.files["models/card"].sha256 == sha256(b"words").hexdigest()


def test_another_content_is_not_equal_and_is_replaced_whole(packed, tmp_path):
    archive, item, here = Archive(packed), Item("models", "model"), tmp_path / "here"
    write_tree(here, {"config.json": b"{}", "old": b"gone afterwards"})
    assert not archive.equals(item, here)
    archive.unpack(item, here)
    assert archive.equals(item, here) and not (here / "old").exists()
    (here / "config.json").write_bytes(b"[]")
    assert not archive.equals(item, here)


def test_what_is_refused_leaves_all_as_it_was(packed, tmp_path):
    def refuse(draft):
        assert (draft / "config.json").is_file()
        raise EmovizError("It is no good.")

    write_tree(tmp_path / "here", {"config.json": b"old"})
    with pytest.raises(EmovizError, match="no good"):
        Archive(packed).unpack(Item("models", "model"), tmp_path / "here", refuse)
    assert tree_of(tmp_path / "here") == {"config.json": b"old"}
    assert {path.name for path in tmp_path.iterdir()} == {"there", "all.zip", "here"}


def test_links_are_left_out(tmp_path):
    write_tree(tmp_path / "secret", {"key": b"of the server"})
    write_tree(tmp_path / "item", {"own": b"1"})
    (tmp_path / "item" / "link").symlink_to(tmp_path / "secret" / "key")
    (tmp_path / "item" / "folder").symlink_to(tmp_path / "secret")
    pack(tmp_path / "all.zip", {"part": [tmp_path / "item"]}, {})
    assert set(Archive(tmp_path / "all.zip").files) == {"part/item/own"}


def made_by_hand(path: Path, files: dict[str, bytes], listed: dict[str, tuple[int, str]] | None = None) -> Path:
    """Write an archive with any names; the list tells the truth unless another one is given."""
    true = {name: (len(content), sha256(content).hexdigest()) for name, content in files.items()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
        archive.writestr(MANIFEST, json.dumps({"format": 1, "about": {}, "files": listed or true}))
    return path


@pytest.mark.parametrize(
    "name",
    [
        *("part/../../out", "/etc/out", "part/./a", "part//a", "part", "part/a/..", "part/C:out", "part/a\nb"),
        "part/" + "a" * 256,
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(tmp_path, name):
    with pytest.raises(EmovizError, match="no name of a file"):
        Archive(made_by_hand(tmp_path / "bad.zip", {name: b"1"}))


@pytest.mark.parametrize(
    ("listed", "sentence"),
    [
        ({"part/a": (4, "0" * 64)}, "another one than it lists"),
        ({"part/a": (10**12, "0" * 64)}, "other files than it lists"),
        ({"part/b": (4, "0" * 64)}, "other files than it lists"),
        ({"part/a": "no pair"}, "no such list"),
        ({"part/a": (None, None)}, "no such list"),
    ],
)
def test_a_list_that_is_not_true_is_refused(tmp_path, listed, sentence):
    path = made_by_hand(tmp_path / "bad.zip", {"part/a": b"1234"}, listed)
    with pytest.raises(EmovizError, match=sentence):
        Archive(path).check()


def test_more_than_was_declared_is_not_written(tmp_path):
    """A file of 100 MB that its entry and the list declare as four bytes."""
    path = made_by_hand(tmp_path / "bomb.zip", {"part/a": bytes(100_000_000)}, {"part/a": (4, "0" * 64)})
    content = path.read_bytes()
    path.write_bytes(content.replace((100_000_000).to_bytes(4, "little"), (4).to_bytes(4, "little")))
    with pytest.raises(EmovizError, match="damaged"):
        Archive(path).unpack(Item("part", "a"), tmp_path / "here")
    assert not (tmp_path / "here").exists()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"", "no whole zip"), (b"PK\x03\x04 and no more", "no whole zip"), (b"text", "no whole zip")],
)
def test_what_is_no_archive_is_told(tmp_path, content, sentence):
    (tmp_path / "bad.zip").write_bytes(content)
    with pytest.raises(EmovizError, match=sentence):
        Archive(tmp_path / "bad.zip")
    with pytest.raises(EmovizError, match="There is no file"):
        Archive(tmp_path / "none.zip")
    with pytest.raises(EmovizError, match="folder"):
        Archive(tmp_path)


@pytest.mark.parametrize("held", [None, {}, {"format": 2}, [], {"format": 1}, {"format": 1, "about": 3, "files": {}}])
def test_an_archive_of_others_is_told(tmp_path, held):
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("a", b"1")
        if held is not None:
            archive.writestr(MANIFEST, json.dumps(held))
    with pytest.raises(EmovizError, match="emoviz|no such list"):
        Archive(tmp_path / "other.zip")


def test_damaged_archives_give_one_sentence(packed, tmp_path):
    """Of 200 with flipped, cut or emptied bytes, each is refused or gives what was packed."""
    chance, whole = random.Random(0), packed.read_bytes()
    true = {name: one.sha256 for name, one in Archive(packed).files.items()}
    for number in range(200):
        content = bytearray(whole)
        for _ in range(chance.randint(1, 8)):
            content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        if number % 4 == 1:
            del content[chance.randrange(len(content)) :]
        if number % 4 == 2:
            start = chance.randrange(len(content))
            content[start : start + 200] = bytes(200)
        packed.write_bytes(content)
        try:
            archive = Archive(packed)
            archive.check()
        except EmovizError as error:
            assert "Traceback" not in str(error) and str(error).endswith(".")
        else:
            assert {name: one.sha256 for name, one in archive.files.items() if name in true} == archive_hashes(archive)


def archive_hashes(archive: Archive) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(archive.path.read_bytes())) as opened:
        return {name: sha256(opened.read(name)).hexdigest() for name in archive.files}
