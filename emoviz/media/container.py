"""The file of a recording: its opening, the choice among its tracks, and their packets and frames."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any, TypeVar

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition
from av.video.stream import VideoStream

from ..core.errors import EmovizError, MediaError
from ..core.vocabulary import STILLS
from ..core.words import listed

ACCEPTED = ("mp4", "mov", "mkv", "webm", "avi", "flv", "wav", "flac", "mp3", "m4a", "ogg", *STILLS)
"""File endings of the recordings that are read; the content of a file decides its kind, not its name."""

# FFmpeg's names of the same. Others are refused because playlists among them name further files to open.
_DEMUXERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,flv,wav,w64,flac,mp3,ogg"

MP4 = "mov,mp4,m4a,3gp,3g2,mj2"
MATROSKA = "matroska,webm"
_STILLS = Disposition.attached_pic | Disposition.still_image | Disposition.timed_thumbnails

AnyStream = TypeVar("AnyStream", AudioStream, VideoStream)


@dataclass(frozen=True)
class Choice:
    """The tracks and the channel of a recording that are read.

    Attributes:
        audio: number of the sound track, from 1; None is the default one.
        video: number of the picture track, from 1; None is the default one.
        channel: ``mix``, ``left``, ``right`` or the number of a channel, from 1; "" is the mix, unless it loses speech.
    """

    audio: int | None = None
    video: int | None = None
    channel: str = ""

    def key(self, content: str) -> str:
        """Return a key of a content, given its sha256, and of this choice; the sha256 for the default choice."""
        if self == Choice():
            return content
        return sha256(f"{content} {self.audio} {self.video} {self.channel}".encode()).hexdigest()


DEFAULT = Choice()


def content_key(path: Path | str) -> str:
    """Return the sha256 of a file's content, hex."""
    with open(path, "rb") as file:
        return file_digest(file, "sha256").hexdigest()


@contextmanager
def open_clip(path: Path | str) -> Iterator[InputContainer]:
    """Open a clip for reading and close it afterwards.

    Raises:
        MediaError: if there is no such file, or it is not a clip that can be read.
    """
    path = Path(path)
    try:
        exists, is_file = path.exists(), path.is_file()
        size = path.stat().st_size if is_file else 0
    except (OSError, ValueError) as error:  # a name that no file can have
        raise MediaError(f"There is no file '{_printable(path)}'.") from error
    if not exists:
        raise MediaError(f"There is no file '{_printable(path)}'.")
    if not is_file:
        kind = "a folder" if path.is_dir() else "no regular file"
        raise MediaError(f"'{_printable(path)}' is {kind}, not a clip. {accepted()}")
    if size == 0:
        raise MediaError(f"'{path.name}' is empty (0 bytes). {accepted()}")
    with readable(path):
        # "file:" keeps FFmpeg from reading a name such as "a:b.mp4" as a protocol. Tags are not always UTF-8.
        container = av.open(
            f"file:{path}", container_options={"format_whitelist": _DEMUXERS}, metadata_errors="replace"
        )
    with container:
        yield container


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn any error inside FFmpeg into one sentence.

    Raises:
        MediaError: if the block raises anything but an error of emoviz.
    """
    try:
        yield
    except EmovizError:
        raise
    except Exception as error:  # a damaged file raises errors of many kinds, unforeseen ones too
        raise MediaError(
            f"'{_printable(path.name)}' cannot be read as a clip: it is damaged, cut off or of another kind. "
            f"{accepted()}"
        ) from error


def clip_start(container: InputContainer) -> float:
    """Return the clip's time 0 on the container's clock: its earliest presentation time in seconds, as in a player."""
    return (container.start_time or 0) / av.time_base


def video_stream(container: InputContainer, choice: Choice = DEFAULT) -> VideoStream | None:
    """Return the picture track that is read, the chosen or the default one, or None; covers do not count.

    Raises:
        MediaError: if there is no track of the chosen number.
    """
    return _chosen(moving(container.streams.video), choice.video, "picture")


def audio_stream(container: InputContainer, choice: Choice = DEFAULT) -> AudioStream | None:
    """Return the sound track that is read, the chosen or the default one, or None.

    Raises:
        MediaError: if there is no track of the chosen number.
    """
    return _chosen(usable(container.streams.audio), choice.audio, "sound")


def decoded(container: InputContainer, stream: AnyStream, damaged: Callable[[], None] = lambda: None) -> Iterator[Any]:
    """Yield the decoded frames of one stream up to where the file breaks off, without packets that are damaged.

    Args:
        container: container that holds the stream.
        stream: stream of pictures or sound.
        damaged: function that is called for each packet that is skipped.
    """
    for packet in packets(container, [stream]):
        try:
            yield from packet.decode()
        except (av.FFmpegError, ValueError, OverflowError):
            damaged()


def packets(container: InputContainer, streams: Sequence[VideoStream | AudioStream]) -> "Iterator[Packet[Any]]":
    """Yield the packets of some streams, in the order of the file, up to where it breaks off."""
    found = container.demux(list(streams))
    while True:
        try:
            packet = next(found, None)
        except (av.FFmpegError, OSError, ValueError):
            return
        if packet is None:
            return
        yield packet


def usable(streams: Sequence[AnyStream]) -> list[AnyStream]:
    """Return the streams for which FFmpeg has a decoder."""
    return [stream for stream in streams if stream.codec_context is not None]


def moving(streams: Sequence[VideoStream]) -> list[VideoStream]:
    """Return the streams of moving pictures, without covers and other stills."""
    return [stream for stream in usable(streams) if not stream.disposition & _STILLS]


def accepted() -> str:
    """Return the sentence that names the accepted kinds of files."""
    return f"Accepted are {listed(ACCEPTED)}."


def _chosen(streams: list[AnyStream], number: int | None, what: str) -> AnyStream | None:
    if number is None:
        return next((s for s in streams if s.disposition & Disposition.default), streams[0] if streams else None)
    if not 1 <= number <= len(streams):
        known = f"its {what} tracks are 1 to {len(streams)}" if streams else f"it has no {what}"
        raise MediaError(f"The recording has no {what} track {number}; {known}.")
    return streams[number - 1]


def _printable(name: Path | str) -> str:
    """A file's name as one line that any terminal and page shows, shortened where it is very long."""
    text = "".join(c if c.isprintable() else "?" for c in str(name))
    return text if len(text) <= 120 else f"{text[:80]}...{text[-30:]}"
