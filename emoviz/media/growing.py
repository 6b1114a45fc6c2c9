"""An array that grows by rows without ever holding a second copy of more than itself."""

import numpy as np


class GrowingArray:
    """Rows of one shape and type, appended one block at a time.

    Args:
        shape: of one row; () for scalars.
        dtype: of the rows.
    """

    def __init__(self, shape: tuple[int, ...], dtype: type[np.generic]) -> None:
        self._buffer = np.empty((64, *shape), dtype)
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def extend(self, rows: np.ndarray) -> None:
        """Append (N, *shape) rows."""
        end = self._length + len(rows)
        if end > len(self._buffer):
            larger = np.empty((max(end, 2 * len(self._buffer)), *self._buffer.shape[1:]), self._buffer.dtype)
            larger[: self._length] = self._buffer[: self._length]
            self._buffer = larger
        self._buffer[self._length : end] = rows
        self._length = end

    def append(self, row: np.ndarray | float) -> None:
        """Append one row."""
        self.extend(np.asarray(row)[None])

    @property
    def array(self) -> np.ndarray:
        """(N, *shape), a view of what is there now."""
        return self._buffer[: self._length]
