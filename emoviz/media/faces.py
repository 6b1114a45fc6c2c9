"""Follow every face through a clip: detection now and then, landmarks on every frame, one track per person.

Who is who is told by place from one picture to the next, and by looks where that does not help: after a cut, when two
faces have met, and when somebody comes back.
"""

import itertools
import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from ..core.errors import MediaError
from ..core.growing import GrowingArray
from ..core.progress import Progress, silent
from .bounds import BOUNDS, Bounds
from .container import DEFAULT, Choice
from .crops import face_crop
from .frames import iterate_frames
from .info import ClipInfo, probe
from .networks import BLENDSHAPES, LANDMARKS, Detection, Face, FaceNetworks, Region, face_networks
from .tracks import FACE_SIZE, FaceTimeline, FaceTrack

LONGEST = 1280
"""Larger pictures are reduced to this many pixels before faces are looked for; results are in full pixels."""

_PRESENT = 0.5  # of the landmark network: below it there is no face
_SURELY_PRESENT = 0.9  # below it a face may stand turned
_SAME_FACE = 0.3  # intersection over union from which two boxes hold one face
_NEAR = 0.3  # share of their sides by which two boxes are widened; where they touch then, two people have met
_LONGEST_ABSENCE = 5.0  # seconds after which a face in the same place counts as another person's
_FEWEST_FRAMES = 3  # a shorter track is an error of the detector, unless the clip itself is that short
_STEPS_PER_PIXEL = 16  # precision of stored landmarks; pictures of LONGEST pixels fit into int16 with room beyond
_SPARSE = 4  # of each row and column, every n-th pixel is looked at for that
_CUT = 30.0  # mean difference of two small pictures, on 0 to 255, from which the scene has changed
# Correlation of two crops. Between successive pictures of one person it is .92 and more, between any two of one
# person .8 on average, of two people .4 at most (eight clips of three people, measured when this was written).
_CONTINUES = 0.6
_SAME_LOOKS = 0.75
_LOOKED_THROUGH, _EVERY = 250, 25  # pictures of a track in which faces are looked for to choose among tracks, and step
_GALLERY = 8  # crops that are kept of each person to tell them again
_GALLERY_EVERY = 2.0  # seconds between two of them


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
        path: the clip.
        progress: called for each picture with the seconds done.
        detect_every: new faces are looked for in every n-th picture, and whenever a face was lost.
        choice: the chosen tracks.
        bounds: the largest recording that is accepted.

    Raises:
        MediaError: if the clip cannot be read, has no picture or exceeds the bounds.
        MissingWeightsError: if the networks' weights are not there.
    """
    following = Following(path, detect_every=detect_every, choice=choice, bounds=bounds)
    following.go_on(progress)
    return following.timeline()


class Following:
    """The faces of a clip as far as they were followed; after a pause or a stop, they are followed from there.

    Args:
        path: the clip.
        detect_every: new faces are looked for in every n-th picture, and whenever a face was lost.
        choice: the chosen tracks.
        bounds: the largest recording that is accepted.

    Raises:
        MediaError: if the clip cannot be read, has no picture or exceeds the bounds.
        MissingWeightsError: if the networks' weights are not there.
    """

    def __init__(
        self, path: Path | str, *, detect_every: int = 10, choice: Choice = DEFAULT, bounds: Bounds = BOUNDS
    ) -> None:
        info = probe(path, choice, bounds)
        if info.video is None:
            raise MediaError(f"'{Path(path).name}' has no picture.")
        self._size, self._duration = (info.video.width, info.video.height), info.duration
        self._tracker = _Tracker(face_networks(), detect_every)
        self._times = GrowingArray((), np.float64)
        self._last = 0.0
        self._notes: list[str] = []
        self._frames = iterate_frames(path, longest=LONGEST, choice=choice, bounds=bounds, note=self._notes.append)

    def go_on(self, progress: Progress = silent, seconds: float = np.inf) -> bool:
        """Follow the faces in the next pictures.

        Args:
            progress: called before each picture with the seconds done; what it raises loses no picture.
            seconds: of work, after which there is a pause.

        Returns:
            Whether the end of the clip is reached.

        Raises:
            MediaError: if the clip cannot be read.
        """
        pause = time.monotonic() + seconds
        while time.monotonic() < pause:
            progress("Following faces", self._last, self._duration)
            frame = next(self._frames, None)
            if frame is None:
                return True
            self._tracker.follow(frame.image, frame.time)
            self._times.append(frame.time)
            self._last = frame.time
        return False

    def timeline(self) -> FaceTimeline:
        """The faces up to the last picture that was followed."""
        scale = max(1.0, max(self._size) / LONGEST)
        notes = (*self._notes, *self._tracker.notes())
        return FaceTimeline(np.array(self._times.array), self._size, self._tracker.tracks(scale), notes)


def track_with_faces(info: ClipInfo, choice: Choice, bounds: Bounds) -> int:
    """The number of the picture track to read: the default one, unless no face is in it and there are some in another.

    Args:
        info: facts about a clip with several picture tracks.
        choice: the choice of the other tracks.
        bounds: the largest recording that is accepted.
    """
    assert info.video is not None
    networks = face_networks()
    default = info.video.track
    for number in (default, *(track.number for track in info.video_tracks if track.number != default)):
        frames = iterate_frames(info.path, longest=LONGEST, choice=replace(choice, video=number), bounds=bounds)
        try:
            if any(networks.detect(frame.image) for frame in itertools.islice(frames, 0, _LOOKED_THROUGH, _EVERY)):
                return number
        except MediaError:
            continue  # a track that cannot be decoded has no faces
    return default


class _Tracker:
    """All faces seen so far, and which of them are in the picture now."""

    def __init__(self, networks: FaceNetworks, detect_every: int) -> None:
        self._networks = networks
        self._detect_every = detect_every
        self._people: list[_Person] = []
        self._seen: list[_Person] = []  # in the last picture
        self._frame = 0
        self._thumbnail: np.ndarray | None = None
        self._turns = 0  # quarter turns, counterclockwise, that bring the picture's faces upright
        self._changes: list[float] = []
        self._meetings: dict[tuple[_Person, _Person], float] = {}

    def follow(self, image: np.ndarray, time: float) -> None:
        """Take in the next picture."""
        cut = self._is_cut(image)
        faces: dict[_Person, Face] = {}
        crops: dict[_Person, np.ndarray] = {}
        strangers: list[tuple[Face, np.ndarray]] = []  # faces where somebody else was before
        for person in self._seen:
            face = self._networks.landmarks(image, person.face.region())
            if face.presence < _PRESENT:
                continue
            crop = face_crop(image, face.landmarks)
            if cut or person.differs(crop):
                strangers.append((face, crop))
            else:
                faces[person], crops[person] = face, crop
        if strangers:
            self._changes.append(time)
        self._drop_doubles(faces, time)
        self._note_covered(faces, time)
        for face, crop in strangers:
            self._welcome(face, crop, time, faces, crops, near=False)
        if self._frame % self._detect_every == 0 or len(faces) < len(self._seen):
            self._find_new(image, time, faces, crops)
        self._note_meetings(faces, time)
        for person, face in faces.items():
            person.record(self._frame, time, face, crops[person], self._networks)
        self._seen = list(faces)
        self._frame += 1

    def tracks(self, scale: float) -> tuple[FaceTrack, ...]:
        """The tracks that were found, in pixels of the full picture, which is ``scale`` times larger."""
        return tuple(person.track(id, self._frame, scale) for id, person in enumerate(self._kept()))

    def notes(self) -> tuple[str, ...]:
        """One sentence each on what a reader must know of who is who."""
        numbers = {person: number for number, person in enumerate(self._kept())}
        notes = []
        if self._turns:
            notes.append(
                f"The faces stand turned by {90 * self._turns} degrees in the picture, which no mark in the file says; "
                "they are read as if they were upright."
            )
        met = {(numbers[a], numbers[b]): t for (a, b), t in self._meetings.items() if a in numbers and b in numbers}
        if met:
            (one, other), first = next(iter(met.items()))
            more = f" (and {len(met) - 1} more such pairs)" if len(met) > 1 else ""
            notes.append(
                f"Faces {one} and {other} meet at {first:.1f} s{more}: who is who after that is told by looks alone, "
                "so it is unsure."
            )
        if self._changes and len(numbers) > 1:
            times = ", ".join(f"{time:.1f} s" for time in self._changes[:5]) + (" ..." if self._changes[5:] else "")
            notes.append(f"Faces change from one picture to the next at {times}: who is who then is told by looks.")
        return tuple(notes)

    def _kept(self) -> "list[_Person]":
        fewest = min(_FEWEST_FRAMES, self._frame)
        return [person for person in self._people if len(person.frames) >= fewest]

    def _is_cut(self, image: np.ndarray) -> bool:
        """Whether this picture shows another scene than the one before."""
        sparse = np.ascontiguousarray(image[::_SPARSE, ::_SPARSE])
        thumbnail = cv2.resize(sparse, (32, 18), interpolation=cv2.INTER_AREA).astype(int)
        before, self._thumbnail = self._thumbnail, thumbnail
        return before is not None and bool(np.abs(self._thumbnail - before).mean() > _CUT)

    def _find_new(
        self, image: np.ndarray, time: float, faces: "dict[_Person, Face]", crops: "dict[_Person, np.ndarray]"
    ) -> None:
        """Add to ``faces`` and ``crops`` those that the detector finds and nobody follows yet."""
        for detection in self._detections(image, someone_seen=bool(faces)):
            if any(_overlap(detection.box, face.box()) > _SAME_FACE for face in faces.values()):
                continue
            face = self._look(image, detection.region())
            if face.presence >= _PRESENT:
                self._welcome(face, face_crop(image, face.landmarks), time, faces, crops, near=True)

    def _look(self, image: np.ndarray, region: Region) -> Face:
        """The face in a region, seen from the side that shows it best: the detector takes turned faces for upright."""
        face = self._networks.landmarks(image, region)
        if face.presence < _SURELY_PRESENT:
            turned = [region._replace(angle=region.angle + quarters * np.pi / 2) for quarters in (1, 2, 3)]
            seen = [face, *(self._networks.landmarks(image, other) for other in turned)]
            quarters = max(range(4), key=lambda number: seen[number].presence)
            face = seen[quarters]
            if quarters and face.presence >= _SURELY_PRESENT and not self._people:
                self._turns = (self._turns + quarters) % 4
        # The detector frames a face tighter than its landmarks do: look again from these.
        return self._networks.landmarks(image, face.region())

    def _detections(self, image: np.ndarray, *, someone_seen: bool) -> list[Detection]:
        """Faces that the detector finds; where none stands upright, in the picture turned by quarters."""
        height, width = image.shape[:2]
        for turn in (0,) if someone_seen else (0, 2, 1, 3):
            found = self._networks.detect(np.ascontiguousarray(np.rot90(image, turn)) if turn else image)
            if found:
                if turn and not self._people:
                    self._turns = turn
                return [detection.turned_back(turn, width, height) for detection in found]
        return []

    def _welcome(
        self,
        face: Face,
        crop: np.ndarray,
        time: float,
        faces: "dict[_Person, Face]",
        crops: "dict[_Person, np.ndarray]",
        *,
        near: bool,
    ) -> None:
        """Add a face that nobody follows: of somebody who was seen before, else of a newcomer.

        Args:
            face: to add.
            crop: of it.
            time: of the picture.
            faces: of the picture, by person.
            crops: likewise.
            near: whether who left from the same place a short while ago may be meant, even if looks leave it open.
        """
        box = face.box()
        if any(_overlap(box, other.box()) > _SAME_FACE for other in faces.values()):
            return
        absent = [person for person in self._people if person not in faces]
        looks = {person: person.likeness(crop) for person in absent}
        person = max(absent, key=lambda one: looks[one], default=None)
        if person is None or looks[person] < _SAME_LOOKS:
            neighbours = [one for one in absent if near and one.could_be(box, time) and looks[one] >= _CONTINUES]
            person = max(neighbours, key=lambda one: one.last_time, default=None)
        if person is None:
            person = _Person()
            self._people.append(person)
        faces[person], crops[person] = face, crop

    def _drop_doubles(self, faces: "dict[_Person, Face]", time: float) -> None:
        """Keep the longer of two tracks that have come upon one face."""
        kept: list[_Person] = []
        for person in sorted(faces, key=lambda person: -len(person.frames)):
            double = next((o for o in kept if _overlap(faces[person].box(), faces[o].box()) > _SAME_FACE), None)
            if double is None:
                kept.append(person)
            else:
                self._meet(double, person, time)
                del faces[person]

    def _note_covered(self, faces: "dict[_Person, Face]", time: float) -> None:
        """Keep in mind who was lost where somebody else is: behind another face."""
        for lost in set(self._seen) - set(faces):
            for person, face in faces.items():
                if _touch(lost.face.box(), face.box()):
                    self._meet(lost, person, time)

    def _note_meetings(self, faces: "dict[_Person, Face]", time: float) -> None:
        people = list(faces)
        for number, one in enumerate(people):
            for other in people[number + 1 :]:
                if _touch(faces[one].box(), faces[other].box()):
                    self._meet(one, other, time)

    def _meet(self, one: "_Person", other: "_Person", time: float) -> None:
        pair = (one, other) if self._people.index(one) < self._people.index(other) else (other, one)
        self._meetings.setdefault(pair, time)


class _Person:
    """One track while it grows. Compared by identity."""

    def __init__(self) -> None:
        self.face = Face(np.zeros((LANDMARKS, 3), np.float32), 0.0)
        self.last_time = -np.inf
        self._gallery: list[np.ndarray] = []  # normalised crops
        self._gallery_time = -np.inf
        self._last: np.ndarray | None = None  # normalised crop of the last picture with this face
        self.frames = GrowingArray((), np.int32)
        self._boxes = GrowingArray((4,), np.float32)
        self._points = GrowingArray((LANDMARKS, 3), np.int16)
        self._blendshapes = GrowingArray((len(BLENDSHAPES),), np.float32)
        self._pose = GrowingArray((3,), np.float32)
        self._presence = GrowingArray((), np.float32)
        self._crops = GrowingArray((FACE_SIZE, FACE_SIZE), np.uint8)

    def could_be(self, box: np.ndarray, time: float) -> bool:
        """Whether a face in ``box`` is near enough in place, size and time to be this person again."""
        last = self.face.box()
        distance = np.linalg.norm(box[:2] + box[2:] / 2 - last[:2] - last[2:] / 2)
        similar = 0.5 < box[3] / max(float(last[3]), 1.0) < 2
        return time - self.last_time <= _LONGEST_ABSENCE and similar and bool(distance < last[2:].max())

    def differs(self, crop: np.ndarray) -> bool:
        """Whether a crop that follows the last one at once shows somebody else."""
        return self._last is not None and float(self._last @ _normalised(crop)) < _CONTINUES

    def likeness(self, crop: np.ndarray) -> float:
        """Highest correlation of a crop with those that are kept of this person, in [-1, 1]."""
        own = _normalised(crop)
        return max((float(known @ own) for known in (*self._gallery, self._last) if known is not None), default=-1.0)

    def record(self, frame: int, time: float, face: Face, crop: np.ndarray, networks: FaceNetworks) -> None:
        """Keep what is seen of the face in one picture."""
        self.face, self.last_time, self._last = face, time, _normalised(crop)
        if time - self._gallery_time >= _GALLERY_EVERY:
            self._gallery = [*self._gallery[-_GALLERY + 1 :], self._last]
            self._gallery_time = time
        limits = np.iinfo(np.int16)
        self.frames.append(frame)
        self._boxes.append(face.box())
        self._points.append(np.clip(np.round(face.landmarks * _STEPS_PER_PIXEL), limits.min, limits.max))
        self._blendshapes.append(networks.blendshapes(face.landmarks))
        self._pose.append(networks.pose(face.landmarks))
        self._presence.append(face.presence)
        self._crops.append(crop)

    def track(self, id: int, length: int, scale: float) -> FaceTrack:
        """The finished track of a clip with ``length`` frames, in pixels ``scale`` times smaller."""
        return FaceTrack(
            id=id,
            length=length,
            frames=self.frames.array,
            seen_boxes=self._boxes.array * np.float32(scale),
            seen_points=self._points.array,
            unit=scale / _STEPS_PER_PIXEL,
            seen_blendshapes=self._blendshapes.array,
            seen_pose=self._pose.array,
            seen_presence=self._presence.array,
            seen_crops=self._crops.array,
        )


def _normalised(crop: np.ndarray) -> np.ndarray:
    """A crop as a float32 vector of mean 0 and length 1, so that the product of two is their correlation."""
    values = crop.reshape(-1).astype(np.float32)
    values -= values.mean()
    return np.asarray(values / max(float(np.linalg.norm(values)), 1e-6))


def _touch(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two boxes overlap once each is widened a little."""
    wide = [np.concatenate([box[:2] - _NEAR / 2 * box[2:], (1 + _NEAR) * box[2:]]) for box in (one, other)]
    return _overlap(*wide) > 0


def _overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Intersection over union of two boxes (x, y, width, height)."""
    low = np.maximum(one[:2], other[:2])
    high = np.minimum(one[:2] + one[2:], other[:2] + other[2:])
    shared = float(np.prod(np.maximum(high - low, 0)))
    return shared / max(float(np.prod(one[2:]) + np.prod(other[2:])) - shared, 1e-9)
