"""The recordings behind a number, on a machine that has bundled models and no corpora."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from emoviz.core.settings import Settings
from emoviz.ui import cache, loaders, tested_recordings


@pytest.fixture(autouse=True)
def without_corpora(tmp_path: Path, monkeypatch) -> Iterator[None]:
    own = replace(Settings.read(), data=None, store=tmp_path)
    monkeypatch.setattr(loaders, "settings", lambda: own)
    cache.clear()
    yield
    cache.clear()


def test_people_are_found_among_the_held_out_recordings_of_the_models():
    found = tested_recordings.of_speakers({"emodb/11", "emodb/13", "emovo/nobody"})
    assert set(found.speaker) == {"emodb/11", "emodb/13"} and set(found.culture) == {"German"}
    sad = tested_recordings.of_speakers({"emodb/11", "emodb/13"}, {"sad"})
    assert 0 < len(sad) < len(found) and set(sad.label) == {"sad"}
    assert tested_recordings.of_speakers(set()).empty


def test_cultures_have_the_recordings_on_which_their_models_were_tested():
    folders = [loaders.checkpoints()[name] for name in ("speech-cats", "avec-eaf")]
    both = tested_recordings.of_cultures(folders, ["German"])
    assert set(both) > set(tested_recordings.of_cultures(folders[:1], ["German"])) > set()


@pytest.mark.parametrize("system", ["mdat", "average"])  # of which the second fuses others, and has no outputs itself
def test_a_number_leads_to_the_recordings_of_the_classes_that_were_tested(system, monkeypatch):
    outputs = ["angry", "sad"]
    configs = {"mdat": {"outputs": outputs}, "average": {}}
    own = [{"study": "s", "protocol": "p", "system": name, "config": config} for name, config in configs.items()]
    other = {"study": "other", "protocol": "p", "system": "all", "config": {"outputs": ["happy"]}}
    monkeypatch.setattr(loaders, "reports", lambda: SimpleNamespace(found=[other, *own]))
    monkeypatch.setattr(tested_recordings.tables, "scores", lambda reports: reports)
    monkeypatch.setattr(tested_recordings.tables, "find", lambda found, *_: pd.DataFrame([{}]))
    folds = pd.DataFrame({"tested_speakers": [["emodb/11"], ["emodb/13"]]})
    monkeypatch.setattr(tested_recordings.behind, "tests_behind", lambda *_: None)
    monkeypatch.setattr(tested_recordings.behind, "folds_behind", lambda *_: folds)
    chosen = []
    monkeypatch.setattr(tested_recordings, "choose", lambda ids, words: chosen.append((ids, words)))
    tested_recordings.choose_behind("s", "p", system, "all", "emotion")
    ((ids, words),) = chosen
    known = tested_recordings.of_speakers({"emodb/11", "emodb/13"})
    assert set(known.loc[ids, "label"]) == set(outputs) and words == f"on whom {system} was tested, all"
