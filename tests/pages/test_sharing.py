"""What one page has analysed is there for the others; what a link says that cannot be is passed over."""

import itertools
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from places import ROOT
from streamlit.testing.v1 import AppTest

from emoviz.core.errors import FeatureError
from emoviz.features.store import FeatureStore
from emoviz.media import ClipMedia
from emoviz.prediction.model import ClipEmbedding
from emoviz.ui import attention_weights, clip_analysis, embedding_maps, loaders
from emoviz.ui.clip_analysis import Analyses
from emoviz.ui.session import Session
from emoviz.ui.shared_store import SharedStore

VISITED = ("predict", "explain", "attention", "compare")


@pytest.fixture
def tour(settings, examples, predictor, sessions) -> Callable[..., AppTest]:
    """Goes from page to page within one session."""
    test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)

    def visit(page: str, **query: str) -> AppTest:
        for name, value in query.items():
            test.query_params[name] = value
        test.switch_page(f"pages/{page}.py").run()
        assert not test.exception
        return test

    return visit


@pytest.fixture
def tracked(monkeypatch) -> list[Path]:
    """Clips that were opened."""
    opened: list[Path] = []
    create = ClipMedia.__init__

    def remember(self: ClipMedia, path: Path, *args, **kwargs) -> None:
        opened.append(Path(path))
        create(self, path, *args, **kwargs)

    monkeypatch.setattr(ClipMedia, "__init__", remember)
    return opened


def nothing(*_: object) -> None:
    raise FeatureError("The made-up model attends to nothing.")


def names(predictor) -> list[str]:
    return [name for _, models, _ in predictor.calls for name in models]


def test_a_tour_of_the_pages_analyses_every_model_once(tour, predictor, sessions, tracked, monkeypatch):
    monkeypatch.setattr(attention_weights, "maps", lambda folder: ("channel",))
    monkeypatch.setattr(attention_weights, "of_clip", nothing)
    predictor.go_on.set()
    for page in (*VISITED, "predict"):
        tour(page, view="One clip") if page == "compare" else tour(page)
        sessions[0].analyses.wait(30)
    assert sorted(names(predictor)) == ["face-expression", "speech-cats", "speech-emotion"]
    assert len(predictor.calls) == 1 and len(tracked) == 1


def test_running_work_is_joined(tour, predictor, sessions):
    tour("predict")
    assert predictor.handed_out.wait(30)
    test = tour("explain")
    assert test.get("progress")[0].proto.text == "Reading frames 120 / 375"
    predictor.go_on.set()
    sessions[0].analyses.wait(30)
    assert sorted(names(predictor)) == ["face-expression", "speech-cats", "speech-emotion"]


def test_a_copy_of_a_clip_under_another_name_is_the_same_clip(clip, tmp_path, predictor):
    copy = shutil.copy(clip, tmp_path / "copy.mp4")
    analyses = Analyses(tmp_path)
    assert analyses.media(clip) is analyses.media(Path(copy))
    assert analyses.media(clip, 1) is not analyses.media(clip)
    assert analyses.media(clip, 1)._decoded is analyses.media(clip)._decoded


def test_a_clip_whose_file_is_gone_is_opened_where_it_still_is(clip, tmp_path):
    copy = Path(shutil.copy(clip, tmp_path / "copy.mp4"))
    analyses = Analyses(tmp_path)
    first = analyses.media(copy)
    copy.unlink()
    assert analyses.media(clip) is not first and analyses.media(clip).path == clip


def test_an_embedding_is_made_of_what_is_decoded(settings, sessions, examples, clip, tmp_path, monkeypatch):
    given = []

    def embed(checkpoint, media, **_):
        given.append(media)
        return ClipEmbedding(np.zeros(1), np.zeros((1, 2)))

    visit = Session(tmp_path, limit_mb=1)
    monkeypatch.setattr(embedding_maps, "session", lambda: visit)
    monkeypatch.setattr(embedding_maps, "embed_clip", embed)
    media = ClipMedia(clip)
    folder = settings.checkpoints[0] / "speech-cats"
    shown = embedding_maps.Embedded("speech-cats", folder, loaders.description(folder), None, None, 0)  # type: ignore[arg-type]
    embedding_maps.embedding_of(shown, media).wait(30)
    embedding_maps.embedding_of(shown, media).wait(30)
    assert given == [media]


def test_a_stream_that_is_being_extracted_is_waited_for(clip, tmp_path, monkeypatch):
    begun, go_on, extracted = threading.Event(), threading.Event(), []

    def extract(self, extractor, media, progress):
        if not extracted:
            begun.set()
            go_on.wait(30)
        extracted.append(threading.current_thread().name)

    monkeypatch.setattr(FeatureStore, "extract", extract)

    class Extractor:
        name, version, settings = "made-up", "1", {}

    store, media, told = SharedStore(tmp_path), ClipMedia(clip), threading.Event()
    first = threading.Thread(target=lambda: store.extract(Extractor(), media), name="first")  # type: ignore[arg-type]
    first.start()
    assert begun.wait(30)
    second = threading.Thread(
        target=lambda: store.extract(Extractor(), media, lambda *_: told.set()),  # type: ignore[arg-type]
        name="second",
    )
    second.start()
    assert told.wait(30) and extracted == []
    go_on.set()
    first.join(30)
    second.join(30)
    assert extracted == ["first", "second"]


def test_what_still_runs_of_another_clip_is_stopped(predictor, settings, clip, tmp_path):
    other = tmp_path / "other.mp4"
    other.write_bytes(clip.read_bytes() + bytes(8))
    analyses = Analyses(tmp_path)
    models = [loaders.load_checkpoint(folder) for folder in loaders.checkpoints().values()]
    before = analyses.of(clip, models, loaders.store())
    assert predictor.handed_out.wait(30)
    analyses.of(other, models, loaders.store())
    before.wait(30)
    end = time.monotonic() + 30
    while len(predictor.calls) < 2 and time.monotonic() < end:
        time.sleep(0.02)
    assert before.state.stopped and len(predictor.calls) == 2
    predictor.go_on.set()
    analyses.wait(30)
    again = analyses.of(clip, models, loaders.store())
    again.wait(30)
    assert not again.state.stopped and again.state.prediction is not None and len(predictor.calls) == 3


def test_a_face_that_a_clip_has_not_gives_way_to_the_speakers(predictor, settings, clip, tmp_path, monkeypatch):
    predict = clip_analysis.predict_clip

    def refuse(media, *args, **kwargs):
        media.face_track()
        return predict(media, *args, **kwargs)

    monkeypatch.setattr(clip_analysis, "predict_clip", refuse)
    predictor.go_on.set()
    models = [loaders.load_checkpoint(settings.checkpoints[0] / "face-expression")]
    analysis = Analyses(tmp_path).of(clip, models, loaders.store(), face=99)
    analysis.wait(60)
    assert analysis.state.error is None and analysis.state.prediction is not None
    assert [face for *_, face in predictor.calls] == [None]


HOSTILE = (
    *(
        "nothing of the kind",
        "-1",
        "nan",
        "<b>|a,b;c:d\x00\u0663\u00b2",
        "\u00b2",
        "",
        "=1+1",
        "9" * 10_000,
        "\ud55c" * 300,
    ),
)
BY_PARSERS = ("\u00b2", "", "\x00a:b;id:,", "NaN", "inf", "9" * 10_000)
CLIP = ("clip", "face", "audio_track", "video_track", "channel", "time", "marked", "zoom", "people", "stretch")
PARAMETERS = {
    "home": ("clip", "model"),
    "predict": (
        *CLIP,
        "models",
        "fusion",
        "video_weight",
        "shown",
        "segments",
        "window",
        "persons",
        "video",
        "faces",
        "many",
        "recording_report",
    ),
    "explain": (*CLIP, "recordings", "network", "model", "emotion", "moment", "output", "way", "span"),
    "attention": (*CLIP, "selection", "model", "slice", "slice_b", "recordings", "top", "window"),
    "cultures": ("weights", "by", "task", "channels", "measure", "k", "pair", "results", "system", "scored", "score"),
    "embeddings": (
        "selection",
        "model",
        "pinned",
        "third",
        "method",
        "space",
        "metric",
        "perplexity",
        "seed",
        "colour",
        "place",
    ),
    "compare": (
        "selection",
        "why",
        "only_selected",
        "order",
        "compared",
        "view",
        "figure",
        "depth",
        "slice",
        "recordings",
        "by",
        "output",
        "error_of",
        "level_of",
    ),
    "results": ("study", "protocol", "score", "chosen", "system", "corpus"),
    "data": ("corpus", "by"),
    "train": ("base", "preset", "clone"),
    "storage": ("clip",),
    "library": ("selection", "why", "recordings", "library_page"),
}
TURNS = 3
"""Ways in which the values are dealt to the parameters of a page, so that each one gets several."""


@pytest.mark.parametrize("turn", range(TURNS))
@pytest.mark.parametrize("page", PARAMETERS)
def test_a_link_that_cannot_be_opens_the_page_all_the_same(page, turn, open_page, predictor):
    predictor.go_on.set()
    dealt = itertools.islice(itertools.cycle(HOSTILE), turn * len(HOSTILE) // TURNS, None)
    test = open_page(page, **dict(zip(PARAMETERS[page], dealt, strict=False)))
    assert not test.exception
    assert len(test.error) + len(test.info) <= 2


def parsed() -> None:
    """What the links' own parsers make of a value that none of them knows, as a page calls them."""
    import math

    import streamlit as st

    from emoviz.ui import linked, selected, selection

    assert selection.requested_face() is None and selection.requested_tracks().audio is None
    assert len(selection.requested_tracks().channel) <= 8
    assert math.isfinite(linked.seconds("time")) and linked.seconds("time") >= 0
    st.text([*selected.recordings(), *selection.Slice.parse(linked.read("slice")).conditions][:0])
    assert linked.select("One", ["a", "b"], "one") == "a" and linked.several("Some", ["a"], "some") == []
    assert linked.segments("Side", ["a", "b"], "side", "b") == "b" and not linked.toggle("On", "on")
    assert linked.named("Named", {"": "a", "b": "b"}, "named") == ""
    assert (
        0 <= linked.slider("Share", 0.0, 1.0, 0.5, 0.1, "share") <= 1 and 1 <= linked.number("S", 1, 9, 3, "seed") <= 9
    )
    assert linked.slider("Top", 1, 9, 3, 1, "top") in range(1, 10)
    assert all(0 <= end <= 4 for end in linked.span("Span", 4.0, 0.1, "span") or ())
    assert linked.steps("Step", [1, 2], "step", 2) == 2 and linked.pills("Pills", ["a"], "pill") == []


@pytest.mark.parametrize("value", BY_PARSERS, ids=range(len(BY_PARSERS)))
def test_the_parsers_of_links_pass_over_what_they_do_not_know(value):
    test = AppTest.from_function(parsed, default_timeout=60)
    for name in (
        "face audio_track channel time recordings slice one some share top span seed step pill side on named"
    ).split():
        test.query_params[name] = value
    test.run()
    assert not test.exception, [one.value for one in test.exception]


def test_who_waits_for_another_visitor_is_told_so_and_comes_next(
    open_page, finish, settings, predictor, sessions, clip, tmp_path, monkeypatch
):
    monkeypatch.setattr(loaders, "settings", lambda: replace(settings, analyses=1))
    other = Session(tmp_path / "other", limit_mb=1)
    other.analyses.of(clip, [loaders.load_checkpoint(next(iter(loaders.checkpoints().values())))], other.store)
    assert predictor.handed_out.wait(30)
    test = open_page("predict")
    (waiting,) = sessions[1].analyses._clips.values()
    while waiting.runs[0].state.stage != "First in line.":
        time.sleep(0.01)
    assert test.run().get("progress")[0].proto.text == "First in line." and len(predictor.calls) == 1
    finish(test)
    assert len(predictor.calls) == 2
