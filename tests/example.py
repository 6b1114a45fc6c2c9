"""The face and the voice of the bundled examples, for recordings of them in any shape."""

import struct
import wave
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
import numpy as np
from clips import QUICK, write_clip

from emoviz.media import iterate_frames, read_waveform

EXAMPLES = Path(__file__).parents[1] / "examples"
RATE = 16000
SECONDS = 2.4
FRAMES = 60


def example_voice(language: str = "english") -> np.ndarray:
    """float32 (N,), 2.4 s of an example's speech."""
    sound = read_waveform(EXAMPLES / f"synthetic-{language}.mp4")
    return sound.samples[int(0.3 * RATE) :][: int(SECONDS * RATE)].copy()


def example_images(language: str = "english") -> list[np.ndarray]:
    """60 pictures of 640 x 360 with an example's face in their middle."""
    found = []
    for frame in islice(iterate_frames(EXAMPLES / f"synthetic-{language}.mp4", longest=360), FRAMES):
        image = np.zeros((360, 640, 3), np.uint8)
        height, width = (2 * (side // 2) for side in frame.image.shape[:2])
        top, left = (360 - height) // 2, (640 - width) // 2
        image[top : top + height, left : left + width] = frame.image[:height, :width]
        found.append(image)
    return found


def write_wav(path: Path, samples: np.ndarray, *, floating: bool = False) -> Path:
    """(N,) or (N, C) on [-1, 1] as 16 bit, or as it is in 32-bit floating point; any number of channels."""
    samples = samples.reshape(len(samples), -1)
    channels = samples.shape[1]
    if not floating and channels <= 2:
        with wave.open(str(path), "wb") as file:
            file.setnchannels(channels)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes((samples * 32767).astype("<i2").tobytes())
        return path
    width = 4 if floating else 2
    content = (samples if floating else samples * 32767).astype("<f4" if floating else "<i2").tobytes()
    kind = "0300" if floating else "0100"
    frame, bits = channels * width, 8 * width
    form = struct.pack("<HHIIHHHHI", 0xFFFE, channels, RATE, RATE * frame, frame, bits, 22, bits, 0)
    form += bytes.fromhex(f"{kind}0000 0000 1000 8000 00aa00389b71")
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(content)) + content
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    return path


def alike(found: np.ndarray, expected: np.ndarray) -> float:
    """Correlation of two sounds of one start."""
    length = min(len(found), len(expected))
    return float(np.corrcoef(found[:length], expected[:length])[0, 1])


def write_tracks(path: Path, images: list[np.ndarray], sounds: list[np.ndarray], default: int) -> Path:
    """A clip with several sound tracks, of which the one of this position is marked as default."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=25, options=QUICK["libx264"])
        video.height, video.width = images[0].shape[:2]
        video.pix_fmt = "yuv420p"
        tracks = [container.add_stream("pcm_s16le", rate=RATE, layout="mono") for _ in sounds]
        for number, track in enumerate(tracks):
            track.disposition = av.stream.Disposition.default if number == default else av.stream.Disposition(0)
        for image in images:
            container.mux(video.encode(av.VideoFrame.from_ndarray(image, "rgb24")))
        container.mux(video.encode(None))
        for track, sound in zip(tracks, sounds, strict=True):
            frame = av.AudioFrame.from_ndarray((sound * 32767).astype(np.int16)[None], "s16", "mono")
            frame.sample_rate, frame.time_base, frame.pts = RATE, Fraction(1, RATE), 0
            container.mux(track.encode(frame))
            container.mux(track.encode(None))
    return path


def write_two_pictures(path: Path, first: list[np.ndarray], second: list[np.ndarray], sound: np.ndarray) -> Path:
    """A clip with two picture tracks."""
    with av.open(str(path), "w") as container:
        tracks = [container.add_stream("libx264", rate=25, options=QUICK["libx264"]) for _ in range(2)]
        audio = container.add_stream("pcm_s16le", rate=RATE, layout="mono")
        for track in tracks:
            track.height, track.width, track.pix_fmt = 360, 640, "yuv420p"
        for pair in zip(first, second, strict=True):
            for track, image in zip(tracks, pair, strict=True):
                container.mux(track.encode(av.VideoFrame.from_ndarray(image, "rgb24")))
        for track in tracks:
            container.mux(track.encode(None))
        frame = av.AudioFrame.from_ndarray((sound * 32767).astype(np.int16)[None], "s16", "mono")
        frame.sample_rate, frame.time_base, frame.pts = RATE, Fraction(1, RATE), 0
        container.mux(audio.encode(frame))
        container.mux(audio.encode(None))
    return path


def write_resized(path: Path, images: list[np.ndarray]) -> Path:
    """A WebM whose pictures have half the size from their middle on."""
    with av.open(str(path), "w") as container:
        target = None
        for number, part in enumerate((images[:30], [image[::2, ::2] for image in images[30:]])):
            half = write_clip(path.with_name(f"{number}.webm"), part, video_codec="libvpx")
            with av.open(str(half)) as source:
                stream = source.streams.video[0]
                target = target or container.add_stream_from_template(stream)
                for packet in source.demux(stream):
                    if packet.pts is not None:
                        packet.pts = packet.dts = packet.pts + 1200 * number
                        packet.stream = target
                        container.mux(packet)
    return path


def write_mirrored(path: Path, source: Path) -> Path:
    """A copy of an MP4 of 640 x 360 whose display matrix exchanges left and right."""
    content = bytearray(source.read_bytes())
    place = content.find(b"tkhd")
    content[place + 44 : place + 80] = struct.pack(">9i", -1 << 16, 0, 0, 0, 1 << 16, 0, 640 << 16, 0, 1 << 30)
    path.write_bytes(content)
    return path


def write_variable(path: Path, sound: np.ndarray) -> Path:
    """An MP3 of a variable rate without a header that tells its length."""
    with av.open(str(path), "w", options={"write_xing": "0", "id3v2_version": "0"}) as container:
        stream = container.add_stream("libmp3lame", rate=RATE, layout="mono")
        stream.codec_context.options = {"q": "0"}
        stream.codec_context.qscale = True
        frame = av.AudioFrame.from_ndarray((sound * 32767).astype(np.int16)[None], "s16", "mono")
        frame.sample_rate, frame.pts = RATE, 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def write_tagged(path: Path, samples: np.ndarray, title: bytes) -> Path:
    """A WAV whose tag for the title has these bytes, of even number, in whatever encoding."""
    content = bytearray(write_wav(path, samples).read_bytes())
    content += b"LIST" + struct.pack("<I", 12 + len(title)) + b"INFO" + b"INAM" + struct.pack("<I", len(title)) + title
    content[4:8] = struct.pack("<I", len(content) - 8)
    path.write_bytes(content)
    return path
