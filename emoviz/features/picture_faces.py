"""The faces on the pictures of a corpus, one grey crop each, as networks read them."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..core.errors import CorpusError, MediaError
from ..core.progress import Progress
from ..core.words import counted

if TYPE_CHECKING:
    from ..corpora.base import Corpus

SIDE = 48
"""Pixels of a crop's side."""
REPORTED = 1000
"""Number of crops that are decoded between two reports; crops that must be looked for are reported one by one."""


def picture_faces(corpus: "Corpus", progress: Progress, note: Callable[[str], None]) -> tuple["Corpus", np.ndarray]:
    """Return a corpus without the pictures that show no face, and the crops of the others, uint8 (N, 48, 48).

    Pictures that the corpus holds as bytes are crops already. In those that are files the largest face is looked for,
    unless they are as small as a crop.

    Args:
        corpus: corpus of pictures.
        progress: listener, told of the pictures that are done.
        note: function that takes the sentence on each picture that is left out, which names it.

    Raises:
        CorpusError: if the bytes of a picture are no crop, or no picture shows a face.
    """
    assert corpus.pictures is not None
    crops: list[np.ndarray] = []
    lacking: dict[str, str] = {}
    pictures = corpus.pictures.reindex(corpus.recordings.index)
    for number, (name, content) in enumerate(pictures.items()):
        if isinstance(content, Path) or number % REPORTED == 0:
            progress(f"Finding the faces of {corpus.title}", number, len(pictures))
        try:
            crops.append(_found(content) if isinstance(content, Path) else _decoded(corpus.title, str(name), content))
        except MediaError as error:
            lacking[str(name)] = str(error)
            note(f"{name}: {error}")
    if not crops:
        raise CorpusError(f"No picture of '{corpus.name}' shows a face, so there is nothing to store.")
    return _without(corpus, lacking), np.stack(crops)


def _without(corpus: "Corpus", lacking: dict[str, str]) -> "Corpus":
    """The corpus without some recordings, whose number its limits state."""
    if not lacking:
        return corpus
    kept = corpus.recordings.index.difference(list(lacking), sort=False)
    were = f"{counted(len(lacking), 'pictures')} without a face that is found are left out."
    return dataclasses.replace(
        corpus,
        recordings=corpus.recordings.loc[kept],
        labels=corpus.labels.loc[kept],
        limits=f"{corpus.limits} {were}",
    )


def _found(path: Path) -> np.ndarray:
    """Cut out the largest face of a picture.

    Raises:
        MediaError: if the picture cannot be read or shows no face.
    """
    import cv2

    from ..media import ClipMedia

    media = ClipMedia(path)
    if media.info.video is not None and (media.info.video.width, media.info.video.height) == (SIDE, SIDE):
        (picture,) = media.pictures()
        return np.asarray(cv2.cvtColor(picture.image, cv2.COLOR_RGB2GRAY))
    track = media.face_track()
    if track is None:
        raise MediaError("No face is found in the picture.")
    crop: np.ndarray = track.seen_crops[0]
    return crop


def _decoded(title: str, name: str, content: object) -> np.ndarray:
    """Decode a grey crop.

    Raises:
        CorpusError: if it is none.
    """
    import cv2

    crop = None
    if isinstance(content, bytes) and content:
        crop = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE)
    if crop is None or crop.shape != (SIDE, SIDE):
        raise CorpusError(f"{title}: '{name}' is not a picture of {SIDE} x {SIDE} pixels.")
    return crop
