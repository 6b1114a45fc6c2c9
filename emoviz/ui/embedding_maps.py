"""Maps of embeddings, fitted in the background and once per server."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ..analysis import maps, projection, separation
from ..analysis.projection import Projection
from ..analysis.projection_methods import Method, NeighbourMethod
from ..checkpoints.description import Description
from ..core.errors import CheckpointError
from ..core.progress import Progress
from ..media import ClipMedia
from ..prediction.model import ClipEmbedding, embed_clip
from . import loaders
from .background import Job
from .cache import cached
from .session import session

_free = threading.Lock()


@contextmanager
def _turn(progress: Progress) -> Iterator[None]:
    """Wait until no other map is arranged: several at once are no faster, and their libraries share threads."""
    while not _free.acquire(timeout=0.2):
        progress("Waiting for another map", 0, 0)
    try:
        yield
    finally:
        _free.release()


@dataclass(frozen=True, eq=False)
class Embedded:
    """A checkpoint that keeps embeddings of held-out recordings.

    Attributes:
        name: name of the checkpoint.
        folder: folder of the checkpoint.
        description: description of the checkpoint.
        recordings: facts about each recording (:func:`emoviz.analysis.maps.recordings`).
        vectors: embeddings (N, E), in the same order.
        changed: time at which the embeddings were written.
    """

    name: str
    folder: Path
    description: Description
    recordings: pd.DataFrame
    vectors: np.ndarray
    changed: int


def with_embeddings(found: Mapping[str, Path]) -> dict[str, Path]:
    """Return the checkpoints that keep embeddings and can be described."""
    return {
        name: folder
        for name, folder in found.items()
        if (folder / "embeddings.parquet").exists() and loaders.description(folder) is not None
    }


def most_corpora(found: Mapping[str, Path]) -> str | None:
    """Return the classifier that heard the most corpora: its map has the most to tell."""

    def breadth(name: str) -> tuple[bool, int]:
        about = loaders.description(found[name])
        return about is not None and about.kind == "emotion", len(about.training.get("corpora", ())) if about else 0

    return max(found, key=breadth, default=None)


def embedded(name: str, folder: Path) -> Embedded:
    """Return a checkpoint's embeddings and the facts about its recordings.

    Raises:
        CheckpointError: if the checkpoint is damaged.
    """
    changed = max((folder / f"{table}.parquet").stat().st_mtime_ns for table in _tables(folder))
    return _embedded(name, folder, changed)


def _tables(folder: Path) -> list[str]:
    return [table for table in ("embeddings", "predictions") if (folder / f"{table}.parquet").exists()]


@cached(32)
def _embedded(name: str, folder: Path, changed: int) -> Embedded:
    about, table = loaders.description(folder), loaders.table(folder, "embeddings")
    if about is None or table is None or table.empty:
        raise CheckpointError(f"The checkpoint '{name}' has no embeddings of held-out recordings.")
    predictions = loaders.table(folder, "predictions")
    recordings = maps.recordings(table, predictions, about.kind, about.outputs)
    return Embedded(name, folder, about, recordings, projection.split_table(table)[0], changed)


def projection_of(shown: Embedded, method: Method) -> Job[Projection]:
    """Return the map of a checkpoint's recordings, begun at its first request."""
    return _projection(shown.name, shown.folder, shown.changed, method, shown)


def forget_projection(shown: Embedded, method: Method) -> None:
    """Make the map anew at its next request."""
    _projection.forget(shown.name, shown.folder, shown.changed, method, shown)


@cached(64)
def _projection(name: str, folder: Path, changed: int, method: Method, _shown: Embedded) -> Job[Projection]:
    def work(progress: Progress) -> Projection:
        with _turn(progress) if isinstance(method, NeighbourMethod) else nullcontext():
            return projection.fit(_shown.vectors, method, cache=loaders.settings().store / "maps", progress=progress)

    return Job(work, f"map of {name}")


def separation_of(shown: Embedded, projection: Projection) -> Job[pd.DataFrame]:
    """Return the scores of a map (:func:`emoviz.analysis.separation.scores`), begun at their first request."""
    return _separation(shown.name, shown.folder, shown.changed, projection.method, shown, projection)


@cached(64)
def _separation(
    name: str, folder: Path, changed: int, method: Method, _shown: Embedded, _projection: Projection
) -> Job[pd.DataFrame]:
    def work(progress: Progress) -> pd.DataFrame:
        progress("Judging what the map separates", 0, 0)
        return separation.scores(_projection, _shown.recordings, maps.GROUPINGS)

    return Job(work, f"separation of {name}")


def embedding_of(shown: Embedded, clip: ClipMedia) -> Job[ClipEmbedding]:
    """Return the embeddings of a new clip, begun at their first request."""
    return _embedding(*_of(shown, clip), clip)


def forget_embedding(shown: Embedded, clip: ClipMedia) -> None:
    """Make the embeddings of a clip anew at their next request."""
    _embedding.forget(*_of(shown, clip), clip)


def _of(shown: Embedded, clip: ClipMedia) -> tuple[str, Path, int, str, int | None, str]:
    """The facts on which an embedding depends, and its visit: it ends with that, and no other visitor waits for it."""
    return shown.name, shown.folder, shown.changed, clip.key, clip.face, str(session().folder)


@cached(64)
def _embedding(
    name: str, folder: Path, changed: int, content: str, face: int | None, visit: str, _clip: ClipMedia
) -> Job[ClipEmbedding]:
    own = session()

    def work(progress: Progress) -> ClipEmbedding:
        progress("Reading the model", 0, 1)
        checkpoint = loaders.load_checkpoint(folder)
        return embed_clip(checkpoint, _clip, store=own.store, progress=progress)

    return Job(work, f"embedding of {_clip.path.name}", own.visitor.turn("embedding", beside=True))


def places_of(shown: Embedded, projection: Projection, clip: ClipMedia, embedding: ClipEmbedding) -> Job[pd.DataFrame]:
    """Return the places of a new clip in a map (:func:`emoviz.analysis.maps.places_of_clip`)."""
    key = shown.name, shown.folder, shown.changed, projection.method, clip.key, clip.face
    return _places(*key, projection, embedding)


@cached(64)
def _places(
    name: str,
    folder: Path,
    changed: int,
    method: Method,
    content: str,
    face: int | None,
    _projection: Projection,
    _embedding: ClipEmbedding,
) -> Job[pd.DataFrame]:
    def work(progress: Progress) -> pd.DataFrame:
        progress("Placing the new clip", 0, 0)
        return maps.places_of_clip(*_embedding, _projection.transform)

    return Job(work, f"place of a clip in the map of {name}")
