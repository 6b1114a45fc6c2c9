"""``within``: speaker-disjoint folds of each culture alone."""

import pandas as pd

from .base import PROTOCOLS, Fold, Options, by_culture
from .folds import folds_of


@PROTOCOLS.register("within")
def within(table: pd.DataFrame, options: Options) -> list[Fold]:
    """Cut each culture into folds of its own, as ``folds`` cuts all of them.

    Raises:
        SplitError: if a culture has fewer than three speakers.
    """
    return [fold for culture, rows in by_culture(table) for fold in folds_of(rows, options, culture)]
