"""The face crop: framed by the landmarks, level, antialiased."""

import cv2
import numpy as np
import pytest
from clips import portrait
from hypothesis import given, settings
from hypothesis import strategies as st

from emoviz.media import face_crop, face_picture, face_square
from emoviz.media.networks import Region, face_networks

NETWORKS = face_networks()
LANDMARKS = NETWORKS.landmarks(portrait(), NETWORKS.detect(portrait())[0].region()).landmarks


def moved(degrees: float, scale: float) -> tuple[np.ndarray, np.ndarray]:
    """The portrait and its landmarks, turned and scaled about the face."""
    matrix = cv2.getRotationMatrix2D((225, 125), degrees, scale)
    matrix[:, 2] += (160, 160)
    image = cv2.warpAffine(portrait(), matrix, (900, 900), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return image, LANDMARKS[:, :2] @ matrix[:, :2].T + matrix[:, 2]


def test_a_crop_is_48_pixels_grey():
    crop = face_crop(portrait(), LANDMARKS)
    assert crop.shape == (48, 48) and crop.dtype == np.uint8
    assert crop.std() > 20


@settings(max_examples=20, deadline=None)
@given(degrees=st.floats(-60, 60), scale=st.floats(1, 2))
def test_the_crop_follows_the_face(degrees, scale):
    reference = face_crop(*moved(0, 1)).astype(float)
    crop = face_crop(*moved(degrees, scale)).astype(float)
    # The box of a turned face's landmarks is levelled first, so that only resampling differs.
    assert np.corrcoef(reference[4:-4, 4:-4].ravel(), crop[4:-4, 4:-4].ravel())[0, 1] > 0.97


def test_eyes_stand_where_fer2013_has_them():
    """Medians over FER2013: eyes at (0.32, 0.41) and (0.68, 0.40) of the side, measured with the same networks."""
    crop = face_crop(portrait(), LANDMARKS)
    padded = cv2.copyMakeBorder(cv2.resize(crop, (192, 192)), 96, 96, 96, 96, cv2.BORDER_REPLICATE)
    image = cv2.cvtColor(padded, cv2.COLOR_GRAY2RGB)
    points = (NETWORKS.landmarks(image, NETWORKS.detect(image)[0].region()).landmarks[:, :2] - 96) / 192
    right, left = points[[33, 133]].mean(0), points[[263, 362]].mean(0)
    assert right == pytest.approx((0.32, 0.41), abs=0.06)
    assert left == pytest.approx((0.68, 0.41), abs=0.06)


def test_fine_patterns_are_averaged_and_not_sampled():
    checkers = (np.indices((960, 960)).sum(0) % 2 * 255).astype(np.uint8)
    large = np.repeat(checkers[..., None], 3, 2)
    points = (LANDMARKS[:, :2] - LANDMARKS[:, :2].min(0)) * 7 + 100
    crop = face_crop(large, points)
    assert crop.std() < 16 and crop.mean() == pytest.approx(127, abs=4)


def test_a_picture_is_the_crop_in_colour():
    picture = face_picture(portrait(), LANDMARKS, 48)
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(int)
    assert picture.shape == (48, 48, 3) and picture.std(2).mean() > 5
    assert np.abs(grey - face_crop(portrait(), LANDMARKS)).max() <= 2
    assert face_picture(portrait(), LANDMARKS, 224).shape == (224, 224, 3)


def test_a_face_at_the_border_repeats_the_border():
    image = np.full((200, 200, 3), 90, np.uint8)
    points = LANDMARKS[:, :2] - LANDMARKS[:, :2].min(0) - 40
    assert (face_crop(image, points) == 90).all()


@pytest.mark.parametrize(
    "place", [(250, 120, 90, 0.3), (10, 500, 300, -2.0), (-400, 900, 60, 0.0), (256, 256, 900, 1.0)]
)
def test_a_square_is_cut_as_from_the_whole_picture(place):
    region, picture = Region(*place), portrait()
    whole = cv2.warpAffine(picture, region.to_square(96), (96, 96), borderMode=cv2.BORDER_REPLICATE).astype(int)
    assert np.abs(region.cut(picture, 96) - whole).max() <= 1
    grey = cv2.cvtColor(whole.astype(np.uint8), cv2.COLOR_RGB2GRAY).astype(int)
    assert np.abs(region.cut(picture, 96, grey=True) - grey).max() <= 2


def test_the_square_is_where_the_crop_is_cut():
    image, landmarks = moved(20, 1.5)
    ends = np.array([[0, 0], [48, 0], [0, 48]], np.float32) - 0.5  # corners of pixels, not their middles
    to_crop = cv2.getAffineTransform(face_square(landmarks).astype(np.float32), ends)
    cut = cv2.warpAffine(image, to_crop, (48, 48), flags=cv2.INTER_AREA)
    grey = cv2.cvtColor(cut, cv2.COLOR_RGB2GRAY).astype(float)
    assert np.corrcoef(grey.ravel(), face_crop(image, landmarks).astype(float).ravel())[0, 1] > 0.95
