"""``one-corpus-out``: each culture tested by a network of all others, as it is and calibrated to its people."""

import dataclasses
from collections.abc import Iterator
from math import ceil

import numpy as np
import pandas as pd

from ...core.errors import SplitError
from ...core.vocabulary import Emotion
from .base import PROTOCOLS, Calibration, Fold, Options, Test, by_culture
from .cross_culture import source_fold

CLIPS = (1, 3, 10)
"""Numbers of a person's recordings to which a model is calibrated."""
NEUTRAL_CLIPS = 3
"""Number of neutral recordings of a person to which a model is calibrated."""


@PROTOCOLS.register("one-corpus-out")
def one_corpus_out(table: pd.DataFrame, options: Options) -> list[Fold]:
    """Train on all cultures but one, one in five of whose speakers validate, and test that one.

    Each culture is left out once, with all corpora of it. Its recordings are tested by the model as it was trained,
    and calibrated without labels to 1, 3, 10 and all recordings of the person, to 3 neutral ones, and to the whole
    culture. A recording is never among those few to which the model that tests it is calibrated; a person who has fewer
    others is calibrated to by all of them. Recordings of emotions that no other culture has are not tested.

    Raises:
        SplitError: if there is one culture alone, one has but one speaker, or one shares no emotion with the others.
    """
    cultures = [culture for culture, _ in by_culture(table)]
    if len(cultures) < 2:
        raise SplitError(f"One corpus out needs two cultures or more, not '{', '.join(cultures)}' alone.")
    folds = []
    for target, rows in by_culture(table):
        source = tuple(culture for culture in cultures if culture != target)
        rows, unshared = _shared(table[table["culture"] != target], rows)
        random = np.random.default_rng([options.seed, *target.encode()])
        calibrations = {Test(source, target, calibrated=way): own for way, own in _ways(rows, random).items()}
        tests = dict.fromkeys([Test(source, target), *calibrations], rows.index)
        fold = source_fold(table, source, tests, options)
        folds.append(dataclasses.replace(fold, name=f"without {target}", calibrations=calibrations, unshared=unshared))
    return folds


def _shared(source: pd.DataFrame, target: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the rows of the target with an emotion that the source has, and the emotions that but one of both has.

    Raises:
        SplitError: if they share none.
    """
    if "emotion" not in target:
        return target, ()
    learnt, there = ({*rows["emotion"].dropna()} for rows in (source, target))
    found = target[target["emotion"].isin(learnt) | target["emotion"].isna()]
    if found.empty:
        raise SplitError(f"'{target['culture'].iloc[0]}' shares no emotion with the other cultures.")
    return found, tuple(sorted(map(str, learnt ^ there)))


def _ways(rows: pd.DataFrame, random: np.random.Generator) -> dict[str, tuple[Calibration, ...]]:
    """Return the calibrations of each way by its name, of recordings of one culture."""
    found = {}
    for count in CLIPS:
        found["1 clip" if count == 1 else f"{count} clips"] = tuple(_few(rows, count, rows.index, random))
    found["all clips"] = tuple(Calibration(own.index, own.index) for _, own in rows.groupby("speaker"))
    if "emotion" in rows:
        neutral = rows.index[rows["emotion"] == Emotion.NEUTRAL]
        found[f"{NEUTRAL_CLIPS} neutral clips"] = tuple(_few(rows, NEUTRAL_CLIPS, neutral, random))
    return {**found, "by corpus": (Calibration(rows.index, rows.index),)}


def _few(rows: pd.DataFrame, count: int, pool: pd.Index, random: np.random.Generator) -> Iterator[Calibration]:
    """Calibrate to so many recordings of a person that are in a pool, and test the others, each once."""
    for _, own in rows.groupby("speaker"):
        order = own.index[random.permutation(len(own))]
        inside, outside = order[order.isin(pool)], order[~order.isin(pool)]
        if len(inside) and len(outside):
            yield Calibration(inside[:count], outside)
        if len(inside) > 1:
            # As few shares as leave enough recordings outside each; else each recording stands alone.
            parts = (n for n in range(2, len(inside)) if len(inside) - ceil(len(inside) / n) >= count)
            for tested in np.array_split(inside, next(parts, len(inside))):
                yield Calibration(inside.difference(tested, sort=False)[:count], pd.Index(tested))
