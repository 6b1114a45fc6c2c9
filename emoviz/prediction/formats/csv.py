"""The format of comma-separated values."""

from typing import TYPE_CHECKING

from . import FORMATS, Format

if TYPE_CHECKING:
    import pandas as pd

    from ..assembly import ClipPrediction


def encode(table: "pd.DataFrame") -> bytes:
    """Encode a table with all digits of its numbers."""
    text: str = table.to_csv(index=False)
    return text.encode()


def encode_prediction(prediction: "ClipPrediction") -> bytes:
    """Encode the table of a prediction and the reasons of its gaps, with six digits of each number."""
    text: str = prediction.exported.round({"time": 6}).to_csv(index=False, float_format="%.6g")
    return text.encode()


FORMATS.register("csv")(Format("CSV", "text/csv", encode, encode_prediction))
