"""Corruptions of pictures of faces by cameras, light, and what stands or moves before them."""

import numpy as np

from ...core.vocabulary import Modality
from .base import Scene, corruption

SENSOR = 3.0
"""Standard deviation of a sensor's noise in the dark, in grey levels."""


@corruption("blur", "blurred over {level:.0%} of the side", 0.02, 0.06, modality=Modality.VIDEO)
def blur(picture: np.ndarray, level: float, scene: Scene) -> np.ndarray:
    """Blur a picture by a Gaussian whose standard deviation is a share of the side."""
    import cv2

    return np.asarray(cv2.GaussianBlur(picture, (0, 0), level * picture.shape[0]))


@corruption("jpeg", "JPEG of quality {level:.0f}", 20, 5, modality=Modality.VIDEO)
def jpeg(picture: np.ndarray, level: float, scene: Scene) -> np.ndarray:
    """Encode a picture as JPEG and decode it again."""
    import cv2

    _, coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, round(level)])
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_UNCHANGED))


@corruption("dark", "{level:.0%} of the light", 0.4, 0.15, modality=Modality.VIDEO)
def dark(picture: np.ndarray, level: float, scene: Scene) -> np.ndarray:
    """Leave a share of the light, in which the noise of the sensor shows."""
    seen = picture * level + scene.random.normal(0, SENSOR, picture.shape)
    return np.asarray(seen.round().clip(0, 255).astype(np.uint8))


@corruption("cover", "{level:.0%} of the area covered", 0.1, 0.25, modality=Modality.VIDEO)
def cover(picture: np.ndarray, level: float, scene: Scene) -> np.ndarray:
    """Cover a square somewhere in the picture, grey as its mean."""
    height, width = (round(side * level**0.5) for side in picture.shape[:2])
    top = int(scene.random.integers(picture.shape[0] - height + 1))
    left = int(scene.random.integers(picture.shape[1] - width + 1))
    covered = picture.copy()
    covered[top : top + height, left : left + width] = round(float(picture.mean()))
    return covered


@corruption("turn", "turned by {level:.0f} degrees", 10, 25, modality=Modality.VIDEO)
def turn(picture: np.ndarray, level: float, scene: Scene) -> np.ndarray:
    """Turn a picture about its middle, to the left or to the right."""
    import cv2

    side = 1 if scene.random.random() < 0.5 else -1
    height, width = picture.shape[:2]
    turned = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), side * level, 1.0)
    return np.asarray(cv2.warpAffine(picture, turned, (width, height), borderMode=cv2.BORDER_REPLICATE))
