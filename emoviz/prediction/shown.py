"""Columns of a clip's face in the table of a prediction."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..features.action_units import CHANNELS, units_of

if TYPE_CHECKING:
    from ..media import ClipMedia, FaceTimeline, FaceTrack


class Shown(NamedTuple):
    """The chosen face in the rows of a table.

    Attributes:
        track: the face.
        place: frame of the track, among those that have the face, that each row shows: int (T,).
        seen: whether the face is seen in each row: bool (T,).
    """

    track: "FaceTrack"
    place: np.ndarray
    seen: np.ndarray

    def rows(self, values: np.ndarray) -> np.ndarray:
        """Return values (P, ...) of the frames that have the face, in each row: float32 (T, ...), NaN where unseen."""
        rows: np.ndarray = values[self.place].astype(np.float32)
        rows[~self.seen] = np.nan
        return rows


def shown_face(media: "ClipMedia", faces: "FaceTimeline | None", times: np.ndarray) -> Shown | None:
    """Find the chosen face in each row, or None where a clip has none.

    Args:
        media: the clip.
        faces: all faces of it.
        times: regular times (T,) of the rows, in seconds of the clip.
    """
    track = media.face_track() if faces else None
    if faces is None or track is None or not len(faces.times):
        return None
    frame = np.searchsorted(faces.times, times, side="right") - 1
    step = float(np.median(np.diff(faces.times))) if len(faces.times) > 1 else media.info.duration
    seen = (frame >= 0) & (times < faces.times[-1] + step) & track.present[np.maximum(frame, 0)]
    return Shown(track, (np.cumsum(track.present) - 1)[np.maximum(frame, 0)], seen)


def action_units(media: "ClipMedia", faces: "FaceTimeline | None", times: np.ndarray) -> dict[str, np.ndarray]:
    """Return the action units of the chosen face, a column float32 (T,) for each; arguments as :func:`shown_face`."""
    shown = shown_face(media, faces, times)
    if shown is None:
        return {}
    return dict(zip(CHANNELS, shown.rows(units_of(shown.track.seen_blendshapes)).T, strict=True))
