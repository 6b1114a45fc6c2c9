"""Tracks, pictures, sound and true length of a recording, without decoding more than one picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from ..core.errors import MediaError
from ..core.progress import Progress, silent
from .bounds import BOUNDS, Bounds
from .container import (
    DEFAULT,
    AnyStream,
    Choice,
    accepted,
    audio_stream,
    decoded,
    moving,
    open_clip,
    readable,
    usable,
    video_stream,
)
from .length import declared_length, is_whole, measured_length
from .orientation import Orientation, orientation_of, shown_size
from .stills import MOMENT, is_still, read_still

_CUT = "the file is damaged, or cut off before it begins"
"""Reason why nothing of a track can be read."""


@dataclass(frozen=True)
class TrackInfo:
    """A track of pictures or sound.

    Attributes:
        number: number among the tracks of its kind, from 1.
        codec: FFmpeg's name of the codec, e.g. ``aac``.
        title: title that the file gives it, or "".
        language: code of the language, three letters, or "".
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
        width: width in pixels as shown: upright, with square pixels.
        height: height in pixels as shown.
        fps: average frames per second.
        frames: number of frames, where the container says it.
        rotation: degrees (0, 90, 180, 270) counterclockwise by which stored pictures are turned to be shown.
        codec: FFmpeg's name of the codec, e.g. ``h264``.
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
        path: path of the file.
        duration: length in seconds, counted from what the file really holds.
        video: picture that is read.
        audio: sound that is read.
        video_tracks: all picture tracks but covers and other stills.
        audio_tracks: all sound tracks.
        notes: facts that a reader must know about the file, one sentence each.
        still: whether it is a single picture, which stands for one step of the curves.
    """

    path: Path
    duration: float
    video: VideoInfo | None
    audio: AudioInfo | None
    video_tracks: tuple[TrackInfo, ...] = ()
    audio_tracks: tuple[TrackInfo, ...] = ()
    notes: tuple[str, ...] = ()
    still: bool = False

    @property
    def without_sound(self) -> str:
        """The beginning of a sentence about a clip without sound."""
        if self.still:
            return "A single picture has no sound"
        return "Nothing of the clip's sound can be read" if self.audio_tracks else "The clip has no sound"


def probe(path: Path | str, choice: Choice = DEFAULT, bounds: Bounds = BOUNDS, progress: Progress = silent) -> ClipInfo:
    """Look into a clip for its tracks, pictures, sound and true length.

    Args:
        path: path of the file.
        choice: choice of tracks.
        bounds: the largest recording that is accepted.
        progress: listener, told while packets are counted because the header cannot be trusted.

    Raises:
        MediaError: if there is no such file, it is not a clip that can be read, lacks a chosen track, or is larger than
            the bounds.
    """
    path = Path(path)
    if is_still(path):
        return _still(path, choice, bounds)
    with open_clip(path) as container:
        audio, video = audio_stream(container, choice), video_stream(container, choice)
        audio_info = _audio_info(path, container, audio, bounds) if audio else None
        video_info = _video_info(path, container, video, bounds) if video else None
        tracks = (_tracks(moving(container.streams.video)), _tracks(usable(container.streams.audio)))
        declared, whole = declared_length(container), is_whole(container, path)
    if audio_info and not whole and not _is_heard(path, choice):
        audio_info = None
    lost = [what for what, track, own in (("picture", video, video_info), ("sound", audio, audio_info))
            if track is not None and own is None]  # fmt: skip
    if video_info is None and audio_info is None:
        if lost:
            raise MediaError(f"Nothing of the {' and '.join(lost)} of '{path.name}' can be read: {_CUT}. {accepted()}")
        raise MediaError(f"'{path.name}' holds neither picture nor sound. {accepted()}")
    duration = declared if declared and whole else measured_length(path, choice, bounds, progress)
    if duration > bounds.longest:
        raise MediaError(
            f"'{path.name}' lasts {duration / 3600:.1f} hours; "
            f"recordings up to {bounds.longest / 3600:g} hours are accepted."
        )
    notes = [*_track_notes("picture", video_info, tracks[0]), *_track_notes("sound", audio_info, tracks[1])]
    notes += _length_notes(declared, duration) + [f"Nothing of its {what} can be read: {_CUT}." for what in lost]
    return ClipInfo(path, duration, video_info, audio_info, *tracks, tuple(notes))


def _still(path: Path, choice: Choice, bounds: Bounds) -> ClipInfo:
    """Facts of a single picture."""
    if choice.video not in (None, 1) or choice.audio is not None:
        raise MediaError(f"'{path.name}' is a single picture, so it has no other tracks.")
    image, pages = read_still(path, bounds=bounds)
    video = VideoInfo(image.shape[1], image.shape[0], 1 / MOMENT, 1, 0, "still")
    track = TrackInfo(1, video.codec, "", "", default=True)
    notes = (f"The file holds {pages} pictures; the first is read.",) if pages > 1 else ()
    return ClipInfo(path, MOMENT, video, None, (track,), (), notes, still=True)


def require_size(path: Path, width: int, height: int, bounds: Bounds) -> None:
    """Refuse pictures that are larger than the bounds.

    Raises:
        MediaError: if the pictures are larger.
    """
    if max(width, height) > bounds.side:
        raise MediaError(
            f"'{path.name}' has pictures of {width} x {height} pixels; up to {bounds.side} a side are accepted."
        )


def pixel_aspect_ratio(stream: VideoStream) -> float:
    """Return the width of a stored pixel over its height."""
    ratio = float(stream.sample_aspect_ratio or 1) or 1.0
    return ratio if 0.1 <= ratio <= 10 else 1.0


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
    track = 1 + moving(container.streams.video).index(stream)
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
    track = 1 + usable(container.streams.audio).index(stream)
    return AudioInfo(context.sample_rate, context.channels, context.name, track)


def _is_heard(path: Path, choice: Choice) -> bool:
    """Whether any sound can be decoded; the file is opened anew, as its pictures may come first."""
    with open_clip(path) as container:
        stream = audio_stream(container, choice)
        return stream is not None and any(frame.samples for frame in decoded(container, stream))


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
