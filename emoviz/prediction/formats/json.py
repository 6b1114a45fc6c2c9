"""The format JSON, which also tells what the columns of a prediction are."""

import json
from typing import TYPE_CHECKING, Any

from . import FORMATS, Format

if TYPE_CHECKING:
    import pandas as pd

    from ..assembly import ClipPrediction


def encode(table: "pd.DataFrame") -> bytes:
    """Encode a table as a list of records, with null for a gap."""
    return _text(_records(table))


def encode_prediction(prediction: "ClipPrediction") -> bytes:
    """Encode clip, duration, notes, outputs, gaps and records of a prediction, with null for a missing value."""
    return _text(
        {
            "clip": prediction.info.path.name,
            "duration": prediction.info.duration,
            "notes": prediction.notes,
            "outputs": _records(prediction.outputs),
            "gaps": _records(prediction.gaps),
            "records": _records(prediction.table.round({"time": 6})),
        }
    )


def _records(table: "pd.DataFrame") -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = table.astype(object).where(table.notna(), None).to_dict("records")
    return rows


def _text(content: object) -> bytes:
    return (json.dumps(content, ensure_ascii=False, allow_nan=False) + "\n").encode()


FORMATS.register("json")(Format("JSON", "application/json", encode, encode_prediction, beneath_figures=False))
