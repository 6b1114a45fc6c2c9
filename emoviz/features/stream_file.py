"""One feature stream as one file: a safetensors file with a checksum, packed and read block by block."""

import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import numpy as np
from safetensors import SafetensorError, safe_open

from ..core.errors import FeatureError
from ..core.growing import IN_MEMORY, Rows, blocks
from .base import FeatureStream


def pack(stream: FeatureStream) -> Iterator[bytes]:
    """Yield a safetensors file with the values of a stream, block by block."""
    values, size = stream.values, stream.values.dtype.itemsize * int(np.prod(stream.values.shape))
    about = {
        "start": stream.start,
        "hop": stream.hop,
        "channels": stream.channels,
        "notes": stream.notes,
        "checksum": _checksum(values),
    }
    header = {
        "__metadata__": {"stream": json.dumps(about)},
        "values": {"dtype": "F32", "shape": values.shape, "data_offsets": [0, size]},
    }
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    yield len(text).to_bytes(8, "little") + text
    for block in blocks(values):
        yield np.ascontiguousarray(block).tobytes()


def read_stream(path: Path) -> FeatureStream | None:
    """Read a stored stream, of which a long one stays on disk; return None when it is absent or damaged."""
    try:
        with safe_open(path, framework="numpy") as file:  # checks that header and length agree
            about = json.loads(file.metadata()["stream"])
            shape, kind = tuple(file.get_slice("values").get_shape()), file.get_slice("values").get_dtype()
            values = file.get_tensor("values") if kind != "F32" or 4 * int(np.prod(shape)) <= IN_MEMORY else None
        if values is None:
            opened = path.open("rb", buffering=0)
            offset = 8 + int.from_bytes(opened.read(8), "little")
            values = cast(np.ndarray, Rows(opened, offset, shape, np.dtype(np.float32)))
        if _checksum(values) != about["checksum"]:
            return None
        return FeatureStream(values, about["start"], about["hop"], tuple(about["channels"]), tuple(about["notes"]))
    except (OSError, SafetensorError, ValueError, KeyError, TypeError, FeatureError):
        return None


def _checksum(values: np.ndarray) -> int:
    checksum = 0
    for block in blocks(values):
        checksum = zlib.crc32(np.ascontiguousarray(block).data, checksum)
    return checksum
