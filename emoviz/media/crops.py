"""The face crop that expression networks look at: small, grey, upright, framed like the pictures of FER2013."""

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
        image: uint8 (H, W, 3), RGB.
        landmarks: (478, 3) or (478, 2), in pixels of the image.

    Returns:
        uint8 (48, 48), grey. Where it reaches beyond the image, the image's border is repeated.
    """
    region = level_square(landmarks, 1 / _BOX_SHARE, _BOX_BELOW_CENTRE)
    oversampling = int(np.clip(np.ceil(region.side / FACE_SIZE), 1, 16))
    size = FACE_SIZE * oversampling
    square = cv2.warpAffine(image, region.to_square(size), (size, size), borderMode=cv2.BORDER_REPLICATE)
    grey = cv2.cvtColor(square, cv2.COLOR_RGB2GRAY)
    return cv2.resize(grey, (FACE_SIZE, FACE_SIZE), interpolation=cv2.INTER_AREA)
