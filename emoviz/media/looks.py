"""The looks of a face, by which a person is told again: patterns of the skin, eyes, nose and mouth, place by place.

Each pixel of a crop is compared with the eight around it; which of them are brighter is its pattern, which no change of
light changes. How often each of 59 patterns occurs in each part of the face is its looks (T. Ahonen, A. Hadid,
M. Pietikäinen, "Face description with local binary patterns", TPAMI 2006).
"""

from functools import cached_property

import cv2
import numpy as np

SIDE, CELLS, SOFTENED = 96, 8, 1.0
"""Pixels of a crop's side when it is looked at, parts along a side, and the blur before that in pixels."""
AROUND = ((-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1))
"""The eight places around a pixel, in a circle."""
CONTINUES, SAME_LOOKS = 0.6, 0.66
"""Likeness of two crops from which they show one person: of two that follow each other, and of any two.

Of 58,000 pairs of faces from the front, 1 in 1000 reaches the first and 1 in 10,000 the second. Of one person, crops
that follow each other have .77 and more, and two takes with other expressions, light and size .69 and more, measured on
22 pictures that were moved; two clips of one actor have .82 and more.
"""


def _numbers() -> np.ndarray:
    """The number of each pattern: those with at most two changes round the circle have one each, all others one."""
    patterns = np.arange(256, dtype=np.uint8)
    bits = np.unpackbits(patterns[:, None], axis=1)
    even = np.abs(np.diff(np.hstack([bits, bits[:, :1]]).astype(int))).sum(1) <= 2
    return np.where(even, np.cumsum(even) - 1, even.sum())


NUMBERS = _numbers()
COUNT = int(NUMBERS.max()) + 1


def looks_of(crop: np.ndarray) -> np.ndarray:
    """Return the looks of a face, so that the product of two is their likeness, from -1 to 1.

    Args:
        crop: crop of the face, uint8 (H, W), grey.

    Returns:
        looks, float32 (3776,), of mean 0 and length 1.
    """
    large = cv2.GaussianBlur(cv2.resize(crop, (SIDE, SIDE)), (0, 0), SOFTENED)
    inner = large[1:-1, 1:-1]
    last = SIDE - 1
    patterns = np.zeros(inner.shape, np.uint8)
    for bit, (down, right) in enumerate(AROUND):
        brighter = large[1 + down : last + down, 1 + right : last + right] >= inner
        patterns |= brighter.astype(np.uint8) << np.uint8(bit)
    part = np.arange(len(inner)) * CELLS // len(inner)
    parts = part[:, None] * CELLS + part
    counts = np.bincount((parts * COUNT + NUMBERS[patterns]).ravel(), minlength=CELLS**2 * COUNT)
    values = np.sqrt(counts, dtype=np.float32)
    values -= values.mean()
    return np.asarray(values / max(float(np.linalg.norm(values)), 1e-6))


class Crop:
    """A crop of a face, whose looks are found when they are first asked for.

    Args:
        picture: crop, uint8 (H, W), grey.
    """

    def __init__(self, picture: np.ndarray) -> None:
        self.picture = picture

    @cached_property
    def looks(self) -> np.ndarray:
        """The looks of the face (:func:`looks_of`)."""
        return looks_of(self.picture)
