"""Write a clip's prediction, a table or a picture to a file, whole or not at all."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ..annotation import segments
from ..annotation.formats import WRITERS
from ..core.errors import AnnotationError, ConfigError
from ..core.files import raising, write_bytes
from ..core.words import listed
from .formats import FORMATS, Format

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from ..annotation.segments import Segment
    from .assembly import ClipPrediction

T = TypeVar("T")


def endings() -> str:
    """Return the endings of files that are written, for people, e.g. ``.csv or .json``.

    Examples:
        >>> endings()
        '.csv, .json, .parquet or .xlsx'
    """
    return listed((f".{name}" for name in FORMATS), "or")


def format_of(path: Path) -> Format:
    """Return the format that belongs to the ending of a file's name.

    Raises:
        ConfigError: if no format has this ending.

    Examples:
        >>> format_of(Path("curves.CSV")).media_type
        'text/csv'
    """
    name = path.suffix.lower().removeprefix(".")
    if name not in FORMATS:
        raise ConfigError(f"A table is written as {endings()}, not '{path.suffix.lower()}'.")
    return FORMATS[name]


def write_prediction(prediction: "ClipPrediction", path: Path) -> None:
    """Write the prediction of a clip.

    Raises:
        ConfigError: if no format has the ending of the path, or its folder is missing or not writable.
    """
    _write(format_of(path).encode_prediction(prediction), path)


def write_table(table: "pd.DataFrame", path: Path) -> None:
    """Write a table, without its index.

    Raises:
        ConfigError: if no format has the ending of the path, or its folder is missing or not writable.
    """
    _write(format_of(path).encode(table), path)


def found_writer(
    path: Path,
    found: str,
    table_of: "Callable[[T], pd.DataFrame]",
    segments_of: "Callable[[T, str], Sequence[Segment]]",
    annotations: Iterable[str] = WRITERS,
) -> "Callable[[T, str], None]":
    """Return the function that writes what was found in a recording, given this and the recording's name.

    It raises a ConfigError or an AnnotationError if the folder is missing or not writable, and an AnnotationError where
    an annotation is asked for and has no segment.

    Args:
        path: file to write, a table or an annotation by its ending.
        found: beginning of the sentence for other endings, e.g. ``Words are``.
        table_of: function that makes the table.
        segments_of: function that makes the segments of an annotation with an ending.
        annotations: endings of annotations.

    Raises:
        AnnotationError: if the file's ending is of no format.
    """
    name = path.suffix.lower().removeprefix(".")
    if name in FORMATS:
        return lambda made, _: write_table(table_of(made), path)
    if name not in annotations:
        accepted = segments.endings([*FORMATS, *annotations])
        raise AnnotationError(f"{found} written as {accepted}, not '{path.suffix.lower()}'.")
    return lambda made, recording: segments.write(segments.checked(segments_of(made, name), recording), path, recording)


def write_picture(picture: "np.ndarray", path: Path) -> None:
    """Write an RGB picture, uint8 (H, W, 3), to a .png file.

    Raises:
        ConfigError: if the folder is missing or not writable.
    """
    import cv2

    _, content = cv2.imencode(".png", picture[..., ::-1])
    _write(content.tobytes(), path)


def _write(content: bytes, path: Path) -> None:
    with raising(ConfigError, path):
        path.parent.stat()  # a folder that was mistyped is not made
        write_bytes(path, content)
