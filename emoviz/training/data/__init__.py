"""Samples for training, from a feature store: recordings with their streams, targets and split.

A registered :class:`DataKind` turns a config and a store into :class:`Data`; each module of this package that registers
one is a kind of data. Randomness in a sample depends only on the seed, the epoch and the sample's number, so that an
interrupted and resumed training sees the samples that an uninterrupted one would have seen.
"""

from .arranged import Arranged, arrange, fit_inputs
from .base import DATA, Batch, Data, DataKind, Part, Partition, Sample, collate
from .recordings import Recordings, labelled, load_recordings

__all__ = [
    "DATA",
    "Arranged",
    "Batch",
    "Data",
    "DataKind",
    "Part",
    "Partition",
    "Recordings",
    "Sample",
    "arrange",
    "collate",
    "fit_inputs",
    "labelled",
    "load_recordings",
]
