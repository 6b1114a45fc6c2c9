"""Selections are saved whole under free names, and what is no selection is one sentence."""

import json
from pathlib import Path

import pytest

from emoviz.core import selections
from emoviz.core.errors import SelectionError
from emoviz.core.selections import MOST_RECORDINGS, Selection, Selections

CHOSEN = Selection(("emodb/1", "emodb/2", "emodb/1"), "German, angry\ntaken for happy")
NO_NAMES = ("", "../up", "a/b", ".hidden", "x" * 81, "\ud55c" * 30, "nul\x00", "\ud800", "..")


def test_a_saved_selection_comes_back_as_it_was(tmp_path: Path):
    store = Selections(tmp_path)
    assert store.names() == []
    store.save("worst of March", CHOSEN)
    assert store.names() == ["worst of March"]
    found = store.load("worst of March")
    assert found == CHOSEN and found.recordings == ("emodb/1", "emodb/2")
    assert (found.size, found.words) == ("2 recordings", "German, angry taken for happy")
    store.delete("worst of March")
    store.delete("worst of March")
    assert store.names() == []


def test_a_name_that_is_taken_stays_with_its_selection(tmp_path: Path):
    store = Selections(tmp_path)
    store.save("mine", CHOSEN)
    with pytest.raises(SelectionError, match="'mine' is saved already"):
        store.save("mine", Selection(("other/1",), "others"))
    assert store.load("mine") == CHOSEN


@pytest.mark.parametrize("name", NO_NAMES, ids=range(len(NO_NAMES)))
def test_a_name_that_no_file_may_have_is_refused(tmp_path: Path, name: str):
    store = Selections(tmp_path / "store")
    with pytest.raises(SelectionError, match="name has 1 to"):
        store.save(name, CHOSEN)
    with pytest.raises(SelectionError, match="No selection named"):
        store.load(name)
    store.delete(name)
    assert not list(tmp_path.iterdir())


DAMAGED = ("", "[]", "{}", '{"words": 1, "recordings": ["a"]}', '{"words": "w", "recordings": "a"}',
           '{"words": "w", "recordings": ["a", 1]}', '{"words": "w", "recordings": [["a"]]}')  # fmt: skip


@pytest.mark.parametrize("content", DAMAGED, ids=range(len(DAMAGED)))
def test_a_damaged_file_is_one_sentence(tmp_path: Path, content: str):
    store = Selections(tmp_path)
    store.save("mine", CHOSEN)
    (store.folder / "mine.json").write_text(content)
    with pytest.raises(SelectionError, match="damaged"):
        store.load("mine")
    assert store.names() == ["mine"]


def test_sizes_are_bounded(tmp_path: Path, monkeypatch):
    for count in (0, MOST_RECORDINGS + 1):
        with pytest.raises(SelectionError, match="1 to 20,000"):
            Selection(tuple(map(str, range(count))), "all")
    assert len(Selection(("a",), "w" * 1000).words) == selections.LONGEST_WORDS
    store = Selections(tmp_path)
    store.save("one", CHOSEN)
    monkeypatch.setattr(selections, "MOST_SAVED", 1)
    with pytest.raises(SelectionError, match="delete one first"):
        store.save("two", CHOSEN)
    (store.folder / "one.json").write_text(json.dumps({"words": "w", "recordings": []}))
    with pytest.raises(SelectionError):
        store.load("one")
