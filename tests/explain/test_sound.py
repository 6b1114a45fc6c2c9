"""Grad-CAM of a network that sees the sound as pictures: a planted tone is found where it is, by hand."""

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from features.fakes import FakeMedia, timeline
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from emoviz.checkpoints.description import Description, FeatureSpec
from emoviz.checkpoints.folder import Checkpoint, Predictor
from emoviz.core.errors import ConfigError, FeatureError
from emoviz.core.vocabulary import Source, Task
from emoviz.explain import SoundExplanation, check_sound, explain_sound, sees_sound
from emoviz.explain.words import sound_words
from emoviz.features.snippets import Spectrogram, spectrogram
from emoviz.models import Convolution, Model, ModelConfig, Output
from emoviz.models.inputs import InputConfig, Inputs
from emoviz.models.losses import probabilities

LOUD = 0.0
"""Logarithm of the power above which the toy hears something."""
RATE = 16000


class Loudness(Model):
    """The first score is the mean of ReLU(x - LOUD) over all places, the second its negative."""

    task = Task.CLIP

    def __init__(self) -> None:
        super().__init__(ModelConfig({"spectrogram": 25600}, 2))
        convolution = nn.Conv2d(1, 1, 1)
        with torch.no_grad():
            convolution.weight.fill_(1)
            convolution.bias.fill_(-LOUD)
        self.block = nn.Sequential(convolution, nn.ReLU())
        self.sign = nn.Parameter(torch.tensor([1.0, -1.0]))

    def forward(self, streams: Mapping[str, Tensor], mask: Tensor, targets: Tensor | None = None) -> Output:
        pictures = streams["spectrogram"][mask].reshape(-1, 1, 256, 100)
        heard = self.block(pictures).mean((1, 2, 3)).reshape(len(mask), -1).mean(1)
        return Output(heard[:, None] * self.sign, heard[:, None])

    @property
    def last_convolution(self) -> Mapping[str, Convolution]:
        return {"spectrogram": Convolution(self.block, (256, 100))}


def toy(seconds: float = 0.5, window: float = 1.0) -> Checkpoint:
    extractor = Spectrogram(seconds=seconds)
    description = Description(
        name="toy",
        title="Loudness",
        source=Source.SPEECH,
        model="toy",
        model_config={},
        task=Task.CLIP,
        kind="emotion",
        outputs=("loud", "quiet"),
        derived=False,
        features=(FeatureSpec("spectrogram", "1", extractor.settings, (), 25600, {"seconds": seconds}),),
        inputs=(InputConfig("spectrogram", standardise=False),),
        hop=seconds,
        window=window,
        training={},
        split={},
    )
    inputs = Inputs(description.inputs, {"spectrogram": 25600})
    return Checkpoint(Path("toy"), description, Predictor(inputs, Loudness()).eval(), {})


def burst(start: float, end: float, hertz: float, duration: float = 4.0) -> np.ndarray:
    time = np.arange(round(duration * RATE)) / RATE
    return (0.9 * np.sin(2 * np.pi * hertz * time) * ((time >= start) & (time < end))).astype(np.float32)


def explained(media: FakeMedia, output: str = "loud", **options: float) -> SoundExplanation:
    model = toy()
    streams = {"spectrogram": Spectrogram(seconds=0.5).extract(media)}
    return explain_sound(model, media, streams, output, **options)


@settings(max_examples=10, deadline=None)
@given(start=st.floats(0.2, 3.2), hertz=st.floats(300, 7700))
def test_a_tone_is_found_when_and_where_it_sounds(start: float, hertz: float):
    found = explained(FakeMedia(burst(start, start + 0.4, hertz)))
    assert found.heat.shape == (256, 400) and np.nanmax(found.heat) == 1
    row, column = np.unravel_index(np.nanargmax(found.heat), found.heat.shape)
    assert start - 0.02 <= found.times[column] <= start + 0.42
    assert abs(found.frequencies[row] - hertz) <= RATE / 512
    seconds = found.moments
    hot = seconds["time"][seconds["heat"] > 0.5 * seconds["heat"].max()]
    assert start - 0.05 <= hot.min() and hot.max() <= start + 0.45
    bands = found.bands
    assert list(bands["low"][:2]) == [0, 250] and len(bands) == 32
    best = bands.loc[bands["heat"].idxmax()]
    assert best["low"] - RATE / 512 <= hertz <= best["high"] + RATE / 512


def test_by_hand():
    """Seconds overlap and begin and end within the clip; in this toy, heat is the loudness above LOUD."""
    media = FakeMedia(burst(0.7, 1.9, 1000, duration=2.0))
    starts = np.array([0, 0.25, 0.75, 1.0])  # around .25, .75, 1.25 and 1.75 s, moved into the clip
    total, count = np.zeros((256, 200)), np.zeros(200)
    for start in starts:
        first = round(start * 100)
        total[:, first : first + 100] += np.maximum(spectrogram(media.samples, round(start * RATE)) - LOUD, 0)
        count[first : first + 100] += 1
    expected = total / count
    np.testing.assert_allclose(explained(media).heat, expected / expected.max(), atol=1e-5)


def test_only_what_is_asked_for_counts():
    media = FakeMedia(burst(0.4, 0.6, 1100) + burst(3.2, 3.4, 4100))
    early = explained(media, end=1.0)
    assert early.bands["heat"].idxmax() == 4 and early.moments["time"].max() < 2.5
    assert explained(media, start=3.0).bands["heat"].idxmax() == 16
    assert np.isnan(early.heat[:, -1]).all()


def test_the_value_is_the_mean_probability():
    media = FakeMedia(burst(0.0, 4.0, 1000))
    streams = Spectrogram(seconds=0.5).extract(media)
    windows = np.lib.stride_tricks.sliding_window_view(np.arange(8), 2)
    model = toy().predictor.model
    pictures = torch.from_numpy(streams.values[windows])
    with torch.no_grad():
        said = probabilities(model({"spectrogram": pictures}, torch.ones(7, 2, dtype=torch.bool)).prediction)[:, 0]
    assert said.min() > 0.5
    found = explained(media)
    assert said.min() - 1e-6 <= found.value <= said.max() + 1e-6
    assert explained(media, "quiet").value == pytest.approx(1 - found.value, abs=1e-6)


def test_where_nothing_speaks_for_the_output_it_is_said():
    found = explained(FakeMedia(burst(1, 2, 1000)), "quiet")
    assert (found.heat == 0).all()
    assert sound_words(found).endswith("; nothing in the sound speaks for it.")


def test_in_words():
    words = sound_words(explained(FakeMedia(burst(1.0, 1.2, 1100))))
    assert words.startswith("Loud has a probability of .")
    assert re.search(r"; most heat lies at 1\.[012] s, and over the whole from 1 to 1\.25 kHz\.$", words)


def test_the_check_sees_whether_heat_follows_the_weights():
    media = FakeMedia(burst(1, 2, 1000))
    streams = {"spectrogram": Spectrogram(seconds=0.5).extract(media)}
    stages = []
    check = check_sound(toy(), streams, 4.0, "loud", progress=lambda *report: stages.append(report[1:]))
    assert not check.changes  # weights that are all one are the same shuffled
    assert stages[-1][0] == stages[-1][1] > 0


def test_what_cannot_be_explained_is_said():
    silent = FakeMedia(None, timeline(np.arange(100) / 25, np.ones(100, bool)))
    missing = {"spectrogram": Spectrogram(seconds=0.5).extract(silent)}
    with pytest.raises(FeatureError, match="^There is nothing to explain"):
        explain_sound(toy(), silent, missing, "loud")
    other = toy()
    other.predictor.model.__class__ = type("Deaf", (Loudness,), {"last_convolution": {}})
    assert not sees_sound(other)
    with pytest.raises(ConfigError, match="^'toy' has no network of pictures of sound that Grad-CAM could look into.$"):
        explain_sound(other, silent, missing, "loud")
