"""Pages with a clip made by hand and models that answer with a prediction made by hand."""

import dataclasses
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest
import streamlit as st
from places import ROOT
from predictions import make_clip, make_prediction
from streamlit.testing.v1 import AppTest

from emoviz.checkpoints.description import Description
from emoviz.checkpoints.folder import CARD, CONFIG, METRICS, Checkpoint, read_description
from emoviz.core.settings import Settings
from emoviz.core.vocabulary import Source, Task
from emoviz.prediction.assembly import combine
from emoviz.ui import cache, clip_analysis, loaders
from emoviz.ui.session import Session

EXAMPLE = "Example: square"
PATIENCE = 60


@dataclass
class Predictor:
    """Stands in for ``predict_clip``.

    Attributes:
        go_on: set when the prediction may end; the fake waits for it.
        fails: raised in place of an answer.
        partial: whether the face's part is handed out before the end.
        people: faces in the clip.
        calls: (clip, names of the models, chosen face) of each call.
    """

    go_on: threading.Event = field(default_factory=threading.Event)
    fails: Exception | None = None
    partial: bool = False
    people: int = 1
    handed_out: threading.Event = field(default_factory=threading.Event)
    calls: list[tuple] = field(default_factory=list)

    def __call__(self, media, checkpoints, *, store, progress, on_partial):
        self.calls.append((media.path, tuple(c.name for c in checkpoints), media.face))
        prediction = make_prediction(media, checkpoints, self.people)
        if self.partial:
            on_partial(combine([prediction], [c for c in checkpoints if c.description.source == Source.FACE]))
        progress("Reading frames", 120, 375)
        self.handed_out.set()
        while not self.go_on.wait(0.02):
            progress("Reading frames", 120, 375)
        if self.fails:
            raise self.fails
        return prediction


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clips") / "square.mp4")


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings with three checkpoint folders whose network is never needed."""
    folder = tmp_path / "checkpoints"
    for name, source, kind, outputs in (
        ("face-expression", Source.FACE, "emotion", ("happy", "neutral")),
        ("speech-cats", Source.SPEECH, "dimension", ("valence (derived)", "arousal (derived)")),
        ("speech-emotion", Source.SPEECH, "emotion", ("happy", "neutral")),
    ):
        write_checkpoint(folder / name, source, kind, outputs)
    results = (tmp_path / "results",)
    values = Settings(None, tmp_path / "store", (folder,), tmp_path / "runs", upload_limit_mb=1, results=results)
    monkeypatch.setattr(loaders, "settings", lambda: values)
    monkeypatch.setattr(loaders, "load", load)
    return values


def load(folder: Path) -> Checkpoint:
    """A checkpoint without a network."""
    metrics = json.loads((folder / METRICS).read_text())
    about = read_description(folder)
    network = SimpleNamespace(model=SimpleNamespace(last_convolution={}))
    return Checkpoint(folder, about, network, metrics)  # a real one, so that it has whatever pages ask of one


def write_checkpoint(folder: Path, source: Source, kind: str, outputs: tuple[str, ...]) -> None:
    """The files of a checkpoint that pages read without loading it."""
    folder.mkdir(parents=True)
    description = Description(
        name=folder.name,
        title=f"Title of {folder.name}",
        source=source,
        model="bi-gru",
        model_config={},
        task=Task.FRAMES,
        kind=kind,
        outputs=outputs,
        derived=False,
        features=(),
        inputs=(),
        hop=0.02,
        window=15.0,
    )
    row = {
        "culture": "all",
        "output": outputs[0],
        "metric": "ccc",
        "aggregation": "pooled",
        "value": 0.61,
        "low": 0.55,
        "high": 0.66,
        "training_mean": 0.0,
        "recordings": 60,
    }
    (folder / CONFIG).write_text(json.dumps(dataclasses.asdict(description)))
    (folder / METRICS).write_text(json.dumps({"test": [row]}))
    (folder / CARD).write_text(f"# {folder.name}\n\n## Limits\n\nOnly acted speech.")


@pytest.fixture
def examples(clip: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """The examples that the pages see; a test may change them."""
    clips = {EXAMPLE: clip}
    monkeypatch.setattr(loaders, "examples", lambda: clips)
    return clips


@pytest.fixture
def predictor(monkeypatch: pytest.MonkeyPatch) -> Iterator[Predictor]:
    fake = Predictor()
    monkeypatch.setattr(clip_analysis, "predict_clip", fake)
    yield fake
    fake.go_on.set()


@pytest.fixture
def sessions(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Session]]:
    """All sessions that were opened; closed at the end."""
    opened: list[Session] = []
    create = Session.__init__

    def remember(self: Session, *args, **kwargs) -> None:
        create(self, *args, **kwargs)
        opened.append(self)

    monkeypatch.setattr(Session, "__init__", remember)
    yield opened
    for session in opened:
        session.close()
    cache.clear()
    st.cache_resource.clear()  # sessions


@pytest.fixture
def open_page(settings: Settings, examples: dict, predictor: Predictor, sessions: list) -> Callable[..., AppTest]:
    """Opens a page of ``pages/``, with query parameters."""

    def open_page(page: str, **query: str) -> AppTest:
        test = AppTest.from_file(str(ROOT / "pages" / f"{page}.py"), default_timeout=PATIENCE)
        for name, value in query.items():
            test.query_params[name] = value
        return test.run()

    return open_page


@pytest.fixture
def finish(predictor: Predictor, sessions: list[Session]) -> Callable[[AppTest], AppTest]:
    """Lets the analyses of a page end and runs the page again."""

    def finish(test: AppTest) -> AppTest:
        predictor.go_on.set()
        for session in sessions:
            session.analyses.wait(PATIENCE)
        return test.run()

    return finish
