"""One person's face while it is followed: its values so far, and the looks by which it is recognised again."""

from concurrent.futures import Executor, Future

import numpy as np

from ..core.growing import GrowingArray
from ..core.kept import Entry
from .looks import CONTINUES, Crop
from .networks import BLENDSHAPES, LANDMARKS, Face, FaceNetworks
from .tracks import FACE_SIZE, FaceTrack

_LONGEST_ABSENCE = 5.0  # seconds after which a face in the same place counts as another person's
_STEPS_PER_PIXEL = 16  # precision of stored landmarks; pictures of 1280 pixels fit into int16 with room beyond
_GALLERY = 8  # crops that are kept of each person to tell them again
_GALLERY_EVERY = 2.0  # seconds between two of them


class Person:
    """The track of a person while it grows; people are compared by identity.

    Args:
        measures: thread in which actions and pose are measured while the next picture is looked at.
    """

    def __init__(self, measures: Executor) -> None:
        self._measures = measures
        self._measured: Future[None] | None = None  # the last picture's actions and pose
        self.face = Face(np.zeros((LANDMARKS, 3), np.float32), 0.0)
        self.last_time = -np.inf
        self._gallery: list[np.ndarray] = []  # looks at several times
        self._gallery_time = -np.inf
        self._last: np.ndarray | None = None  # looks in the last picture with this face
        self._rows = {
            "frames": GrowingArray((), np.int32),
            "seen_boxes": GrowingArray((4,), np.float32),
            "seen_points": GrowingArray((LANDMARKS, 3), np.int16),
            "seen_blendshapes": GrowingArray((len(BLENDSHAPES),), np.float32),
            "seen_pose": GrowingArray((3,), np.float32),
            "seen_presence": GrowingArray((), np.float32),
            "seen_crops": GrowingArray((FACE_SIZE, FACE_SIZE), np.uint8),
        }

    def __len__(self) -> int:
        """Return the number of pictures with this face."""
        return len(self._rows["frames"])

    def could_be(self, box: np.ndarray, time: float) -> bool:
        """Return whether a face in ``box`` is near enough in place, size and time to be this person again."""
        last = self.face.box()
        distance = np.linalg.norm(box[:2] + box[2:] / 2 - last[:2] - last[2:] / 2)
        similar = 0.5 < box[3] / max(float(last[3]), 1.0) < 2
        return time - self.last_time <= _LONGEST_ABSENCE and similar and bool(distance < last[2:].max())

    def differs(self, crop: Crop) -> bool:
        """Return whether a crop that directly follows the last one shows somebody else."""
        return self._last is not None and float(self._last @ crop.looks) < CONTINUES

    def likeness(self, crop: Crop) -> float:
        """Return the highest likeness of a crop and those that are kept of this person, in [-1, 1]."""
        return max(
            (float(known @ crop.looks) for known in (*self._gallery, self._last) if known is not None), default=-1.0
        )

    def record(self, frame: int, time: float, face: Face, crop: Crop, networks: FaceNetworks) -> None:
        """Keep what is seen of the face in one picture."""
        self.face, self.last_time, self._last = face, time, crop.looks
        if time - self._gallery_time >= _GALLERY_EVERY:
            self._gallery = [*self._gallery[-_GALLERY + 1 :], self._last]
            self._gallery_time = time
        limits = np.iinfo(np.int16)
        self._rows["frames"].append(frame)
        self._rows["seen_boxes"].append(face.box())
        self._rows["seen_points"].append(np.clip(np.round(face.landmarks * _STEPS_PER_PIXEL), limits.min, limits.max))
        self._rows["seen_presence"].append(face.presence)
        self._rows["seen_crops"].append(crop.picture)
        self._finish_measures()
        self._measured = self._measures.submit(self._measure, face.landmarks, networks)

    def _measure(self, landmarks: np.ndarray, networks: FaceNetworks) -> None:
        self._rows["seen_blendshapes"].append(networks.blendshapes(landmarks))
        self._rows["seen_pose"].append(networks.pose(landmarks))

    def _finish_measures(self) -> None:
        """Wait for what is measured of the last picture, and raise what went wrong there."""
        if self._measured is not None:
            self._measured.result()

    def track(self, id: int, length: int, scale: float) -> FaceTrack:
        """Return the finished track of a clip with ``length`` frames, in pixels ``scale`` times smaller."""
        self._finish_measures()
        rows = {name: grown.array for name, grown in self._rows.items()}
        rows["seen_boxes"] = rows["seen_boxes"] * np.float32(scale)
        return FaceTrack(id=id, length=length, unit=scale / _STEPS_PER_PIXEL, **rows)

    def grown(self, since: int) -> Entry:
        """Return the values from a row on, with all data by which this person is followed and recognised."""
        self._finish_measures()
        assert self._last is not None  # it was seen in a picture
        told_by = {"landmarks": self.face.landmarks, "gallery": np.stack(self._gallery), "last": self._last}
        about = {"presence": self.face.presence, "time": self.last_time, "gallery_time": self._gallery_time}
        return Entry({name: rows.array[since:] for name, rows in self._rows.items()} | told_by, about)

    def grow(self, entry: Entry) -> None:
        """Add the values that :meth:`grown` returned in another process."""
        for name, rows in self._rows.items():
            rows.extend(entry.arrays[name])
        self.face = Face(entry.arrays["landmarks"], entry.about["presence"])
        self.last_time, self._gallery_time = entry.about["time"], entry.about["gallery_time"]
        self._gallery, self._last = list(entry.arrays["gallery"]), entry.arrays["last"]
