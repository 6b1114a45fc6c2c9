"""Tables of segments as comma- or tab-separated values."""

import io
from collections.abc import Iterator
from pathlib import Path

from ...core.errors import AnnotationError
from . import READERS, Entry, text_of

COLUMNS = ("start", "end", "label", "tier")


@READERS.register("csv")
@READERS.register("tsv")
def read(path: Path) -> Iterator[Entry]:
    """Read the rows of a table with the columns ``start`` and ``end`` in seconds, and perhaps ``label`` and ``tier``.

    Raises:
        AnnotationError: if a column is missing, or a time is no number.
    """
    import pandas as pd

    text = text_of(path)
    table = pd.read_csv(
        io.StringIO(text), sep=None, engine="python", dtype=str, keep_default_na=False, skip_blank_lines=False
    )
    table.columns = table.columns.str.strip().str.lower()
    missing = [column for column in COLUMNS[:2] if column not in table]
    if missing:
        raise AnnotationError(
            f"'{path.name}' lacks the column {' and '.join(missing)}; a table of segments has start and end in "
            "seconds, and perhaps label and tier."
        )
    rows = table.reindex(columns=list(COLUMNS), fill_value="").fillna("")
    for number, (start, end, label, tier) in enumerate(rows.itertuples(index=False, name=None), 2):
        if not (start or end):
            continue  # an empty row
        try:
            yield float(start), float(end), label, tier
        except ValueError:
            raise AnnotationError(
                f"Line {number} of '{path.name}' has times that are no seconds: '{start}' and '{end}'."
            ) from None
