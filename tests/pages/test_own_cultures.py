"""A lab's own cultures, end to end: two imported corpora become a set of models, and rows of the Cultures page."""

import json

import pytest
from own_corpus import TABLE, write_own
from reading import specs, titled

from emoviz import cli
from emoviz.checkpoints.folder import find
from emoviz.core.settings import Settings
from emoviz.ui import cache, loaders

TINY = [
    *("--set", 'inputs=[{"feature":"egemaps"}]', "--set", "hop=0.1", "--set", "epochs=1"),
    *("--set", "options.width=8", "--set", "options.heads=2", "--set", "options.feedforward=8"),
]


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Settings:
    """Folders in which two corpora of one culture each were imported and the set ``lab`` was trained."""
    folder = tmp_path_factory.mktemp("lab")
    settings = Settings(
        None, folder / "store", (folder / "checkpoints",), folder / "runs", results=(folder / "results",)
    )
    with pytest.MonkeyPatch.context() as patch:
        for name in ("store", "checkpoints", "runs", "results"):
            patch.setenv(f"EMOVIZ_{name.upper()}", str(folder / name))
        patch.setenv("EMOVIZ_BUNDLED", str(folder / "bundled"))
        for culture in ("North", "South"):
            clips = write_own(folder / culture, speakers=3, takes=1)
            given = ["--clips", str(clips), "--table", str(clips / TABLE), "--column", "speaker=actor"]
            assert cli.main(["import", culture.lower(), *given, "--value", f"culture={culture}"]) == 0
        assert cli.main(["cultures", "north", "south", "--name", "lab", "--seeds", "2", *TINY]) == 0
    return settings


def test_every_culture_task_and_seed_has_a_model(made):
    names = [f"lab/{c}-{task}-{seed}" for c in ("north", "south") for task in ("arousal", "valence") for seed in (0, 1)]
    assert sorted(find(made.checkpoints, "lab")) == names
    report = json.loads((made.results[0] / "lab.per-culture.valence.json").read_text())
    assert report["command"] == "python -m emoviz cultures --config lab.json --seeds 2"


def test_the_page_compares_them(made, open_page, monkeypatch):
    cache.clear()
    monkeypatch.setattr(loaders, "settings", lambda: made)
    test = open_page("cultures")
    assert not test.exception and test.selectbox(key="weights").options == ["lab"]
    assert set(test.selectbox(key="task").options) == {"valence (derived)", "arousal (derived)"}
    assert "How alike are they? (Pearson's r)" in titled(test)
    assert {"North", "South"} <= set(json.dumps(specs(test)["similarity"]).split('\\"'))
