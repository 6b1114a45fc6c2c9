"""``loro``: each recording is left out once, with all that share a session with it."""

import numpy as np
import pandas as pd

from ...core.errors import SplitError
from .base import PROTOCOLS, Fold, Options, Test, by_culture


@PROTOCOLS.register("loro")
def leave_one_recording_out(table: pd.DataFrame, options: Options) -> list[Fold]:
    """Test each recording once, while two of each culture, drawn from the others, validate.

    Recordings of one session, in which people talk to each other, are left out together, and validate or train
    together. A recording, or those of a session, must have their speakers to themselves.

    Raises:
        SplitError: if all recordings belong to one session.
    """
    unit = _units(table)
    if unit.nunique() < 2:
        raise SplitError("All recordings belong to one session: none can be left out while others train.")
    folds = []
    for number, ((_, name), rows) in enumerate(table.groupby(unit, sort=False)):
        random = np.random.default_rng([options.seed, number])
        others = table.drop(rows.index)
        apart = [list(dict.fromkeys(unit[own.index])) for _, own in by_culture(others)]
        drawn = dict.fromkeys(units[place] for units in apart for place in random.permutation(len(units))[:2])
        validation = others.index[:0].append([others.index[unit[others.index] == one] for one in drawn])
        train = others.index.difference(validation)
        folds.append(Fold(str(name), train, validation, {Test(fold=number): rows.index}))
    return folds


def _units(table: pd.DataFrame) -> pd.Series:
    """Return the unit with which each recording is left out: its session, or itself without one."""
    sessions = table["session"] if "session" in table else pd.Series(None, table.index, dtype=object)
    units = [("recording", i) if pd.isna(name) else ("session", name) for i, name in sessions.items()]
    return pd.Series(units, table.index, dtype=object)
