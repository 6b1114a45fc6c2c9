"""The Home page: what a first visitor reads, with and without models, and where its questions lead."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import streamlit as st
from conftest import write_checkpoint
from places import ROOT
from reading import texts
from streamlit.testing.v1 import AppTest

from emoviz.checkpoints.folder import CONFIG, METRICS, PER_CULTURE
from emoviz.core.settings import Settings
from emoviz.core.vocabulary import Source
from emoviz.ui import cache, guide, loaders, navigation

LINKED = {f"pages/{name}.py" for name in ("predict", "explain", "cultures", "embeddings", "compare", "results")}
WATCHED = {"clip": "Example: square"}


@pytest.fixture
def links(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict]]:
    """All pages are there; collects (page, query) of the links that a page draws, which AppTest cannot."""
    drawn: list[tuple[str, dict]] = []

    def link(page: str, *, label: str, icon: str | None = None, query_params: dict | None = None) -> None:
        drawn.append((page, dict(query_params or {})))

    monkeypatch.setattr(navigation, "has", lambda page: page in LINKED)
    monkeypatch.setattr(st, "page_link", link)
    return drawn


def held_out(cultures: dict[str, int]) -> pd.DataFrame:
    """A table of held-out recordings; the numbers are seeds: equal ones weigh channels alike."""
    rows = [
        {"culture": culture, "speaker": f"{culture}/1", "label": "happy"}
        | dict(zip(("a.1", "a.2", "a.3"), np.random.default_rng(seed).uniform(size=3), strict=True))
        for culture, seed in cultures.items()
    ]
    return pd.DataFrame(rows, index=pd.Index([f"r{n}" for n in range(len(rows))], name="id"))


def change(folder: Path, file: str, **values) -> None:
    content = json.loads((folder / file).read_text())
    (folder / file).write_text(json.dumps(content | values))


def test_models_are_shown_with_their_held_out_figures_and_limits(open_page, settings):
    folder = settings.checkpoints[0] / "speech-cats"
    row = json.loads((folder / METRICS).read_text())["test"][0]
    change(folder, METRICS, test=[row | {"recordings": 155, "speakers": 19, "collapsed": True}])
    test = open_page("home")
    assert not test.exception
    everything = texts(test)
    assert "Title of speech-cats. Reads the voice, not the words." in everything
    assert "CCC, valence (derived) **.61 [.55, .66]**" in everything
    assert "Tested on 155 recordings of 19 speakers that it never met." in everything
    assert "Collapsed in valence (derived)" in everything
    assert any(button.label == "Open the example" for button in test.button)


def test_a_model_of_every_source_has_its_card(open_page, settings):
    for source in Source:
        write_checkpoint(settings.checkpoints[0] / f"of-{source}", source, "dimension", ("liking",))
    test = open_page("home")
    assert not test.exception
    for source in Source:
        assert f"**of-{source}**" in texts(test)
    assert "Reads face and voice together" in texts(test)


def test_models_of_one_culture_each_are_one_card(open_page, settings, links):
    for name in ("here-0", "there-0"):
        write_checkpoint(settings.checkpoints[0] / PER_CULTURE / name, Source.SPEECH, "dimension", ("valence",))
    change(
        settings.checkpoints[0] / PER_CULTURE / "here-0",
        METRICS,
        test=[{"culture": "all", "output": "valence", "metric": "ccc", "aggregation": "pooled", "value": 0.1}],
    )
    test = open_page("home")
    assert not test.exception
    everything = texts(test)
    assert "**per-culture**: 2 models" in everything and "CCC, valence: .10 to .61" in everything
    assert "**here-0**" not in everything and "**per-culture/here-0**" not in everything
    assert ("pages/cultures.py", {}) in links


def test_a_damaged_checkpoint_is_named_and_the_others_shown(open_page, settings):
    (settings.checkpoints[0] / "speech-cats" / CONFIG).write_text("{")
    test = open_page("home")
    assert not test.exception
    assert "damaged" in texts(test) and "Title of face-expression" in texts(test)


def test_without_models_the_page_says_where_they_belong(open_page, settings):
    shutil.rmtree(settings.checkpoints[0])
    assert "EMOVIZ_CHECKPOINTS" in texts(open_page("home"))


def test_questions_are_asked_of_what_is_here(open_page, settings, links):
    folder = settings.checkpoints[0]
    for name, cultures in (("here-0", {"Here": 1}), ("there-0", {"There": 1}), ("yon-0", {"Yon": 2})):
        write_checkpoint(folder / PER_CULTURE / name, Source.SPEECH, "dimension", ("valence",))
        held_out(cultures).to_parquet(folder / PER_CULTURE / name / "attention.parquet")
    for name in ("speech-cats", "face-expression", "speech-emotion"):
        change(folder / name, CONFIG, split={"test": ["a", "b"]})
        held_out({"Here": 1}).to_parquet(folder / name / "embeddings.parquet")
        held_out({"Here": 1}).to_parquet(folder / name / "predictions.parquet")
    change(folder / "speech-emotion", CONFIG, split={"test": ["a", "b"]}, training={"corpora": ["x", "y"]})
    test = open_page("home")
    assert not test.exception
    for question in (
        "What do a face and a voice say, moment by moment?",
        "Where in the face and the voice do models see it?",
        "Which is better, face-expression or speech-emotion, and is that luck?",
    ):
        assert question in texts(test)
    assert [ask.page for ask in (guide._embeddings(), guide._cultures())] == [
        "pages/embeddings.py",
        "pages/cultures.py",
    ]
    assert guide._cultures().query == {"pair": "Here,Yon", "task": "valence"}
    assert links[:3] == [
        ("pages/predict.py", WATCHED),
        ("pages/explain.py", WATCHED),
        ("pages/compare.py", {"compared": ["face-expression", "speech-emotion"]}),
    ]


def test_without_tables_other_questions_stand_in(open_page, settings, links):
    assert not open_page("home").exception
    assert [page for page, _ in links] == ["pages/predict.py", "pages/explain.py"]


def test_models_that_read_clips_are_compared_first(settings):
    folder = settings.checkpoints[0]
    for name in ("face-expression", "speech-cats", "speech-emotion", "ours"):
        if name == "ours":
            write_checkpoint(folder / name, Source.SPEECH, "emotion", ("happy", "neutral"))
        change(folder / name, CONFIG, split={"test": ["a", "b"]})
        held_out({"Here": 1}).to_parquet(folder / name / "predictions.parquet")
    foreign = {"name": "foreign", "version": "1", "settings": {}, "channels": ["x"], "width": 1}
    change(folder / "face-expression", CONFIG, features=[foreign])
    assert guide._compare().query == {"compared": ["ours", "speech-emotion"]}


def test_no_link_leads_to_a_page_that_is_not_there(open_page, settings):
    test = open_page("home")
    assert not test.exception
    assert "Questions to begin with" not in [heading.value for heading in test.header]


def test_bundled_checkpoints_are_shown_and_asked_about(monkeypatch, links, sessions):
    bundled = Settings(None, ROOT / "store", (ROOT / "checkpoints",), ROOT / "runs")
    monkeypatch.setattr(loaders, "settings", lambda: bundled)
    test = AppTest.from_file(str(ROOT / "pages" / "home.py"), default_timeout=120).run()
    assert not test.exception
    everything = texts(test)
    for name in loaders.checkpoints():
        assert f"**{name}**" in everything
    assert "damaged" not in everything
    assert len(links) >= guide.QUESTIONS and {page for page, _ in links} <= LINKED


def test_checkpoints_with_the_same_outputs_and_speakers_are_comparable(settings):
    folder = settings.checkpoints[0]
    for name, speakers in (("face-expression", ["a"]), ("speech-emotion", ["a"]), ("speech-cats", ["a"])):
        change(folder / name, CONFIG, split={"test": speakers})
    cache.clear()
    found = {name: loaders.description(path) for name, path in loaders.checkpoints().items()}
    assert guide.comparable("face-expression", found) == ["speech-emotion"]
    assert guide.comparable("speech-cats", found) == []
