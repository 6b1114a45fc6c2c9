"""What a clip holds: duration, picture and sound, without decoding more than one frame."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import TypeVar

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from ..core.errors import MediaError

ACCEPTED = ("mp4", "mov", "mkv", "webm", "avi", "flv", "wav", "flac", "mp3", "m4a", "ogg")
"""File endings of the clips that are read. What a file is decides its content, not its name."""

# FFmpeg's names of the same. Others are refused because playlists among them name further files to open.
_DEMUXERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,flv,wav,w64,flac,mp3,ogg"

MATROSKA = "matroska,webm"
LONGEST_GAP = 3600.0
"""Seconds. Where times jump further, the file is damaged and the jump is no pause."""

AnyStream = TypeVar("AnyStream", AudioStream, VideoStream)


@dataclass(frozen=True)
class VideoInfo:
    """The picture of a clip.

    Attributes:
        width: in pixels as shown: after rotation, with square pixels.
        height: likewise.
        fps: average frames per second.
        frames: their number, where the container says it.
        rotation: degrees (0, 90, 180, 270) counterclockwise by which stored pictures are turned to be shown.
        codec: FFmpeg's name, e.g. ``h264``.
    """

    width: int
    height: int
    fps: float
    frames: int | None
    rotation: int
    codec: str


@dataclass(frozen=True)
class AudioInfo:
    """The sound of a clip: samples per second, channels and FFmpeg's name of the codec."""

    rate: int
    channels: int
    codec: str


@dataclass(frozen=True)
class ClipInfo:
    """What a clip holds. ``duration`` is in seconds; a clip has picture, sound or both."""

    path: Path
    duration: float
    video: VideoInfo | None
    audio: AudioInfo | None


def probe(path: Path | str) -> ClipInfo:
    """Look into a clip.

    Raises:
        MediaError: there is no such file, or it is not a clip that can be read.
    """
    path = Path(path)
    with open_clip(path) as container:
        audio, video = audio_stream(container), video_stream(container)
        video_info = _video_info(container, video) if video else None
        audio_info = _audio_info(audio) if audio else None
        duration = _duration(container)
    if video_info is None and audio_info is None:
        raise MediaError(f"'{path.name}' holds neither picture nor sound. {_accepted()}")
    return ClipInfo(path, duration, video_info, audio_info)


def content_key(path: Path | str) -> str:
    """sha256 of a file's content, hex."""
    with open(path, "rb") as file:
        return file_digest(file, "sha256").hexdigest()


@contextmanager
def open_clip(path: Path | str) -> Iterator[InputContainer]:
    """Open a clip for reading and close it afterwards.

    Raises:
        MediaError: there is no such file, or it is not a clip that can be read.
    """
    path = Path(path)
    if not path.exists():
        raise MediaError(f"There is no file '{path}'.")
    if not path.is_file():
        raise MediaError(f"'{path}' is a folder, not a clip. {_accepted()}")
    if path.stat().st_size == 0:
        raise MediaError(f"'{path.name}' is empty (0 bytes). {_accepted()}")
    try:
        # "file:" keeps FFmpeg from reading a name such as "a:b.mp4" as a protocol.
        container = av.open(f"file:{path}", container_options={"format_whitelist": _DEMUXERS})
    except (av.FFmpegError, OSError) as error:
        raise MediaError(
            f"'{path.name}' cannot be read as a clip: it is damaged, cut off or of another kind. {_accepted()}"
        ) from error
    with container:
        yield container


def clip_start(container: InputContainer) -> float:
    """The clip's time 0 on the container's clock, in seconds: its earliest presentation time, as in a player."""
    return (container.start_time or 0) / av.time_base


def video_stream(container: InputContainer) -> VideoStream | None:
    """The moving picture, or None. Cover art does not count."""
    return _first_decodable(container.streams.video)


def audio_stream(container: InputContainer) -> AudioStream | None:
    """The sound, or None."""
    return _first_decodable(container.streams.audio)


def shown_size(frame: VideoFrame, aspect_ratio: float) -> tuple[int, int]:
    """(width, height) of a decoded frame with square pixels, before it is turned upright."""
    return round(frame.width * aspect_ratio), frame.height


def quarter_turns(frame: VideoFrame) -> int:
    """How many times (0 to 3) a decoded frame is turned by 90 degrees counterclockwise to be shown."""
    return round(frame.rotation / 90) % 4


def pixel_aspect_ratio(stream: VideoStream) -> float:
    """Width of a stored pixel over its height."""
    return float(stream.sample_aspect_ratio or 1) or 1.0


def decoded(container: InputContainer, stream: AnyStream) -> Iterator:
    """Decoded frames of one stream. Packets that cannot be decoded are skipped; where the file breaks off, it ends."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except (av.FFmpegError, OSError):
            return
        if packet is None:
            return
        try:
            yield from packet.decode()
        except av.FFmpegError:
            continue


def _first_decodable(streams: tuple[AnyStream, ...]) -> AnyStream | None:
    for stream in streams:
        if stream.codec_context is not None and not stream.disposition & Disposition.attached_pic:
            return stream
    return None


def _video_info(container: InputContainer, stream: VideoStream) -> VideoInfo | None:
    """Facts of the picture, or None when not even one frame can be decoded."""
    frame = next(decoded(container, stream), None)
    if frame is None:
        return None
    width, height = shown_size(frame, pixel_aspect_ratio(stream))
    turns = quarter_turns(frame)
    if turns % 2:
        width, height = height, width
    fps = float(stream.average_rate or stream.guessed_rate or 0)
    return VideoInfo(width, height, fps, stream.frames or None, 90 * turns, stream.codec_context.name)


def _audio_info(stream: AudioStream) -> AudioInfo | None:
    context = stream.codec_context
    return AudioInfo(context.sample_rate, context.channels, context.name) if context.sample_rate else None


def _duration(container: InputContainer) -> float:
    """Seconds from the header, or, where it does not tell (a live recording), from the packets not yet read."""
    start = clip_start(container)
    if container.duration:
        # Matroska counts to the end from 0, the others from the start.
        return container.duration / av.time_base - (start if container.format.name == MATROSKA else 0.0)
    end = start
    streams = [stream for stream in (video_stream(container), audio_stream(container)) if stream]
    try:
        for packet in container.demux(streams):
            if packet.pts is not None and packet.time_base is not None:
                end = max(end, float((packet.pts + (packet.duration or 0)) * packet.time_base))
    except (av.FFmpegError, OSError):
        pass  # where the file breaks off, the clip ends
    return end - start


def _accepted() -> str:
    return f"Accepted are {', '.join(ACCEPTED[:-1])} and {ACCEPTED[-1]}."
