"""Keep the people of a clip apart, from one picture to the next.

Who is who is told by place from one picture to the next, and by looks where that does not help: after a cut, when two
faces have met, and when somebody comes back.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np

from ..core.kept import Entry
from .crops import face_crop
from .looks import CONTINUES, SAME_LOOKS, Crop
from .networks import Detection, Face, FaceNetworks, Region
from .person import Person
from .tracks import FaceTrack

_PRESENT = 0.5  # of the landmark network: below it there is no face
_SURELY_PRESENT = 0.9  # below it a face may stand turned
_SAME_FACE = 0.3  # intersection over union from which two boxes hold one face
_NEAR = 0.3  # share of their sides by which two boxes are widened; where they touch then, two people have met
_FEWEST_FRAMES = 3  # a shorter track is an error of the detector, unless the clip itself is that short
_SPARSE = 4  # of each row and column, every n-th pixel is looked at to find cuts
_CUT = 30.0  # mean difference of two small pictures, on 0 to 255, from which the scene has changed


class Tracker:
    """All faces seen so far, and which of them are in the picture now."""

    def __init__(self, networks: FaceNetworks, detect_every: int) -> None:
        self._networks = networks
        self._detect_every = detect_every
        self._measures = ThreadPoolExecutor(1, "measures")
        self._people: list[Person] = []
        self._seen: list[Person] = []  # in the last picture
        self._frame = 0
        self._thumbnail: np.ndarray | None = None
        self._turns = 0  # quarter turns, counterclockwise, that bring the picture's faces upright
        self._changes: list[float] = []
        self._meetings: dict[tuple[Person, Person], float] = {}

    def follow(self, image: np.ndarray, time: float, found: list[Detection] | None = None) -> None:
        """Take in the next picture, and the faces that the detector found in it where it was asked already."""
        cut = self._is_cut(image)
        faces: dict[Person, Face] = {}
        crops: dict[Person, Crop] = {}
        strangers: list[tuple[Face, Crop]] = []  # faces where somebody else was before
        for person in self._seen:
            face = self._networks.landmarks(image, person.face.region())
            if face.presence < _PRESENT:
                continue
            crop = Crop(face_crop(image, face.landmarks))
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
            self._find_new(image, time, faces, crops, found)
        self._note_meetings(faces, time)
        for person, face in faces.items():
            person.record(self._frame, time, face, crops[person], self._networks)
        self._seen = list(faces)
        self._frame += 1

    def tracks(self, scale: float) -> tuple[FaceTrack, ...]:
        """Return the tracks that were found, in pixels of the full picture, which is ``scale`` times larger."""
        return tuple(person.track(id, self._frame, scale) for id, person in enumerate(self._kept()))

    def notes(self) -> tuple[str, ...]:
        """Return the facts that a reader must know of who is who, one sentence each."""
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

    def grown(self, since: Sequence[int]) -> Entry:
        """Return the values of each person after a given number of pictures, with all data to continue from."""
        rows = [*since, *[0] * (len(self._people) - len(since))]
        arrays: dict[str, np.ndarray] = {}
        people = {}
        for number, (person, known) in enumerate(zip(self._people, rows, strict=True)):
            if len(person) > known:  # others are as they were
                own = person.grown(known)
                people[str(number)] = dict(own.about)
                arrays |= {f"{number}.{name}": values for name, values in own.arrays.items()}
        assert self._thumbnail is not None  # a picture was followed
        arrays["thumbnail"] = self._thumbnail.astype(np.uint8)
        numbers = {person: number for number, person in enumerate(self._people)}
        about = {
            "people": people,
            "frame": self._frame,
            "seen": [numbers[person] for person in self._seen],
            "turns": self._turns,
            "changes": self._changes,
            "meetings": [(numbers[one], numbers[other], time) for (one, other), time in self._meetings.items()],
        }
        return Entry(arrays, about)

    def grow(self, entry: Entry) -> None:
        """Take in what another process has found, which :meth:`grown` returned there."""
        for number, about in entry.about["people"].items():
            if int(number) == len(self._people):
                self._people.append(Person(self._measures))
            own = {name.partition(".")[2]: v for name, v in entry.arrays.items() if name.startswith(f"{number}.")}
            self._people[int(number)].grow(Entry(own, about))
        self._frame, self._turns = entry.about["frame"], entry.about["turns"]
        self._seen = [self._people[number] for number in entry.about["seen"]]
        self._changes = list(entry.about["changes"])
        self._meetings = {(self._people[one], self._people[o]): time for one, o, time in entry.about["meetings"]}
        self._thumbnail = entry.arrays["thumbnail"].astype(int)

    @property
    def counts(self) -> list[int]:
        """The number of pictures of each person that was ever seen."""
        return [len(person) for person in self._people]

    def _kept(self) -> list[Person]:
        fewest = min(_FEWEST_FRAMES, self._frame)
        return [person for person in self._people if len(person) >= fewest]

    def _is_cut(self, image: np.ndarray) -> bool:
        """Whether this picture shows another scene than the one before."""
        size = [max(1, side // _SPARSE) for side in image.shape[1::-1]]
        sparse = cv2.resize(image, size, interpolation=cv2.INTER_NEAREST)
        thumbnail = cv2.resize(sparse, (32, 18), interpolation=cv2.INTER_AREA).astype(int)
        before, self._thumbnail = self._thumbnail, thumbnail
        return before is not None and bool(np.abs(self._thumbnail - before).mean() > _CUT)

    def _find_new(
        self,
        image: np.ndarray,
        time: float,
        faces: dict[Person, Face],
        crops: dict[Person, Crop],
        upright: list[Detection] | None,
    ) -> None:
        """Add to ``faces`` and ``crops`` those that the detector finds and nobody follows yet."""
        for detection in self._detections(image, upright, someone_seen=bool(faces)):
            if any(_overlap(detection.box, face.box()) > _SAME_FACE for face in faces.values()):
                continue
            face = self._look(image, detection.region())
            if face.presence >= _PRESENT:
                self._welcome(face, Crop(face_crop(image, face.landmarks)), time, faces, crops, near=True)

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

    def _detections(self, image: np.ndarray, upright: list[Detection] | None, *, someone_seen: bool) -> list[Detection]:
        """Faces that the detector finds; where none stands upright, in the picture turned by quarters."""
        height, width = image.shape[:2]
        for turn in (0,) if someone_seen else (0, 2, 1, 3):
            if turn or upright is None:
                found = self._networks.detect(np.ascontiguousarray(np.rot90(image, turn)) if turn else image)
            else:
                found = upright
            if found:
                if turn and not self._people:
                    self._turns = turn
                return [detection.turned_back(turn, width, height) for detection in found]
        return []

    def _welcome(
        self,
        face: Face,
        crop: Crop,
        time: float,
        faces: dict[Person, Face],
        crops: dict[Person, Crop],
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
        if person is None or looks[person] < SAME_LOOKS:
            neighbours = [one for one in absent if near and one.could_be(box, time) and looks[one] >= CONTINUES]
            person = max(neighbours, key=lambda one: one.last_time, default=None)
        if person is None:
            person = Person(self._measures)
            self._people.append(person)
        faces[person], crops[person] = face, crop

    def _drop_doubles(self, faces: dict[Person, Face], time: float) -> None:
        """Keep the longer of two tracks that have come upon one face."""
        kept: list[Person] = []
        for person in sorted(faces, key=lambda person: -len(person)):
            double = next((o for o in kept if _overlap(faces[person].box(), faces[o].box()) > _SAME_FACE), None)
            if double is None:
                kept.append(person)
            else:
                self._meet(double, person, time)
                del faces[person]

    def _note_covered(self, faces: dict[Person, Face], time: float) -> None:
        """Keep in mind who was lost where somebody else is: behind another face."""
        for lost in set(self._seen) - set(faces):
            for person, face in faces.items():
                if _touch(lost.face.box(), face.box()):
                    self._meet(lost, person, time)

    def _note_meetings(self, faces: dict[Person, Face], time: float) -> None:
        people = list(faces)
        for number, one in enumerate(people):
            for other in people[number + 1 :]:
                if _touch(faces[one].box(), faces[other].box()):
                    self._meet(one, other, time)

    def _meet(self, one: Person, other: Person, time: float) -> None:
        pair = (one, other) if self._people.index(one) < self._people.index(other) else (other, one)
        self._meetings.setdefault(pair, time)


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
