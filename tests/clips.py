"""Small clips for tests, encoded with PyAV: any length, size, rate, timing or fault."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image

from emoviz.media import read_waveform

EXAMPLE = Path(__file__).parents[1] / "examples" / "synthetic-english.mp4"
PORTRAIT = Path(__file__).parent / "media" / "astronaut.jpg"
"""Eileen Collins, NASA, public domain; the picture inside scikit-image, 512 x 512."""
QUICK = {
    "libx264": {"bf": "0", "preset": "superfast"},
    "libvpx": {"deadline": "realtime", "cpu-used": "8"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8"},
}
"""Encoder -> options with which it is quick; H.264 keeps its pictures in the order of their times."""

FacePath = Callable[[int], tuple[int, int] | None]


def portrait() -> np.ndarray:
    """uint8 (512, 512, 3), RGB."""
    return np.asarray(Image.open(PORTRAIT).convert("RGB"))


def sine(seconds: float, rate: int = 16000, channels: int = 1, frequency: float = 440.0) -> np.ndarray:
    """float32 (N, channels), half of full scale."""
    times = np.arange(round(seconds * rate)) / rate
    return np.repeat(0.5 * np.sin(2 * np.pi * frequency * times)[:, None], channels, 1).astype(np.float32)


def speech(seconds: float, rate: int = 16000) -> np.ndarray:
    """float32 (N, 1), somebody who speaks without a pause: the English example, of 10 s at most."""
    sound = read_waveform(EXAMPLE, rate).samples[round(0.3 * rate) :]
    return sound[: round(seconds * rate), None].copy()


def plain_frames(count: int, size: tuple[int, int] = (64, 48)) -> list[np.ndarray]:
    """Frame i is one grey, so that its number can be read off: 16 + 2 * (i % 100)."""
    width, height = size
    return [np.full((height, width, 3), 16 + 2 * (i % 100), np.uint8) for i in range(count)]


def face_frames(
    count: int, paths: Sequence[FacePath], *, size: tuple[int, int] = (480, 320), side: int = 160
) -> Iterator[np.ndarray]:
    """Pictures with a face per path on grey; every second face is mirrored, so that it is another person's.

    Args:
        count: of pictures.
        paths: for each face, frame -> (x, y) of its patch's upper left corner, or None where it is away.
        size: width and height of the pictures.
        side: of the patch; the face's box is about half of it.
    """
    patch = np.asarray(Image.fromarray(portrait()[20:220, 120:320]).resize((side, side), Image.Resampling.LANCZOS))
    for i in range(count):
        image = np.full((size[1], size[0], 3), 110, np.uint8)
        for number, path in enumerate(paths):
            corner = path(i)
            if corner is not None:
                x, y = corner
                image[y : y + side, x : x + side] = patch[:, ::-1] if number % 2 else patch
        yield image


def write_clip(
    path: Path,
    images: Iterable[np.ndarray] = (),
    sound: np.ndarray | None = None,
    *,
    fps: int = 25,
    times: Sequence[float] | None = None,
    rate: int = 16000,
    video_codec: str = "libx264",
    audio_codec: str = "aac",
    sound_start: float = 0.0,
    rotation: int = 0,
    options: dict[str, str] | None = None,
) -> Path:
    """Encode a clip.

    Args:
        path: its ending chooses the container.
        images: uint8 (H, W, 3) pictures, all of one even size.
        sound: float32 (N, channels).
        fps: frames per second, where ``times`` does not say when each picture stands.
        times: seconds of each picture, increasing.
        rate: samples per second of ``sound``.
        video_codec: FFmpeg's name of an encoder.
        audio_codec: likewise.
        sound_start: seconds by which the sound starts later than time 0.
        rotation: degrees counterclockwise by which a player turns the picture.
        options: of the container, e.g. ``{"movflags": "faststart"}``.
    """
    with av.open(str(path), "w", options=options or {}) as container:
        images = iter(images)
        first = next(images, None)
        video = audio = None
        if first is not None:
            video = container.add_stream(video_codec, rate=fps, options=QUICK.get(video_codec, {}))
            video.height, video.width = first.shape[:2]
            video.pix_fmt = "yuv420p"
            video.time_base = video.codec_context.time_base = Fraction(1, 1000 if times is not None else fps)
            if rotation:
                video.set_display_rotation(rotation)
        if sound is not None:
            audio = container.add_stream(audio_codec, rate=rate, layout=_layout(sound.shape[1]))
        if video is not None:
            for i, image in enumerate([first, *images]):
                frame = av.VideoFrame.from_ndarray(image, "rgb24")
                frame.pts = i if times is None else round(times[i] * 1000)
                frame.time_base = video.codec_context.time_base
                container.mux(video.encode(frame))
            container.mux(video.encode(None))
        if audio is not None:
            _mux_sound(container, audio, sound, rate, sound_start)
    return path


def _layout(channels: int) -> str:
    names = {1: "mono", 2: "stereo", 3: "3.0", 4: "4.0", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}
    return names.get(channels, f"{channels} channels")


def _mux_sound(container, audio, sound: np.ndarray, rate: int, start: float) -> None:
    """Encode in blocks of 20 ms; the encoder converts them to its own sample format."""
    for begin in range(0, len(sound), rate // 50):
        block = np.ascontiguousarray(sound[begin : begin + rate // 50].reshape(1, -1))
        frame = av.AudioFrame.from_ndarray(block, "flt", audio.codec_context.layout.name)
        frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
        frame.pts = begin + round(start * rate)
        container.mux(audio.encode(frame))
    container.mux(audio.encode(None))


def write_text(path: Path) -> Path:
    """A text file, whatever its name says."""
    path.write_text("This is no clip.\n" * 100)
    return path


def write_part(path: Path, source: Path, share: float) -> Path:
    """The first ``share`` of a file: a copy that was cut off."""
    content = source.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path


def write_damaged(path: Path, source: Path, begin: float, end: float) -> Path:
    """A copy in which the bytes between two shares of the file are noise."""
    content = bytearray(source.read_bytes())
    first, last = int(len(content) * begin), int(len(content) * end)
    content[first:last] = np.random.default_rng(0).bytes(last - first)
    path.write_bytes(content)
    return path


def write_live(path: Path, whole: Path) -> Path:
    """Write a WebM as a browser's recorder does: without length and index, a cluster every quarter of a second."""
    options = {"live": "1", "cluster_time_limit": "250"}
    with av.open(str(whole)) as source, av.open(str(path), "w", format="webm", options=options) as output:
        copies = {stream: output.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = copies[packet.stream]
                output.mux(packet)
    return path
