"""A clip's pictures for encoders, faces or whole pictures, at any rate, with one batch in memory at a time."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from ..core.errors import FeatureError
from ..core.progress import Progress, silent
from .align import nearest
from .base import FeatureStream, missing_stream
from .frames import resample

if TYPE_CHECKING:
    from ..media import ClipMedia

BATCH = 32
Encode = Callable[[np.ndarray], np.ndarray]
"""Function that encodes RGB pictures: uint8 (B, side, side, 3) -> float32 (B, D)."""


def require_rate(feature: str, rate: float) -> None:
    """Refuse a negative number of pictures per second.

    Raises:
        FeatureError: if the rate is negative.
    """
    if rate < 0:
        raise FeatureError(f"'rate' of '{feature}' is 0 or more, not {rate:g}.")


def picture_stream(
    media: "ClipMedia",
    channels: tuple[str, ...],
    encode: Encode,
    *,
    rate: float,
    side: int,
    whole: bool = False,
    frames: int = 1,
    progress: Progress = silent,
) -> FeatureStream:
    """Encode pictures at even times.

    Args:
        media: the clip.
        channels: names of the D channels.
        encode: the encoder.
        rate: frames of the stream per second; 0 for a frame for every picture of the clip.
        side: side of the squares, in pixels.
        whole: whether the middle square of the picture is read instead of the speaker's face.
        frames: pictures per frame of the stream, evenly spaced over it; ``encode`` then gets
            uint8 (B, frames, side, side, 3).
        progress: listener, told of the decoding and encoding.

    Returns:
        The stream; frames in which the face is not seen are NaN.
    """
    video = media.info.video
    if video is None:
        return missing_stream(channels, media.info.duration, 1 / (rate or 25), "The clip has no picture.")
    hop = 1 / (rate or video.fps or 25)
    times = _times(media, progress) if whole else media.faces(progress).times
    if not len(times):
        return missing_stream(channels, media.info.duration, hop, "The clip's picture has no frames.")
    count = max(round(media.info.duration / hop), 1) if rate else len(times)
    moments = times[0] + (np.arange(count * frames) + (0.5 if frames > 1 else 0)) * hop / frames
    shown = nearest(times, moments).reshape(count, frames) if rate else np.arange(count)[:, None]
    if not whole:
        shown = _with_face(shown, media)
    values = np.full((count, len(channels)), np.nan, np.float32)
    known = np.flatnonzero(shown[:, 0] >= 0)
    done = 0
    for numbers, pictures in _batches(media, shown, known, side, whole, frames, progress):
        progress("Encoding pictures", done, len(known))
        values[numbers] = encode(pictures if frames > 1 else pictures[:, 0])
        done += len(numbers)
    start = float(times[0]) + (hop / 2 if frames > 1 else 0)
    if not rate:
        start, hop, values = resample(times, values, hop)
    missing = 1 - len(known) / count
    notes = ("No face was found.",) if missing == 1 else (f"No face in {max(missing, 0.01):.0%} of the frames.",)
    return FeatureStream(values, start, hop, channels, notes if missing else ())


def _with_face(shown: np.ndarray, media: "ClipMedia") -> np.ndarray:
    """Replace each frame's pictures by the nearest ones with the face within the frame; -1 where there is none."""
    track = media.face_track()
    chosen = np.full_like(shown, -1)
    if track is None:
        return chosen
    for row, own in enumerate(shown):
        seen = track.frames[(track.frames >= own[0]) & (track.frames <= own[-1])]
        if len(seen):
            chosen[row] = seen[nearest(seen, own)]
    return chosen


def _batches(
    media: "ClipMedia",
    shown: np.ndarray,
    known: np.ndarray,
    side: int,
    whole: bool,
    frames: int,
    progress: Progress,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Numbers of some frames of the stream and their pictures, in order, while the clip is decoded once."""
    from ..media import face_picture

    size = max(1, BATCH // frames)
    batches = [known[i : i + size] for i in range(0, len(known), size)]
    if not batches:
        return
    track = None if whole else media.face_track()
    points = {} if track is None else dict(zip(track.frames, range(len(track.frames)), strict=True))
    landmarks = None if track is None else track.seen_points
    wanted = {int(number) for number in shown[known].ravel()}
    kept: dict[int, np.ndarray] = {}
    for number, frame in enumerate(media.pictures(progress)):
        if number in wanted:
            if track is None or landmarks is None:
                kept[number] = middle_square(frame.image, side)
            else:
                kept[number] = face_picture(frame.image, landmarks[points[number]] * track.unit, side)
        while batches and number >= shown[batches[0]].max():
            rows = shown[batches[0]]
            yield batches[0], np.stack([[kept[int(i)] for i in row] for row in rows])
            batches.pop(0)
            after = shown[batches[0]].min() if batches else np.inf
            kept = {i: picture for i, picture in kept.items() if i >= after}
        if not batches:
            return


def middle_square(image: np.ndarray, side: int) -> np.ndarray:
    """Cut the largest square out of the middle of a picture, and scale it to (side, side, 3)."""
    import cv2

    height, width = image.shape[:2]
    size = min(height, width)
    top, left = (height - size) // 2, (width - size) // 2
    return cv2.resize(image[top : top + size, left : left + size], (side, side), interpolation=cv2.INTER_AREA)


def _times(media: "ClipMedia", progress: Progress) -> np.ndarray:
    return np.array([frame.time for frame in media.pictures(progress)])
