"""A clip's prediction, or any table, as a file: CSV, Parquet or JSON."""

import json
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd

from ..core.errors import ConfigError
from ..core.files import raising, write_bytes
from .clip import ClipPrediction

ENDINGS = (".csv", ".parquet", ".json")


def export(prediction: ClipPrediction, ending: str) -> bytes:
    """The table as a file's content.

    JSON holds ``clip``, ``notes``, ``outputs`` and ``records``, with null for a gap; CSV and Parquet the table alone.

    Args:
        prediction: what to write.
        ending: one of :data:`ENDINGS`.

    Raises:
        ConfigError: another ending.
    """
    if require_ending(ending) == ".parquet":
        return encode(prediction.table, ending)
    rounded = prediction.table.round({"time": 6})
    if ending == ".csv":
        return encode(rounded, ending)
    content = {
        "clip": prediction.info.path.name,
        "duration": prediction.info.duration,
        "notes": prediction.notes,
        "outputs": _records(prediction.outputs),
        "records": _records(rounded),
    }
    return (json.dumps(content, ensure_ascii=False, allow_nan=False) + "\n").encode()


def encode(table: pd.DataFrame, ending: str) -> bytes:
    """A table as a file's content, without its index; JSON is a list of records, with null for a gap.

    Args:
        table: to write.
        ending: one of :data:`ENDINGS`.

    Raises:
        ConfigError: another ending.
    """
    if require_ending(ending) == ".parquet":
        buffer = BytesIO()
        table.to_parquet(buffer, index=False)
        return buffer.getvalue()
    if ending == ".csv":
        return table.to_csv(index=False, float_format="%.6g").encode()
    return (json.dumps(_records(table), ensure_ascii=False, allow_nan=False) + "\n").encode()


def write_table(prediction: ClipPrediction, path: Path) -> None:
    """Write the table to a .csv, .parquet or .json file, whole or not at all.

    Raises:
        ConfigError: another ending, or the folder is missing or not writable.
    """
    write_file(export(prediction, path.suffix.lower()), path)


def write_picture(picture: np.ndarray, path: Path) -> None:
    """Write uint8 (H, W, 3), RGB, to a .png file, whole or not at all.

    Raises:
        ConfigError: the folder is missing or not writable.
    """
    import cv2

    _, content = cv2.imencode(".png", picture[..., ::-1])
    write_file(content.tobytes(), path)


def write_file(content: bytes, path: Path) -> None:
    """Write a file, whole or not at all.

    Raises:
        ConfigError: the folder is missing or not writable.
    """
    with raising(ConfigError, path):
        path.parent.stat()  # a folder that was mistyped is not made
        write_bytes(path, content)


def require_ending(ending: str) -> str:
    """The ending of a table's file, if it is one that is written.

    Raises:
        ConfigError: it is not.
    """
    if ending not in ENDINGS:
        raise ConfigError(f"A table is written as {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}, not '{ending}'.")
    return ending


def _records(table: pd.DataFrame) -> list[dict]:
    return table.astype(object).where(table.notna(), None).to_dict("records")
