"""Tracks of faces over time: all values of each person's face in each frame of a clip."""

from dataclasses import dataclass

import numpy as np

from ..core.errors import MediaError
from .networks import LANDMARKS

FACE_SIZE = 48
"""Side of a face crop in pixels."""


@dataclass(frozen=True)
class FaceTrack:
    """The face of one person over the F frames of a clip.

    Only frames with the face are stored, landmarks as whole numbers; those of a long clip lie on disk
    (:class:`~emoviz.core.growing.Rows`), so read them in blocks. The properties below spread them over all F frames at
    each access: take an array once, not in a loop.

    Attributes:
        id: number of the track in its timeline.
        length: number F of frames of the clip.
        frames: numbers of the frames that have the face, int32 (P,).
        seen_boxes: boxes in these frames, float32 (P, 4): x, y, width and height in pixels.
        seen_points: landmarks in these frames, int16 (P, 478, 3), in units of ``unit`` pixels.
        unit: pixels per step of ``seen_points``.
        seen_blendshapes: facial actions in these frames, float32 (P, 52).
        seen_pose: poses in these frames, float32 (P, 3).
        seen_presence: presence in these frames, float32 (P,).
        seen_crops: crops of the face in these frames, uint8 (P, 48, 48).
    """

    id: int
    length: int
    frames: np.ndarray
    seen_boxes: np.ndarray
    seen_points: np.ndarray
    unit: float
    seen_blendshapes: np.ndarray
    seen_pose: np.ndarray
    seen_presence: np.ndarray
    seen_crops: np.ndarray

    @classmethod
    def from_frames(
        cls,
        id: int,
        present: np.ndarray,
        boxes: np.ndarray,
        landmarks: np.ndarray,
        blendshapes: np.ndarray,
        pose: np.ndarray,
        presence: np.ndarray,
        crops: np.ndarray,
    ) -> "FaceTrack":
        """Make a track from arrays over all frames, as the properties give them."""
        points = landmarks[present]
        unit = float(np.abs(points).max(initial=1.0)) / np.iinfo(np.int16).max
        return cls(
            id=id,
            length=len(present),
            frames=np.flatnonzero(present).astype(np.int32),
            seen_boxes=boxes[present].astype(np.float32),
            seen_points=np.round(points / unit).astype(np.int16),
            unit=unit,
            seen_blendshapes=blendshapes[present].astype(np.float32),
            seen_pose=pose[present].astype(np.float32),
            seen_presence=presence[present].astype(np.float32),
            seen_crops=crops[present],
        )

    @property
    def present(self) -> np.ndarray:
        """The frames in which the face is seen, bool (F,)."""
        present = np.zeros(self.length, bool)
        present[self.frames] = True
        return present

    @property
    def boxes(self) -> np.ndarray:
        """The boxes, float32 (F, 4): x, y, width and height in pixels of the shown picture; NaN in gaps."""
        return self._spread(self.seen_boxes)

    @property
    def landmarks(self) -> np.ndarray:
        """The landmarks, float32 (F, 478, 3): x, y and depth in pixels of the shown picture; NaN in gaps."""
        landmarks = np.full((self.length, LANDMARKS, 3), np.nan, np.float32)
        landmarks[self.frames] = self.seen_points
        landmarks *= np.float32(self.unit)
        return landmarks

    @property
    def blendshapes(self) -> np.ndarray:
        """The facial actions :data:`~emoviz.media.BLENDSHAPES`, float32 (F, 52) in [0, 1]; NaN in gaps."""
        return self._spread(self.seen_blendshapes)

    @property
    def pose(self) -> np.ndarray:
        """The yaw, pitch and roll in degrees, float32 (F, 3), see :func:`~emoviz.media.pose.head_pose`; NaN in gaps."""
        return self._spread(self.seen_pose)

    @property
    def presence(self) -> np.ndarray:
        """The certainty of the network that this is a face, float32 (F,) in [0, 1]; NaN in gaps."""
        return self._spread(self.seen_presence)

    @property
    def crops(self) -> np.ndarray:
        """The crops of the face, uint8 (F, 48, 48), see :func:`~emoviz.media.face_crop`; 0 in gaps."""
        crops = np.zeros((self.length, FACE_SIZE, FACE_SIZE), np.uint8)
        crops[self.frames] = self.seen_crops
        return crops

    @property
    def origin(self) -> tuple[float, ...]:
        """The first frame and box of the track, which identify it while it grows."""
        return (float(self.frames[0]), *self.seen_boxes[0].tolist())

    @property
    def weight(self) -> float:
        """The number of frames with the face times its mean side in pixels: large for a long and near view."""
        return float(np.sqrt(self.seen_boxes[:, 2] * self.seen_boxes[:, 3]).sum())

    def _spread(self, seen: np.ndarray) -> np.ndarray:
        spread = np.full((self.length, *seen.shape[1:]), np.nan, np.float32)
        spread[self.frames] = seen
        return spread


@dataclass(frozen=True)
class FaceTimeline:
    """All faces of a clip.

    Attributes:
        times: seconds of each frame, float64 (F,), increasing.
        size: size (width, height) of the shown picture in pixels.
        tracks: tracks, one per person, in the order of their appearance.
        notes: facts that a reader must know about the pictures and the identity of faces, one sentence each.
    """

    times: np.ndarray
    size: tuple[int, int]
    tracks: tuple[FaceTrack, ...]
    notes: tuple[str, ...] = ()

    @property
    def speaker(self) -> int | None:
        """The id of the longest and largest track, or None when no face was seen."""
        return max(self.tracks, key=lambda track: track.weight).id if self.tracks else None

    def track(self, id: int) -> FaceTrack:
        """Return the track with an id.

        Raises:
            MediaError: if there is no such track.
        """
        for track in self.tracks:
            if track.id == id:
                return track
        known = ", ".join(str(track.id) for track in self.tracks) or "none"
        raise MediaError(f"The clip has no face number {id}; its faces are: {known}.")
