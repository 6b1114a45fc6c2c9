"""Corpora in their published layouts, read into tables.

Importing this package registers every reader; :func:`load` is the way in.
"""

from pathlib import Path

from . import emodb, emotiontts, emovo, ferplus, nemo, ravdess, urdu
from .base import READERS, Corpus, Reader

__all__ = [
    "READERS",
    "Corpus",
    "Reader",
    "emodb",
    "emotiontts",
    "emovo",
    "ferplus",
    "load",
    "nemo",
    "ravdess",
    "urdu",
]


def load(name: str, data_folder: Path) -> Corpus:
    """Read the corpus ``name`` from the data folder (setting ``EMOVIZ_DATA``).

    Raises:
        UnknownNameError: no reader has that name.
        CorpusError: the corpus is missing, incomplete or not in its published layout.
    """
    return READERS[name](data_folder)
