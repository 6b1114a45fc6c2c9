"""The windows in which a model of feature streams is applied to a clip, and how their predictions are joined.

- Frame by frame: windows as long as the model's training clips that overlap by a third, cross-faded linearly.
- Per clip: windows as long as its training clips, one every :data:`WINDOW_HOP` seconds; the prediction of a window
  counts for the window's centre, and between centres predictions are interpolated.

Windows hold frames that are there: they never reach beyond a stream, into a gap or over a long silence. A stretch of
frames that is shorter than a window is one window of its own length. Where nobody speaks, and in a stretch of speech
shorter than :data:`SHORTEST`, nothing is said, whatever is read there.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..checkpoints.description import Description
from ..core.growing import blocks
from ..core.vocabulary import Task
from ..features import FeatureStream
from ..features.align import align, frame_middles, nearest
from ..features.base import within
from ..features.grid import common_times, end_of, own_hop
from ..features.stored_corpus import WHOLE

WINDOW_HOP = 0.25
"""Step in seconds between the windows of a clip-level model."""

SHORTEST = 0.5
"""Smallest number of seconds of frames from which a model predicts."""

LONGEST_HOLE = {Task.FRAMES: 1.0, Task.CLIP: 0.3}
"""Seconds of absence above which the frames on both sides stand in different windows.

A model of clips learns from utterances, which a pause parts; one that predicts frame by frame gains from what was said
before the pause (``benchmarks/served.py``)."""

NEAR = {Task.FRAMES: 2.0, Task.CLIP: 0.0}
"""Seconds of silence before and after speech that a model reads, if its features cover silence at all.

Recordings of corpora have silence at their ends, which a model learned to read frame by frame: of 3,793 recordings, 7
have more than this at an end, or a pause of more than twice as much. Of a longer silence it knows nothing. A window of
a model of clips is filled with speech, since hiss in it would count as much (``benchmarks/served.py``)."""

TOGETHER = 0.2
"""Seconds by which streams of one recording may differ in their ends."""

FRAMES_AT_ONCE = 750
"""Frames that a model reads at a time, which bounds the memory that a long clip takes."""


@dataclass(frozen=True)
class Windows:
    """The windows in which a model of feature streams is applied to a clip.

    Attributes:
        description: description of the model.
        times: middles (T,) of the frames on the model's grid, in seconds of the clip.
        kept: numbers (P,) of the frames that are read, in stretches.
        starts: place (N,) in ``kept`` of the first frame of each window.
        lengths: number (N,) of frames of each window.
        stretches: place in ``kept`` behind the last frame of each stretch, in order.
        said: mask, bool (T,), true on the frames of which the model says something.
    """

    description: Description
    times: np.ndarray
    kept: np.ndarray
    starts: np.ndarray
    lengths: np.ndarray
    stretches: tuple[int, ...]
    said: np.ndarray

    @classmethod
    def of(cls, description: Description, duration: float) -> "Windows":
        """Lay windows over a clip of a given length in which no frame is missing."""
        times = frame_middles(duration, description.hop)
        everywhere = np.ones(len(times), bool)
        return cls._over(description, times, everywhere, everywhere)

    @classmethod
    def over(cls, description: Description, streams: Mapping[str, FeatureStream], duration: float) -> "Windows":
        """Lay windows over the frames of a clip that at least one stream of a model has.

        Args:
            description: description of the model.
            streams: feature streams of the clip, at least those that the model reads.
            duration: seconds of the clip.
        """
        if description.resample == "none":
            description = _of_parts(description, streams)
            duration = description.window
        hop = description.hop
        times = frame_middles(duration, hop)
        own = [streams[f.name] for f in description.features]
        there = [_presence(stream, times, description) for stream in own]
        heard = [_is_spoken(stream, times, hop) for stream in own]
        said = np.zeros(len(times), bool)
        for part in _parted(np.any(np.logical_and(there, heard), axis=0), description):
            said[part] = len(part) >= max(1, round(SHORTEST / hop))
        near = _within(times, times[said], NEAR[description.task])
        together = np.arange(len(times)) < _common_frames(own, hop)
        return cls._over(description, times, np.any(there, axis=0) & near & together, said)

    @classmethod
    def _over(cls, description: Description, times: np.ndarray, read: np.ndarray, said: np.ndarray) -> "Windows":
        parts = _parted(read, description)
        longest = max(1, round(description.window / description.hop))
        starts, lengths, ends, done = [], [], [], 0
        for part in parts:
            width = min(len(part), longest)
            framewise = description.task == Task.FRAMES
            hop = max(1, width - width // 3) if framewise else max(1, round(WINDOW_HOP / description.hop))
            own = window_starts(len(part), width, hop)
            starts.append(done + own)
            lengths.append(np.full(len(own), width))
            done += len(part)
            ends.append(done)
        nothing = np.zeros(0, int)
        return cls(
            description,
            times,
            np.concatenate([nothing, *parts]),
            np.concatenate([nothing, *starts]),
            np.concatenate([nothing, *lengths]),
            tuple(ends),
            said,
        )

    @property
    def width(self) -> int:
        """The number W of frames in the longest window."""
        return int(self.lengths.max(initial=1))

    def batches(self) -> Iterator[np.ndarray]:
        """Yield the numbers of the windows in batches that bound the memory which a long clip takes."""
        at_once = max(1, FRAMES_AT_ONCE // self.width)
        numbers = np.arange(len(self.starts))
        return (numbers[i : i + at_once] for i in range(0, len(numbers), at_once))

    def mask(self, numbers: np.ndarray) -> np.ndarray:
        """Return which frames of some windows exist, bool (n, W); shorter windows are padded at their ends."""
        return np.arange(self.width) < self.lengths[numbers, None]

    def frames(self, numbers: np.ndarray) -> np.ndarray:
        """Return the frames (n, W) of the clip in some windows; shorter windows repeat their last one at the end."""
        within = np.minimum(np.arange(self.width), self.lengths[numbers, None] - 1)
        return np.asarray(self.kept[self.starts[numbers, None] + within])

    def of_window(self, number: int) -> np.ndarray:
        """Return the frames of the clip in one window, without padding."""
        return np.asarray(self.kept[self.starts[number] : self.starts[number] + self.lengths[number]])

    def aligned(self, streams: Mapping[str, FeatureStream], numbers: np.ndarray) -> dict[str, np.ndarray]:
        """Align the features in some windows: (n, W, D) by name, so that those of a long clip are never held twice."""
        found = {
            f.name: np.full((len(numbers), self.width, f.width), np.nan, np.float32) for f in self.description.features
        }
        for row, number in enumerate(numbers):
            times = self.times[self.of_window(number)]
            for name, values in found.items():
                values[row, : len(times)] = align(streams[name], times, self.description.resample, self.description.hop)
        return found

    def join(self, values: np.ndarray) -> np.ndarray:
        """Join a model's predictions of the windows, (N, W, K) or (N, K), to one series for the clip.

        Returns:
            Predictions (T, K), NaN in the frames of which nothing is said.
        """
        series = np.full((len(self.times), values.shape[-1]), np.nan)
        if values.ndim == 3:
            series[self.kept] = cross_fade(values, self.starts, len(self.kept), self.lengths)
        else:
            for frames, windows in self._parts():
                series[frames] = interpolate(self.times[frames], self.centres[windows], values[windows])
        unread = np.setdiff1d(np.flatnonzero(self.said), self.kept)  # behind the end of the first stream
        series[unread] = series[self.kept[nearest(self.kept, unread)]]
        series[~self.said] = np.nan
        return series

    def join_scores(self, scores: np.ndarray) -> np.ndarray:
        """Join a value of each window, (N,), to one series for the clip: (T,), NaN where nothing is said."""
        framewise = self.description.task == Task.FRAMES
        values = np.broadcast_to(scores[:, None, None], (len(scores), self.width, 1)) if framewise else scores[:, None]
        return self.join(values)[:, 0]

    def shares(self, wanted: np.ndarray) -> np.ndarray:
        """Return how much each prediction counts in the mean of the joined series over some of its frames.

        Args:
            wanted: mask, bool (T,), true on these frames, of which at least one is there.

        Returns:
            Shares with the sum 1: (N, W) for a model that predicts per frame, (N, 1) for one that predicts per clip.
        """
        wanted = wanted[self.kept]
        if self.description.task == Task.CLIP:
            shares = np.zeros((len(self.starts), 1))
            first = 0
            for frames, windows in self._parts():
                own = wanted[first : first + len(frames)]
                centres = self.centres[windows]
                if own.any():
                    shares[windows, 0] = interpolate(self.times[frames][own], centres, np.eye(len(centres))).sum(0)
                first += len(frames)
            return np.asarray(shares / wanted.sum())
        near = np.stack([_nearness(length, self.width) for length in self.lengths])
        places = self.starts[:, None] + np.minimum(np.arange(self.width), self.lengths[:, None] - 1)
        total = np.bincount(places.ravel(), near.ravel(), len(self.kept))
        return np.asarray((wanted / total)[places] * near / wanted.sum())

    @property
    def centres(self) -> np.ndarray:
        """The middles (N,) of the windows, in seconds of the clip."""
        first, last = self.kept[self.starts], self.kept[self.starts + self.lengths - 1]
        return np.asarray((self.times[first] + self.times[last]) / 2)

    def _parts(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the frames of each stretch and the numbers of its windows."""
        first = 0
        for end in self.stretches:
            yield self.kept[first:end], np.flatnonzero((self.starts >= first) & (self.starts < end))
            first = end


def _of_parts(description: Description, streams: Mapping[str, FeatureStream]) -> Description:
    """Return a description of a model whose frames are the parts into which its streams cut this very clip."""
    own = {f.name: streams[f.name] for f in description.features}
    hop = own_hop(own)
    return replace(description, hop=hop, window=hop * max(len(stream.values) for stream in own.values()))


def _parted(there: np.ndarray, description: Description) -> list[np.ndarray]:
    """Return the numbers of the frames that are there, bool (T,), in stretches that a long absence parts."""
    frames = np.flatnonzero(there)
    if description.resample == "none" and len(frames):
        return [frames]  # the parts of a clip are read together
    hole = LONGEST_HOLE[description.task] + description.hop
    parted = np.flatnonzero(np.diff(frames) * description.hop > hole) + 1
    return np.split(frames, parted) if len(frames) else []


def _presence(stream: FeatureStream, times: np.ndarray, description: Description) -> np.ndarray:
    """Return at which times a stream has a value once it is aligned: bool (T,)."""
    absent = [np.isnan(block).all(1) for block in blocks(stream.values)]
    there = np.where(np.concatenate([np.zeros(0, bool), *absent]), np.nan, 1)[:, None].astype(np.float32)
    one = FeatureStream(there, stream.start, stream.hop, ("there",))
    return np.asarray(~np.isnan(align(one, times, description.resample, description.hop)[:, 0]))


def _is_spoken(stream: FeatureStream, times: np.ndarray, hop: float) -> np.ndarray:
    """Return in which frames around times somebody speaks, or nobody looked for speech: bool (T,)."""
    if stream.spoken is None:
        return np.ones(len(times), bool)
    reach = hop / 2 - 1e-6  # a frame that only borders on speech is none of it
    return within(times, [(start - reach, end + reach) for start, end in stream.spoken])


def _within(times: np.ndarray, known: np.ndarray, seconds: float) -> np.ndarray:
    """Return which times (T,) are so near to one of the known times: bool (T,)."""
    if not len(known):
        return np.zeros(len(times), bool)
    return np.asarray(np.abs(times - known[nearest(known, times)]) <= seconds + 1e-6)


def _common_frames(streams: Sequence[FeatureStream], hop: float) -> int:
    """Return how many frames a model reads at most: a training reads no further than to where the first stream ends.

    A stream that ends much earlier than another does not count, as the recording itself has no more of it.
    """
    timed = [stream for stream in streams if stream.hop < WHOLE]
    last = max(map(end_of, timed), default=WHOLE)
    together = [stream for stream in timed if last - end_of(stream) < TOGETHER]
    return len(common_times(together, hop)) if together else math.ceil(last / hop)


def window_starts(length: int, window: int, hop: int) -> np.ndarray:
    """Return the first frames of windows, one every ``hop``, that cover ``length`` frames up to their very end."""
    return np.unique(np.append(np.arange(0, length - window, hop), length - window))


def cross_fade(windows: np.ndarray, starts: np.ndarray, length: int, lengths: np.ndarray | None = None) -> np.ndarray:
    """Join overlapping windows (N, W, K) to (length, K), where a window counts more towards its own middle.

    Args:
        windows: values of each window.
        starts: first frame (N,) of each.
        length: number of frames of the whole.
        lengths: number (N,) of frames of each window, where some are padded at their ends.
    """
    total, weight = np.zeros((length, windows.shape[2])), np.zeros((length, 1))
    own = np.full(len(starts), windows.shape[1]) if lengths is None else lengths
    for start, count, values in zip(starts, own, windows, strict=True):
        nearness = _nearness(count, count)[:, None]
        total[start : start + count] += nearness * values[:count]
        weight[start : start + count] += nearness
    return total / weight


def _nearness(length: int, width: int) -> np.ndarray:
    """Return how much each frame of a window counts where windows overlap: (width,), 0 behind its end."""
    near = np.minimum(np.arange(1, width + 1), np.arange(length, length - width, -1))
    return np.maximum(near, 0).astype(float)


def interpolate(times: np.ndarray, known_times: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Interpolate between known values (N, K), constant before the first and after the last: float32 (T, K)."""
    between = np.empty((len(times), values.shape[1]), np.float32)
    for number, column in enumerate(values.T):
        between[:, number] = np.interp(times, known_times, column)
    return between
