"""Untrained models, and a clip that they read."""

import numpy as np
import pytest
from clips import face_frames, speech, write_clip
from untrained import save_all

from emoviz.features import EXTRACTORS, FeatureStream
from emoviz.media import ClipMedia
from emoviz.prediction.clip import load_checkpoints

SECONDS = 3.0
HOP = 0.02


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Untrained: pictures, frames in windows of 2 s, and windows of 1 s."""
    return load_checkpoints((), [save_all(tmp_path_factory.mktemp("untrained"))])


@pytest.fixture(scope="module")
def streams() -> dict[str, FeatureStream]:
    """Whisper with a gap that eGeMAPS shares from 1 to 1.2 s."""
    random, made = np.random.default_rng(0), {}
    for name in ("whisper", "egemaps"):
        channels = tuple(EXTRACTORS[name]().channels)
        values = random.normal(0, 3, (round(SECONDS / HOP), len(channels))).astype(np.float32)
        values[50:60] = np.nan
        made[name] = FeatureStream(values, HOP / 2, HOP, channels)
    return made


@pytest.fixture(scope="module")
def media(tmp_path_factory) -> ClipMedia:
    frames = face_frames(20, [lambda i: (150, 60)])
    return ClipMedia(write_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", frames, speech(0.8)))
