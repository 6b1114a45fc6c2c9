"""The Cultures page with made-up checkpoints and results, and with the bundled ones."""

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from places import ROOT
from reading import specs, texts, titled

from emoviz import checkpoints
from emoviz.analysis import microphones
from emoviz.analysis.culture_comparison import Comparison, first_pair
from emoviz.checkpoints.description import Description
from emoviz.checkpoints.folder import PER_CULTURE
from emoviz.core.settings import Settings
from emoviz.core.vocabulary import Source, Task, Weighting
from emoviz.ui import cache, loaders

CULTURES = ("Northern", "Southern", "Western")
CHANNELS = [f"whisper.pc{i:03d}" for i in range(8)] + ["egemaps.Loudness_sma3", *(f"egemaps.c{i}" for i in range(3))]


@pytest.fixture(autouse=True)
def results(tmp_path: Path) -> Path:
    """A folder of committed results, with one study from culture to culture."""
    folder = tmp_path / "results"
    folder.mkdir()
    row = {
        "output": "emotion",
        "aggregation": "pooled",
        "value": 0.5,
        "low": 0.4,
        "high": 0.6,
        "training_mean": 0.25,
        "recordings": 30,
        "speakers": 3,
        "unit": "recordings",
        "clusters": 30,
        "replicates": 1,
        "collapsed": False,
    }
    rows = [
        {**row, "mean": "", "source": [a], "target": b, "shots": None, "calibrated": "", "tests": [], "metric": m}
        for a in CULTURES
        for b in CULTURES
        if a != b
        for m in ("ua", "accuracy")
    ]
    report = {
        "study": "speech",
        "title": "Speech",
        "protocol": "cross-culture",
        "system": "svm",
        "command": "",
        "note": "",
        "seeds": [0],
        "config": {"selection": "ua"},
        "scores": rows,
        "compared": [],
        "split": [],
        "versions": {},
    }
    (folder / "speech.cross-culture.svm.json").write_text(json.dumps(report))
    cache.clear()
    return folder


@pytest.fixture
def group(settings: Settings) -> Path:
    """Checkpoints of three cultures, two dimensions and two seeds."""
    folder = settings.checkpoints[0] / PER_CULTURE
    random = np.random.default_rng(0)
    for dimension in ("valence", "arousal"):
        for culture in CULTURES:
            for seed in (0, 1):
                write(folder / f"{culture.lower()}-{dimension}-{seed}", culture, dimension, seed, random)
    return folder


def write(folder: Path, culture: str, dimension: str, seed: int, random: np.random.Generator) -> None:
    folder.mkdir(parents=True)
    about = Description(
        name=folder.name,
        title="One culture",
        source=Source.SPEECH,
        model="cats",
        model_config={},
        task=Task.FRAMES,
        kind="dimension",
        outputs=(dimension,),
        derived=False,
        features=(),
        inputs=(),
        hop=0.1,
        window=15.0,
        training={"seed": seed},
    )
    row = {
        "culture": "all",
        "output": dimension,
        "metric": "ccc",
        "aggregation": "pooled",
        "value": 0.4,
        "low": 0.3,
        "high": 0.5,
        "training_mean": 0.0,
        "recordings": 3,
        "speakers": 2,
        "collapsed": seed == 1,
    }
    (folder / checkpoints.CONFIG).write_text(json.dumps(dataclasses.asdict(about)))
    (folder / checkpoints.METRICS).write_text(json.dumps({"test": [row]}))
    weights = pd.DataFrame(random.uniform(0, 1, (3, len(CHANNELS))), columns=CHANNELS)
    who = pd.DataFrame({"culture": culture, "speaker": ["a", "a", "b"], "label": "happy"})
    pd.concat([who, weights], axis=1).to_parquet(folder / "attention.parquet")


def test_the_first_view_shows_every_figure_and_the_confound(open_page, group):
    test = open_page("cultures")
    assert not test.exception
    titles = list(titled(test))
    assert len(titles) == 6
    assert titles[0] == "How alike are they? (Pearson's r)"
    assert titles[1] == "Southern and Northern: differences that may be chance"
    assert titles[2] == "Which kinds of channels does each culture's model let through?"
    assert "A culture here is also a corpus" in texts(test)
    assert "permutation test, p = " in texts(test)
    assert "Not reliable (seeds agree at less than .60): Northern (" in texts(test)
    assert "which tell little: 1 of 2 of Northern, 1 of 2 of Southern, 1 of 2 of Western." in texts(test)
    assert [box.label for box in test.selectbox][:4] == ["Channel weights of", "Weights by", "Task", "Channels"]


@pytest.mark.parametrize(
    ("unreliable", "expected"),
    [((), ("Northern", "Southern")), (("Southern",), ("Northern", "Western")), (CULTURES, ("Northern", "Southern"))],
)
def test_the_first_pair_is_the_least_similar_one_of_reliable_cultures(unreliable, expected):
    rows = [("Southern", "Western", 0.2), ("Northern", "Western", 0.3), ("Northern", "Southern", 0.1)]
    cells = pd.DataFrame([*rows, ("Western", "Western", 0.0)], columns=["culture", "other", "similarity"])
    doubted = pd.Series(0.3, index=list(unreliable))
    assert first_pair(Comparison(cells, None, list(CULTURES), "", doubted)) == expected


def test_a_link_opens_its_pair_task_and_measure(open_page, group):
    test = open_page("cultures", pair="Western,Northern", task="valence", measure="cosine")
    titles = list(titled(test))
    assert titles[0] == "How alike are they? (cosine)"
    assert titles[1] == "Western and Northern: differences that may be chance"
    assert test.selectbox(key="task").value == "valence"


def test_a_culture_with_itself_shows_its_seeds(open_page, group):
    test = open_page("cultures", pair="Western,Western")
    assert "Does Western rely on the same channels for every seed?" in titled(test)


@pytest.mark.parametrize("pair", ["Nowhere,Western", "Western", "a,b,c"])
def test_a_link_to_a_pair_that_is_not_here_shows_another(open_page, group, pair):
    test = open_page("cultures", pair=pair)
    assert not test.exception and len(titled(test)) == 6


def test_cultures_by_telephone_stand_beside_the_cultures(open_page, group):
    random = np.random.default_rng(2)
    keys = [(culture, "arousal", seed) for culture in CULTURES[:2] for seed in "01"]
    index = pd.MultiIndex.from_tuples(keys, names=["culture", "dimension", "seed"])
    moved = pd.DataFrame(random.uniform(0, 1, (4, len(CHANNELS))), index, CHANNELS)
    file = microphones.write(group.parent, PER_CULTURE, moved)
    test = open_page("cultures", pair="Northern,by telephone", task="arousal")
    assert not test.exception and "Northern and Northern by telephone: differences that may be chance" in titled(test)
    assert specs(test)["similarity"].count("by telephone") >= 2
    assert "by telephone" not in specs(open_page("cultures", task="valence"))["similarity"]
    file.write_bytes(b"noise")
    cache.clear()
    test = open_page("cultures", task="arousal")
    assert not test.exception and len(titled(test)) == 6 and "is damaged" in test.warning[0].value


@pytest.mark.slow
def test_channels_of_one_modality_and_top_k(open_page, group):
    test = open_page("cultures")
    test.selectbox(key="channels").set_value("egemaps").run()
    test.selectbox(key="measure").set_value("top-k").run()
    assert not test.exception
    assert test.number_input(key="k").value == 4  # all there are, below the usual ten
    assert "whisper" not in next(iter(specs(test).values()))
    test.number_input(key="k").set_value(2).run()
    assert not test.exception and "How alike are they? (top-k overlap)" in titled(test)


def add_witnesses(group: Path, names: str) -> None:
    """Put the witnesses' tables beside models."""
    random = np.random.default_rng(1)
    for folder in group.glob(names):
        culture = pd.read_parquet(folder / "attention.parquet")["culture"].iloc[0]
        who = pd.DataFrame({"weighting": [*Weighting][1:], "culture": culture, "speaker": "a", "recordings": 3})
        weights = pd.DataFrame(random.normal(0, 1, (2, len(CHANNELS))), columns=CHANNELS)
        pd.concat([who, weights], axis=1).to_parquet(folder / "importance.parquet")
        judged = {"metric": "ccc", "recordings": 3, "clusters": 2, "unit": "speakers", "difference_high": 1.0}
        rows = [(w, 0.5, -0.1 if w == Weighting.PERMUTATION and culture == "Western" else 0.1) for w in Weighting]
        table = pd.DataFrame(rows, columns=["weighting", "difference", "difference_low"]).assign(**judged)
        table.to_parquet(folder / "deletion.parquet")


@pytest.mark.parametrize("weighting", [Weighting.GRADIENTS, Weighting.PERMUTATION])
def test_a_witness_is_compared_in_place_of_attention_and_judged(open_page, group, weighting):
    add_witnesses(group, "*")
    test = open_page("cultures", by=str(weighting))
    assert not test.exception and not test.info and test.selectbox(key="by").value == weighting
    titles = list(titled(test))
    assert len(titles) == 6 and titles[2] == "Which kinds of channels does each culture's model rely on?"
    assert "channel attention in 6 of 6 models, integrated gradients in 6 of 6 models" in texts(test)
    assert "permutation importance in 4 of 6 models (none Western)." in texts(test)
    assert "times the even share" in list(specs(test).values())[1]


def test_models_that_no_witness_was_asked_about_are_counted_with_the_command(open_page, group):
    test = open_page("cultures", by=str(Weighting.GRADIENTS))
    (info,) = test.info
    assert not test.exception and "not measured yet for 12 models, such as `" in info.value
    assert "`python -m emoviz explain per-culture --deletion`" in info.value
    assert list(titled(test)) == list(titled(open_page("cultures")))[-2:]
    add_witnesses(group, "*-0")
    test = open_page("cultures", by=str(Weighting.GRADIENTS))
    assert not test.exception and "6 models" in test.info[0].value and len(titled(test)) == 6


def test_any_subset_of_models_will_do(open_page, group):
    for folder in group.iterdir():
        if folder.name not in ("western-valence-0", "northern-valence-0"):
            shutil.rmtree(folder)
    test = open_page("cultures")
    assert not test.exception and len(titled(test)) == 6
    assert "cannot be tested" in texts(test)
    shutil.rmtree(group / "western-valence-0")
    test = open_page("cultures")
    assert not test.exception
    assert "one culture only, Northern" in texts(test)


def test_without_models_one_sentence_says_what_to_run(open_page, settings):
    test = open_page("cultures")
    assert not test.exception
    assert "python -m emoviz protocol per-culture --study cultures" in texts(test)
    assert list(titled(test)) == ["What holds from one culture to another? (UA)"]


def test_a_damaged_checkpoint_and_result_are_named_and_left_out(open_page, group, results):
    (group / "western-valence-0" / checkpoints.CONFIG).write_text("{")
    (results / "broken.json").write_text("{")
    test = open_page("cultures")
    assert not test.exception and len(titled(test)) == 6
    assert "western-valence-0" in texts(test) and "broken" in texts(test)


def test_models_of_other_channels_are_refused_in_words(open_page, group):
    path = group / "western-valence-0" / "attention.parquet"
    pd.read_parquet(path).rename(columns={CHANNELS[0]: "other.channel"}).to_parquet(path)
    test = open_page("cultures")
    assert not test.exception
    assert any("weigh different channels" in error.value for error in test.error)


def test_metrics_of_transfer_can_be_chosen(open_page, group):
    test = open_page("cultures")
    test.selectbox(key="figure").set_value("accuracy").run()
    assert "What holds from one culture to another? (accuracy)" in titled(test)


@pytest.mark.slow
def test_bundled_models_and_results(open_page, monkeypatch):
    values = Settings(None, Path("store"), (ROOT / "checkpoints",), Path("runs"), results=(ROOT / "results",))
    monkeypatch.setattr(loaders, "settings", lambda: values)
    test = open_page("cultures")
    assert not test.exception and len(titled(test)) == 6
    assert {"valence (derived)", "arousal (derived)"} == set(test.selectbox(key="task").options)
    test.selectbox(key="weights").set_value("speech-cats").run()
    assert not test.exception
    assert "speakers of one" in texts(test)
