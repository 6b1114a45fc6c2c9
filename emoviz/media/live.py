"""A recording that is read while it is still written: its pictures and its sound as they arrive."""

import io
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import av
import numpy as np
from av.audio.resampler import AudioResampler
from av.video.frame import VideoFrame

from .container import MP4, clip_start, moving, packets, readable, usable
from .frames import Frame

RATE = 16000
"""Samples per second of the sound."""
_POLL = 0.02
"""Seconds between two looks at whether the file has grown."""
_QUICK = {"analyzeduration": "200000", "probesize": "65536"}
"""Options of FFmpeg by which it looks ahead no further than to the first pictures."""
_DEMUXERS = f"matroska,webm,{MP4}"


@dataclass(frozen=True)
class Sound:
    """Some sound of a recording.

    Attributes:
        time: time of its first sample in seconds of the recording.
        samples: samples, float32 (N,), one channel of :data:`RATE`.
    """

    time: float
    samples: np.ndarray


class _Growing(io.RawIOBase):
    """A file that ends only once it is whole: whoever reads beyond its end waits."""

    def __init__(self, file: BinaryIO, whole: Callable[[], bool]) -> None:
        self._file, self._whole = file, whole

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while not (content := self._file.read(size)):
            if self._whole():
                return self._file.read(size)  # what was written before that was known
            time.sleep(_POLL)
        return content


def follow(path: Path, whole: Callable[[], bool], pictures_per_second: float) -> Iterator[Frame | Sound]:
    """Yield pictures and sound of a recording while it is written, in the order of the file.

    Args:
        path: file that a browser's recorder writes, WebM or fragmented MP4.
        whole: function that returns whether writing has ended, or nothing more is wanted.
        pictures_per_second: number of pictures per second that are taken.

    Raises:
        MediaError: if the file is of another kind.
    """
    with readable(path), path.open("rb", buffering=0) as file:
        source: Any = _Growing(file, whole)
        with av.open(source, "r", options=_QUICK, container_options={"format_whitelist": _DEMUXERS}) as live:
            streams: list[Any] = [*moving(live.streams.video)[:1], *usable(live.streams.audio)[:1]]
            start, due = clip_start(live), 0.0
            resampler = AudioResampler("fltp", "mono", RATE)
            for packet in packets(live, streams):
                try:
                    frames = packet.decode()
                except (av.FFmpegError, ValueError):
                    continue  # the whole recording will tell what is damaged
                for frame in frames:
                    moment = (frame.time or 0.0) - start
                    if not isinstance(frame, VideoFrame):
                        for ready in resampler.resample(frame):
                            yield Sound(moment, ready.to_ndarray()[0])
                    elif moment >= due:
                        due = max(due + 1 / pictures_per_second, moment)
                        yield Frame(moment, frame.to_ndarray(format="rgb24"))
