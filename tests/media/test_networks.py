"""Landmarks, blendshapes and pose against MediaPipe's own FaceLandmarker.

``mediapipe.npz`` holds what mediapipe==1.2.2 says of the portrait, upright and tilted by 10 degrees: landmarks in
pixels, blendshapes and the rotation of its facial transformation matrix. The two find slightly different crops, hence
the tolerances; MediaPipe's pose also models a camera's perspective.
"""

from pathlib import Path

import cv2
import numpy as np
import pytest
from clips import portrait

from emoviz.core.errors import MissingWeightsError
from emoviz.media.networks import BLENDSHAPES, Face, FaceNetworks, face_networks

ORACLE = np.load(Path(__file__).parent / "mediapipe.npz")
TILT = 10


def tilt(degrees: float) -> np.ndarray:
    return cv2.getRotationMatrix2D((225, 125), -degrees, 1)


def picture(name: str) -> np.ndarray:
    return portrait() if name == "upright" else cv2.warpAffine(portrait(), tilt(TILT), (512, 512))


def look(image: np.ndarray) -> Face:
    networks = face_networks()
    (detection,) = networks.detect(image)
    return networks.landmarks(image, networks.landmarks(image, detection.region()).region())


@pytest.mark.parametrize("name", ["upright", "tilted"])
def test_landmarks_and_blendshapes_are_those_of_mediapipe(name):
    face = look(picture(name))
    distance = np.linalg.norm(face.landmarks[:, :2] - ORACLE[f"{name}_landmarks"][:, :2], axis=1)
    assert face.presence > 0.99
    assert distance.mean() < 0.7 and distance.max() < 3  # on a face of 90 pixels
    difference = np.abs(face_networks().blendshapes(face.landmarks) - ORACLE[f"{name}_blendshapes"])
    assert difference.mean() < 0.02 and difference.max() < 0.17


def test_blendshapes_of_the_same_landmarks_are_exactly_those_of_mediapipe():
    actions = face_networks().blendshapes(ORACLE["upright_landmarks"])
    np.testing.assert_allclose(actions, ORACLE["upright_blendshapes"], atol=1e-4)
    named = dict(zip(BLENDSHAPES, actions, strict=True))
    assert named["mouthSmileLeft"] > 0.8 and named["mouthFrownLeft"] < 0.1


@pytest.mark.parametrize("name", ["upright", "tilted"])
def test_pose_is_that_of_mediapipe_but_for_perspective(name):
    rotation = ORACLE[f"{name}_rotation"]
    yaw = np.arctan2(rotation[0, 2], rotation[2, 2])
    roll = -np.arctan2(rotation[1, 0], np.hypot(rotation[0, 0], rotation[2, 0]))
    expected = np.degrees([yaw, np.arcsin(rotation[1, 2]), roll])
    np.testing.assert_allclose(face_networks().pose(ORACLE[f"{name}_landmarks"]), expected, atol=6)


def test_a_tilted_head_has_tilted_landmarks():
    networks, matrix = face_networks(), tilt(25)
    upright, tilted = look(portrait()).landmarks, look(cv2.warpAffine(portrait(), matrix, (512, 512))).landmarks
    distance = np.linalg.norm(upright[:, :2] @ matrix[:, :2].T + matrix[:, 2] - tilted[:, :2], axis=1)
    assert distance.mean() < 0.8
    assert networks.pose(tilted)[2] - networks.pose(upright)[2] == pytest.approx(25, abs=3)


def test_a_turned_head_has_another_yaw():
    networks = face_networks()
    landmarks = look(portrait()).landmarks
    turned = landmarks.copy()
    angle = np.radians(30)
    x, z = landmarks[:, 0], landmarks[:, 2]
    # A point before the head's axis (negative depth) moves to the picture's right.
    turned[:, 0], turned[:, 2] = np.cos(angle) * x - np.sin(angle) * z, np.sin(angle) * x + np.cos(angle) * z
    assert networks.pose(turned)[0] - networks.pose(landmarks)[0] == pytest.approx(30, abs=3)


def test_no_face_is_found_where_there_is_none():
    noise = np.random.default_rng(0).integers(0, 256, (240, 320, 3), dtype=np.uint8)
    assert face_networks().detect(noise) == []


def test_missing_and_damaged_weights_are_named(tmp_path):
    with pytest.raises(MissingWeightsError, match="face_detection_yunet_2023mar.onnx' is missing"):
        FaceNetworks(tmp_path / "none")
    (tmp_path / "yunet").mkdir()
    (tmp_path / "yunet" / "face_detection_yunet_2023mar.onnx").write_bytes(b"damaged")
    with pytest.raises(MissingWeightsError, match="damaged.*bundle_face_models"):
        FaceNetworks(tmp_path)
