"""The pictures of a clip, read one at a time, upright, with their true times."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter

from ..core.errors import MediaError
from ..core.progress import Progress, silent
from .bounds import BOUNDS, Bounds
from .container import DEFAULT, Choice, clip_start, decoded, open_clip, video_stream
from .info import ClipInfo, pixel_aspect_ratio, probe, require_size
from .length import Clock, Note
from .orientation import Orientation, orientation_of, shown_size
from .stills import read_still


@dataclass(frozen=True)
class Frame:
    """One picture of a clip.

    Attributes:
        time: time since the clip's start in seconds, as a player shows it.
        image: picture, uint8 (H, W, 3), RGB, upright, with square pixels.
    """

    time: float
    image: np.ndarray


_NOTHING = np.zeros((0, 0, 3), np.uint8)


def _unheard(sentence: str) -> None:
    """Take a sentence that nobody asked for."""


def iterate_frames(
    path: Path | str,
    progress: Progress = silent,
    *,
    longest: int | None = None,
    choice: Choice = DEFAULT,
    bounds: Bounds = BOUNDS,
    note: Note = _unheard,
    first: int = 0,
) -> Iterator[Frame]:
    """Decode a clip's pictures as a stream: only a few are in memory at a time.

    Times strictly increase and all pictures have the size of the first. A picture that cannot be decoded, or that
    repeats an earlier time, is left out.

    Args:
        path: path of the clip.
        progress: listener that hears of each picture, in seconds decoded.
        longest: largest number of pixels of a picture's longer side; a larger picture is reduced to this.
        choice: choice of tracks.
        bounds: the largest recording that is accepted.
        note: function that takes a sentence on what is damaged.
        first: number of pictures at the beginning whose image is left empty, which takes less time.

    Raises:
        MediaError: if the clip cannot be read, has no picture or exceeds the bounds.
    """
    info = probe(path, choice, bounds)
    if info.video is None:
        raise MediaError(f"'{Path(path).name}' has no picture.")
    if info.still:
        yield Frame(0.0, read_still(info.path, longest, bounds)[0] if first <= 0 else _NOTHING)
        return
    with open_clip(path) as container:
        stream = video_stream(container, choice)
        assert stream is not None
        stream.thread_type = "AUTO"
        start = clip_start(container)
        step = 1 / info.video.fps if info.video.fps else 0.04
        fitter = _Fitter(info, pixel_aspect_ratio(stream), longest)
        clock = Clock(bounds, note)
        last, lost = -step, list[bool]()
        for frame in decoded(container, stream, lambda: lost.append(True)):
            # Old AVI streams leave times out; their frame rate is constant.
            stated = frame.time - start if frame.pts is not None else last + step
            if frame.is_corrupt or stated < 0 <= last:
                lost.extend([True] * frame.is_corrupt)
                continue
            time = clock.time(stated, last + step) if last >= 0 else stated
            if not last < time:
                continue
            require_size(info.path, frame.width, frame.height, bounds)
            progress("Reading frames", time, info.duration)
            yield Frame(time, fitter.fit(frame) if first <= 0 else _NOTHING)
            last, first = time, first - 1
        if lost:
            those = f"{len(lost)} pictures are" if len(lost) > 1 else "One picture is"
            note(f"{those} damaged and left out.")


class _Fitter:
    """Brings decoded frames upright and to the size in which the clip is shown, whatever their own sizes are."""

    def __init__(self, info: ClipInfo, aspect_ratio: float, longest: int | None) -> None:
        assert info.video is not None
        width, height = info.video.width, info.video.height
        scale = min(1.0, longest / max(width, height)) if longest else 1.0
        self._size = max(1, round(width * scale)), max(1, round(height * scale))
        self._aspect_ratio = aspect_ratio
        self._reformatter = VideoReformatter()  # one for all frames: setting it up costs more than a conversion
        self._orientations: dict[int, Orientation] = {}

    def fit(self, frame: VideoFrame) -> np.ndarray:
        """uint8 (H, W, 3), RGB; where a frame has another shape than the first, it is framed in black."""
        orientation = self._orientation(frame)
        width, height = shown_size(frame, self._aspect_ratio)
        own = (height, width) if orientation.transposed else (width, height)
        scale = min(self._size[0] / own[0], self._size[1] / own[1])
        target = [max(1, round(side * scale)) for side in own]
        if abs(target[0] - self._size[0]) <= 1 and abs(target[1] - self._size[1]) <= 1:
            target = list(self._size)
        stored = target[::-1] if orientation.transposed else target
        reduced = self._reformatter.reformat(
            frame, width=stored[0], height=stored[1], format="rgb24", interpolation="AREA" if scale < 1 else "BILINEAR"
        )
        image = orientation.apply(reduced.to_ndarray())
        if tuple(target) == self._size:
            return image
        framed = np.zeros((self._size[1], self._size[0], 3), np.uint8)
        top, left = (self._size[1] - target[1]) // 2, (self._size[0] - target[0]) // 2
        framed[top : top + target[1], left : left + target[0]] = image
        return framed

    def _orientation(self, frame: VideoFrame) -> Orientation:
        """The orientation of a frame; it is looked up again only where its rotation changes.

        Whoever reads a frame's side data keeps the frame in memory until Python collects cycles, and those of a stream
        come to hundreds of megabytes.
        """
        if frame.rotation not in self._orientations:
            self._orientations[frame.rotation] = orientation_of(frame)
        return self._orientations[frame.rotation]
