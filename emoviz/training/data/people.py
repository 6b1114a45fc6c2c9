"""The people of a training, as far as the tables of its corpora tell who they are, for the model card."""

from typing import Any

import pandas as pd

from .base import Partition

TOLD = ("gender", "language")
"""Columns of a corpus's table that tell of a person, beside the culture."""
WOMEN, MEN = "female", "male"


def people_in(table: pd.DataFrame, partition: Partition) -> tuple[dict[str, Any], ...]:
    """Count the people of a training by their culture and language.

    Args:
        table: one row per recording, index ``id``, with ``speaker``, ``culture`` and the columns :data:`TOLD`.
        partition: ids of the recordings of each part.

    Returns:
        A row per culture and language: ``culture``, ``language`` (ISO 639-3), ``people``, how many of them are women
        (``female``) and men (``male``) as far as it is stated, how many ``recordings`` there are, and the number of
        people in each part of the split.
    """
    part = pd.concat([pd.Series(str(name), index=ids) for name, ids in partition.items()])
    rows = table.loc[part.index].reindex(columns=["speaker", "culture", *TOLD]).assign(part=part)
    found = []
    for (culture, language), own in rows.groupby(["culture", "language"], sort=False, dropna=False):
        people = own.drop_duplicates("speaker")
        parts = {str(name): int((people["part"] == name).sum()) for name in partition}
        sexes = {sex: int((people["gender"] == sex).sum()) for sex in (WOMEN, MEN)}
        named: dict[str, Any] = {"culture": _text(culture), "language": _text(language)}
        found.append({**named, "people": len(people), **sexes, "recordings": len(own), **parts})
    return tuple(found)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
