"""A prediction burnt into its recording: an MP4 with faces marked or hidden, and curves and emotion beneath.

``panel`` draws the part beneath the picture, ``faces`` marks or hides the faces in it, and ``names`` tells of whom.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from ...core.errors import MediaError
from ...core.files import raising, replacing
from ...core.progress import Progress, silent
from ...media import Frame, iterate_frames
from ...media.encoding import even, write_mp4
from .faces import Faces, Marker
from .names import Names
from .panel import Panel

if TYPE_CHECKING:
    from ...media import ClipMedia
    from ..assembly import ClipPrediction
    from ..persons.found import Persons

ENDING = ".mp4"
NARROWEST, WIDEST = 640, 1280
"""Smallest and largest width in pixels of the written picture; smaller ones are enlarged so that words can be read."""
WITHOUT_PICTURE = 10.0
"""Pictures per second for a recording without pictures, of which the panel alone is shown."""
STAGE = "Writing the video"
LIMITS = (
    "A face that was not found is not hidden, and voices stay as they are: look through the video before you pass it "
    "on."
)
"""Warning for people who hide faces."""

__all__ = ["ENDING", "LIMITS", "Faces", "require_mp4", "write_video"]


def write_video(
    path: Path,
    media: "ClipMedia",
    prediction: "ClipPrediction",
    faces: Faces = Faces.SHOWN,
    progress: Progress = silent,
    persons: "Persons | None" = None,
) -> None:
    """Write a recording with its prediction, whole or not at all, on the recording's own clock.

    Args:
        path: file to write, an ``.mp4``.
        media: recording.
        prediction: prediction of it.
        faces: look of the faces: as they are with a box, blurred, or blurred beneath their mesh.
        progress: listener, which also stops it.
        persons: persons whose names stand with boxes and curves, unless faces are hidden, as a name tells who it is.

    Raises:
        MediaError: if the file has another ending, the recording is a single picture or cannot be read, or the disk is
            full.
    """
    require_mp4(path)
    info = media.info
    if info.still:
        raise MediaError(f"'{info.path.name}' is a picture, and a video is made of a clip.")
    if path.exists() and path.samefile(info.path):
        raise MediaError(f"The video would take the place of the recording '{path.name}' itself: give it another name.")
    followed = prediction.faces
    if followed is None and info.video is not None:
        followed = media.faces(progress)
    width, height = (info.video.width, info.video.height) if info.video else (NARROWEST, 0)
    scale = min(max(1.0, NARROWEST / width), WIDEST / max(width, height))
    shown = even((width * scale, height * scale)) if info.video else (0, 0)
    names = None
    if persons and faces is Faces.SHOWN:
        names = Names(persons, followed.speaker if followed and media.face is None else media.face)
    panel = Panel(prediction, max(NARROWEST, shown[0]), info.duration, names)
    size = panel.width, even((panel.width, shown[1] + panel.height))[1]
    marker = Marker(followed, faces, shown, names) if followed is not None else None
    pictures = _pictures(media, panel, marker, size, shown)
    fps = info.video.fps if info.video else WITHOUT_PICTURE
    with raising(MediaError, path), replacing(path) as draft:
        write_mp4(draft, info, pictures, size, progress, stage=STAGE, choice=media.choice, fps=fps)


def require_mp4(path: Path) -> None:
    """Refuse a file that is no MP4.

    Raises:
        MediaError: if the file does not end in ``.mp4``.
    """
    if path.suffix.lower() != ENDING:
        raise MediaError(f"A video is written as {ENDING}, not as '{path.suffix or path.name}'.")


def _pictures(
    media: "ClipMedia", panel: Panel, marker: Marker | None, size: tuple[int, int], shown: tuple[int, int]
) -> Iterator[Frame]:
    """The written pictures; the last one stays where the sound is longer."""
    image, time = np.zeros((size[1], size[0], 3), np.uint8), 0.0
    left, bottom = (size[0] - shown[0]) // 2, shown[1]
    for frame in _own_pictures(media):
        time = frame.time
        if bottom:
            picture = cv2.resize(frame.image, shown, interpolation=cv2.INTER_AREA)
            image[:bottom, left : left + shown[0]] = marker.marked(picture, time) if marker else picture
        image[bottom : bottom + panel.height] = panel.at(time)
        yield Frame(time, image.copy())
    while (time := time + 1 / WITHOUT_PICTURE) < media.info.duration - 1 / WITHOUT_PICTURE:
        image[bottom : bottom + panel.height] = panel.at(time)
        yield Frame(time, image.copy())


def _own_pictures(media: "ClipMedia") -> Iterator[Frame]:
    """The pictures of the recording, or the times at which one without any is drawn."""
    if media.info.video is not None:
        yield from iterate_frames(media.path, longest=WIDEST, choice=media.choice)
        return
    for number in range(max(1, round(media.info.duration * WITHOUT_PICTURE))):
        yield Frame(number / WITHOUT_PICTURE, np.zeros((0, 0, 3), np.uint8))
