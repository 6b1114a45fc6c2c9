"""Crops of faces for networks: upright, framed like the pictures of FER2013, small, grey or in colour."""

import cv2
import numpy as np

from .networks import level_square
from .tracks import FACE_SIZE

# Medians over 343 training pictures of FER2013 in which these same networks find a face: the landmarks' box fills this
# share of the picture's side, and its centre lies this share of the side below the picture's.
_BOX_SHARE = 0.945
_BOX_BELOW_CENTRE = 0.057


def face_crop(image: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """Cut out a face with its eyes level.

    Args:
        image: picture, uint8 (H, W, 3), RGB.
        landmarks: landmarks (478, 3) or (478, 2), in pixels of the picture.

    Returns:
        Crop, uint8 (48, 48), grey. Where it reaches beyond the picture, the picture's border is repeated.
    """
    return _level_face(image, landmarks, FACE_SIZE, grey=True)


def face_picture(image: np.ndarray, landmarks: np.ndarray, side: int) -> np.ndarray:
    """Cut out a face as :func:`face_crop` does, in colour and of any size: uint8 (side, side, 3)."""
    return _level_face(image, landmarks, side, grey=False)


def face_square(landmarks: np.ndarray) -> np.ndarray:
    """Return the corners of :func:`face_crop` top left, top right and bottom left, (3, 2), in pixels."""
    region = level_square(landmarks, 1 / _BOX_SHARE, _BOX_BELOW_CENTRE)
    right = region.side * np.array([np.cos(region.angle), np.sin(region.angle)])
    down = np.array([-right[1], right[0]])
    start = np.array([region.x, region.y]) - (right + down) / 2
    return np.stack([start, start + right, start + down])


def _level_face(image: np.ndarray, landmarks: np.ndarray, side: int, grey: bool) -> np.ndarray:
    """The face at a whole multiple of ``side`` that loses no detail, then reduced by areas to ``side``."""
    region = level_square(landmarks, 1 / _BOX_SHARE, _BOX_BELOW_CENTRE)
    large = region.cut(image, side * int(np.clip(np.ceil(region.side / side), 1, 16)), grey)
    return cv2.resize(large, (side, side), interpolation=cv2.INTER_AREA)
