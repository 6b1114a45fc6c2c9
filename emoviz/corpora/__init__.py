"""Corpora in their published layouts, and imported ones, read into tables.

Importing this package registers every reader; :func:`load` is the way in.
"""

from . import own
from .base import READERS, Corpus, Reader
from .reading import describe, label_names, load, names

__all__ = ["READERS", "Corpus", "Reader", "describe", "label_names", "load", "names", "own"]
