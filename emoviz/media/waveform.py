"""The sound of a clip as one channel of one rate, with its true times."""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from ..core.errors import MediaError
from ..core.growing import GrowingArray
from ..core.progress import Progress, silent
from .bounds import BOUNDS, Bounds
from .channels import Mixing, best_mixing, chosen_mixing, planar
from .container import DEFAULT, Choice, audio_stream, clip_start, decoded, open_clip
from .info import probe
from .length import JITTER, Clock, Note

_EXCERPT = 20.0
"""Seconds of sound, from the first that is loud enough, by which channels and scale are judged."""
_EXCERPT_RATE = 16000
_LOUD = 1e-3
"""Largest sample from which a frame is not silence."""
_BEYOND = 4.0
"""Largest sample that is still taken as sound on [-1, 1] that was recorded too loud."""


@dataclass(frozen=True)
class Waveform:
    """Sound of one channel.

    Attributes:
        samples: samples, float32 (N,), within [-1, 1]; those of long sound lie on disk
            (:class:`~emoviz.core.growing.Rows`).
        rate: samples per second.
        start: time of the first sample, in seconds of the clip.
        gaps: stretches (start, end) in seconds of the clip in which there is no sound and the samples are 0.
        notes: facts that a reader must know about the sound, one sentence each.
        unspoken: stretches (start, end) in seconds of the clip in which nobody speaks, if speech was looked for.
        voice: probability of speech in each 32 ms from the first sample, float32 (C,), if speech was looked for.
    """

    samples: np.ndarray
    rate: int
    start: float
    gaps: tuple[tuple[float, float], ...] = ()
    notes: tuple[str, ...] = ()
    unspoken: tuple[tuple[float, float], ...] = ()
    voice: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))

    @property
    def duration(self) -> float:
        """The seconds from the first sample to the end of the last."""
        return len(self.samples) / self.rate

    @property
    def end(self) -> float:
        """The time of the end of the last sample, in seconds of the clip."""
        return self.start + self.duration

    @property
    def spoken(self) -> tuple[tuple[float, float], ...]:
        """The stretches (start, end) in seconds of the clip between all gaps and pauses."""
        found, reached = [], self.start
        for start, end in sorted((*self.gaps, *self.unspoken, (self.end, self.end))):
            if start > reached:
                found.append((reached, start))
            reached = max(reached, end)
        return tuple(found)


def read_waveform(
    path: Path | str,
    rate: int = 16000,
    progress: Progress = silent,
    *,
    choice: Choice = DEFAULT,
    bounds: Bounds = BOUNDS,
    until: float | None = None,
) -> Waveform:
    """Decode a clip's sound, bring its channels to one and resample it.

    Args:
        path: path of the clip.
        rate: samples per second.
        progress: listener that hears of the seconds decoded.
        choice: choice of track and channel.
        bounds: the largest recording that is accepted.
        until: seconds of the clip after which nothing is read, by default its end.

    Raises:
        MediaError: if the clip cannot be read, has no sound, or exceeds the bounds.
    """
    samples, start = GrowingArray((), np.float32), None
    gaps: list[tuple[float, float]] = []
    notes: dict[str, None] = {}
    for block in iterate_sound(path, rate, progress, choice=choice, bounds=bounds, note=notes.setdefault):
        start = block.start if start is None else start
        if until is not None and block.start >= until:
            break
        end = start + len(samples) / rate
        if block.start - end > 0.5 / rate:
            samples.extend(np.zeros(round((block.start - end) * rate), np.float32))
            gaps.append((end, block.start))
        samples.extend(block.samples)
    if start is None:
        raise MediaError(f"'{Path(path).name}' has no sound that can be read.")
    return Waveform(samples.array, rate, start, tuple(gaps), tuple(notes))


def iterate_sound(
    path: Path | str,
    rate: int,
    progress: Progress = silent,
    *,
    choice: Choice = DEFAULT,
    bounds: Bounds = BOUNDS,
    note: Note = lambda sentence: None,
) -> Iterator[Waveform]:
    """Decode a clip's sound as a stream of short blocks.

    A block starts where the one before it ends, or later, where the recording has a hole. A clip without sound gives no
    block. Samples that are no numbers are bridged, and sound on another scale than [-1, 1] is brought to it.

    Args:
        path: path of the clip.
        rate: samples per second.
        progress: listener that hears of the seconds decoded.
        choice: choice of track and channel.
        bounds: the largest recording that is accepted.
        note: function that takes a sentence on what was chosen or mended.

    Raises:
        MediaError: if the clip cannot be read, lacks the chosen channel, or exceeds the bounds.
    """
    info = probe(path, choice, bounds)
    look = _look(info.path, choice, bounds, progress) if info.audio else None
    if look is None:
        return
    mixing, scale = look
    if mixing.note:
        note(mixing.note)
    if scale != 1:
        note(f"The sound is on a scale of {1 / scale:,.0f} instead of 1 and was brought to it.")
    mender, resampler, damaged = _Mender(), _Resampler(rate), list[bool]()
    with open_clip(path) as container:
        stream = audio_stream(container, choice)
        assert stream is not None
        frames = decoded(container, stream, lambda: damaged.append(True))
        timed = _timed(frames, clip_start(container), Clock(bounds, note))
        for start, stretch in itertools.groupby(timed, lambda one: one.start):
            given = 0
            for frame, _, before in stretch:
                progress("Reading sound", start + before, info.duration)
                mixed = mender.mend(mixing.mix(planar(frame))) * np.float32(scale)
                samples = resampler.resample(mixed, frame.sample_rate)
                yield Waveform(np.clip(samples, -1, 1), rate, start + given / rate)
                given += len(samples)
            yield Waveform(np.clip(resampler.finish(), -1, 1), rate, start + given / rate)
    if mender.mended:
        those = "samples of the sound are no numbers and were" if mender.mended > 1 else "sample is no number and was"
        note(f"{mender.mended:,} {those} bridged.")
    if damaged:
        note("A part of the sound is damaged and left out.")


class _Timed(NamedTuple):
    """A frame of sound, the true time at which its stretch without holes starts, and the seconds of it before."""

    frame: AudioFrame
    start: float
    before: float


def _timed(frames: Iterable[AudioFrame], clip_begin: float, clock: Clock) -> Iterator[_Timed]:
    """Yield the frames with their true times; behind a hole, another stretch starts."""
    start, taken = None, 0.0
    for frame in frames:
        stated = None if frame.time is None else frame.time - clip_begin
        if start is None:
            start = stated or 0.0
        elif stated is not None:
            time = clock.time(stated, start + taken)
            if time - start - taken > JITTER:
                start, taken = time, 0.0
        yield _Timed(frame, start, taken)
        taken += frame.samples / frame.sample_rate


def _look(path: Path, choice: Choice, bounds: Bounds, progress: Progress) -> tuple[Mixing, float] | None:
    """Return mixing and scale from the beginning of the sound; None where nothing can be decoded."""
    parts: list[np.ndarray] = []
    peak, count, loud = 0.0, 0, 0.0
    with open_clip(path) as container:
        stream = audio_stream(container, choice)
        assert stream is not None
        for frame in decoded(container, stream):
            progress("Looking for sound", 0, 0)  # silence may last for hours
            channels = planar(frame)
            count = count or len(channels)
            if len(channels) != count or count > bounds.channels:
                break
            known = np.nan_to_num(channels, nan=0.0, posinf=0.0, neginf=0.0)
            largest = float(np.abs(known).max(initial=0.0))
            peak = max(peak, largest)
            if largest < _LOUD and not parts:
                continue
            # Every n-th sample would alias; a mean over n is a low-pass good enough to judge by.
            step = max(1, frame.sample_rate // _EXCERPT_RATE)
            length = known.shape[1] // step * step
            parts.append(known[:, :length].reshape(count, -1, step).mean(2))
            loud += frame.samples / frame.sample_rate
            if loud >= _EXCERPT:
                break
    if not count:
        return None
    scale = 1.0 if peak <= _BEYOND else 1 / 2.0 ** (15 if peak <= 2.0**15 else 31)
    chosen = chosen_mixing(choice.channel, count)
    if chosen is None:
        excerpt = np.concatenate(parts, axis=1) if parts else np.zeros((count, 0), np.float32)
        chosen = best_mixing(excerpt * np.float32(scale)) if excerpt.size else Mixing(np.full(count, 1 / count))
    return chosen, scale


class _Mender:
    """Bridges samples that are no numbers by a straight line between their neighbours.

    Attributes:
        mended: how many there were.
    """

    def __init__(self) -> None:
        self.mended = 0
        self._last = 0.0

    def mend(self, samples: np.ndarray) -> np.ndarray:
        """float32 (N,) without anything that is no number."""
        sound = np.isfinite(samples)
        if not sound.all():
            self.mended += int((~sound).sum())
            places = np.flatnonzero(sound)
            known = samples[places] if len(places) else np.zeros(0, np.float32)
            samples = np.interp(
                np.arange(len(samples)), np.r_[-1, places], np.r_[np.float32(self._last), known]
            ).astype(np.float32)
        if len(samples):
            self._last = float(samples[-1])
        return samples


class _Resampler:
    """Resamples a stream of samples whose own rate may change on the way."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._source = 0
        self._resampler: AudioResampler | None = None

    def resample(self, samples: np.ndarray, source: int) -> np.ndarray:
        """float32 (N,), what is ready once ``samples`` at the rate ``source`` are taken in."""
        finished = self.finish() if source != self._source else _NOTHING
        if source == self._rate:
            self._source = source
            return np.concatenate([finished, samples])
        if self._resampler is None:
            self._resampler, self._source = AudioResampler("fltp", "mono", self._rate), source
        if not len(samples):
            return finished
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples[None]), "fltp", "mono")
        frame.sample_rate = source
        return np.concatenate([finished, *_samples(self._resampler, frame)])

    def finish(self) -> np.ndarray:
        """float32 (N,), the rest of what was taken in."""
        resampler, self._resampler, self._source = self._resampler, None, 0
        return np.concatenate([_NOTHING, *_samples(resampler, None)]) if resampler else _NOTHING


_NOTHING = np.zeros(0, np.float32)


def _samples(resampler: AudioResampler, frame: AudioFrame | None) -> list[np.ndarray]:
    return [ready.to_ndarray()[0] for ready in resampler.resample(frame)]
