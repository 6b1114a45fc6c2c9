"""Streams that would fill the memory, and are read from the store whenever they are asked for."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

Streams = Mapping[str, np.ndarray]
"""Streams (T, D) of a recording by their names."""

IN_MEMORY = 16e9
"""Largest number of bytes of streams that a training holds in memory; larger data stay on disk."""
FITTED = 256e6
"""Largest number of bytes of streams on disk on which transforms are fitted."""


class OnDisk(Mapping[str, Streams]):
    """Streams of recordings, read anew each time.

    Args:
        ids: ids of the recordings.
        read: function that reads the streams of a recording.
        each: bytes of the streams of one recording.
    """

    def __init__(self, ids: Sequence[str], read: Callable[[str], Streams], each: int) -> None:
        self._ids = dict.fromkeys(ids)
        self._read = read
        self.each = each

    def __getitem__(self, identity: str) -> Streams:
        if identity not in self._ids:
            raise KeyError(identity)
        return self._read(identity)

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids)

    def __len__(self) -> int:
        return len(self._ids)

    def some(self, ids: Sequence[str]) -> Sequence[str]:
        """Return an evenly spaced sample of recordings on which transforms are fitted."""
        return ids[:: max(1, int(self.each * len(ids) / FITTED))]


def streams_of(
    ids: Sequence[str], read: Callable[[str], Streams], tell: Callable[[int], None], *, all_at_once: bool
) -> Mapping[str, Streams]:
    """Return the streams of recordings, in memory where they fit, else on disk.

    Args:
        ids: ids of the recordings.
        read: function that reads the streams of a recording.
        tell: function that is called with the number of each recording before it is read.
        all_at_once: whether all streams are needed at once, so that they must fit in memory.
    """
    streams: dict[str, Streams] = {}
    for number, identity in enumerate(ids):
        tell(number)
        streams[identity] = read(identity)
        each = size_of(streams[identity])
        if number == 0 and not all_at_once and each * len(ids) > IN_MEMORY:
            return OnDisk(ids, read, each)
    return streams


def size_of(streams: Streams) -> int:
    """Return the bytes of the streams of a recording."""
    return sum(values.nbytes for values in streams.values())
