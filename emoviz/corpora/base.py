"""The contract of a corpus reader, which turns a folder in its published layout into tables."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from ..core.errors import CorpusError
from ..core.registry import Registry

RECORDING_COLUMNS = ("audio", "video", "speaker", "gender", "language", "culture", "session", "transcript")
"""Columns of :attr:`Corpus.recordings`; the index is named ``id``, and unknown values are None."""


PART_COLUMNS = ("start", "end")
"""Columns of :attr:`Corpus.recordings` with the start and end in seconds of a recording that is a part of its file."""


class Clip(NamedTuple):
    """The file of a recording, and the part of it that belongs to the recording.

    Attributes:
        file: path.
        part: first and last second, or None where the recording is the whole file.
    """

    file: str
    part: tuple[float, float] | None = None


def clips_of(recordings: pd.DataFrame) -> "pd.Series[Any]":
    """Return the clip of each recording: its picture's file if it has one, and None if it has no file."""
    columns = recordings.reindex(columns=["video", "audio", *PART_COLUMNS])
    clips = []
    for video, audio, start, end in columns.itertuples(index=False):
        file = next((path for path in (video, audio) if isinstance(path, str)), None)
        part = None if pd.isna(start) else (float(start), float(end))
        clips.append(None if file is None else Clip(file, part))
    return pd.Series(clips, recordings.index, dtype=object)


@dataclass(frozen=True)
class Corpus:
    """Recordings and labels of one corpus.

    Attributes:
        name: registry name, e.g. ``emodb``.
        title: full name for people.
        licence: licence in the words of its distributors.
        recordings: one row per recording, index ``id``, columns :data:`RECORDING_COLUMNS`; media
            columns hold absolute paths (str). Speakers are unique across corpora: ``emodb/03``. Where a
            split was published with the corpus, ``split`` (a ``Split`` value) is one more column; where
            sentences were given to several people, ``sentence`` may name them; where recordings are parts
            of files, :data:`PART_COLUMNS` are two more.
        labels: one row per recording, index ``id``: column ``emotion`` (an ``Emotion`` value), and
            ``intensity`` where the corpus states one; or values per dimension; where several raters
            voted also ``votes.<answer>`` (counts) and ``share.<emotion>`` (their distribution, NaN
            where a picture has none, as then ``emotion`` may be). Empty for traced corpora.
        traces: long table ``id``, ``time`` (s) and one column per dimension. Empty for corpora with clip labels.
        limits: facts that a reader of results must know (acted, read sentences, one room ...).
        shipped: features that the corpus is distributed with: name -> table with the column ``id``, one column per
            channel, and ``time`` (s, evenly spaced) unless there is but one value per recording.
        pictures: undecoded bytes, or the path of a file in which the face is still to be found, by the id of the
            recording, for corpora of pictures; else None.
    """

    name: str
    title: str
    licence: str
    recordings: pd.DataFrame
    labels: pd.DataFrame = field(default_factory=pd.DataFrame)
    traces: pd.DataFrame = field(default_factory=pd.DataFrame)
    limits: str = ""
    shipped: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    pictures: pd.Series | None = None

    def __post_init__(self) -> None:
        missing = [c for c in RECORDING_COLUMNS if c not in self.recordings.columns]
        if missing:
            raise CorpusError(f"The corpus '{self.name}' lacks the columns {', '.join(missing)}.")
        if self.recordings.empty:
            raise CorpusError(f"The corpus '{self.name}' has no recordings.")
        if not self.recordings.index.is_unique:
            raise CorpusError(f"The corpus '{self.name}' names a recording twice.")


Reader = Callable[[Path], Corpus]
"""Function that reads the corpus from the data folder (setting ``EMOVIZ_DATA``)."""

READERS: Registry[Reader] = Registry("corpus", "emoviz.corpora")
