"""The contract of a corpus reader, which turns a folder in its published layout into tables."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from ..core.errors import CorpusError
from ..core.registry import Registry

RECORDING_COLUMNS = ("audio", "video", "speaker", "gender", "language", "culture", "session", "transcript")
"""Columns of :attr:`Corpus.recordings`; the index is named ``id``. What a corpus does not know is None."""


@dataclass(frozen=True)
class Corpus:
    """Recordings and labels of one corpus.

    Attributes:
        name: registry name, e.g. ``emodb``.
        title: full name for people.
        licence: licence in the words of its distributors.
        recordings: one row per recording, index ``id``, columns :data:`RECORDING_COLUMNS`; media
            columns hold absolute paths (str). Speakers are unique across corpora: ``emodb/03``. Where a
            split was published with the corpus, ``split`` (a ``Split`` value) is one more column.
        labels: one row per recording, index ``id``: column ``emotion`` (an ``Emotion`` value), and
            ``intensity`` where the corpus states one; or values per dimension; where several raters
            voted also ``votes.<answer>`` (counts) and ``share.<emotion>`` (their distribution, NaN
            where a picture has none, as then ``emotion`` may be). Empty for traced corpora.
        traces: long table ``id``, ``time`` (s) and one column per dimension. Empty for corpora with clip labels.
        limits: facts that a reader of results must know (acted, read sentences, one room ...).
        shipped: features that the corpus is distributed with: name -> table with the column ``id``, one column per
            channel, and ``time`` (s, evenly spaced) unless there is but one value per recording.
        pictures: undecoded bytes by the id of the recording, for corpora of pictures; else None.
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
"""Reads the corpus from the data folder (setting ``EMOVIZ_DATA``)."""

READERS: Registry[Reader] = Registry("corpus", "emoviz.corpora")
