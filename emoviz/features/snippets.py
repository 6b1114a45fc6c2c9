"""Pictures and sound of a clip cut into a few parts, for networks that learn from pixels and spectrograms.

Source: the audio-video attention network paper, sections 3.1, 3.2 and 4.2 (bibliography, paper 5). A clip of any
length is N parts of equal length, so that both streams stand on one time grid:

- ``snippets``: 16 pictures of the speaker's face, evenly spaced over the part, upright and framed alike.
- ``spectrogram``: the second of sound around the middle of the part, moved into the clip where it would reach beyond
  its ends; Hamming windows of 32 ms every 10 ms, logarithm of the power at 256 frequencies. A clip of
  less than a second is filled up with silence. Its parts may also be of so many seconds each, for models that are
  moved along clips of any length.

Channels are the values of a part's picture, flattened in the order that the model's config states.
"""

import itertools
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ..core.errors import FeatureError
from ..core.progress import Progress, silent
from ..core.vocabulary import Modality
from .align import frame_middles, nearest
from .base import (
    EXTRACTORS,
    RATE,
    FeatureStream,
    Sound,
    heard,
    lacking_sound,
    missing_stream,
    sound_setting,
    sound_stream,
)

if TYPE_CHECKING:
    from ..media import ClipMedia, FaceTrack, Waveform

PARTS = 6
COLOURS = ("red", "green", "blue")
WINDOW = 512
STEP = 160
BINS = 256
STEPS = 100
QUIETEST = 1e-10
"""Added to the power before its logarithm, about that of rounding to 16 bit."""


class _Parts:
    """The division of a clip, which both extractors share.

    Args:
        parts: number N of parts.
    """

    version = "1"

    def __init__(self, *, parts: int = PARTS) -> None:
        if parts < 1:
            raise FeatureError(f"A clip has at least one part, not {parts}.")
        self.parts = parts

    def _hop(self, media: "ClipMedia") -> float:
        """Seconds of a part."""
        return max(media.info.duration, 1e-3) / self.parts


@EXTRACTORS.register("snippets")
class Snippets(_Parts):
    """Snippets of pictures of the speaker's face, in [0, 1].

    Args:
        parts: number N of snippets.
        frames: pictures per snippet.
        side: side of a picture, in pixels; the paper has 224, which is 58 MB per clip.
    """

    name = "snippets"
    modality = Modality.VIDEO

    def __init__(self, *, parts: int = PARTS, frames: int = 16, side: int = 64) -> None:
        super().__init__(parts=parts)
        if frames < 1 or side < 1:
            raise FeatureError(f"A snippet has at least one frame and one pixel, not {frames} and {side}.")
        self.frames, self.side = frames, side

    @property
    def settings(self) -> dict[str, str | int | float]:
        """The sizes of the snippets."""
        return {"parts": self.parts, "frames": self.frames, "side": self.side}

    @cached_property
    def channels(self) -> tuple[str, ...]:
        """Names ``snippets.<colour>.<frame>.<row>.<column>``."""
        axes = COLOURS, range(self.frames), range(self.side), range(self.side)
        return tuple(f"snippets.{c}.{t:02d}.{y:03d}.{x:03d}" for c, t, y, x in itertools.product(*axes))

    def extract(self, media: "ClipMedia", progress: Progress = silent) -> FeatureStream:
        """Cut snippets of the speaker; a hidden face is replaced by its nearest picture in the snippet, or else NaN."""
        hop = self._hop(media)
        if media.info.video is None:
            return missing_stream(self.channels, media.info.duration, hop, "The clip has no picture.")
        times, track = media.faces(progress).times, media.face_track()
        if track is None:
            return missing_stream(self.channels, media.info.duration, hop, "No face was found.")
        wanted = self._choose(times, track, hop)
        faces = self._faces(media, track, np.unique(wanted[wanted >= 0]), progress)
        values = np.full((self.parts, len(COLOURS), self.frames, self.side, self.side), np.nan, np.float32)
        for part, frames in enumerate(wanted):
            if frames[0] >= 0:
                values[part] = np.stack([faces[frame] for frame in frames]).transpose(3, 0, 1, 2) / np.float32(255)
        missing = int((wanted[:, 0] < 0).sum())
        notes = (f"No face in {missing} of {self.parts} snippets.",) if missing else ()
        return FeatureStream(values.reshape(self.parts, -1), hop / 2, hop, self.channels, notes)

    def _choose(self, times: np.ndarray, track: "FaceTrack", hop: float) -> np.ndarray:
        """Return the clip's frame for each picture (N, frames), the nearest with the face in the snippet, or -1."""
        moments = (np.arange(self.parts * self.frames) + 0.5) * hop / self.frames
        shown = nearest(times, moments).reshape(self.parts, self.frames)
        chosen = np.full_like(shown, -1)
        for part, frames in enumerate(shown):
            seen = track.frames[(track.frames >= frames[0]) & (track.frames <= frames[-1])]
            if len(seen):
                chosen[part] = seen[nearest(seen, frames)]
        return chosen

    def _faces(
        self, media: "ClipMedia", track: "FaceTrack", wanted: np.ndarray, progress: Progress
    ) -> dict[int, np.ndarray]:
        """Return the face uint8 (side, side, 3) of each wanted frame."""
        from ..media import face_picture

        place = dict(zip(track.frames.tolist(), range(len(track.frames)), strict=True))
        keep = {int(frame) for frame in wanted}
        return {
            number: face_picture(frame.image, track.seen_points[place[number]] * track.unit, self.side)
            for number, frame in enumerate(media.pictures(progress))
            if number in keep
        }


@EXTRACTORS.register("spectrogram")
class Spectrogram(_Parts):
    """Spectrograms of the parts of a clip: the logarithm of the power at 31.25, 62.5 ... 8000 Hz.

    Args:
        parts: number N of parts.
        seconds: length of a part, instead of their number.
        sound: ``recorded``, or ``conditioned``: without offset, at one level, where somebody speaks.
    """

    name = "spectrogram"
    modality = Modality.AUDIO

    def __init__(self, *, parts: int = PARTS, seconds: float | None = None, sound: Sound = "recorded") -> None:
        super().__init__(parts=parts)
        if seconds is not None and not seconds > 0:
            raise FeatureError(f"A part lasts more than 0 s, not {seconds:g} s.")
        self.seconds, self.sound = seconds, sound

    @property
    def settings(self) -> dict[str, str | int | float]:
        """The sizes of the spectrograms."""
        division: dict[str, int | float] = {"parts": self.parts} if self.seconds is None else {"seconds": self.seconds}
        return {**division, "bins": BINS, "window": WINDOW, "step": STEP, **sound_setting(self.sound)}

    @cached_property
    def channels(self) -> tuple[str, ...]:
        """Names ``spectrogram.<frequency>Hz.<step>``."""
        frequencies = np.arange(1, BINS + 1) * RATE / WINDOW
        return tuple(f"spectrogram.{f:.0f}Hz.{t:02d}" for f, t in itertools.product(frequencies, range(STEPS)))

    def extract(self, media: "ClipMedia", progress: Progress = silent) -> FeatureStream:
        """Return one second of sound for each part."""
        hop = self.seconds or self._hop(media)
        if note := lacking_sound(media, progress=progress):
            return missing_stream(self.channels, media.info.duration, hop, note)
        sound = heard(media, self.sound, progress)
        count = self.parts if self.seconds is None else len(frame_middles(media.info.duration, hop))
        starts = second_around((np.arange(count) + 0.5) * hop, sound)
        values = np.stack([spectrogram(sound.samples, start) for start in starts])
        return sound_stream(values.reshape(count, -1), hop / 2, hop, self.channels, sound)


def second_around(middles: np.ndarray, sound: "Waveform") -> np.ndarray:
    """Return the first samples (N,) of the seconds of sound around some moments of the clip, moved into it."""
    last = max(len(sound.samples) - RATE, 0)
    return np.round((middles - sound.start - 0.5) * RATE).clip(0, last).astype(int)


def spectrogram(samples: np.ndarray, start: int) -> np.ndarray:
    """Return the logarithm of the power in one second of sound.

    Args:
        samples: sound float32 (S,) at 16 kHz; silence beyond its ends.
        start: first sample of the second.

    Returns:
        Powers float32 (256, 100): frequencies without the constant part, and windows around the middles of 10 ms steps.
    """
    margin = (WINDOW - STEP) // 2
    padded = np.pad(samples[start : start + RATE + margin], (0, max(start + RATE + margin - len(samples), 0)))
    before = samples[max(start - margin, 0) : start]
    padded = np.concatenate([np.zeros(margin - len(before), np.float32), before, padded])
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::STEP] * np.hamming(WINDOW)
    power = np.abs(np.fft.rfft(windows, axis=1)[:, 1:]) ** 2 / WINDOW
    return np.log(power + QUIETEST).T.astype(np.float32)
