"""Emotions of persons: what a prediction says in each stretch in which one of them speaks."""

from typing import TYPE_CHECKING

import numpy as np

from ...core.vocabulary import Source
from ..segmented import summed_up
from .found import Persons

if TYPE_CHECKING:
    import pandas as pd

    from ..assembly import ClipPrediction


def emotion_table(prediction: "ClipPrediction", persons: Persons, face: int | None) -> "pd.DataFrame":
    """Return a row for each stretch in which one person speaks, with what a prediction says in it.

    Values of the face and fused ones are left out where the analysed face is another person's, or nobody's.

    Args:
        prediction: prediction of the recording.
        persons: persons of the recording, of whom somebody speaks.
        face: id of the face that is analysed; None where there is none.

    Returns:
        The table of :func:`emoviz.annotation.summary.segment_table`; label and tier are the person's name.
    """
    table = summed_up(prediction, persons.segments())
    owners = {person.name for person in persons.people if face in person.faces}
    of_face = [column for column in table if column.split(".")[0] in (Source.FACE, Source.FUSED)]
    table.loc[~table["tier"].isin(owners), of_face] = np.nan
    return table
