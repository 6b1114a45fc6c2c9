"""Of conditioned sound each stretch of speech is encoded by itself, on the grid of the whole recording."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from emoviz.core import places
from emoviz.features import make, whisper
from emoviz.features.base import FeatureStream
from emoviz.features.whisper import ENCODER, encode, load_encoder
from emoviz.features.windows import PAUSE, encoded_apart, stretches
from emoviz.media import Waveform

from .fakes import FakeMedia, voice

pytestmark = pytest.mark.usefixtures("tiny_encoders")
REACH = {"whisper": 0, "hubert": 80, "wavlm": 80, "whisper-encoder": 0}
"""Encoder -> samples by which a frame reaches beyond the hop around its middle."""
ENCODERS = tuple(REACH)
FIRST, SECOND = voice(1.6, 1), 0.5 * voice(2.2, 2)


@dataclass(eq=False)
class Speech(FakeMedia):
    """A clip whose pauses are known; nothing is conditioned."""

    unspoken: tuple[tuple[float, float], ...] = ()

    def speech(self, progress=None) -> Waveform:
        return replace(self.waveform(), unspoken=self.unspoken)


def conversation(pause: float, start: float = 0.0) -> Speech:
    """Two utterances with a pause between them in which nobody speaks."""
    noise = 0.02 * np.random.default_rng(3).standard_normal(round(pause * 16000)).astype(np.float32)
    end = start + len(FIRST) / 16000
    return Speech(np.concatenate([FIRST, noise, SECOND]), start=start, unspoken=((end, end + pause),))


def of(name: str, media: FakeMedia) -> FeatureStream:
    return make(name, {"sound": "conditioned"}).extract(media)


def sound(*unspoken: tuple[float, float]) -> Waveform:
    return Waveform(np.zeros(32000, np.float32), 16000, 0.0, unspoken=unspoken)


@pytest.mark.parametrize(
    ("pauses", "expected"),
    [
        ((), [(0, 20)]),
        (((0.0, 2.0),), []),
        (((0.0, 0.45), (1.55, 2.0)), [(5, 16)]),
        (((0.55, 0.75),), [(0, 20)]),
        (((0.55, 0.95),), [(0, 6), (10, 20)]),
        (((0.35, 0.55), (0.95, 1.35)), [(0, 10), (14, 20)]),
        (((0.0, 0.45), (0.55, 0.95)), [(5, 6), (10, 20)]),
        (((0.5, 0.9),), [(0, 5), (9, 20)]),
    ],
)
def test_a_pause_parts_stretches_unless_it_is_short(pauses, expected):
    assert pytest.approx(0.3) == PAUSE
    assert stretches(0.1 * np.arange(20), sound(*pauses)) == expected


@pytest.mark.parametrize("name", ENCODERS)
def test_an_utterance_has_its_own_features_wherever_it_stands(name):
    media = conversation(1.0, start=0.5)
    together = of(name, media)
    # Frames of convolutional networks are 25 ms long, so the last one reaches 5 ms into the pause.
    first, second = of(name, Speech(media.samples[: len(FIRST) + REACH[name]])), of(name, Speech(SECOND))
    assert together.start == pytest.approx(0.5 + first.start)
    np.testing.assert_allclose(together.values[: len(first.values)], first.values, atol=1e-5)
    begin = round((1.6 + 1.0) / 0.02)
    np.testing.assert_allclose(together.values[begin:], second.values, atol=1e-5)
    assert np.isnan(together.values[80:130]).all()


@pytest.mark.parametrize("name", ENCODERS)
def test_an_utterance_is_heard_with_its_neighbour_over_a_short_pause(name):
    media = conversation(0.2)
    recorded, found = make(name).extract(media).values, of(name, media).values
    there = ~np.isnan(found).all(1)
    assert 8 <= (~there).sum() <= 10
    np.testing.assert_array_equal(found[there], recorded[there])


@pytest.mark.parametrize("name", ENCODERS)
def test_recorded_sound_is_encoded_as_a_whole(name):
    media = conversation(1.0)
    values = make(name).extract(media).values
    np.testing.assert_array_equal(values, make(name).extract(FakeMedia(media.samples)).values)
    assert np.isfinite(values).all()


def test_a_long_stretch_is_encoded_in_windows_of_its_own(monkeypatch):
    monkeypatch.setattr(whisper, "WINDOW", 50)
    monkeypatch.setattr(whisper, "OVERLAP", 10)
    media = conversation(1.0)
    network = load_encoder(places.encoders() / ENCODER)
    second = encode(network, SECOND, layer=2)
    assert len(second) > 2 * 50
    np.testing.assert_allclose(of("whisper", media).values[-len(second) :], second, atol=1e-5)


def test_statistics_are_those_of_spoken_frames():
    media = conversation(1.0)
    frames = of("wavlm", media).values
    spoken = frames[~np.isnan(frames).all(1)]
    pooled = make("wavlm", {"sound": "conditioned", "pooling": "statistics"}).extract(media)
    np.testing.assert_allclose(pooled.values[0], np.concatenate([spoken.mean(0), spoken.std(0)]), atol=1e-6)
    nothing = Speech(FIRST, unspoken=((0.0, 1.6),))
    assert np.isnan(make("wavlm", {"sound": "conditioned", "pooling": "mean"}).extract(nothing).values).all()


def test_progress_is_that_of_the_whole():
    told = []
    frames, pauses = 0.1 * np.arange(20), sound((0.55, 0.95))

    def work(first, end, progress):
        progress("Encoding speech", 1, 2)
        progress("Encoding speech", 2, 2)
        return np.full((end - first, 1), first, np.float32)

    values = encoded_apart(frames, pauses, 1, work, lambda stage, done, total: told.append((done, total)))
    assert told == [(3, 20), (6, 20), (15, 20), (20, 20)]
    np.testing.assert_array_equal(values[:, 0], [0] * 6 + [np.nan] * 4 + [10] * 10)
