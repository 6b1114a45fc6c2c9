"""Maps of embeddings: clips as points in two or three dimensions, new clips in their places, and a cache of maps.

Coordinates are kept on disk, never a fitted object.
"""

import contextlib
import dataclasses
import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from safetensors import SafetensorError
from safetensors.numpy import load, save

from ..core.errors import AnalysisError
from ..core.files import write_bytes
from ..core.progress import Progress, silent
from .projection_methods import METHODS, Method, Placer

Array = np.ndarray
FORMAT = 2
"""Version of the format of cached maps; it is raised when the same settings would give other points."""


@dataclass(frozen=True)
class Projection:
    """A map, and the embeddings that it shows.

    Attributes:
        method: method by which it was made.
        embeddings: embeddings (N, E), float32.
        points: points (N, dimensions), float32, without a unit.
    """

    method: Method
    embeddings: Array
    points: Array

    def transform(self, new: Array) -> Array:
        """Return the points (M, dimensions) of new embeddings (M, E), float32; the map itself stays as it is.

        The first call prepares the search for neighbours, later ones are quicker. Each new clip is placed as if it were
        the only one.

        Raises:
            AnalysisError: if the new embeddings have another width, or missing values.
        """
        new = _checked(new)
        if new.shape[1] != self.embeddings.shape[1]:
            raise AnalysisError(
                f"The map shows embeddings of width {self.embeddings.shape[1]}; one of width {new.shape[1]} has no "
                "place in it."
            )
        return self._placer(new).astype(np.float32)

    @cached_property
    def explained(self) -> Array:
        """The share (dimensions,) of the embeddings' variance along each axis; it has a meaning for PCA alone."""
        return np.asarray(self.points.var(0, dtype=np.float64) / self.embeddings.var(0, dtype=np.float64).sum())

    @cached_property
    def _placer(self) -> Placer:
        return self.method.placer(self.embeddings, self.points)


def fit(embeddings: Array, method: Method, *, cache: Path | None = None, progress: Progress = silent) -> Projection:
    """Make a map of embeddings, or take it from the cache.

    The same embeddings, settings and library versions give the same points, on one machine to the last digit.

    Args:
        embeddings: embeddings (N, E), taken as float32.
        method: method with its settings, one of :data:`METHODS`.
        cache: folder of maps, made when first needed. A map is found by the content of the embeddings, the
            settings and the versions of the libraries. A damaged file is made anew; one that cannot be
            written is not.
        progress: listener, which may stop the work.

    Raises:
        AnalysisError: if the embeddings cannot be mapped: too few, not finite, or all the same.
        ConfigError: if the settings do not fit the embeddings.
    """
    embeddings = _checked(embeddings)
    if len(embeddings) < method.dimensions + 2:
        raise AnalysisError(f"A map shows at least {method.dimensions + 2} clips, and here are {len(embeddings)}.")
    if (embeddings == embeddings[0]).all():
        raise AnalysisError("All clips have the same embedding, so there is nothing to map.")
    method.check(*embeddings.shape)
    path = cache / f"{_key(embeddings, method)}.safetensors" if cache else None
    points = _read(path, (len(embeddings), method.dimensions)) if path else None
    if points is None:
        points = method.arrange(embeddings, progress).astype(np.float32)
        if path:
            _write(path, points)
    return Projection(method, embeddings, points)


def split_table(table: pd.DataFrame) -> tuple[Array, pd.DataFrame]:
    """Return the embeddings of ``embeddings.parquet``, (N, E) float32, and its other columns.

    Raises:
        AnalysisError: if there are no columns ``e000`` onwards.
    """
    names = [column for column in table.columns if column[:1] == "e" and column[1:].isdigit()]
    if not names:
        raise AnalysisError("A table of embeddings has the columns e000, e001 and so on, and this one has none.")
    return table[names].to_numpy(np.float32), table.drop(columns=names)


def _checked(embeddings: Array) -> Array:
    embeddings = np.ascontiguousarray(embeddings, dtype=np.float32)
    if embeddings.ndim != 2 or embeddings.shape[1] == 0:
        raise AnalysisError(f"Embeddings are a table of clips x width, not an array of shape {embeddings.shape}.")
    damaged = int((~np.isfinite(embeddings)).any(1).sum())
    if damaged:
        raise AnalysisError(f"{damaged} of {len(embeddings)} embeddings have missing or infinite values.")
    return embeddings


def _key(embeddings: Array, method: Method) -> str:
    """Sha256 of all that decides where the points lie."""
    name = next(name for name in METHODS if METHODS[name] is type(method))
    versions = {library: version(library) for library in (*method.libraries, "numpy")}
    about = [FORMAT, name, dataclasses.asdict(method), versions, embeddings.shape]
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode() + embeddings.tobytes()).hexdigest()


def _read(path: Path, shape: tuple[int, int]) -> Array | None:
    """The cached points, None where there are none or they are damaged."""
    try:
        points = load(path.read_bytes())["points"]
    except (OSError, SafetensorError, KeyError, ValueError):
        return None
    return points if points.shape == shape and np.isfinite(points).all() else None


def _write(path: Path, points: Array) -> None:
    """Write the points, whole or not at all; a map that cannot be kept is still a map."""
    with contextlib.suppress(OSError):
        write_bytes(path, save({"points": np.ascontiguousarray(points)}))
