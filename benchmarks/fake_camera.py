"""A clip in front of Chromium's camera and microphone, for what records in a browser."""

import io
import wave
from pathlib import Path

import numpy as np
from PIL import Image

from emoviz.media import ClipMedia


def in_front_of_camera(clip: Path, folder: Path, start: float = 1.0, end: float = 4.0) -> list[str]:
    """Return arguments by which Chromium sees and hears some seconds of a clip, again and again.

    Args:
        clip: clip with picture and sound.
        folder: folder for the files that Chromium reads; it also asks nobody whether a page may record.
        start: second of the clip at which it begins.
        end: second at which it begins again.
    """
    part = ClipMedia(clip).part(start, end)
    with (folder / "camera.mjpeg").open("wb") as file:
        for frame in part.pictures():
            picture = io.BytesIO()
            Image.fromarray(frame.image).save(picture, "jpeg", quality=90)
            file.write(picture.getvalue())
    sound = part.waveform()
    with wave.open(str(folder / "microphone.wav"), "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(sound.rate)
        written.writeframes((np.clip(sound.samples, -1, 1) * 32767).astype("<i2").tobytes())
    return [
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={folder / 'camera.mjpeg'}",
        f"--use-file-for-fake-audio-capture={folder / 'microphone.wav'}",
    ]
