"""Single pictures: recordings of one moment, recognised by their content and read as they are shown.

Sources
    Turn: the tag Orientation of Exif 2.32 (CIPA DC-008), which says where row 0 and column 0 of the stored picture lie.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from ..core.errors import EmovizError, MediaError
from ..core.vocabulary import STILLS
from ..core.words import listed
from .bounds import BOUNDS, Bounds

if TYPE_CHECKING:
    from PIL.Image import Image

MOMENT = 0.02
"""Seconds for which a single picture stands: one step of the curves."""

_KINDS = ("JPEG", "PNG", "TIFF", "WEBP", "BMP")
_STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\0", b"MM\0*", b"BM")


def is_still(path: Path) -> bool:
    """Return whether the content of a file begins like a single picture; False if it cannot be read."""
    try:
        if not path.is_file():  # to open a pipe is to wait for whoever writes into it
            return False
        with path.open("rb") as file:
            head = file.read(12)
    except (OSError, ValueError):
        return False
    return head.startswith(_STARTS) or (head[:4] == b"RIFF" and head[8:] == b"WEBP")


def read_still(path: Path, longest: int | None = None, bounds: Bounds = BOUNDS) -> tuple[np.ndarray, int]:
    """Return the first picture of a file, uint8 (H, W, 3), RGB, upright, and the number of pictures in the file.

    Args:
        path: path of the file.
        longest: largest number of pixels of the longer side; a larger picture is reduced to this.
        bounds: the largest picture that is accepted.

    Raises:
        MediaError: if the file is damaged, cut off, larger than the bounds, or its values are no colours.
    """
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = None  # the bounds hold in its place, which say what is accepted
    try:
        with Image.open(path, formats=_KINDS) as stored:
            _require_size(path, stored, bounds)
            pages = int(getattr(stored, "n_frames", 1))
            stored.seek(0)
            image = _colours(path, ImageOps.exif_transpose(stored))
    except EmovizError:
        raise
    except Exception as error:  # a damaged file raises errors of many kinds
        raise MediaError(
            f"'{path.name}' cannot be read as a picture: it is damaged or cut off. Accepted are {listed(STILLS)}."
        ) from error
    scale = min(1.0, longest / max(image.shape[:2])) if longest else 1.0
    if scale < 1:
        height, width = (max(1, round(side * scale)) for side in image.shape[:2])
        image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    return image, pages


def _require_size(path: Path, picture: "Image", bounds: Bounds) -> None:
    """Refuse a picture by its header, before any of it is decoded."""
    if max(picture.size) > bounds.side:
        width, height = picture.size
        raise MediaError(
            f"'{path.name}' has {width} x {height} pixels; pictures of up to {bounds.side} a side are accepted."
        )


def _colours(path: Path, picture: "Image") -> np.ndarray:
    """RGB of 8 bits; what is transparent is shown on white, as browsers do on a page."""
    from PIL import Image

    if picture.mode.startswith("I;16"):
        grey = np.asarray(picture, np.uint16) >> 8
        return np.repeat(grey.astype(np.uint8)[..., None], 3, axis=2)
    if picture.mode in ("I", "F"):
        raise MediaError(f"'{path.name}' has values beyond 16 bits, which are no colours; save it with 8 or 16 bits.")
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    return np.ascontiguousarray(picture.convert("RGB"))
