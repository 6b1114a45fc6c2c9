"""The faces of a recording, kept on disk from one visit to the next."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..core.kept import Entry, Kept
from ..core.progress import Progress, silent
from .tracks import FaceTimeline, FaceTrack
from .weights import FACE_LANDMARKER, YUNET

VERSION = 2
"""Version of the way faces are followed; results that another version kept are not used."""

_KIND = "faces"
_ARRAYS = ("frames", *(f"seen_{name}" for name in ("boxes", "points", "blendshapes", "pose", "presence", "crops")))


def keep_faces(kept: Kept, made_of: Mapping[str, Any], timeline: FaceTimeline, progress: Progress = silent) -> None:
    """Keep all faces of a recording.

    Args:
        kept: folder of kept results.
        made_of: the recording's content, its track and how it is read.
        timeline: the faces of the whole recording.
        progress: listener; where it stops the work, nothing is kept.
    """
    arrays = {f"{track.id}.{name}": getattr(track, name) for track in timeline.tracks for name in _ARRAYS}
    about = {
        "size": timeline.size,
        "notes": timeline.notes,
        "tracks": [{"id": track.id, "length": track.length, "unit": track.unit} for track in timeline.tracks],
    }
    kept.write(_KIND, known_by(made_of), Entry({"times": timeline.times, **arrays}, about), progress)


def kept_faces(kept: Kept, made_of: Mapping[str, Any]) -> FaceTimeline | None:
    """Return the faces that were kept of a recording, or None; their long arrays stay on disk.

    Args:
        kept: folder of kept results.
        made_of: content of the recording, its track and how it is read.
    """
    found = kept.read(_KIND, known_by(made_of))
    if found is None:
        return None
    width, height = found.about["size"]
    tracks = tuple(_track(about, found.arrays) for about in found.about["tracks"])
    return FaceTimeline(np.asarray(found.arrays["times"]), (width, height), tracks, tuple(found.about["notes"]))


def _track(about: Mapping[str, Any], arrays: Mapping[str, Any]) -> FaceTrack:
    own = {name: arrays[f"{about['id']}.{name}"] for name in _ARRAYS}
    return FaceTrack(**about, **own)


def known_by(made_of: Mapping[str, Any]) -> dict[str, Any]:
    """Return all that the faces of a recording depend on: its content and how it is read, and how they are followed."""
    return {**made_of, "version": VERSION, "networks": [YUNET.sha256, FACE_LANDMARKER.sha256]}
