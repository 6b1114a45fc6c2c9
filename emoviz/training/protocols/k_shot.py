"""``k-shot``: networks of some cultures, tested on every other one after a few labelled utterances of it."""

import dataclasses
import itertools

import numpy as np
import pandas as pd

from ...core.errors import SplitError
from ..splits import apart, drawn, together
from .base import PROTOCOLS, Fold, Options, Test, by_culture
from .cross_culture import source_fold, sources_of


@PROTOCOLS.register("k-shot")
def k_shot(table: pd.DataFrame, options: Options) -> list[Fold]:
    """Follow each fold of ``cross-culture`` by training on k labelled utterances per class of the target.

    They are drawn from half of the target's speakers, and the other half is tested, so that no speaker is in both;
    each draw halves the speakers anew. All k of a draw are tested on the same recordings, k = 0 among them, and
    larger k contain the smaller ones.

    Raises:
        ConfigError: if a source is no culture of the corpora.
        SplitError: if a source has but one speaker, the recordings are of no class, or half of a target's speakers
            have fewer than k utterances of a class.
    """
    if table["label"].isna().all():
        raise SplitError("Shots are drawn for each class, but these recordings have no class as a whole.")
    found = []
    for source in sources_of(table, options):
        tests: dict[Test, pd.Index] = {}
        further: list[Fold] = []
        for target, rows in by_culture(table):
            if target in source:
                continue
            for draw in range(options.draws):
                drawn, tested = _draw_shots(rows, options, [options.seed, draw, *target.encode()])
                for shots in options.shots:
                    test = Test(source, target, shots, draw)
                    if shots == 0:
                        tests[test] = tested
                    else:
                        train = pd.Index([i for ids in drawn.values() for i in ids[:shots]])
                        further.append(Fold(test.name, train, pd.Index([]), {test: tested}))
        fold = source_fold(table, source, tests, options)
        found.append(dataclasses.replace(fold, further=tuple(further)))
    return found


def _draw_shots(rows: pd.DataFrame, options: Options, seed: list[int]) -> tuple[dict[str, list[str]], pd.Index]:
    """Ids per class to draw k from, and the ids of the other speakers."""
    most = max(options.shots)
    units = together(rows)
    for attempt in range(100):
        random = np.random.default_rng([*seed, attempt])
        half = set(itertools.chain(*drawn(units, random)[: len(units) // 2]))
        pool, tested = rows[rows["speaker"].isin(half)], rows[~rows["speaker"].isin(half)]
        shots = {str(e): [str(i) for i in random.permutation(group.index)[:most]] for e, group in pool.groupby("label")}
        complete = set(shots) == set(rows["label"]) == set(tested["label"])
        if complete and min(len(ids) for ids in shots.values()) == most:
            return shots, tested.index
    raise SplitError(
        f"In no half of the {len(units)} speakers{apart(rows)} of '{rows['culture'].iloc[0]}' each class has {most} "
        "utterances; ask for fewer shots."
    )
