"""The sound and the faces of a part of a recording, in seconds from where the part starts."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from .frames import Frame
from .tracks import FaceTimeline, FaceTrack
from .waveform import Waveform


def key_of_part(key: str, start: float, end: float) -> str:
    """Return the key of the seconds from ``start`` to ``end`` of a clip, given its key."""
    return f"{key}-from{start:.3f}-to{end:.3f}"


def part_of_sound(sound: Waveform, start: float, end: float) -> Waveform:
    """Return the samples between two seconds of a clip, as they were recorded."""
    first, last = (min(len(sound.samples), max(0, round((time - sound.start) * sound.rate))) for time in (start, end))
    gaps = tuple((max(begin, start) - start, min(stop, end) - start) for begin, stop in sound.gaps)
    return Waveform(
        samples=np.ascontiguousarray(sound.samples[first:last]),
        rate=sound.rate,
        start=max(0.0, sound.start - start),
        gaps=tuple((begin, stop) for begin, stop in gaps if begin < stop),
        notes=sound.notes,
    )


def part_of_pictures(pictures: Iterator[Frame], start: float, end: float) -> Iterator[Frame]:
    """Yield the pictures between two seconds of a clip."""
    for picture in pictures:
        if picture.time >= end:
            return
        if picture.time >= start:
            yield replace(picture, time=picture.time - start)


def part_of_faces(timeline: FaceTimeline, start: float, end: float) -> FaceTimeline:
    """Return the faces that are seen between two seconds of a clip."""
    first, last = np.searchsorted(timeline.times, [start, end]).tolist()
    tracks = (_part_of_track(track, first, last) for track in timeline.tracks)
    return replace(
        timeline, times=timeline.times[first:last] - start, tracks=tuple(track for track in tracks if len(track.frames))
    )


def _part_of_track(track: FaceTrack, first: int, last: int) -> FaceTrack:
    """Return a face in the frames from ``first`` up to ``last``."""
    own = slice(*np.searchsorted(track.frames, [first, last]).tolist())
    return replace(
        track,
        length=last - first,
        frames=track.frames[own] - np.int32(first),
        seen_boxes=track.seen_boxes[own],
        seen_points=track.seen_points[own],
        seen_blendshapes=track.seen_blendshapes[own],
        seen_pose=track.seen_pose[own],
        seen_presence=track.seen_presence[own],
        seen_crops=track.seen_crops[own],
    )
