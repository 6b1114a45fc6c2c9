"""``folds``: speaker-disjoint folds over all cultures together."""

import itertools

import numpy as np
import pandas as pd

from ...core.errors import SplitError
from ..splits import apart, drawn, together
from .base import PROTOCOLS, Fold, Options, Test


@PROTOCOLS.register("folds")
def folds(table: pd.DataFrame, options: Options) -> list[Fold]:
    """Test each fold of speakers once, while the one before it validates and the others train.

    Raises:
        SplitError: if there are fewer than three speakers.
    """
    return folds_of(table, options)


def folds_of(table: pd.DataFrame, options: Options, culture: str = "") -> list[Fold]:
    """Return the folds of a table, or of one culture's rows of it; speakers who share a session stay in one fold.

    Args:
        table: table of recordings.
        options: options with the number of folds and the seed of the draw.
        culture: culture to which all recordings belong, where each culture has folds of its own.

    Raises:
        SplitError: if there are fewer than three speakers.
    """
    units = together(table)
    if len(units) < 3:
        raise SplitError(
            f"{culture or 'The corpus'} has {len(units)} speakers{apart(table)}; folds need three or more."
        )
    order = drawn(units, np.random.default_rng(options.seed))
    groups = np.array_split(np.arange(len(order)), min(options.folds, len(order)))
    ids = [table.index[table["speaker"].isin(set(itertools.chain(*(order[n] for n in group))))] for group in groups]
    return [
        Fold(
            f"{culture} {n}".strip(),
            table.index.difference(ids[n].append(ids[n - 1]), sort=False),
            ids[n - 1],
            {Test(target=culture, fold=n): ids[n]},
        )
        for n in range(len(groups))
    ]
