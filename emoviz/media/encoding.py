"""Pictures and the sound of a clip, written as an MP4 that browsers and slides play (H.264 and AAC)."""

import heapq
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.audio.stream import AudioStream
from av.packet import Packet
from av.video.stream import VideoStream

from ..core.progress import Progress
from .container import Choice
from .frames import Frame
from .info import ClipInfo
from .waveform import iterate_sound

RATE = 48000
"""Samples per second of the sound."""
CLOCK = Fraction(1, 90000)

_Encoded = Iterator[tuple[float, "list[Packet[Any]]"]]


def even(size: tuple[float, float]) -> tuple[int, int]:
    """Return the nearest even width and height, as H.264 stores colours for two pixels at a time."""
    width, height = (max(2, 2 * round(side / 2)) for side in size)
    return width, height


def write_mp4(
    target: Path,
    info: ClipInfo,
    pictures: Iterator[Frame] | None,
    size: tuple[int, int],
    progress: Progress,
    *,
    stage: str,
    choice: Choice,
    fps: float,
) -> None:
    """Encode pictures, and the sound of a clip if it has some, in the order of their times.

    Args:
        target: file to write.
        info: clip from which the sound comes.
        pictures: pictures with their times, RGB; None writes sound alone.
        size: width and height of the written pictures, see :func:`even`.
        progress: listener, told in seconds.
        stage: name of the stage, for people.
        choice: choice of the sound track and channel.
        fps: pictures per second, roughly: every picture has its own time.

    Raises:
        OSError: if the disk is full or not writable.
    """
    with av.open(str(target), "w", format="mp4", options={"movflags": "faststart"}) as output:
        parts: list[_Encoded] = []
        if pictures is not None:
            stream = output.add_stream("libx264", rate=round(fps) or 25, options={"preset": "veryfast", "crf": "23"})
            stream.width, stream.height = size
            stream.pix_fmt = "yuv420p"
            stream.codec_context.time_base = CLOCK
            parts.append(_encoded_pictures(pictures, stream))
        if info.audio is not None:
            parts.append(_encoded_sound(info.path, choice, output.add_stream("aac", rate=RATE, layout="mono")))
        for time, packets in heapq.merge(*parts, key=lambda part: part[0]):
            progress(stage, time, info.duration)
            output.mux(packets)


def _encoded_pictures(pictures: Iterator[Frame], stream: VideoStream) -> _Encoded:
    time = 0.0
    for picture in pictures:
        time = picture.time
        frame = av.VideoFrame.from_ndarray(picture.image, "rgb24")
        frame.pts, frame.time_base = round(time / CLOCK), CLOCK
        yield time, stream.encode(frame)
    yield time, stream.encode(None)


def _encoded_sound(path: Path, choice: Choice, stream: AudioStream) -> _Encoded:
    time = 0.0
    for block in iterate_sound(path, RATE, choice=choice):
        time = block.start
        if len(block.samples):
            frame = av.AudioFrame.from_ndarray(block.samples[None], "fltp", "mono")
            frame.sample_rate, frame.time_base = RATE, Fraction(1, RATE)
            frame.pts = round(time * RATE)
            yield time, stream.encode(frame)
    yield time, stream.encode(None)
