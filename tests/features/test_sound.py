"""Speech features read the sound as it was recorded or conditioned, and are missing where it is."""

import inspect
from pathlib import Path

import numpy as np
import pytest

from emoviz.core.errors import FeatureError
from emoviz.core.vocabulary import Modality
from emoviz.features import EXTRACTORS, make
from emoviz.features.base import sound_stream
from emoviz.media import Waveform, read_waveform

from .fakes import FakeMedia, voice

EXAMPLE = Path(__file__).parents[2] / "examples" / "synthetic-english.mp4"
pytestmark = pytest.mark.usefixtures("tiny_encoders")


def hears(name: str) -> bool:
    return EXTRACTORS[name].modality == Modality.AUDIO and "sound" in inspect.signature(EXTRACTORS[name]).parameters


LISTENING = [name for name in EXTRACTORS if hears(name)]
ENCODED_APART = ("whisper", "hubert", "wav2vec2", "xls-r", "wavlm", "whisper-encoder")
"""Features of networks that attend to all that they are given at once."""


@pytest.mark.parametrize("name", LISTENING)
def test_conditioned_features_do_not_depend_on_offset_and_level(name):
    sound = read_waveform(EXAMPLE).samples[: 3 * 16000].copy()
    extractor = make(name, {"sound": "conditioned"})
    plain, changed = (extractor.extract(FakeMedia(samples)).values for samples in (sound, 0.25 * sound + 0.02))
    recorded = make(name).extract(FakeMedia(sound)).values
    assert np.isfinite(plain).any()
    spread = np.nanstd(plain) + 1e-6
    assert np.nanmean(np.abs(plain - changed)) < 0.15 * spread
    assert not np.array_equal(plain, recorded, equal_nan=True)


@pytest.mark.parametrize("name", LISTENING)
def test_the_sound_is_named_in_the_settings_unless_it_is_the_recorded_one(name):
    assert "sound" not in make(name).settings
    apart = {"pause": 0.3} if name in ENCODED_APART else {}
    assert make(name, {"sound": "conditioned"}).settings == make(name).settings | {"sound": "conditioned"} | apart


def test_features_are_missing_in_a_gap_which_is_said():
    sound = Waveform(np.zeros(16000, np.float32), 16000, 0.0, ((0.3, 0.5),), ("A note.",))
    stream = sound_stream(np.ones((10, 2), np.float32), 0.05, 0.1, ("a", "b"), sound)
    assert np.isnan(stream.values).all(1).tolist() == [False] * 3 + [True] * 2 + [False] * 5
    assert stream.notes == ("A note.", "The sound has a gap from 0.3 s to 0.5 s.")


def test_another_kind_of_sound_is_refused():
    with pytest.raises(FeatureError, match="'sound' is one of recorded, conditioned, not 'loud'"):
        make("egemaps", {}).__class__(sound="loud").extract(FakeMedia(voice(1)))
