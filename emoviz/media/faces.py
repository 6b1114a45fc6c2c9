"""Follow every face through a clip: detection now and then, landmarks on every frame, one track per person."""

from pathlib import Path

import numpy as np

from ..core.errors import MediaError
from ..core.progress import Progress, silent
from .crops import face_crop
from .frames import iterate_frames
from .growing import GrowingArray
from .info import probe
from .networks import BLENDSHAPES, LANDMARKS, Face, FaceNetworks, face_networks
from .tracks import FACE_SIZE, FaceTimeline, FaceTrack
from .weights import ENCODERS

LONGEST = 1280
"""Larger pictures are reduced to this many pixels before faces are looked for; results are in full pixels."""

_PRESENT = 0.5  # of the landmark network: below it there is no face
_SAME_FACE = 0.3  # intersection over union from which two boxes hold one face
_LONGEST_ABSENCE = 5.0  # seconds after which a face in the same place counts as another person's
_FEWEST_FRAMES = 3  # a shorter track is an error of the detector, unless the clip itself is that short
_STEPS_PER_PIXEL = 16  # precision of stored landmarks; pictures of LONGEST pixels fit into int16 with room beyond


def track_faces(
    path: Path | str, progress: Progress = silent, *, detect_every: int = 10, encoders: Path = ENCODERS
) -> FaceTimeline:
    """Find the faces of a clip in one pass over its pictures.

    Args:
        path: the clip.
        progress: called for each picture with the seconds done.
        detect_every: new faces are looked for in every n-th picture, and whenever a face was lost.
        encoders: folder with the networks' weights.

    Raises:
        MediaError: the clip cannot be read or has no picture.
        MissingWeightsError: the networks' weights are not there.
    """
    info = probe(path)
    if info.video is None:
        raise MediaError(f"'{Path(path).name}' has no picture.")
    size = (info.video.width, info.video.height)
    tracker = _Tracker(face_networks(encoders), detect_every)
    times = GrowingArray((), np.float64)
    for frame in iterate_frames(path, longest=LONGEST):
        progress("Following faces", frame.time, info.duration)
        tracker.follow(frame.image, frame.time)
        times.append(frame.time)
    scale = max(1.0, max(size) / LONGEST)
    return FaceTimeline(times.array.copy(), size, tracker.tracks(scale))


class _Tracker:
    """All faces seen so far, and which of them are in the picture now."""

    def __init__(self, networks: FaceNetworks, detect_every: int) -> None:
        self._networks = networks
        self._detect_every = detect_every
        self._people: list[_Person] = []
        self._seen: list[_Person] = []  # in the last picture
        self._frame = 0

    def follow(self, image: np.ndarray, time: float) -> None:
        """Take in the next picture."""
        followed = [(person, self._networks.landmarks(image, person.face.region())) for person in self._seen]
        faces = {person: face for person, face in followed if face.presence >= _PRESENT}
        _drop_doubles(faces)
        if self._frame % self._detect_every == 0 or len(faces) < len(self._seen):
            self._find_new(image, time, faces)
        for person, face in faces.items():
            person.record(self._frame, time, face, image, self._networks)
        self._seen = list(faces)
        self._frame += 1

    def tracks(self, scale: float) -> tuple[FaceTrack, ...]:
        """What was found, in pixels of the full picture, which is ``scale`` times larger."""
        fewest = min(_FEWEST_FRAMES, self._frame)
        people = [person for person in self._people if len(person.frames) >= fewest]
        return tuple(person.track(id, self._frame, scale) for id, person in enumerate(people))

    def _find_new(self, image: np.ndarray, time: float, faces: "dict[_Person, Face]") -> None:
        """Add to ``faces`` those that the detector finds and nobody follows yet."""
        for detection in self._networks.detect(image):
            if any(_overlap(detection.box, face.box()) > _SAME_FACE for face in faces.values()):
                continue
            face = self._networks.landmarks(image, detection.region())
            # The detector frames a face tighter than its landmarks do: look again from these.
            face = self._networks.landmarks(image, face.region())
            box = face.box()
            if face.presence < _PRESENT or any(_overlap(box, other.box()) > _SAME_FACE for other in faces.values()):
                continue
            faces[self._returning(box, time, faces) or self._newcomer()] = face

    def _newcomer(self) -> "_Person":
        self._people.append(_Person())
        return self._people[-1]

    def _returning(self, box: np.ndarray, time: float, faces: "dict[_Person, Face]") -> "_Person | None":
        """Who left last from where a face appears now, if anybody."""
        absent = [person for person in self._people if person not in faces and person.could_be(box, time)]
        return max(absent, key=lambda person: person.last_time, default=None)


class _Person:
    """One track while it grows. Compared by identity."""

    def __init__(self) -> None:
        self.face = Face(np.zeros((LANDMARKS, 3), np.float32), 0.0)
        self.last_time = -np.inf
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

    def record(self, frame: int, time: float, face: Face, image: np.ndarray, networks: FaceNetworks) -> None:
        """Keep what is seen of the face in one picture."""
        self.face, self.last_time = face, time
        limits = np.iinfo(np.int16)
        self.frames.append(frame)
        self._boxes.append(face.box())
        self._points.append(np.clip(np.round(face.landmarks * _STEPS_PER_PIXEL), limits.min, limits.max))
        self._blendshapes.append(networks.blendshapes(face.landmarks))
        self._pose.append(networks.pose(face.landmarks))
        self._presence.append(face.presence)
        self._crops.append(face_crop(image, face.landmarks))

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


def _drop_doubles(faces: dict[_Person, Face]) -> None:
    """Where two tracks have come upon one face, keep the longer."""
    kept: list[_Person] = []
    for person in sorted(faces, key=lambda person: -len(person.frames)):
        if any(_overlap(faces[person].box(), faces[other].box()) > _SAME_FACE for other in kept):
            del faces[person]
        else:
            kept.append(person)


def _overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Intersection over union of two boxes (x, y, width, height)."""
    low = np.maximum(one[:2], other[:2])
    high = np.minimum(one[:2] + one[2:], other[:2] + other[2:])
    shared = float(np.prod(np.maximum(high - low, 0)))
    return shared / max(float(np.prod(one[2:]) + np.prod(other[2:])) - shared, 1e-9)
