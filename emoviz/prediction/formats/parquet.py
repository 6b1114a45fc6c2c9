"""The format Apache Parquet."""

from io import BytesIO
from typing import TYPE_CHECKING

from . import FORMATS, Format

if TYPE_CHECKING:
    import pandas as pd

    from ..assembly import ClipPrediction


def encode(table: "pd.DataFrame") -> bytes:
    """Encode a table with the types of its columns."""
    buffer = BytesIO()
    table.to_parquet(buffer, index=False)
    return buffer.getvalue()


def encode_prediction(prediction: "ClipPrediction") -> bytes:
    """Encode the table of a prediction, with the reasons of its gaps."""
    return encode(prediction.exported)


FORMATS.register("parquet")(Format("Parquet", "application/vnd.apache.parquet", encode, encode_prediction))
