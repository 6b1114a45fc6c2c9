"""A corpus in the store: its tables, the features that came with it, and its pictures.

<root>/corpora/<name>/corpus.json                                  title, licence, limits
<root>/corpora/<name>/{recordings,labels,traces}.parquet           recordings with the column ``key``
<root>/corpora/<name>/shipped/<feature>.parquet                    features that came with the corpus
<root>/corpora/<name>/pictures.safetensors                         corpora of pictures
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from ..core.errors import CorpusError, FeatureError
from ..core.files import raising, write_bytes
from ..core.progress import Progress
from .base import FeatureStream
from .picture_faces import picture_faces

if TYPE_CHECKING:
    from ..corpora.base import Corpus

TABLES = ("recordings", "labels", "traces")
DESCRIPTION = "corpus.json"
PICTURES = "pictures.safetensors"
SHIPPED = "shipped"
"""Folder, and version, of features that came with a corpus."""
WHOLE = 24 * 3600.0
"""Length in seconds of the single frame of a feature that has one value for a whole recording."""


@dataclass(frozen=True)
class StoredCorpus:
    """A corpus as the store holds it.

    Attributes:
        name: registry name.
        title: full name for people.
        licence: licence as its distributors state it.
        limits: limits that a reader of results must know.
        recordings: table as in :class:`~emoviz.corpora.base.Corpus`, with the column ``key`` (None without media).
        labels: one row per recording, or empty.
        traces: long table, or empty.
        shipped: features that came with the corpus: streams by name and id of the recording.
        pictures: pictures uint8 (N, 48, 48) in the order of ``recordings``, for corpora of pictures.
    """

    name: str
    title: str
    licence: str
    limits: str
    recordings: pd.DataFrame
    labels: pd.DataFrame
    traces: pd.DataFrame
    pictures: np.ndarray | None
    shipped: Mapping[str, Mapping[str, FeatureStream]] = field(default_factory=dict)

    @property
    def parts(self) -> "pd.Series[Any]":
        """The part of the published split in which each picture of a corpus of pictures stands, or None."""
        return self.recordings["split" if "split" in self.recordings else "session"]


def write_corpus(
    root: Path, corpus: "Corpus", keys: pd.Series, progress: Progress, note: Callable[[str], None]
) -> None:
    """Write a corpus into a store, its description last, so that it counts as stored only when everything is there.

    Args:
        root: folder of the store.
        corpus: corpus as its reader returns it.
        keys: key of each recording, None without media.
        progress: listener, told while faces are looked for in pictures.
        note: function that takes the sentence on each picture that is left out.

    Raises:
        FeatureError: if a file cannot be written.
        CorpusError: if a picture cannot be decoded.
    """
    folder = root / "corpora" / corpus.name
    if corpus.pictures is not None:
        corpus, faces = picture_faces(corpus, progress, note)
        _write(folder / PICTURES, save({"pictures": faces}))
    tables = {"recordings": corpus.recordings.assign(key=keys), "labels": corpus.labels, "traces": corpus.traces}
    for name, table in tables.items():
        _write(folder / f"{name}.parquet", table.to_parquet())
    for name, table in corpus.shipped.items():
        _write(folder / SHIPPED / f"{name}.parquet", table.to_parquet())
    description = {key: getattr(corpus, key) for key in ("name", "title", "licence", "limits")}
    _write(folder / DESCRIPTION, json.dumps(description, indent=1, ensure_ascii=False).encode())


def stored_names(root: Path) -> list[str]:
    """Return the names of the corpora of a store."""
    return sorted(path.parent.name for path in (root / "corpora").glob(f"*/{DESCRIPTION}"))


def keys_of(root: Path, name: str) -> frozenset[str]:
    """Return the keys of the clips of a stored corpus; none where its table is damaged."""
    try:
        return frozenset(pd.read_parquet(root / "corpora" / name / "recordings.parquet", columns=["key"])["key"])
    except (OSError, ValueError, KeyError):
        return frozenset()


def read_corpora(root: Path, names: Sequence[str]) -> list[StoredCorpus]:
    """Read corpora of a store.

    Raises:
        CorpusError: if some were not stored, all of which it names, or the files of one are damaged.
    """
    missing = [name for name in names if not (root / "corpora" / name / DESCRIPTION).is_file()]
    if missing:
        held = ", ".join(stored_names(root)) or "no corpus"
        raise CorpusError(
            f"The store {root} lacks {', '.join(map(repr, missing))}; it holds {held}. "
            f"`python -m emoviz extract {missing[0]}` adds a corpus that `python -m emoviz corpora` lists."
        )
    return [_read_corpus(root, name) for name in names]


def _read_corpus(root: Path, name: str) -> StoredCorpus:
    folder = root / "corpora" / name
    try:
        description = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        tables = {table: pd.read_parquet(folder / f"{table}.parquet") for table in TABLES}
        pictures = None
        if (folder / PICTURES).is_file():
            with safe_open(folder / PICTURES, framework="numpy") as file:
                pictures = file.get_tensor("pictures")
        shipped = {path.stem: _streams(pd.read_parquet(path)) for path in sorted((folder / SHIPPED).glob("*.parquet"))}
        return StoredCorpus(**description, **tables, pictures=pictures, shipped=shipped)
    except (OSError, ValueError, TypeError, KeyError, SafetensorError) as error:
        raise CorpusError(
            f"The corpus '{name}' in {folder} is damaged; add it again with `python -m emoviz extract {name}`."
        ) from error


def _streams(table: pd.DataFrame) -> dict[str, FeatureStream]:
    """Return the stream of each recording in a table with ``id``, channels and perhaps ``time``.

    Features of a recording as a whole are one frame that lasts :data:`WHOLE` seconds.
    """
    channels = tuple(str(column) for column in table.columns if column not in ("id", "time"))
    values = table[list(channels)].to_numpy(np.float32)
    streams = {}
    for identity, rows in table.groupby("id").indices.items():
        start, hop = 0.0, WHOLE
        if "time" in table:
            times = table["time"].to_numpy()[rows]
            start, hop = float(times[0]), round(float((times[-1] - times[0]) / max(1, len(times) - 1)), 9)
        streams[str(identity)] = FeatureStream(values[rows], start, hop, channels)
    return streams


def _write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all.

    Raises:
        FeatureError: if the disk is full or the folder is not writable.
    """
    with raising(FeatureError, path, setting="EMOVIZ_STORE"):
        write_bytes(path, content)
