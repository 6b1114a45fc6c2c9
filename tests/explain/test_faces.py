"""Grad-CAM of faces in clips: heat over the faces of the frames, and a film of the whole clip."""

import numpy as np
import pytest
from clips import plain_frames, write_clip

from emoviz.core.errors import ConfigError, FeatureError, UnknownNameError
from emoviz.core.vocabulary import FER_EMOTIONS
from emoviz.explain import explain_face, explain_film
from emoviz.media import ClipMedia


def test_faces_stand_beneath_their_heat(models, media):
    found = explain_face(models[0], media, "happy", [0.49, 0.13, 99.0], side=96)
    assert found.heat.shape == (3, 96, 96) and found.heat.min() >= 0 and found.heat.max() <= 1
    assert found.pictures.shape == (3, 96, 96, 3) and found.pictures.dtype == np.uint8
    np.testing.assert_allclose(found.times, [0.48, 0.12, 0.76])
    track = media.face_track()
    frame = np.abs(media.faces().times - found.times[1]).argmin()
    crop = track.crops[frame].reshape(1, -1).astype(np.float32) / 255
    logits = models[0]({"crop": crop}).prediction[0]
    assert found.values[1] == pytest.approx(logits.softmax(0)[FER_EMOTIONS.index("happy")].item(), abs=1e-5)
    grey = found.pictures[1].mean(2)[::2, ::2].ravel()
    assert np.corrcoef(grey, track.crops[frame].ravel())[0, 1] > 0.95


def test_faces_that_are_not_there_are_refused_in_one_sentence(models, media, tmp_path):
    with pytest.raises(UnknownNameError, match="no output named 'joy'"):
        explain_face(models[0], media, "joy", [0.1])
    with pytest.raises(ConfigError, match="^Grad-CAM shows one moment"):
        explain_face(models[0], media, "happy", [])
    grey = ClipMedia(write_clip(tmp_path / "grey.mp4", plain_frames(5)))
    with pytest.raises(FeatureError, match="^There is nothing to explain: no face was found in the clip.$"):
        explain_face(models[0], grey, "happy", [0.1])


def test_a_film_is_the_faces_of_the_whole_clip(models, media):
    film = explain_film(models[0], media, "happy", pictures=4, side=48)
    frames = len(media.face_track().frames)
    assert film.heat.shape == (frames, 12, 12) and film.heat.min() >= 0 and film.heat.max() <= 1
    assert film.squares.shape == (frames, 3, 2) and film.hold == pytest.approx(0.04)
    one = explain_face(models[0], media, "happy", [film.times[3]])
    assert film.values[3] == pytest.approx(one.values[0], abs=1e-5)
    np.testing.assert_allclose(film.strip.times, [0.08, 0.28, 0.48, 0.68], atol=0.041)
    assert film.strip.pictures.shape == (4, 48, 48, 3) and film.strip.heat.shape == (4, 48, 48)
