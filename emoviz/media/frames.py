"""The pictures of a clip, one at a time, upright, with their true times."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter

from ..core.errors import MediaError
from ..core.progress import Progress, silent
from .info import (
    LONGEST_GAP,
    clip_start,
    decoded,
    open_clip,
    pixel_aspect_ratio,
    probe,
    quarter_turns,
    shown_size,
    video_stream,
)


@dataclass(frozen=True)
class Frame:
    """One picture of a clip.

    Attributes:
        time: seconds since the clip's start, as a player shows it.
        image: uint8 (H, W, 3), RGB, upright, with square pixels.
    """

    time: float
    image: np.ndarray


def iterate_frames(path: Path | str, progress: Progress = silent, *, longest: int | None = None) -> Iterator[Frame]:
    """Decode a clip's pictures as a stream: only a few are in memory at a time.

    Times strictly increase. A picture that cannot be decoded, or that repeats an earlier time, is left out.

    Args:
        path: the clip.
        progress: called for each picture with the seconds decoded.
        longest: a picture whose longer side has more pixels is reduced to this.

    Raises:
        MediaError: the clip cannot be read or has no picture.
    """
    info = probe(path)
    if info.video is None:
        raise MediaError(f"'{Path(path).name}' has no picture.")
    with open_clip(path) as container:
        stream = video_stream(container)
        assert stream is not None
        stream.thread_type = "AUTO"
        start = clip_start(container)
        step = 1 / info.video.fps if info.video.fps else 0.04
        aspect_ratio = pixel_aspect_ratio(stream)
        reformatter = VideoReformatter()  # one for all frames: setting it up costs more than a conversion
        last = -step
        for frame in decoded(container, stream):
            # Old AVI streams leave times out; their frame rate is constant.
            time = frame.time - start if frame.pts is not None else last + step
            if frame.is_corrupt or not 0 < time - last < LONGEST_GAP:
                continue
            progress("Reading frames", time, info.duration)
            yield Frame(time, _upright(frame, reformatter, aspect_ratio, longest))
            last = time


def _upright(frame: VideoFrame, reformatter: VideoReformatter, aspect_ratio: float, longest: int | None) -> np.ndarray:
    width, height = shown_size(frame, aspect_ratio)
    scale = min(1.0, longest / max(width, height)) if longest else 1.0
    reduced = reformatter.reformat(
        frame,
        width=max(1, round(width * scale)),
        height=max(1, round(height * scale)),
        format="rgb24",
        interpolation="AREA" if scale < 1 else "BILINEAR",
    )
    image = reduced.to_ndarray()
    turns = quarter_turns(frame)
    return np.ascontiguousarray(np.rot90(image, turns)) if turns else image
