"""Slices: named sets of held-out recordings, chosen by culture, emotion, speaker or correctness.

A slice is made of conditions on a table with one row per recording: index id, and columns among :data:`COLUMNS`. It
has a text form, which links carry, e.g. ``culture:German,Italian;label:angry``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

import numpy as np
import pandas as pd

COLUMNS: dict[str, str] = {"culture": "Culture", "label": "Emotion", "speaker": "Speaker", "correct": "Prediction"}
"""Titles of the columns that a slice may ask for."""
CORRECT, WRONG = "right", "wrong"
"""Values of the column ``correct``."""
IDS = "id"


@dataclass(frozen=True)
class Slice:
    """Recordings for which every condition holds.

    Attributes:
        conditions: accepted values by column (or ``id``); a column without a condition accepts all.
    """

    conditions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> "Slice":
        """Read the slice of a text form; a part that is not understood is left out, as links outlive programs."""
        conditions = {}
        for part in text.split(";"):
            column, _, values = part.partition(":")
            if column in (*COLUMNS, IDS) and values:
                conditions[column] = tuple(unquote(value) for value in values.split(","))
        return cls(conditions)

    def __str__(self) -> str:
        return ";".join(f"{c}:{','.join(quote(v, safe=' /') for v in values)}" for c, values in self.conditions.items())

    @property
    def name(self) -> str:
        """The slice in words, e.g. ``German, angry or happy``."""
        if not self.conditions:
            return "all recordings"
        words = [
            f"{len(values)} chosen" if column == IDS else " or ".join(values)
            for column, values in self.conditions.items()
        ]
        return ", ".join(words)

    def of(self, table: pd.DataFrame) -> np.ndarray:
        """Return the rows of a table in the slice, bool (N,); none where the table lacks the column of a condition."""
        inside = np.ones(len(table), bool)
        for column, values in self.conditions.items():
            if column == IDS:
                inside &= table.index.isin(values)
            elif column in table:
                inside &= table[column].astype(str).isin(values).to_numpy()
            else:
                inside &= False
        return inside


def correctness(predictions: pd.DataFrame) -> pd.Series:
    """Say which held-out recordings a classifier got ``right`` or ``wrong``, by their ids.

    Args:
        predictions: table with one row per recording, ``truth.<class>`` and ``prediction.<class>``
            (:func:`emoviz.evaluation.tables.prediction_table`).
    """
    truth = predictions.filter(regex=r"^truth\.").to_numpy()
    prediction = predictions.filter(regex=r"^prediction\.").to_numpy()
    right = truth.argmax(1) == prediction.argmax(1)
    return pd.Series(np.where(right, CORRECT, WRONG), predictions.index, name="correct")
