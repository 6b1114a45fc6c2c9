"""Corruptions of pictures of faces by cameras, light, objects before the face, and movement."""

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
    """Lower the light to a share of it, so that the noise of the sensor shows."""
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


@corruption("cast", "colour cast of {level:.0%}", 0.2, 0.5, modality=Modality.VIDEO)
def cast(picture: np.ndarray, level: float, scene: Scene) -> np.ndarray:
    """Move the colours of a picture towards red or blue; a grey one is cast first and made grey afterwards."""
    import cv2

    side = 1 if scene.random.random() < 0.5 else -1
    gains = 1 + side * level * np.array([1.0, 0.0, -1.0])
    colour = cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB) if picture.ndim == 2 else picture
    seen = (colour * gains).round().clip(0, 255).astype(np.uint8)
    return np.asarray(cv2.cvtColor(seen, cv2.COLOR_RGB2GRAY) if picture.ndim == 2 else seen)


@corruption("framing", "framed {level:.0%} of the side beside the face", 0.05, 0.15, modality=Modality.VIDEO)
def framing(picture: np.ndarray, level: float, scene: Scene) -> np.ndarray:
    """Move a picture by a share of its side in any direction; where it reaches beyond, its border is repeated."""
    import cv2

    angle = scene.random.uniform(0, 2 * np.pi)
    height, width = picture.shape[:2]
    moved = np.array([[1, 0, level * height * np.cos(angle)], [0, 1, level * height * np.sin(angle)]])
    return np.asarray(cv2.warpAffine(picture, moved, (width, height), borderMode=cv2.BORDER_REPLICATE))
