"""What every registered extractor promises."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from emoviz.core.vocabulary import Modality
from emoviz.features import EXTRACTORS
from emoviz.features.base import MOST_NAMED, missing_stream
from emoviz.features.store import FeatureStore
from emoviz.features.stream_file import numbered
from emoviz.media import ClipMedia

from .fakes import FakeMedia, timeline, voice

NAMES = list(EXTRACTORS)
CHANNELS = {
    **dict.fromkeys(("hubert", "wav2vec2", "xls-r", "wavlm", "whisper-encoder"), 16),
    **dict.fromkeys(("bert", "distilbert", "roberta", "xlm-roberta", "captions"), 16),
    **dict.fromkeys(("vit", "clip", "videomae", "vgg16"), 16),
    **dict.fromkeys(("deep-spectrum-vgg16", "deep-spectrum-alexnet"), 16),
    **dict.fromkeys(("deep-spectrum-densenet121", "deep-spectrum-densenet201"), 44),
    "wavlm-xvector": 8,
    "resnet50": 8,
    "vggface": 8,
    "mfcc": 39,
    "mfcc-functionals": 78,
    "mfcc-words": 10,
    "egemaps-functionals": 50,
    "blendshapes-functionals": 104,
    "egemaps-words": 10,
    "blendshapes-words": 10,
    "whisper": 384,
    "egemaps": 25,
    "action_units": 24,
    "blendshapes": 52,
    "face": 512,
    "expression": 8,
    "snippets": 3 * 16 * 64 * 64,
    "spectrogram": 256 * 100,
}
HOPS = {
    **dict.fromkeys(CHANNELS, 0.1),
    **dict.fromkeys(("whisper", "hubert", "wav2vec2", "xls-r", "wavlm", "whisper-encoder"), 0.02),
    **dict.fromkeys(("vit", "clip", "captions"), 0.2),
    **dict.fromkeys(("action_units", "blendshapes", "face", "expression", "vggface", "vgg16"), 0.04),
    "videomae": 0.64,
    "egemaps": 0.01,
    "mfcc": 0.01,
}
PARTS = {"snippets": 6, "spectrogram": 6, "wavlm-xvector": 31}
"""Frames of the streams that divide every clip alike; fragments are one more, as they stand around its ends."""
LONGER = {"wavlm-xvector": 1.0, "videomae": 2.0}
"""Seconds of the shortest clip here of extractors that need more of it."""
READS_SOUND = (Modality.AUDIO, Modality.TEXT)
pytestmark = pytest.mark.usefixtures("tiny_encoders")


def without_signal(extractor) -> FakeMedia:
    """A clip without what the extractor reads."""
    whole = clip()
    sound = extractor.modality in READS_SOUND and extractor.name != "captions"
    return FakeMedia(None, whole.picture) if sound else FakeMedia(whole.samples)


def clip(seconds: float = 1.0) -> FakeMedia:
    times = np.arange(max(round(seconds * 25), 1)) * 0.04
    return FakeMedia(voice(seconds), timeline(times, np.ones(len(times), bool)))


def test_all_streams_of_the_design_are_there():
    assert set(NAMES) >= set(CHANNELS)


def test_the_page_of_encoders_names_them_all():
    page = (Path(__file__).parents[2] / "docs" / "encoders.md").read_text("utf-8")
    for feature in CHANNELS:
        name = "deep-spectrum-..." if feature.startswith("deep-spectrum") else feature
        assert f"`{name}`" in page, feature


@pytest.fixture(params=NAMES)
def extractor(request):
    return EXTRACTORS[request.param]()


def test_channels_have_unique_names_that_a_person_can_read(extractor):
    assert (
        len(extractor.channels) == len(set(extractor.channels)) == CHANNELS.get(extractor.name, len(extractor.channels))
    )
    assert all(re.fullmatch(rf"({extractor.name}|face)\.[A-Za-z0-9.-]+(_sma3(nz)?)?", n) for n in extractor.channels)


def test_names_differ_between_extractors():
    names = [channel for name in NAMES for channel in EXTRACTORS[name]().channels]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("seconds", [0.2, 1.0])
def test_a_clip_gives_known_float32_values_over_its_whole_length(extractor, seconds):
    seconds = max(seconds, LONGER.get(extractor.name, 0))
    stream = extractor.extract(clip(seconds))
    assert stream.values.dtype == np.float32
    assert stream.channels == extractor.channels
    whole = extractor.name in PARTS
    assert stream.hop == pytest.approx(
        seconds / PARTS[extractor.name] if whole else HOPS.get(extractor.name, stream.hop)
    )
    known = np.isfinite(stream.values).all(1)
    assert known.any() if extractor.modality is Modality.TEXT else known.all()
    assert stream.notes == ()
    assert np.nanstd(stream.values) > 0
    half = stream.hop / 2 if whole or stream.hop > 0.04 else 0
    assert stream.times[0] - half <= 0.03
    assert seconds - max(0.07, 0.5 * stream.hop) <= stream.times[-1] + half <= seconds + 0.5 * stream.hop


def test_extraction_is_deterministic(extractor):
    first, second = (extractor.extract(clip()) for _ in range(2))
    assert np.array_equal(first.values, second.values, equal_nan=True)


def test_a_clip_that_lacks_the_signal_gives_nan_and_a_reason(extractor):
    stream = extractor.extract(without_signal(extractor))
    assert len(stream.values) == PARTS.get(extractor.name, len(stream.values)) >= 1
    assert np.isnan(stream.values).all()
    assert stream.notes[0].startswith("The clip has no ")
    assert stream.channels == extractor.channels


@pytest.mark.parametrize(
    "name", [name for name in NAMES if EXTRACTORS[name].modality in READS_SOUND and name != "captions"]
)
def test_empty_sound_is_missing(name):
    stream = EXTRACTORS[name]().extract(FakeMedia(np.zeros(0, np.float32)))
    assert np.isnan(stream.values).all()
    assert stream.notes


def test_the_store_gives_back_what_was_extracted(extractor, tmp_path):
    media = clip()
    extracted = FeatureStore(tmp_path).extract(extractor, media)
    stored = FeatureStore(tmp_path).stream(media.key, extractor.name)
    assert np.array_equal(stored.values, extracted.values, equal_nan=True)
    assert stored.values.dtype == np.float32
    count = len(extracted.channels)
    named = extracted.channels if count <= MOST_NAMED else numbered(count)
    assert (stored.start, stored.hop, stored.channels, stored.notes) == (
        extracted.start,
        extracted.hop,
        named,
        extracted.notes,
    )


def test_missing_stream_has_one_frame_at_least():
    assert missing_stream(("a", "b"), 0.0, 0.02, "Nothing.").values.shape == (1, 2)
    assert missing_stream(("a", "b"), 1.0, 0.02, "Nothing.").values.shape == (50, 2)


@pytest.mark.corpora
def test_a_real_clip_gives_every_stream(data, tmp_path):
    media = ClipMedia(data / "clips" / "crema-d" / "1001_DFA_HAP_XX.flv")
    for name in (name for name in NAMES if EXTRACTORS[name].modality is not Modality.TEXT):
        stream = FeatureStore(tmp_path).extract(EXTRACTORS[name](), media)
        assert np.isfinite(stream.values).all(axis=1).mean() > 0.9, name
        half = stream.hop / 2 if name in PARTS else 0
        missed = max(0.15, 1.5 * stream.hop)  # pictures come at the frames of the video, which ends before its sound
        assert stream.times[-1] + half == pytest.approx(media.info.duration, abs=missed), name


def test_extractors_are_imported_when_the_registry_is_read_and_their_libraries_when_used():
    program = """
import sys
from pathlib import Path
import emoviz.features
inside = {name for name in sys.modules if name.startswith("emoviz.features.")}
assert inside == {"emoviz.features.base"} and not {"av", "cv2", "torch"} & set(sys.modules), inside
assert {"egemaps", "whisper", "bert"} <= set(emoviz.features.EXTRACTORS)
heavy = {"opensmile", "transformers", "lightning", "sklearn", "streamlit"} & set(sys.modules)
assert not heavy, heavy
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
