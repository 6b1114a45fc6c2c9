"""``cross-culture``: networks of some cultures, tested on every other one."""

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from ...core.errors import ConfigError, SplitError
from ..splits import apart, drawn, together
from .base import PROTOCOLS, Fold, Options, Test, by_culture


@PROTOCOLS.register("cross-culture")
def cross_culture(table: pd.DataFrame, options: Options) -> list[Fold]:
    """Train on the speakers of some cultures, one in five of whom validate, and test every other culture.

    Raises:
        ConfigError: if a source is no culture of the corpora, or one is named twice.
        SplitError: if a source has only one speaker.
    """
    return [
        source_fold(
            table,
            source,
            {Test(source, target): rows.index for target, rows in by_culture(table) if target not in source},
            options,
        )
        for source in sources_of(table, options)
    ]


def sources_of(table: pd.DataFrame, options: Options) -> tuple[tuple[str, ...], ...]:
    """Return the sets of cultures that train.

    Raises:
        ConfigError: if a culture is not one of the corpora's, or a set is given twice or names a culture twice.
    """
    cultures = sorted(table["culture"].unique())
    seen: set[frozenset[str]] = set()
    for source in options.sources:
        named = frozenset(source)
        if len(named) != len(source) or named in seen:
            raise ConfigError(f"Cultures that train together are each named once, not {', '.join(source)}.")
        seen.add(named)
    for name in (name for source in options.sources for name in source):
        if name not in cultures:
            raise ConfigError(f"'{name}' is no culture of these corpora; there are {', '.join(cultures)}.")
    return options.sources or tuple((str(culture),) for culture in cultures)


def source_fold(table: pd.DataFrame, source: Sequence[str], tests: Mapping[Test, pd.Index], options: Options) -> Fold:
    """Return the fold in which some cultures train and validate.

    Raises:
        SplitError: if one of the cultures has only one speaker.
    """
    validated: list[str] = []
    for culture in source:
        rows = table[table["culture"] == culture]
        units = together(rows)
        if len(units) < 2:
            raise SplitError(f"'{culture}' has one speaker{apart(rows)}; training and validation need one each.")
        order = drawn(units, np.random.default_rng([options.seed, *culture.encode()]))
        validated += itertools.chain(*order[: max(1, round(0.2 * len(order)))])
    rows = table[table["culture"].isin(source)]
    selected = rows["speaker"].isin(validated)
    return Fold("+".join(source), rows.index[~selected], rows.index[selected], tests)
