"""One feature stream as one file, packed and read block by block (:mod:`emoviz.core.arrays`)."""

from collections.abc import Iterator
from pathlib import Path

from ..core.arrays import packed, read_arrays
from ..core.errors import FeatureError
from .base import FeatureStream

_TITLE = "stream"


def pack(stream: FeatureStream) -> Iterator[bytes]:
    """Yield a safetensors file with the values of a stream, block by block."""
    return packed({"values": stream.values}, stream.about, _TITLE)


def read_stream(path: Path) -> FeatureStream | None:
    """Read a stored stream, of which a long one stays on disk; return None when it is absent or damaged."""
    found = read_arrays(path, _TITLE)
    if found is None:
        return None
    arrays, about = found
    try:
        return FeatureStream.of(arrays["values"], about)
    except (KeyError, TypeError, FeatureError):
        return None
