"""One feature stream as one file, packed and read block by block (:mod:`emoviz.core.arrays`)."""

import functools
from collections.abc import Iterator
from pathlib import Path

from ..core.arrays import packed, read_arrays
from ..core.errors import FeatureError
from .base import MOST_NAMED, FeatureStream

_TITLE = "stream"


def pack(stream: FeatureStream) -> Iterator[bytes]:
    """Yield a safetensors file with the values of a stream, block by block; many channels are counted, not named."""
    count = len(stream.channels)
    about = stream.about if count <= MOST_NAMED else {**stream.about, "channels": count}
    return packed({"values": stream.values}, about, _TITLE)


def read_stream(path: Path) -> FeatureStream | None:
    """Read a stored stream, of which a long one stays on disk; return None when it is absent or damaged."""
    found = read_arrays(path, _TITLE)
    if found is None:
        return None
    arrays, about = found
    try:
        about["channels"] = numbered(about["channels"]) if isinstance(about["channels"], int) else about["channels"]
        return FeatureStream.of(arrays["values"], about)
    except (KeyError, TypeError, FeatureError):
        return None


@functools.lru_cache(maxsize=4)
def numbered(count: int) -> tuple[str, ...]:
    """Return numbers in place of channels' names."""
    return tuple(f"{number:05d}" for number in range(count))
