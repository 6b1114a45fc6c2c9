"""The sound of a clip as one channel of one rate."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from ..core.errors import MediaError
from ..core.progress import Progress, silent
from .growing import GrowingArray
from .info import LONGEST_GAP, audio_stream, clip_start, decoded, open_clip, probe

_LARGEST_JITTER = 0.1
"""Seconds. A longer hole between two frames is silence; a shorter one is rounding of their timestamps."""


@dataclass(frozen=True)
class Waveform:
    """Sound of one channel.

    Attributes:
        samples: float32 (N,), within [-1, 1].
        rate: samples per second.
        start: time of the first sample, in seconds of the clip.
    """

    samples: np.ndarray
    rate: int
    start: float

    @property
    def duration(self) -> float:
        """Seconds from the first sample to the end of the last."""
        return len(self.samples) / self.rate


def read_waveform(path: Path | str, rate: int = 16000, progress: Progress = silent) -> Waveform:
    """Decode a clip's sound, mix its channels to one and resample it.

    Raises:
        MediaError: the clip cannot be read or has no sound.
    """
    samples, start = GrowingArray((), np.float32), None
    for block in iterate_sound(path, rate, progress):
        start = block.start if start is None else start
        samples.extend(block.samples)
    if start is None:
        raise MediaError(f"'{Path(path).name}' has no sound.")
    return Waveform(samples.array, rate, start)


def iterate_sound(path: Path | str, rate: int, progress: Progress = silent) -> Iterator[Waveform]:
    """Decode a clip's sound as a stream of short blocks, each of which starts where the one before it ends.

    A hole in the recording becomes silence of its length, so that sound and picture stay together. A clip without
    sound gives no block.

    Raises:
        MediaError: the clip cannot be read.
    """
    duration = probe(path).duration
    with open_clip(path) as container:
        stream, clip_begin = audio_stream(container), clip_start(container)
        mixer = _Mixer(rate)
        start, given = None, 0
        for frame in decoded(container, stream) if stream else ():
            time = frame.time - clip_begin if frame.pts is not None else None
            if start is None:
                start = time or 0.0
            hole = 0.0 if time is None else time - start - mixer.seconds
            if time is not None:
                progress("Reading sound", time, duration)
            silence = mixer.silence(hole) if _LARGEST_JITTER < hole < LONGEST_GAP else _NOTHING
            samples = np.concatenate([silence, mixer.mix(frame)])
            yield Waveform(np.clip(samples, -1, 1), rate, start + given / rate)
            given += len(samples)
        if start is not None:
            yield Waveform(np.clip(mixer.finish(), -1, 1), rate, start + given / rate)


class _Mixer:
    """Mixes and resamples a stream of frames, whose own rate and channels may change on the way.

    Attributes:
        seconds: of sound taken in so far.
    """

    def __init__(self, rate: int) -> None:
        self.seconds = 0.0
        self._rate = rate
        self._source: tuple[int, str, str] | None = None
        self._resampler: AudioResampler | None = None

    def mix(self, frame: AudioFrame) -> np.ndarray:
        """float32 (N,), what is ready once ``frame`` is taken in."""
        source = (frame.sample_rate, frame.layout.name, frame.format.name)
        finished = self.finish() if source != self._source else _NOTHING
        if self._resampler is None:
            # Without the limit, floating-point sources are mixed 3 dB louder than whole-number ones.
            self._resampler = AudioResampler("fltp", "mono", self._rate, options={"rematrix_maxval": "1.0"})
            self._source = source
        self.seconds += frame.samples / frame.sample_rate
        frame.pts = None  # else the resampler would keep the input's clock, jumps included
        return np.concatenate([finished, *_samples(self._resampler, frame)])

    def silence(self, seconds: float) -> np.ndarray:
        """float32 (N,), the rest of what was taken in, then silence."""
        rest = self.finish()
        self.seconds += seconds
        return np.concatenate([rest, np.zeros(round(seconds * self._rate), np.float32)])

    def finish(self) -> np.ndarray:
        """float32 (N,), the rest of what was taken in."""
        resampler, self._resampler, self._source = self._resampler, None, None
        return np.concatenate([_NOTHING, *_samples(resampler, None)]) if resampler else _NOTHING


_NOTHING = np.zeros(0, np.float32)


def _samples(resampler: AudioResampler, frame: AudioFrame | None) -> list[np.ndarray]:
    return [ready.to_ndarray()[0] for ready in resampler.resample(frame)]
