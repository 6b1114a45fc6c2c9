"""A preview looks at the newest picture and listens to the last seconds, and ends with the recording."""

import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from clips import face_frames, sine, write_clip, write_live
from untrained import NAMES, save_all

from emoviz.checkpoints.folder import Checkpoint
from emoviz.core.errors import Cancelled, MediaError
from emoviz.core.progress import silent
from emoviz.core.vocabulary import Source
from emoviz.prediction import live
from emoviz.prediction.clip import load_checkpoints

PATIENCE = 60


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> list[Checkpoint]:
    return load_checkpoints(NAMES, [save_all(tmp_path_factory.mktemp("models"))])


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second and a half of a face and a tone, as a browser records it."""
    folder = tmp_path_factory.mktemp("recorded")
    images, sound = face_frames(38, [lambda i: (100 + i, 60)]), sine(1.5, 48000)
    whole = write_clip(folder / "whole.webm", images, sound, rate=48000, video_codec="libvpx", audio_codec="libopus")
    return write_live(folder / "live", whole)


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds of sound that the models of speech were asked for, who say how far into it each moment is."""
    asked: list[float] = []

    def predicted(samples: np.ndarray, *given):
        asked.append(len(samples) / live.RATE)
        times = np.arange(0.01, asked[-1], 0.02)
        table = pd.DataFrame({"time": times, "speech.happy": np.where(times < 0.4, np.nan, times)})
        outputs = pd.DataFrame({"column": ["speech.happy"], "output": ["happy"]})
        return SimpleNamespace(table=table, outputs=outputs)

    monkeypatch.setattr(live, "_predicted", predicted)
    return asked


def test_face_and_speech_are_told_while_the_recording_is_not_whole(models, recorded, heard, tmp_path):
    preview = live.Live(models, tmp_path)

    def whole() -> bool:
        end = time.monotonic() + PATIENCE
        while len({one.source for one in preview.moments(0) if one.values}) < 2:
            assert time.monotonic() < end
            time.sleep(0.01)
        return True

    preview.watch(recorded, whole, silent)
    found = preview.moments(0)
    face = [one for one in found if one.source == Source.FACE and one.values]
    speech = [one for one in found if one.source == Source.SPEECH]
    names = {*models[0].description.outputs, "valence (derived)", "arousal (derived)"}
    assert set(face[0].values) == names and 0 <= face[-1].time < 1.6
    assert sum(face[0].values[name] for name in models[0].description.outputs) == pytest.approx(1, abs=1e-4)
    times = np.array([one.time for one in speech])
    assert len(times) and np.allclose(np.diff(times), live.STEP) and heard[0] >= live.SHORTEST
    assert [bool(one.values) for one in speech] == list(times - times[0] >= 0.4)  # nobody speaks before
    assert preview.moments(len(found)) == [] and not list(tmp_path.iterdir())


def test_a_preview_that_is_stopped_ends(models, recorded, heard, tmp_path):
    def stop(stage: str, done: float, total: float) -> None:
        raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        live.Live(models, tmp_path).watch(recorded, lambda: False, stop)


def test_a_part_that_fails_ends_the_preview(models, recorded, heard, monkeypatch, tmp_path):
    def fail(*given):
        raise MediaError("The network is damaged.")

    monkeypatch.setattr(live, "_predicted", fail)
    preview, end = live.Live(models[1:], tmp_path), time.monotonic() + PATIENCE
    with pytest.raises(MediaError, match="The network is damaged"):
        preview.watch(recorded, lambda: time.monotonic() > end, silent)


def test_only_models_of_face_or_speech_are_asked(models, tmp_path):
    preview = live.Live(models[:1], tmp_path)
    assert (preview.faces, preview.speech) == (models[:1], [])
