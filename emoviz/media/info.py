"""Tracks, pictures, sound and true length of a recording, without decoding more than one picture."""

import functools
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
from av.stream import Disposition, Stream
from av.video.stream import VideoStream

from ..core.errors import EmovizError, MediaError
from .bounds import BOUNDS, Bounds
from .orientation import Orientation, orientation_of, shown_size

ACCEPTED = ("mp4", "mov", "mkv", "webm", "avi", "flv", "wav", "flac", "mp3", "m4a", "ogg")
"""File endings of the clips that are read. What a file is decides its content, not its name."""

# FFmpeg's names of the same. Others are refused because playlists among them name further files to open.
_DEMUXERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,flv,wav,w64,flac,mp3,ogg"

MP4 = "mov,mp4,m4a,3gp,3g2,mj2"
MATROSKA = "matroska,webm"
_STILLS = Disposition.attached_pic | Disposition.still_image | Disposition.timed_thumbnails
JITTER = 0.1
"""Seconds. A longer hole between two frames is a gap; a shorter one is rounding of their timestamps."""
_BACKWARDS = 1.0
"""Seconds. Where times fall back further, a second recording was written behind the first and goes on from its end."""

Note = Callable[[str], None]
"""Takes one sentence on a recording that a reader must know."""

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
        """A key of a file's content, given its sha256, and of this choice; for the default choice the sha256 itself."""
        if self == Choice():
            return content
        return sha256(f"{content} {self.audio} {self.video} {self.channel}".encode()).hexdigest()


DEFAULT = Choice()


@dataclass(frozen=True)
class TrackInfo:
    """One track of pictures or sound.

    Attributes:
        number: among the tracks of its kind, from 1.
        codec: FFmpeg's name, e.g. ``aac``.
        title: as the file names it, or "".
        language: three letters, or "".
        default: whether the file marks it as the one to play.
    """

    number: int
    codec: str
    title: str
    language: str
    default: bool

    @property
    def name(self) -> str:
        """The track in words, e.g. ``track 2 (default, eng, aac)``."""
        facts = ["default" if self.default else "", self.title, self.language, self.codec]
        return f"track {self.number} ({', '.join(filter(None, facts))})"


@dataclass(frozen=True)
class VideoInfo:
    """The picture of a clip.

    Attributes:
        width: pixels as shown: upright, with square pixels.
        height: likewise.
        fps: average frames per second.
        frames: their number, where the container says it.
        rotation: degrees (0, 90, 180, 270) counterclockwise by which stored pictures are turned to be shown.
        codec: FFmpeg's name, e.g. ``h264``.
        track: number of the track, from 1.
        mirrored: whether the file asks for left and right to be exchanged, as front cameras do.
    """

    width: int
    height: int
    fps: float
    frames: int | None
    rotation: int
    codec: str
    track: int = 1
    mirrored: bool = False


@dataclass(frozen=True)
class AudioInfo:
    """The sound of a clip: samples per second, channels, FFmpeg's name of the codec and the track's number, from 1."""

    rate: int
    channels: int
    codec: str
    track: int = 1


@dataclass(frozen=True)
class ClipInfo:
    """The tracks of a clip, which has picture, sound or both.

    Attributes:
        path: the file.
        duration: seconds, counted from what the file really holds.
        video: the picture that is read.
        audio: the sound that is read.
        video_tracks: all picture tracks but covers and other stills.
        audio_tracks: all sound tracks.
        notes: one sentence each on what a reader must know of the file.
    """

    path: Path
    duration: float
    video: VideoInfo | None
    audio: AudioInfo | None
    video_tracks: tuple[TrackInfo, ...] = ()
    audio_tracks: tuple[TrackInfo, ...] = ()
    notes: tuple[str, ...] = ()


def probe(path: Path | str, choice: Choice = DEFAULT, bounds: Bounds = BOUNDS) -> ClipInfo:
    """Look into a clip.

    Args:
        path: the file.
        choice: the chosen tracks.
        bounds: the largest recording that is accepted.

    Raises:
        MediaError: if there is no such file, it is not a clip that can be read, lacks a chosen track, or is larger than
            the bounds.
    """
    path = Path(path)
    with open_clip(path) as container:
        audio, video = audio_stream(container, choice), video_stream(container, choice)
        audio_info = _audio_info(path, container, audio, bounds) if audio else None
        video_info = _video_info(path, container, video, bounds) if video else None
        tracks = (_tracks(_moving(container.streams.video)), _tracks(_usable(container.streams.audio)))
        declared, whole = _declared(container), _is_whole(container, path)
    if video_info is None and audio_info is None:
        raise MediaError(f"'{path.name}' holds neither picture nor sound. {_accepted()}")
    duration = declared if declared and whole else _measured(path, choice, bounds)
    if duration > bounds.longest:
        raise MediaError(
            f"'{path.name}' lasts {duration / 3600:.1f} hours; "
            f"recordings up to {bounds.longest / 3600:g} hours are accepted."
        )
    notes = [*_track_notes("picture", video_info, tracks[0]), *_track_notes("sound", audio_info, tracks[1])]
    notes += _length_notes(declared, duration)
    return ClipInfo(path, duration, video_info, audio_info, *tracks, tuple(notes))


def content_key(path: Path | str) -> str:
    """sha256 of a file's content, hex."""
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
        raise MediaError(f"'{_printable(path)}' is a folder, not a clip. {_accepted()}")
    if size == 0:
        raise MediaError(f"'{path.name}' is empty (0 bytes). {_accepted()}")
    with readable(path):
        # "file:" keeps FFmpeg from reading a name such as "a:b.mp4" as a protocol. Tags are not always UTF-8.
        container = av.open(
            f"file:{path}", container_options={"format_whitelist": _DEMUXERS}, metadata_errors="replace"
        )
    with container:
        yield container


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn whatever goes wrong inside FFmpeg into one sentence.

    Raises:
        MediaError: if anything but an error of emoviz is raised inside.
    """
    try:
        yield
    except EmovizError:
        raise
    except Exception as error:  # a damaged file raises errors of many kinds, unforeseen ones too
        raise MediaError(
            f"'{_printable(path.name)}' cannot be read as a clip: it is damaged, cut off or of another kind. "
            f"{_accepted()}"
        ) from error


def clip_start(container: InputContainer) -> float:
    """The clip's time 0 on the container's clock, in seconds: its earliest presentation time, as in a player."""
    return (container.start_time or 0) / av.time_base


def video_stream(container: InputContainer, choice: Choice = DEFAULT) -> VideoStream | None:
    """The moving picture that is read, or None: the chosen track, else the default one. Covers do not count.

    Raises:
        MediaError: if there is no track of the chosen number.
    """
    return _chosen(_moving(container.streams.video), choice.video, "picture")


def audio_stream(container: InputContainer, choice: Choice = DEFAULT) -> AudioStream | None:
    """The sound that is read, or None: the chosen track, else the default one.

    Raises:
        MediaError: if there is no track of the chosen number.
    """
    return _chosen(_usable(container.streams.audio), choice.audio, "sound")


def pixel_aspect_ratio(stream: VideoStream) -> float:
    """Width of a stored pixel over its height."""
    ratio = float(stream.sample_aspect_ratio or 1) or 1.0
    return ratio if 0.1 <= ratio <= 10 else 1.0


def decoded(container: InputContainer, stream: AnyStream, damaged: Callable[[], None] = lambda: None) -> Iterator[Any]:
    """Decoded frames of one stream. Packets that cannot be decoded are skipped; where the file breaks off, it ends.

    Args:
        container: that holds the stream.
        stream: of pictures or sound.
        damaged: called for each packet that is skipped.
    """
    for packet in packets(container, [stream]):
        try:
            yield from packet.decode()
        except (av.FFmpegError, ValueError, OverflowError):
            damaged()


def packets(container: InputContainer, streams: Sequence[VideoStream | AudioStream]) -> "Iterator[Packet[Any]]":
    """Packets of some streams, in the order of the file, up to where it breaks off."""
    found = container.demux(list(streams))
    while True:
        try:
            packet = next(found, None)
        except (av.FFmpegError, OSError, ValueError):
            return
        if packet is None:
            return
        yield packet


class Clock:
    """True times of one stream. What falls back goes on from where it was, and a jump beyond the bounds is closed.

    Args:
        bounds: of the recording.
        note: takes a sentence where a jump is closed.
    """

    def __init__(self, bounds: Bounds, note: Note) -> None:
        self._bounds, self._note = bounds, note
        self._filled = 0.0
        self._shift = 0.0

    def time(self, stated: float, expected: float) -> float:
        """The true time of a frame, seconds.

        Args:
            stated: time that the file states.
            expected: end of the frame before, in true time.
        """
        gap = stated + self._shift - expected
        if gap < -_BACKWARDS:  # chained recordings begin at 0 again
            self._shift -= gap
            return expected
        if gap > JITTER and self._filled + gap > self._bounds.filled:
            self._note(
                f"Its times jump by {gap:.0f} s at {expected:.1f} s; what follows is read as if it came right after "
                f"(gaps of {self._bounds.filled:.0f} s in all are kept)."
            )
            self._shift -= gap
            return expected
        self._filled += gap if gap > JITTER else 0.0
        return stated + self._shift


def _usable(streams: Sequence[AnyStream]) -> list[AnyStream]:
    """Those for which FFmpeg has a decoder."""
    return [stream for stream in streams if stream.codec_context is not None]


def _moving(streams: Sequence[VideoStream]) -> list[VideoStream]:
    return [stream for stream in _usable(streams) if not stream.disposition & _STILLS]


def _chosen(streams: list[AnyStream], number: int | None, what: str) -> AnyStream | None:
    if number is None:
        return next((s for s in streams if s.disposition & Disposition.default), streams[0] if streams else None)
    if not 1 <= number <= len(streams):
        known = f"its {what} tracks are 1 to {len(streams)}" if streams else f"it has no {what}"
        raise MediaError(f"The recording has no {what} track {number}; {known}.")
    return streams[number - 1]


def _tracks(streams: Sequence[AnyStream]) -> tuple[TrackInfo, ...]:
    return tuple(
        TrackInfo(
            number,
            stream.codec_context.name,
            str(stream.metadata.get("title", ""))[:60],
            "" if stream.language in (None, "und") else str(stream.language)[:3],
            bool(stream.disposition & Disposition.default),
        )
        for number, stream in enumerate(streams, 1)
    )


def _track_notes(what: str, chosen: VideoInfo | AudioInfo | None, tracks: Sequence[TrackInfo]) -> list[str]:
    if chosen is None or len(tracks) < 2:
        return []
    return [f"The recording has {len(tracks)} {what} tracks; {tracks[chosen.track - 1].name} is read."]


def _length_notes(declared: float | None, measured: float) -> list[str]:
    if declared is None or abs(declared - measured) <= max(0.5, 0.02 * measured):
        return []
    kind = "it is cut off or its header is wrong" if declared > measured else "its header is wrong"
    return [f"The file says that it lasts {declared:.1f} s, but {measured:.1f} s are there: {kind}."]


def _video_info(path: Path, container: InputContainer, stream: VideoStream, bounds: Bounds) -> VideoInfo | None:
    """Facts of the picture, or None when not even one frame can be decoded."""
    require_size(path, stream.codec_context.width, stream.codec_context.height, bounds)
    with readable(path):
        frame = next(decoded(container, stream), None)
    if frame is None:
        return None
    require_size(path, frame.width, frame.height, bounds)
    orientation: Orientation = orientation_of(frame)
    width, height = shown_size(frame, pixel_aspect_ratio(stream))
    if orientation.transposed:
        width, height = height, width
    fps = float(stream.average_rate or stream.guessed_rate or 0)
    track = 1 + _moving(container.streams.video).index(stream)
    return VideoInfo(
        width,
        height,
        fps if 0 < fps <= 1000 else 0.0,
        stream.frames or None,
        orientation.rotation,
        stream.codec_context.name,
        track,
        orientation.mirrored,
    )


def require_size(path: Path, width: int, height: int, bounds: Bounds) -> None:
    """Refuse pictures that are larger than the bounds.

    Raises:
        MediaError: if they are.
    """
    if max(width, height) > bounds.side:
        raise MediaError(
            f"'{path.name}' has pictures of {width} x {height} pixels; up to {bounds.side} a side are accepted."
        )


def _audio_info(path: Path, container: InputContainer, stream: AudioStream, bounds: Bounds) -> AudioInfo | None:
    context = stream.codec_context
    if not context.sample_rate:
        return None
    if not bounds.slowest <= context.sample_rate <= bounds.fastest:
        raise MediaError(
            f"'{path.name}' says that its sound has {context.sample_rate} samples per second; "
            f"{bounds.slowest} to {bounds.fastest} are accepted."
        )
    if context.channels > bounds.channels:
        raise MediaError(
            f"'{path.name}' has {context.channels} channels of sound; up to {bounds.channels} are accepted."
        )
    track = 1 + _usable(container.streams.audio).index(stream)
    return AudioInfo(context.sample_rate, context.channels, context.name, track)


def _declared(container: InputContainer) -> float | None:
    """Seconds that the header states, or None where it does not tell, as in a live recording."""
    if not container.duration or container.duration < 0:
        return None
    # Matroska counts to the end from 0, the others from the start.
    start = clip_start(container) if container.format.name == MATROSKA else 0.0
    return max(0.0, container.duration / av.time_base - start)


def _is_whole(container: InputContainer, path: Path) -> bool:
    """Whether the file holds every sample that an MP4's index states; other headers are not relied upon."""
    if container.format.name != MP4:
        return False
    size = path.stat().st_size
    streams = [stream for stream in (*container.streams.video, *container.streams.audio) if len(stream.index_entries)]
    return bool(streams) and all(_lies_within(stream, size) for stream in streams)


def _lies_within(stream: Stream, size: int) -> bool:
    """Whether a file of so many bytes holds all samples of an index, and no gap between them exceeds the bounds."""
    last, furthest = None, 0
    for entry in stream.index_entries:
        if entry.pos + entry.size > size:
            return False
        furthest = max(furthest, entry.timestamp - (entry.timestamp if last is None else last))
        last = entry.timestamp
    return furthest * float(stream.time_base or 0) < BOUNDS.filled


def _measured(path: Path, choice: Choice, bounds: Bounds) -> float:
    """Seconds from the packets that are really there; they are counted once while the file stays as it is."""
    state = path.stat()
    return _counted(path.absolute(), state.st_size, state.st_mtime_ns, choice, bounds)


@functools.lru_cache(256)
def _counted(path: Path, size: int, changed: int, choice: Choice, bounds: Bounds) -> float:
    """Seconds from the packets of a file of this size that was changed last at this time (ns)."""
    ends: dict[int, float] = {}
    clocks: dict[int, Clock] = {}
    with open_clip(path) as container:
        start = clip_start(container)
        streams = [s for s in (video_stream(container, choice), audio_stream(container, choice)) if s is not None]
        for packet in packets(container, streams):
            stated = packet.pts if packet.pts is not None else packet.dts
            if stated is None or packet.time_base is None:
                continue
            number = packet.stream.index
            clock = clocks.setdefault(number, Clock(bounds, lambda sentence: None))
            begin = float(stated * packet.time_base) - start
            expected = ends.get(number)
            time = begin if expected is None else clock.time(begin, expected)
            length = float((packet.duration or 0) * packet.time_base)
            ends[number] = max(ends.get(number, 0.0), time + min(length, 10.0))
            if ends[number] > bounds.longest:
                break
    return max(ends.values(), default=0.0)


def _printable(name: Path | str) -> str:
    """A file's name as one line that any terminal and page shows, shortened where it is very long."""
    text = "".join(c if c.isprintable() else "?" for c in str(name))
    return text if len(text) <= 120 else f"{text[:80]}...{text[-30:]}"


def _accepted() -> str:
    return f"Accepted are {', '.join(ACCEPTED[:-1])} and {ACCEPTED[-1]}."
