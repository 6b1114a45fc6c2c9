"""Unbroken runs of chosen frames."""

import numpy as np


def runs(chosen: np.ndarray) -> list[tuple[int, int]]:
    """Return the start and the exclusive end of each unbroken run of true values in a mask (T,).

    Examples:
        >>> runs(np.array([True, True, False, True]))
        [(0, 2), (3, 4)]
    """
    edges = np.flatnonzero(np.diff(np.concatenate(([False], chosen, [False])).astype(int)))
    return [(int(first), int(behind)) for first, behind in edges.reshape(-1, 2)]
