"""``loro``: each recording is left out once."""

import numpy as np
import pandas as pd

from .base import PROTOCOLS, Fold, Options, Test, by_culture


@PROTOCOLS.register("loro")
def leave_one_recording_out(table: pd.DataFrame, options: Options) -> list[Fold]:
    """Test each recording once, while two of each culture, drawn from the others, validate.

    A recording must have its speaker to itself.
    """
    folds = []
    for number, identity in enumerate(table.index):
        random = np.random.default_rng([options.seed, number])
        others = table.drop(identity)
        drawn = [rows.index[random.permutation(len(rows))[:2]] for _, rows in by_culture(others)]
        validation = drawn[0].append(drawn[1:])
        train = others.index.difference(validation)
        folds.append(Fold(str(identity), train, validation, {Test(fold=number): pd.Index([identity])}))
    return folds
