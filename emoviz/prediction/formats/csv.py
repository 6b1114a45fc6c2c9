"""The format of comma-separated values, which spreadsheets open as they do their own files."""

from typing import TYPE_CHECKING

from . import FORMATS, Format
from .cells import defused, with_clock

if TYPE_CHECKING:
    import pandas as pd

    from ..assembly import ClipPrediction


def encode(table: "pd.DataFrame") -> bytes:
    """Encode a table with all digits of its numbers; a text that a spreadsheet would run begins with an apostrophe."""
    text: str = defused(table).to_csv(index=False)
    return text.encode()


def encode_prediction(prediction: "ClipPrediction") -> bytes:
    """Encode the table of a prediction and the reasons of its gaps, with six digits of each number.

    A column ``clock`` beside the seconds has the time in hours, minutes and seconds.
    """
    table = defused(with_clock(prediction.exported.round({"time": 6})))
    text: str = table.to_csv(index=False, float_format="%.6g")
    return text.encode()


FORMATS.register("csv")(Format("CSV", "text/csv", encode, encode_prediction))
