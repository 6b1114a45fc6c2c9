"""Features of people's own clips are kept up to a bound, and those of corpora for good."""

import os
from pathlib import Path

import numpy as np

from emoviz.core.kept import Kept
from emoviz.features.base import FeatureStream
from emoviz.features.clip_store import ClipStore
from emoviz.features.store import FeatureStore

from .fakes import FakeMedia, voice

FRAMES = 1000


class Fake:
    """An extractor whose values tell how often it ran."""

    name, version, modality = "fake", "1", "audio"
    channels, settings = ("a",), {"layer": 2}

    def __init__(self) -> None:
        self.runs = 0

    def extract(self, media, progress=None):
        self.runs += 1
        return FeatureStream(np.full((FRAMES, 1), self.runs, np.float32), 0.01, 0.02, ("a",), ("ü",))


def clip(number: int) -> FakeMedia:
    media = FakeMedia(voice(0.5, 0))
    media.key = f"clip{number}"
    return media


def test_a_feature_of_a_clip_is_extracted_once_and_comes_back_whole(tmp_path: Path):
    fake, store = Fake(), ClipStore(tmp_path, Kept(tmp_path / "kept"))
    assert not store.holds(fake, clip(0))
    first, again = store.extract(fake, clip(0)), store.extract(fake, clip(0))
    assert fake.runs == 1 and store.holds(fake, clip(0)) and not store.holds(fake, clip(1))
    assert np.array_equal(first.values, again.values) and first.about == again.about
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]  # nothing of it lies with the corpora


def test_the_longest_unused_features_go_and_those_of_corpora_stay(tmp_path: Path):
    fake = Fake()
    FeatureStore(tmp_path).extract(fake, clip(9))  # as of a corpus
    store = ClipStore(tmp_path, Kept(tmp_path / "kept", most=2 * (4 * FRAMES + 600)))
    for number in range(4):
        store.extract(fake, clip(number))
        for age, path in enumerate(sorted((tmp_path / "kept").iterdir(), key=os.path.getmtime, reverse=True)):
            os.utime(path, (1e9 - age, 1e9 - age))
    assert [store.holds(fake, clip(number)) for number in range(4)] == [False, False, True, True]
    assert store.extract(fake, clip(9)).values[0] == 1 and fake.runs == 5
