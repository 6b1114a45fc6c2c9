"""Follow every face through a clip: detection now and then, landmarks on every frame, one track per person."""

import itertools
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..core.ahead import one_ahead
from ..core.errors import MediaError
from ..core.growing import GrowingArray
from ..core.kept import Entry, KeptBlocks
from ..core.progress import Progress, silent
from .bounds import BOUNDS, Bounds
from .container import DEFAULT, Choice
from .frames import Frame, iterate_frames
from .info import ClipInfo, probe
from .networks import Detection, face_networks
from .tracker import Tracker
from .tracks import FaceTimeline

LONGEST = 1280
"""Largest side in pixels of a picture in which faces are looked for; larger ones are reduced, results are not."""

STEP = 500
"""Number of pictures after which the results of these are kept."""
_LOOKED_THROUGH, _EVERY = 250, 25  # pictures of a track in which faces are looked for to choose among tracks, and step


def track_faces(
    path: Path | str,
    progress: Progress = silent,
    *,
    detect_every: int = 10,
    choice: Choice = DEFAULT,
    bounds: Bounds = BOUNDS,
) -> FaceTimeline:
    """Find the faces of a clip in one pass over its pictures.

    Args:
        path: path of the clip.
        progress: listener that hears of each picture, in seconds done.
        detect_every: distance of the pictures in which new faces are looked for, beside those in which a face was lost.
        choice: choice of tracks.
        bounds: the largest recording that is accepted.

    Raises:
        MediaError: if the clip cannot be read, has no picture or exceeds the bounds.
        MissingWeightsError: if the networks' weights are not there.
    """
    following = Following(path, detect_every=detect_every, choice=choice, bounds=bounds)
    following.go_on(progress)
    return following.timeline()


class Following:
    """The faces of a clip as far as they were followed; the work continues there after a pause or a stop.

    Args:
        path: path of the clip.
        detect_every: distance of the pictures in which new faces are looked for, beside those in which a face was lost.
        choice: choice of tracks.
        bounds: the largest recording that is accepted.
        blocks: place where results are kept during the work, and found again after a restart.

    Raises:
        MediaError: if the clip cannot be read, has no picture or exceeds the bounds.
        MissingWeightsError: if the networks' weights are not there.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        detect_every: int = 10,
        choice: Choice = DEFAULT,
        bounds: Bounds = BOUNDS,
        blocks: KeptBlocks | None = None,
    ) -> None:
        info = probe(path, choice, bounds)
        if info.video is None:
            raise MediaError(f"'{Path(path).name}' has no picture.")
        self._size, self._duration = (info.video.width, info.video.height), info.duration
        self._tracker = Tracker(face_networks(), detect_every)
        self._times = GrowingArray((), np.float64)
        self._last = 0.0
        self._notes: list[str] = []
        self._blocks, self._kept, self._counts = blocks, 0, list[int]()
        for entry in blocks.read() if blocks else ():
            self._times.extend(entry.arrays["times"])
            self._tracker.grow(entry)
            self._last = float(entry.arrays["times"][-1])
            self._kept, self._counts = len(self._times), self._tracker.counts
        known = len(self._times)
        note = self._notes.append
        frames = iterate_frames(path, longest=LONGEST, choice=choice, bounds=bounds, note=note, first=known)
        self._frames = one_ahead(self._looked_through(frames, known, self._last, detect_every))

    def go_on(self, progress: Progress = silent, seconds: float = np.inf) -> bool:
        """Follow the faces in the next pictures.

        Args:
            progress: listener that is called before each picture, in seconds done; an error that it raises loses no
                picture.
            seconds: seconds of work before a pause.

        Returns:
            Whether the end of the clip is reached.

        Raises:
            MediaError: if the clip cannot be read.
        """
        pause = time.monotonic() + seconds
        while time.monotonic() < pause:
            progress("Following faces", self._last, self._duration)
            frame, found = next(self._frames, (None, None))
            if frame is None:
                return True
            self._tracker.follow(frame.image, frame.time, found)
            self._times.append(frame.time)
            self._last = frame.time
            if self._blocks and len(self._times) - self._kept >= STEP:
                self._keep(self._blocks)
        return False

    @staticmethod
    def _looked_through(
        frames: Iterator[Frame], number: int, last: float, detect_every: int
    ) -> Iterator[tuple[Frame, list[Detection] | None]]:
        """Yield the frames to follow, with the faces of those in which new ones are looked for.

        It runs beside the tracker, which then has not to wait for the detector.

        Args:
            frames: frames of the clip, of which some may have been followed.
            number: number of frames that were followed.
            last: time of the last of them.
            detect_every: distance of the pictures in which new faces are looked for.
        """
        networks = face_networks()
        for frame in frames:
            if frame.time <= last and number:
                continue
            yield frame, networks.detect(frame.image) if number % detect_every == 0 else None
            number, last = number + 1, frame.time

    def _keep(self, blocks: KeptBlocks) -> None:
        """Keep what was found since the last time."""
        grown = self._tracker.grown(self._counts)
        blocks.append(Entry({"times": self._times.array[self._kept :], **grown.arrays}, grown.about))
        self._kept, self._counts = len(self._times), self._tracker.counts

    def timeline(self) -> FaceTimeline:
        """Return the faces up to the last picture that was followed."""
        scale = max(1.0, max(self._size) / LONGEST)
        notes = (*self._notes, *self._tracker.notes())
        return FaceTimeline(np.array(self._times.array), self._size, self._tracker.tracks(scale), notes)


def track_with_faces(info: ClipInfo, choice: Choice, bounds: Bounds, progress: Progress = silent) -> int:
    """Return the number of the picture track to read: the default one, unless only another has faces.

    Args:
        info: facts about a clip with several picture tracks.
        choice: choice of the other tracks.
        bounds: the largest recording that is accepted.
        progress: listener, told of every picture.
    """
    assert info.video is not None
    networks = face_networks()
    default = info.video.track
    for number in (default, *(track.number for track in info.video_tracks if track.number != default)):
        frames = iterate_frames(
            info.path, progress, longest=LONGEST, choice=replace(choice, video=number), bounds=bounds
        )
        try:
            if any(networks.detect(frame.image) for frame in itertools.islice(frames, 0, _LOOKED_THROUGH, _EVERY)):
                return number
        except MediaError:
            continue  # a track that cannot be decoded has no faces
    return default
