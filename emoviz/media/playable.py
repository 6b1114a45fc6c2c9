"""Copies of clips for browsers that cannot play the clips themselves."""

from pathlib import Path

from ..core.files import replacing
from ..core.progress import Progress, silent
from .container import DEFAULT, MATROSKA, Choice, clip_start, content_key, open_clip, video_stream
from .encoding import even, write_mp4
from .frames import iterate_frames
from .info import ClipInfo, probe

# What Chromium, Firefox and Safari all play, by FFmpeg's names of containers.
_MP4 = "mov,mp4,m4a,3gp,3g2,mj2"
_VIDEO_CODECS = {_MP4: {"h264", "av1", "vp9"}, MATROSKA: {"vp8", "vp9", "av1"}}
_AUDIO_CODECS = {
    _MP4: {"aac", "mp3", "mp3float", "opus", "flac"},
    MATROSKA: {"opus", "vorbis"},
    "wav": {"pcm_s16le", "pcm_u8", "pcm_s24le", "pcm_f32le"},
    "mp3": {"mp3", "mp3float"},
    "flac": {"flac"},
    "ogg": {"opus", "vorbis"},
}
_PIXELS = {"yuv420p", "yuvj420p"}  # hardware decoders take no others
_LATEST_START = 0.02  # seconds; players disagree on where a clip with a later start begins
_LONGEST = 1280


def playable(path: Path | str, folder: Path | str, progress: Progress = silent, choice: Choice = DEFAULT) -> Path:
    """Return a file that a browser plays, with the clip's pictures and sound on the clip's clock.

    It is the clip itself if a browser plays that, else an MP4 (H.264, AAC, at most 1280 pixels, one channel) in
    ``folder``, made once and only as a whole.

    Raises:
        MediaError: if the clip cannot be read.
    """
    path, folder = Path(path), Path(folder)
    info = probe(path, choice)
    if not choice.channel and _plays(info):
        return path
    target = folder / f"{choice.key(content_key(path))}.mp4"
    if not target.exists():
        with replacing(target) as draft:
            _transcode(info, draft, progress, choice)
    return target


def _plays(info: ClipInfo) -> bool:
    # A browser's player plays no pictures, takes the first track whatever is chosen, and does not mirror.
    if (
        info.still
        or len(info.video_tracks) > 1
        or len(info.audio_tracks) > 1
        or (info.video is not None and info.video.mirrored)
    ):
        return False
    with open_clip(info.path) as container:
        kind = container.format.name
        stream = video_stream(container)
        pixels = stream.codec_context.pix_fmt if stream else None
        late = stream is not None and clip_start(container) > _LATEST_START
    # Browsers play WebM, which is Matroska with these codecs, and refuse other Matroska files by their type.
    if late or (kind == MATROSKA and info.path.suffix.lower() != ".webm"):
        return False
    video_plays = info.video is None or (info.video.codec in _VIDEO_CODECS.get(kind, ()) and pixels in _PIXELS)
    return video_plays and (info.audio is None or info.audio.codec in _AUDIO_CODECS.get(kind, ()))


def _transcode(info: ClipInfo, target: Path, progress: Progress, choice: Choice) -> None:
    pictures, size, fps = None, (0, 0), 0.0
    if info.video is not None:
        scale = min(1.0, _LONGEST / max(info.video.width, info.video.height))
        size, fps = even((info.video.width * scale, info.video.height * scale)), info.video.fps
        pictures = iterate_frames(info.path, longest=_LONGEST, choice=choice)
    write_mp4(target, info, pictures, size, progress, stage="Preparing the player", choice=choice, fps=fps)
