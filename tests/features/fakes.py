"""Clips that exist only in memory, for tests of extractors and the store."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from emoviz.core.errors import MediaError
from emoviz.core.kept import Kept
from emoviz.media import AudioInfo, ClipInfo, FaceTimeline, FaceTrack, Frame, VideoInfo, Waveform
from emoviz.media.condition import speech_of


def voice(seconds: float, seed: int = 0) -> np.ndarray:
    """A buzz with moving pitch and some noise: float32 (N,) at 16 kHz."""
    time = np.arange(round(seconds * 16000)) / 16000
    phase = 2 * np.pi * np.cumsum(150 + 30 * np.sin(5 * time)) / 16000
    buzz = sum(np.sin(k * phase) / k for k in range(1, 10))
    noise = np.random.default_rng(seed).standard_normal(len(time))
    return (0.1 * buzz * (1 + np.sin(9 * time)) / 2 + 0.005 * noise).astype(np.float32)


def timeline(times: np.ndarray, present: np.ndarray, seed: int = 0) -> FaceTimeline:
    """One face whose crops and blendshapes change from frame to frame."""
    random = np.random.default_rng(seed)
    frames = len(times)

    def values(*shape: int) -> np.ndarray:
        drawn = random.random((frames, *shape), np.float32)
        drawn[~present] = np.nan
        return drawn

    crops = random.integers(0, 256, (frames, 48, 48), np.uint8)
    crops[~present] = 0
    boxes = values(4) * 20 + np.array([30, 30, 40, 50], np.float32)
    track = FaceTrack.from_frames(0, present, boxes, values(478, 3), values(52), values(3), values(), crops)
    return FaceTimeline(times, (160, 120), (track,) if present.any() else ())


@dataclass(eq=False)
class FakeMedia:
    """What extractors read of a ``ClipMedia``; ``samples`` and ``picture`` may be None."""

    samples: np.ndarray | None = None
    picture: FaceTimeline | None = None
    start: float = 0.0
    key: str = "ab" * 32
    face: int | None = None
    kept: Kept | None = None
    decoded: int = field(default=0, init=False)

    @property
    def content(self) -> str:
        return self.key

    @property
    def info(self) -> ClipInfo:
        sound = 0.0 if self.samples is None else len(self.samples) / 16000
        video = None
        duration = sound
        if self.picture is not None:
            times = self.picture.times
            duration = max(sound, float(times[-1]) if len(times) else 0.0)
            video = VideoInfo(160, 120, (len(times) - 1) / max(duration, 0.04), len(times), 0, "h264")
        audio = None if self.samples is None else AudioInfo(16000, 1, "pcm_s16le")
        return ClipInfo(Path("fake.mp4"), duration, video, audio)

    def waveform(self, progress=None) -> Waveform:
        if self.samples is None:
            raise MediaError("The clip has no sound.")
        self.decoded += 1
        return Waveform(self.samples, 16000, self.start)

    def speech(self, progress=None) -> Waveform:
        return speech_of(self.waveform())

    def face_blocks(self, kind, made_of) -> None:
        """Nothing is kept."""

    def pictures(self, progress=None) -> Iterator[Frame]:
        """Noise."""
        random = np.random.default_rng(0)
        return (Frame(time, random.integers(0, 256, (120, 160, 3), np.uint8)) for time in self.faces().times)

    def faces(self, progress=None) -> FaceTimeline:
        if self.picture is None:
            raise MediaError("The clip has no picture.")
        self.decoded += 1
        return self.picture

    def face_track(self, progress=None) -> FaceTrack | None:
        tracks = self.faces().tracks
        return tracks[0] if tracks else None
