"""Embeddings of a clip by untrained models: one per window or face, those that a prediction is made of."""

import dataclasses

import numpy as np
import pytest
from clips import face_frames, speech, write_clip
from untrained import NAMES, save_all

from emoviz.checkpoints.folder import Checkpoint
from emoviz.core.errors import MediaError
from emoviz.media import ClipMedia
from emoviz.prediction.clip import load_checkpoints
from emoviz.prediction.inputs import reads_clips, streams_of
from emoviz.prediction.model import apply, embed_clip
from emoviz.prediction.windows import Windows

SECONDS = 2.0


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> dict[str, Checkpoint]:
    folder = save_all(tmp_path_factory.mktemp("untrained"))
    return {model.name: model for model in load_checkpoints(NAMES, [folder])}


@pytest.fixture(scope="module")
def media(tmp_path_factory) -> ClipMedia:
    frames = face_frames(50, [lambda i: (150 + i, 60)])
    return ClipMedia(write_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", frames, speech(SECONDS)))


def test_a_model_of_windows_has_one_embedding_per_window(models, media):
    model = models["speech-emotion"]
    embedding = embed_clip(model, media)
    windows = Windows.of(model.description, media.info.duration)
    np.testing.assert_allclose(embedding.times, windows.centres)
    first = windows.aligned(streams_of(model, media), np.array([0]))
    np.testing.assert_allclose(embedding.values[:1], apply(model, first).embedding.numpy(), atol=1e-6)


def test_a_model_of_pictures_has_one_embedding_per_face(models, media):
    embedding = embed_clip(models["face-expression"], media)
    faces = media.faces()
    np.testing.assert_allclose(embedding.times, faces.times[media.face_track().frames])
    assert embedding.values.shape == (len(embedding.times), 8)
    assert np.isfinite(embedding.values).all()


def test_a_clip_that_holds_nothing_of_what_a_model_reads_has_no_embedding(models, tmp_path):
    silent = ClipMedia(write_clip(tmp_path / "silent.mp4", face_frames(10, [lambda i: None]), None))
    for name in ("face-expression", "speech-emotion"):
        with pytest.raises(MediaError, match="no embedding of it"):
            embed_clip(models[name], silent)


def test_features_that_only_a_corpus_ships_cannot_be_read_from_a_clip(models):
    about = models["speech-emotion"].description
    assert reads_clips(about) and reads_clips(models["face-expression"].description)
    shipped = dataclasses.replace(about.features[0], name="openface")
    assert not reads_clips(dataclasses.replace(about, features=(*about.features, shipped)))
