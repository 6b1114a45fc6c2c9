"""Rotation, mirroring and stretching of stored pictures by the file's display matrix."""

import struct
from dataclasses import dataclass

import numpy as np
from av.sidedata.sidedata import Type
from av.video.frame import VideoFrame


@dataclass(frozen=True)
class Orientation:
    """The changes to a stored picture before it is shown: transposed first, then mirrored.

    Attributes:
        transposed: whether rows become columns.
        flipped_x: whether left and right are then exchanged.
        flipped_y: whether top and bottom are then exchanged.
    """

    transposed: bool = False
    flipped_x: bool = False
    flipped_y: bool = False

    @property
    def rotation(self) -> int:
        """Degrees (0, 90, 180, 270) counterclockwise by which the picture is turned, apart from mirroring."""
        if self.transposed:
            return 270 if self.flipped_x else 90
        return 180 if self.flipped_y else 0

    @property
    def mirrored(self) -> bool:
        """Whether the picture is not only turned but seen as in a mirror."""
        return self.transposed ^ self.flipped_x ^ self.flipped_y

    def apply(self, image: np.ndarray) -> np.ndarray:
        """Bring a picture (H, W, ...) upright."""
        if self == Orientation():
            return image
        turned = image.swapaxes(0, 1) if self.transposed else image
        turned = turned[:, ::-1] if self.flipped_x else turned
        return np.ascontiguousarray(turned[::-1] if self.flipped_y else turned)


_TURNS = (Orientation(), Orientation(True, False, True), Orientation(False, True, True), Orientation(True, True, False))
"""Orientation by the number of right angles counterclockwise."""


def orientation_of(frame: VideoFrame) -> Orientation:
    """Return the orientation that a decoded frame's display matrix asks for, to the nearest right angle.

    The matrix maps a stored place (x, y) to the shown one (a x + c y, b x + d y), but for a shift.
    """
    try:
        matrix = frame.side_data.get(Type.DISPLAYMATRIX)  # type: ignore[call-overload]
    except ValueError:  # beside the matrix stands what PyAV has no name for, such as Exif data of Motion JPEG
        return _TURNS[round(frame.rotation / 90) % 4]
    content = bytes(matrix) if matrix is not None else b""
    if len(content) < 36:
        return Orientation()
    a, b, _, c, d, *_ = struct.unpack("=9i", content[:36])
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return Orientation(False, a < 0, d < 0)
    return Orientation(True, c < 0, b < 0)


def shown_size(frame: VideoFrame, aspect_ratio: float) -> tuple[int, int]:
    """Return (width, height) of a decoded frame with square pixels, before it is brought upright."""
    return max(1, round(frame.width * aspect_ratio)), frame.height
