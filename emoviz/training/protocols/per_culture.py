"""``per-culture``: one network for each culture, all of which read the same channels."""

import pandas as pd

from ...core.vocabulary import Split
from ..splits import by_speaker
from .base import PROTOCOLS, Fold, Options, Test, by_culture

VALIDATION_SHARE, TEST_SHARE = 0.15, 0.25
"""Shares of the speakers of each culture."""


@PROTOCOLS.register("per-culture")
def per_culture(table: pd.DataFrame, options: Options) -> list[Fold]:
    """Train once per culture, and test on the same held-out speakers of every culture, its own first.

    All share the transforms of the inputs, fitted on the training speakers of all cultures, so that a channel is the
    same channel in each of them and its weights can be compared.

    Raises:
        SplitError: if a culture has fewer than three speakers.
    """
    speakers = by_speaker(table, VALIDATION_SHARE, TEST_SHARE, options.seed)
    ids = {part: table.index[table["speaker"].isin(names)] for part, names in speakers.items()}
    cultures = [culture for culture, _ in by_culture(table)]

    def own(part: Split, culture: str) -> pd.Index:
        return ids[part][table.loc[ids[part], "culture"] == culture]

    return [
        Fold(
            culture,
            own(Split.TRAIN, culture),
            own(Split.VALIDATION, culture),
            {Test((culture,), t): own(Split.TEST, t) for t in sorted(cultures, key=lambda t: t != culture)},
            fitted=ids[Split.TRAIN],
        )
        for culture in cultures
    ]
