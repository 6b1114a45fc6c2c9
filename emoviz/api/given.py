"""Recordings as people name them in a notebook."""

from os import PathLike
from pathlib import Path

from ..core.errors import MediaError


def path_of(recording: str | PathLike[str]) -> Path:
    """Return the path of a recording's file, which is there.

    Raises:
        MediaError: if there is no such file, or what is given is no path.
    """
    try:
        path = Path(recording)
    except TypeError as error:
        raise MediaError(f"A recording is given by the path of its file, not by {recording!r}.") from error
    if not path.exists():
        raise MediaError(f"There is no file '{recording}'.")
    return path
