"""Named arrays and some facts in one file, in the format of safetensors, written and read block by block.

A long array is not read into memory: it stays in its file (:class:`~emoviz.core.growing.Rows`).
"""

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
from safetensors import SafetensorError, safe_open

from .errors import EmovizError
from .growing import IN_MEMORY, Rows, blocks

_TYPES = {"F64": "<f8", "F32": "<f4", "I32": "<i4", "I16": "<i2", "U8": "|u1"}
_NAMES = {np.dtype(kind): name for name, kind in _TYPES.items()}


def packed(arrays: Mapping[str, np.ndarray], about: Mapping[str, Any], title: str) -> Iterator[bytes]:
    """Yield the content of a file, block by block.

    Args:
        arrays: arrays by name, of the types float64, float32, int32, int16 and uint8.
        about: facts that JSON can hold.
        title: name of the facts in the file.
    """
    facts = {**about, "checksum": _checksum(arrays.values())}
    header: dict[str, Any] = {"__metadata__": {title: json.dumps(facts)}}
    end = 0
    for name, values in arrays.items():
        begin, end = end, end + values.dtype.itemsize * int(np.prod(values.shape, dtype=int))
        header[name] = {"dtype": _NAMES[values.dtype], "shape": values.shape, "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    yield len(text).to_bytes(8, "little") + text
    for values in arrays.values():
        for block in blocks(values):
            yield np.ascontiguousarray(block).tobytes()


def read_arrays(path: Path, title: str) -> tuple[dict[str, np.ndarray], dict[str, Any]] | None:
    """Read the arrays and the facts of a file; return None where it is absent or damaged."""
    try:
        with safe_open(path, framework="numpy") as file:  # checks that header and length agree
            facts = json.loads(file.metadata()[title])
        arrays = _arrays(path)
        return (arrays, facts) if _checksum(arrays.values()) == facts.pop("checksum") else None
    except (OSError, SafetensorError, ValueError, KeyError, TypeError, EmovizError):
        return None


def _arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a file that is in order, as they follow each other."""
    file = cast(BinaryIO, path.open("rb", buffering=0))  # lives as long as its rows
    length = int.from_bytes(file.read(8), "little")
    header = json.loads(file.read(length))
    header.pop("__metadata__")
    found: dict[str, np.ndarray] = {}
    for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        begin, end = entry["data_offsets"]
        rows = Rows(file, 8 + length + begin, tuple(entry["shape"]), np.dtype(_TYPES[entry["dtype"]]))
        found[name] = cast(np.ndarray, rows) if end - begin > IN_MEMORY else np.asarray(rows)
    return found


def _checksum(arrays: Iterable[np.ndarray]) -> int:
    checksum = 0
    for block in (block for values in arrays for block in blocks(values)):
        checksum = zlib.crc32(np.ascontiguousarray(block).data, checksum)
    return checksum
