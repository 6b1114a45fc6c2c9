"""A lab's own cultures, end to end: imported corpora become sets of models, and rows of the Cultures page."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from own_corpus import TABLE, write_own
from reading import specs, texts, titled

from emoviz import cli
from emoviz.analysis import cultures
from emoviz.checkpoints.folder import CONFIG, PER_CULTURE, find
from emoviz.core.settings import Settings
from emoviz.ui import cache, loaders

TINY = [
    *("--set", 'inputs=[{"feature":"egemaps"},{"feature":"mfcc","components":4}]', "--set", "hop=0.1"),
    *("--set", "epochs=1", "--set", "options.width=8", "--set", "options.heads=2", "--set", "options.feedforward=8"),
    *("--set", 'outputs=["valence (derived)"]'),
]
FIRST = ["cultures", "north", "south", "--name", "first", "--seeds", "2", *TINY, "--set", "channels="]
BESIDE = "lab beside the bundled set"


def bring(folder: Path, culture: str, speakers: int = 3) -> None:
    """Import a corpus of one culture under its name."""
    clips = write_own(folder / culture, speakers=speakers, takes=1)
    given = ["--clips", str(clips), "--table", str(clips / TABLE), "--column", "speaker=actor"]
    assert cli.main(["import", culture.lower(), *given, "--value", f"culture={culture}"]) == 0


@pytest.fixture(scope="module")
def lab(tmp_path_factory) -> Iterator[Settings]:
    """Folders in which a set of two cultures comes with emoviz, and ``lab`` of a third was trained on its channels."""
    folder = tmp_path_factory.mktemp("lab")
    bundled = folder / "bundled" / "checkpoints"
    with pytest.MonkeyPatch.context() as patch:
        for name in ("store", "checkpoints", "runs", "results"):
            patch.setenv(f"EMOVIZ_{name.upper()}", str(folder / name))
        patch.setenv("EMOVIZ_BUNDLED", str(folder / "bundled"))
        for culture, speakers in (("North", 3), ("South", 3), ("East", 3), ("West", 2)):
            bring(folder, culture, speakers)
        assert cli.main(FIRST) == 0
        bundled.mkdir(parents=True)
        shutil.copytree(folder / "checkpoints" / "first", bundled / PER_CULTURE)
        assert cli.main(["cultures", "east", "west", "--name", "lab", "--seeds", "2", *TINY]) == 0
        yield replace(Settings.read(), checkpoints=(bundled, folder / "checkpoints"))


@pytest.fixture
def page(lab, open_page, monkeypatch):
    cache.clear()
    monkeypatch.setattr(loaders, "settings", lambda: lab)
    return lambda **query: open_page("cultures", **query)


def cultures_of(test) -> set[str]:
    """Cultures of the matrix."""
    return {"North", "South", "East", "West"} & {*json.dumps(specs(test)["similarity"]).split('\\"')}


def test_every_culture_and_seed_has_a_model_and_the_task_a_report(lab):
    names = [f"{culture}-valence-{seed}" for culture in ("north", "south") for seed in (0, 1)]
    assert [name.removeprefix("first/") for name in sorted(find(lab.checkpoints, "first"))] == names
    assert sorted(find(lab.checkpoints, "lab")) == ["lab/east-valence-0", "lab/east-valence-1"]
    report = json.loads((lab.results[-1] / "first.per-culture.valence.json").read_text())
    assert report["command"] == "python -m emoviz cultures --config first.json --seeds 2"


def test_a_set_that_reads_the_bundled_channels_reads_the_very_same(lab):
    sets = [cultures.weights(find(lab.checkpoints, name).values()) for name in (PER_CULTURE, "lab")]
    assert sets[0].fit == sets[1].fit != "" and list(sets[0].table) == list(sets[1].table)


def test_the_page_shows_each_set_and_both_beside_each_other(page):
    test = page()
    assert not test.exception
    sources = test.selectbox(key="weights").options
    assert sources == ["one model per culture", "first", "lab", "first beside the bundled set", BESIDE]
    assert cultures_of(test) == {"North", "South"}
    test.selectbox(key="weights").set_value(BESIDE).run()
    assert not test.exception and cultures_of(test) == {"North", "South", "East"}
    assert test.selectbox(key="task").options == ["valence (derived)"]
    assert "on which they are compared" not in texts(test)


def test_one_culture_alone_is_shown_as_far_as_it_can_be(page):
    test = page(weights="lab")
    assert not test.exception and "There is one culture only, East" in texts(test)
    assert "Does East rely on the same channels for every seed?" in titled(test)


def test_a_half_finished_set_is_shown_and_goes_on(lab, page):
    folder = lab.checkpoints[-1] / "first"
    shutil.rmtree(folder / "south-valence-1")
    test = page(weights="first")
    assert not test.exception and cultures_of(test) == {"North", "South"}
    assert "3 of the 4 models of these cultures, tasks and seeds are there; the set is incomplete." in texts(test)
    kept = (folder / "north-valence-0" / CONFIG).stat().st_mtime_ns
    assert cli.main(FIRST) == 0
    assert len(find(lab.checkpoints, "first")) == 4 and (folder / "north-valence-0" / CONFIG).stat().st_mtime_ns == kept


def test_what_cannot_be_compared_is_refused_in_a_sentence(lab, capsys):
    assert cli.main(["cultures", "west", *TINY]) == 1
    assert "No culture has enough people: 'West' has 2 people and needs 1 more" in capsys.readouterr().err
    assert cli.main(["cultures", "east", "--name", "lab", *TINY, "--set", "epochs=2"]) == 1
    assert "There is a set 'lab' of other" in capsys.readouterr().err
    assert cli.main(["cultures"]) == 1
    assert "Name the corpora whose cultures are compared" in capsys.readouterr().err
