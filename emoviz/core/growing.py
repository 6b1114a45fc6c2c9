"""Arrays that grow by rows, small ones in memory and large ones in a temporary file without a name.

What is known of a long recording is read in blocks or windows, so nobody needs all of it in memory. :class:`Rows` gives
slices of such a file and can stand wherever a NumPy array is read; what asks it for more than rows reads all of it.
"""

import os
import tempfile
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from .errors import EmovizError

IN_MEMORY = 2_000_000
"""Size of an array in bytes from which it lies on disk."""

BLOCK = 2_000_000
"""Bytes that are read or written at a time."""


class Rows(NDArrayOperatorsMixin):
    """Rows of an array that lie in a file and are read when they are asked for.

    Args:
        file: file that is open for reading.
        offset: byte at which the first row begins.
        shape: shape of all rows, their number first.
        dtype: type of the values.
    """

    def __init__(self, file: BinaryIO, offset: int, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self._file, self._offset = file, offset
        self.shape, self.dtype = shape, dtype
        self._row = dtype.itemsize * int(np.prod(shape[1:], dtype=int))

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __iter__(self) -> Iterator[np.ndarray]:
        return (row for block in blocks(cast(np.ndarray, self)) for row in block)

    def __getitem__(self, key: Any) -> np.ndarray:
        first, rest = (key[0], key[1:]) if isinstance(key, tuple) else (key, ())
        if isinstance(first, slice):
            start, stop, step = first.indices(len(self))
            found = self._read(start, stop)[::step] if step > 0 else np.asarray(self)[first]
            return found[(slice(None), *rest)] if rest else found
        if isinstance(first, int | np.integer):
            number = range(len(self))[int(first)]
            return cast(np.ndarray, self._read(number, number + 1)[(0, *rest)])
        if rest:
            return cast(np.ndarray, np.asarray(self)[key])
        numbers = np.asarray(first)
        return self._chosen(np.flatnonzero(numbers) if numbers.dtype == bool else numbers)

    def _chosen(self, numbers: np.ndarray) -> np.ndarray:
        """Rows of any numbers (...): (..., *row)."""
        flat = np.where(numbers < 0, numbers + len(self), numbers).ravel()
        if len(flat) and not 0 <= flat.min() <= flat.max() < len(self):
            raise IndexError(f"There are {len(self)} rows.")
        found = np.empty((len(flat), *self.shape[1:]), self.dtype)
        edges = [0, *(np.flatnonzero(np.diff(flat) != 1) + 1), len(flat)]
        for begin, end in zip(edges[:-1], edges[1:], strict=True):
            if end > begin:
                found[begin:end] = self._read(int(flat[begin]), int(flat[begin]) + int(end - begin))
        return found.reshape(*numbers.shape, *self.shape[1:])

    def _read(self, start: int, stop: int) -> np.ndarray:
        count = max(0, stop - start)
        found = np.empty((count, *self.shape[1:]), self.dtype)
        view = memoryview(found.reshape(-1).view(np.uint8).data)
        done = 0
        while done < len(view):
            read = os.preadv(self._file.fileno(), [view[done:]], self._offset + start * self._row + done)
            if not read:
                raise EmovizError("A file of kept values was cut off while it was read.")
            done += read
        return found

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        found = self._read(0, len(self))
        return found if dtype is None else found.astype(dtype, copy=False)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        arrays = [np.asarray(value) if isinstance(value, Rows) else value for value in inputs]
        return getattr(ufunc, method)(*arrays, **options)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(np.asarray(self), name)


class GrowingArray:
    """Rows of one shape and type, appended one block at a time.

    Args:
        shape: shape of one row; () for scalars.
        dtype: type of the values.
        in_memory: number of bytes from which the rows lie in a temporary file, by default :data:`IN_MEMORY`.
    """

    def __init__(self, shape: tuple[int, ...], dtype: type[np.generic], in_memory: int | None = None) -> None:
        self._buffer = np.empty((64, *shape), dtype)
        self._row = self._buffer.nbytes // 64
        self._length = 0
        self._in_memory = IN_MEMORY if in_memory is None else in_memory
        self._file: BinaryIO | None = None

    def __len__(self) -> int:
        return self._length

    def extend(self, rows: np.ndarray) -> None:
        """Append rows (N, *shape).

        Raises:
            EmovizError: if the disk is full.
        """
        end = self._length + len(rows)
        if self._file is None and end * self._row > self._in_memory:
            self._file = _temporary()
            self._write(self._buffer[: self._length], 0)
            self._buffer = self._buffer[:0].copy()
        if self._file is not None:
            for first in range(0, len(rows), max(1, BLOCK // self._row)):
                part = rows[first : first + max(1, BLOCK // self._row)]
                self._write(np.ascontiguousarray(part, self._buffer.dtype), self._length + first)
        else:
            if end > len(self._buffer):
                larger = np.empty((max(end, 2 * len(self._buffer)), *self._buffer.shape[1:]), self._buffer.dtype)
                larger[: self._length] = self._buffer[: self._length]
                self._buffer = larger
            self._buffer[self._length : end] = rows
        self._length = end

    def append(self, row: np.ndarray | float) -> None:
        """Append one row.

        Raises:
            EmovizError: if the disk is full.
        """
        self.extend(np.asarray(row)[None])

    @property
    def array(self) -> np.ndarray:
        """Return the rows so far, (N, *shape); a long array is returned as :class:`Rows`, which reads the same."""
        if self._file is None:
            return self._buffer[: self._length]
        shape = (self._length, *self._buffer.shape[1:])
        return cast(np.ndarray, Rows(self._file, 0, shape, self._buffer.dtype))

    def _write(self, rows: np.ndarray, first: int) -> None:
        assert self._file is not None
        view, done = memoryview(rows.reshape(-1).view(np.uint8).data), 0
        try:
            while done < len(view):
                done += os.pwrite(self._file.fileno(), view[done:], first * self._row + done)
        except OSError as error:
            raise EmovizError(
                f"There is no room in {tempfile.gettempdir()} for what is known of a long recording "
                f"({error.strerror}); free some, or name another folder in TMPDIR."
            ) from error


def blocks(values: np.ndarray) -> Iterator[np.ndarray]:
    """Yield an array, or rows on disk, in blocks of rows that take little memory each."""
    row = values.dtype.itemsize * int(np.prod(values.shape[1:], dtype=int))
    step = max(1, BLOCK // max(1, row))
    return (values[first : first + step] for first in range(0, len(values), step))


def _temporary() -> BinaryIO:
    """A file that is gone once nobody holds it.

    Raises:
        EmovizError: if no temporary file can be made.
    """
    try:
        return cast(BinaryIO, tempfile.TemporaryFile(buffering=0))  # lives as long as its rows
    except OSError as error:
        raise EmovizError(f"No temporary file can be made in {tempfile.gettempdir()} ({error.strerror}).") from error
