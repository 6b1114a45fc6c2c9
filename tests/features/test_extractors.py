"""What every registered extractor promises."""

import re

import numpy as np
import pytest

from emoviz.define import Modality
from emoviz.features import EXTRACTORS
from emoviz.features.base import missing_stream
from emoviz.features.store import FeatureStore
from emoviz.media import ClipMedia

from .fakes import FakeMedia, timeline, voice

NAMES = list(EXTRACTORS)
CHANNELS = {
    "whisper": 384,
    "egemaps": 25,
    "blendshapes": 52,
    "face": 512,
    "expression": 8,
    "snippets": 3 * 16 * 64 * 64,
    "spectrogram": 256 * 100,
}
HOPS = {"whisper": 0.02, "egemaps": 0.01, "blendshapes": 0.04, "face": 0.04, "expression": 0.04}
PARTS = {"snippets": 6, "spectrogram": 6}
"""Frames of the streams that divide every clip alike."""


def clip(seconds: float = 1.0) -> FakeMedia:
    times = np.arange(max(round(seconds * 25), 1)) * 0.04
    return FakeMedia(voice(seconds), timeline(times, np.ones(len(times), bool)))


def test_all_streams_of_the_design_are_there():
    assert set(NAMES) == set(CHANNELS)


@pytest.fixture(params=NAMES)
def extractor(request):
    return EXTRACTORS[request.param]()


def test_channels_have_unique_names_that_a_person_can_read(extractor):
    assert len(extractor.channels) == len(set(extractor.channels)) == CHANNELS[extractor.name]
    assert all(
        re.fullmatch(r"(whisper|egemaps|face|expression|snippets|spectrogram)\.[A-Za-z0-9.-]+(_sma3(nz)?)?", n)
        for n in extractor.channels
    )


def test_names_differ_between_extractors():
    names = [channel for name in NAMES for channel in EXTRACTORS[name]().channels]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("seconds", [0.2, 1.0])
def test_a_clip_gives_known_float32_values_over_its_whole_length(extractor, seconds):
    stream = extractor.extract(clip(seconds))
    assert stream.values.dtype == np.float32
    assert stream.channels == extractor.channels
    whole = extractor.name in PARTS
    assert stream.hop == pytest.approx(seconds / PARTS[extractor.name] if whole else HOPS[extractor.name])
    assert np.isfinite(stream.values).all()
    assert stream.notes == ()
    assert stream.values.std() > 0
    half = stream.hop / 2 if whole else 0
    assert stream.times[0] - half <= 0.03
    assert seconds - 0.07 <= stream.times[-1] + half <= seconds


def test_extraction_is_deterministic(extractor):
    first, second = (extractor.extract(clip()) for _ in range(2))
    assert np.array_equal(first.values, second.values)


def test_a_clip_that_lacks_the_signal_gives_nan_and_a_reason(extractor):
    whole = clip()
    media = FakeMedia(None, whole.picture) if extractor.modality is Modality.AUDIO else FakeMedia(whole.samples)
    stream = extractor.extract(media)
    assert len(stream.values) == PARTS.get(extractor.name, len(stream.values)) > 5
    assert np.isnan(stream.values).all()
    assert stream.notes[0].startswith("The clip has no ")
    assert stream.channels == extractor.channels


@pytest.mark.parametrize("name", [name for name in NAMES if EXTRACTORS[name].modality is Modality.AUDIO])
def test_empty_sound_is_missing(name):
    stream = EXTRACTORS[name]().extract(FakeMedia(np.zeros(0, np.float32)))
    assert np.isnan(stream.values).all()
    assert stream.notes


def test_the_store_gives_back_what_was_extracted(extractor, tmp_path):
    media = clip()
    extracted = FeatureStore(tmp_path).extract(extractor, media)
    stored = FeatureStore(tmp_path).stream(media.key, extractor.name)
    assert np.array_equal(stored.values, extracted.values)
    assert stored.values.dtype == np.float32
    assert (stored.start, stored.hop, stored.channels, stored.notes) == (
        extracted.start,
        extracted.hop,
        extracted.channels,
        extracted.notes,
    )


def test_missing_stream_has_one_frame_at_least():
    assert missing_stream(("a", "b"), 0.0, 0.02, "Nothing.").values.shape == (1, 2)
    assert missing_stream(("a", "b"), 1.0, 0.02, "Nothing.").values.shape == (50, 2)


@pytest.mark.corpora
def test_a_real_clip_gives_every_stream(data, tmp_path):
    media = ClipMedia(data / "clips" / "crema-d" / "1001_DFA_HAP_XX.flv")
    for name in NAMES:
        stream = FeatureStore(tmp_path).extract(EXTRACTORS[name](), media)
        assert np.isfinite(stream.values).all(axis=1).mean() > 0.9, name
        half = stream.hop / 2 if name in PARTS else 0
        assert stream.times[-1] + half == pytest.approx(media.info.duration, abs=0.15), name
