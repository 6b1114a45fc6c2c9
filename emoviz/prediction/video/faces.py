"""The faces in a written video: marked by a box, or hidden."""

from enum import StrEnum
from typing import TYPE_CHECKING

import cv2
import numpy as np

from ...core.vocabulary import MARKS
from ...media.mesh import mesh_edges
from ..persons.found import face_name
from .drawing import colour_of, write

if TYPE_CHECKING:
    from ...media import FaceTimeline, FaceTrack
    from .names import Names

AROUND = 0.35
"""Share of a face's side that is hidden beyond its box, which ends at the brows and the chin."""
BEFORE_AND_AFTER = 1.0
"""Seconds for which a face stays hidden before and after each sighting, and throughout between near ones."""
LONGEST_GAP = 5.0
"""Longest gap in seconds between two sightings over which a face is taken to move in a straight line."""
SAME = 1e-4
"""Largest difference in seconds of two times that mean the same picture."""
GRAINS = 8
"""Number of patches across a hidden face: too few to recognise anyone."""


class Faces(StrEnum):
    """The way in which faces are shown in a written video."""

    SHOWN = "shown"
    BLURRED = "blurred"
    MESH = "mesh"


class Marker:
    """The faces of a clip, as they are drawn into its pictures.

    Args:
        faces: faces of the clip.
        look: look of the faces.
        size: width and height of the written pictures.
        names: names of the persons; without any, several faces have their numbers.
    """

    def __init__(self, faces: "FaceTimeline", look: Faces, size: tuple[int, int], names: "Names | None" = None) -> None:
        self._names = names
        self._tracks, self._times, self._look, self._size = faces.tracks, faces.times, look, size
        self._scale = np.array(size, np.float32) / np.maximum(np.array(faces.size, np.float32), 1)
        self._boxes = [hidden_boxes(track.boxes, faces.times) for track in faces.tracks]
        self._seen = [track.present for track in faces.tracks]
        self._edges = [mesh_edges(track) if look is Faces.MESH else None for track in faces.tracks]

    def marked(self, picture: np.ndarray, time: float) -> np.ndarray:
        """Return a picture with its faces marked or hidden.

        Args:
            picture: RGB (H, W, 3), of the written size; it is drawn upon.
            time: time of the picture in s.
        """
        number = int(np.searchsorted(self._times, time - SAME))
        if self._look is not Faces.SHOWN:
            for boxes in self._boxes:
                if number < len(boxes) and np.isfinite(boxes[number]).all():
                    _hide(picture, self._around(boxes[number]))
        for place, track in enumerate(self._tracks):
            if number >= track.length or not self._seen[place][number]:
                continue
            edges = self._edges[place]
            if edges is not None:
                self._draw_mesh(picture, track, number, edges)
            self._draw_box(picture, track, self._boxes[place][number])
        return picture

    def _around(self, box: np.ndarray) -> tuple[int, int, int, int]:
        """Left, top, right and bottom of what is hidden, in the written picture."""
        x, y, width, height = box
        corners = [x - AROUND * width, y - AROUND * height, x + (1 + AROUND) * width, y + (1 + AROUND) * height]
        left, top, right, bottom = np.array(corners) * np.tile(self._scale, 2)
        across, down = self._size
        return (
            int(np.clip(left, 0, across)),
            int(np.clip(top, 0, down)),
            int(np.clip(np.ceil(right), 0, across)),
            int(np.clip(np.ceil(bottom), 0, down)),
        )

    def _draw_box(self, picture: np.ndarray, track: "FaceTrack", box: np.ndarray) -> None:
        x, y, width, height = (box * np.tile(self._scale, 2)).round().astype(int).tolist()
        colour = colour_of(MARKS["analysed face"])
        cv2.rectangle(picture, (x, y), (x + width, y + height), (0, 0, 0), 4)
        cv2.rectangle(picture, (x, y), (x + width, y + height), colour, 2)
        if self._names or len(self._tracks) > 1:
            name = self._names.of_face(track.id) if self._names else face_name(track.id)
            write(picture, name, (x, max(0, y - 22)), 16, colour)

    def _draw_mesh(self, picture: np.ndarray, track: "FaceTrack", number: int, edges: np.ndarray) -> None:
        row = int(np.searchsorted(track.frames, number))
        points = np.asarray(track.seen_points[row])[:, :2] * np.float32(track.unit) * self._scale
        lines = [points[edge].round().astype(np.int32) for edge in edges]
        cv2.polylines(picture, lines, False, colour_of(MARKS["landmarks"]), 1, cv2.LINE_AA)


def hidden_boxes(boxes: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Return the box that is hidden in each frame, also shortly before and after a face is seen, and between sightings.

    Args:
        boxes: boxes of the face (F, 4), NaN where it is not seen.
        times: times of the frames (F,) in s.

    Returns:
        boxes (F, 4), NaN where nothing is hidden.
    """
    hidden = boxes.copy()
    seen = np.flatnonzero(np.isfinite(boxes).all(axis=1))
    if not len(seen):
        return hidden
    before = np.searchsorted(seen, np.arange(len(boxes)), side="right") - 1
    last, following = seen[np.maximum(before, 0)], seen[np.minimum(before + 1, len(seen) - 1)]
    gap = times[following] - times[last]
    share = np.clip((times - times[last]) / np.where(gap > 0, gap, 1), 0, 1)[:, None]
    between = (before >= 0) & (before < len(seen) - 1) & (gap <= LONGEST_GAP)
    after = (before >= 0) & (times - times[last] <= BEFORE_AND_AFTER)
    ahead = (times[following] >= times) & (times[following] - times <= BEFORE_AND_AFTER)
    hidden[ahead] = boxes[following][ahead]
    hidden[after] = boxes[last][after]
    hidden[between] = ((1 - share) * boxes[last] + share * boxes[following])[between]
    hidden[seen] = boxes[seen]
    return hidden


def _hide(picture: np.ndarray, around: tuple[int, int, int, int]) -> None:
    """Replace a part of a picture by few patches of its colours, without edges between them."""
    left, top, right, bottom = around
    if right <= left or bottom <= top:
        return
    part = picture[top:bottom, left:right]
    few = cv2.resize(part, (GRAINS, GRAINS), interpolation=cv2.INTER_AREA)
    picture[top:bottom, left:right] = cv2.resize(few, (right - left, bottom - top), interpolation=cv2.INTER_LINEAR)
