"""Emotions of persons: what a prediction says in each stretch in which one of them speaks."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...annotation.segments import Segment
from ...core.vocabulary import Source
from ..segmented import summed_up
from .found import Persons

if TYPE_CHECKING:
    import pandas as pd

    from ..assembly import ClipPrediction


PERSON = "person"
"""Column of a table of segments that names who speaks in each."""
COLUMNS = ["start", "end", "label", "tier"]
"""Columns of a table of segments of which there are none."""


def emotion_table(prediction: "ClipPrediction", persons: Persons, face: int | None) -> "pd.DataFrame":
    """Return a row for each stretch in which one person speaks, with what a prediction says in it.

    Values of the face and fused ones are left out where the analysed face is another person's, or nobody's.

    Args:
        prediction: prediction of the recording.
        persons: persons of the recording.
        face: id of the face that is analysed; None where there is none.

    Returns:
        The table of :func:`emoviz.annotation.summary.segment_table`; label and tier are the person's name.
    """
    import pandas as pd

    if not persons.turns:
        return pd.DataFrame(columns=COLUMNS)
    table = summed_up(prediction, persons.segments())
    owners = {person.name for person in persons.people if face in person.faces}
    table.loc[~table["tier"].isin(owners), _of_face(table)] = np.nan
    return table


def with_other_faces(
    table: "pd.DataFrame", persons: Persons, face: int | None, predict: "Callable[[int], ClipPrediction]"
) -> "pd.DataFrame":
    """Return the table of turns with the values of each speaker's own face.

    Args:
        table: table of :func:`emotion_table`.
        persons: persons of the recording.
        face: id of the face of which the table has values.
        predict: function that returns the prediction of another face by its id.
    """
    columns = _of_face(table)
    for person in persons.people:
        for other in person.faces if person.voices else ():
            if other != face:
                rows = table["tier"] == person.name
                own = emotion_table(predict(other), persons, other).reindex(columns=columns)
                table.loc[rows, columns] = table.loc[rows, columns].combine_first(own[rows])
    return table


def with_speakers(table: "pd.DataFrame", persons: Persons) -> "pd.DataFrame":
    """Return a table of segments with a column ``person``: who speaks longest in each, "" where nobody does."""
    turns = persons.segments()
    table.insert(len(COLUMNS), PERSON, [_speaker(turns, row.start, row.end) for row in table.itertuples()])
    return table


def _speaker(turns: Sequence[Segment], start: float, end: float) -> str:
    seconds: defaultdict[str, float] = defaultdict(float)
    for turn in turns:
        if (shared := min(turn.end, end) - max(turn.start, start)) > 0:
            seconds[turn.tier] += shared
    return max(seconds, key=lambda name: seconds[name], default="")


def _of_face(table: "pd.DataFrame") -> list[str]:
    return [column for column in table if column.split(".")[0] in (Source.FACE, Source.FUSED)]
