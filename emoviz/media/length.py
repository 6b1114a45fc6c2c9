"""The true length of a recording and the true times of its frames, whatever its header and its clocks say."""

from collections.abc import Callable
from pathlib import Path

import av
from av.container import InputContainer
from av.stream import Stream

from ..core.progress import Progress, silent
from .bounds import BOUNDS, Bounds
from .container import MATROSKA, MP4, Choice, audio_stream, clip_start, open_clip, packets, video_stream

JITTER = 0.1
"""Seconds above which a hole between two frames is a gap; a shorter one is rounding of their timestamps."""
_BACKWARDS = 1.0
"""Seconds. Where times fall back further, a second recording was written behind the first and goes on from its end."""

_PACKETS = 100
"""Packets that are counted from one report to the next."""
_KEPT = 256
_lengths: dict[tuple[Path, int, int, Choice, Bounds], float] = {}
"""Lengths of the files that were counted last, by path, size, time of the last change (ns) and how they are read."""

Note = Callable[[str], None]
"""Function that takes one sentence on a recording that a reader must know."""


class Clock:
    """The true times of one stream: a time that jumps back is continued, and a jump beyond the bounds is closed.

    Args:
        bounds: bounds of the recording.
        note: function that takes a sentence where a jump is closed.
    """

    def __init__(self, bounds: Bounds, note: Note) -> None:
        self._bounds, self._note = bounds, note
        self._filled = 0.0
        self._shift = 0.0

    def time(self, stated: float, expected: float) -> float:
        """Return the true time of a frame in seconds.

        Args:
            stated: time that the file states.
            expected: end of the frame before, in true time.
        """
        gap = stated + self._shift - expected
        if gap < -_BACKWARDS:  # chained recordings begin at 0 again
            self._shift -= gap
            return expected
        if gap > JITTER and self._filled + gap > self._bounds.filled:
            self._note(
                f"Its times jump by {gap:.0f} s at {expected:.1f} s; what follows is read as if it came right after "
                f"(gaps of {self._bounds.filled:.0f} s in all are kept)."
            )
            self._shift -= gap
            return expected
        self._filled += gap if gap > JITTER else 0.0
        return stated + self._shift


def declared_length(container: InputContainer) -> float | None:
    """Return the seconds that the header states, or None where it states none, as in a live recording."""
    if not container.duration or container.duration < 0:
        return None
    # Matroska counts to the end from 0, the others from the start.
    start = clip_start(container) if container.format.name == MATROSKA else 0.0
    return max(0.0, container.duration / av.time_base - start)


def is_whole(container: InputContainer, path: Path) -> bool:
    """Return whether an MP4 holds every sample of its index; the headers of other files are not trusted."""
    if container.format.name != MP4:
        return False
    size = path.stat().st_size
    streams = [stream for stream in (*container.streams.video, *container.streams.audio) if len(stream.index_entries)]
    return bool(streams) and all(_lies_within(stream, size) for stream in streams)


def measured_length(path: Path, choice: Choice, bounds: Bounds, progress: Progress = silent) -> float:
    """Return the length in seconds of the packets in a file, counted once until the file changes.

    Args:
        path: path of the file.
        choice: choice of tracks.
        bounds: the largest recording that is accepted.
        progress: listener, told of the megabytes that were read.
    """
    state = path.stat()
    key = path.absolute(), state.st_size, state.st_mtime_ns, choice, bounds
    known = _lengths.get(key)
    if known is None:
        known = _lengths[key] = _counted(path, state.st_size, choice, bounds, progress)
        while len(_lengths) > _KEPT:
            _lengths.pop(next(iter(_lengths)), None)
    return known


def _lies_within(stream: Stream, size: int) -> bool:
    """Whether a file of so many bytes holds all samples of an index, and no gap between them exceeds the bounds."""
    last, furthest = None, 0
    for entry in stream.index_entries:
        if entry.pos + entry.size > size:
            return False
        furthest = max(furthest, entry.timestamp - (entry.timestamp if last is None else last))
        last = entry.timestamp
    return furthest * float(stream.time_base or 0) < BOUNDS.filled


def _counted(path: Path, size: int, choice: Choice, bounds: Bounds, progress: Progress) -> float:
    """Seconds from the packets of a file of so many bytes."""
    ends: dict[int, float] = {}
    clocks: dict[int, Clock] = {}
    with open_clip(path) as container:
        start = clip_start(container)
        streams = [s for s in (video_stream(container, choice), audio_stream(container, choice)) if s is not None]
        for number, packet in enumerate(packets(container, streams)):
            if number % _PACKETS == 0:
                progress("Finding the length", (packet.pos or 0) / 1e6, size / 1e6)
            stated = packet.pts if packet.pts is not None else packet.dts
            if stated is None or packet.time_base is None:
                continue
            track = packet.stream.index
            clock = clocks.setdefault(track, Clock(bounds, lambda sentence: None))
            begin = float(stated * packet.time_base) - start
            expected = ends.get(track)
            time = begin if expected is None else clock.time(begin, expected)
            length = float((packet.duration or 0) * packet.time_base)
            ends[track] = max(ends.get(track, 0.0), time + min(length, 10.0))
            if ends[track] > bounds.longest:
                break
    return max(ends.values(), default=0.0)
