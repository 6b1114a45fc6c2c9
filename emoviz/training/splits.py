"""Splits in which no speaker and no session is in two parts, and the assertion that this holds.

Recordings of a corpus that was published with a split keep it; the speakers of all others are drawn.
"""

import itertools
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from ..core.errors import SplitError
from ..core.vocabulary import Split

LEAST = 3
"""Smallest number of speakers of a culture: one for training, one for validation and one for the test."""


def usual_split(
    recordings: pd.DataFrame, validation_share: float, test_share: float, seed: int
) -> dict[Split, tuple[str, ...]]:
    """Assign speakers to the part in which their corpus was published, and draw the part of all others.

    Where a published split has no validation part, its speakers are drawn from those of its training part.

    Args:
        recordings: table with the columns ``speaker``, ``culture`` and perhaps ``split``.
        validation_share: share of the speakers for validation, as in :func:`by_speaker`.
        test_share: share of the speakers for the test, as in :func:`by_speaker`.
        seed: seed of the draw.

    Raises:
        SplitError: if a published split has one speaker in two parts, or a culture without one has too few speakers.
    """
    published = recordings.dropna(subset=["split"]) if "split" in recordings else recordings.iloc[:0]
    others = recordings.drop(published.index)
    drawn = by_speaker(others, validation_share, test_share, seed) if len(others) or not len(published) else {}
    split = {part: set(drawn.get(part, ())) for part in Split}
    if len(published):
        for part, rows in published.groupby("split"):
            split[Split(part)] |= set(rows["speaker"].astype(str))
        if Split.VALIDATION not in set(published["split"]):
            moved = _validating(published[published["split"] == Split.TRAIN], validation_share, seed)
            split[Split.TRAIN] -= moved
            split[Split.VALIDATION] |= moved
    found = {part: tuple(sorted(speakers)) for part, speakers in split.items()}
    check_disjoint(found)
    return found


def _validating(recordings: pd.DataFrame, share: float, seed: int) -> set[str]:
    """Speakers of each culture that validate instead of being trained on; at least one is trained on."""
    chosen: set[str] = set()
    for culture, group in recordings.groupby("culture"):
        order = drawn(together(group), np.random.default_rng([seed, *str(culture).encode()]))
        chosen |= set(itertools.chain(*order[: min(max(1, round(share * len(order))), len(order) - 1)]))
    return chosen


def by_speaker(
    recordings: pd.DataFrame, validation_share: float, test_share: float, seed: int
) -> dict[Split, tuple[str, ...]]:
    """Assign the speakers of each culture to train, validation and test.

    Shares are of each culture's speakers, rounded; each part gets at least one, so that every culture is tested.

    Args:
        recordings: table with the columns ``speaker`` and ``culture``, and perhaps ``session``: speakers who share one,
            as those of a conversation do, stand in one part and count as one.
        validation_share: share of the speakers for validation, in (0, 1).
        test_share: share of the speakers for the test, in (0, 1).
        seed: seed of the draw.

    Raises:
        SplitError: if a culture has fewer than three speakers.
    """
    parts: dict[Split, list[str]] = {part: [] for part in Split}
    for culture, group in recordings.groupby("culture"):
        units = together(group)
        if len(units) < LEAST:
            raise SplitError(
                f"The culture '{culture}' has {len(units)} speaker(s){apart(group)}; a speaker-disjoint split needs "
                "three or more."
            )
        order = drawn(units, np.random.default_rng([seed, *str(culture).encode()]))
        held_out = min(max(1, round(test_share * len(order))), len(order) - 2)
        validated = min(max(1, round(validation_share * len(order))), len(order) - held_out - 1)
        parts[Split.TEST] += itertools.chain(*order[:held_out])
        parts[Split.VALIDATION] += itertools.chain(*order[held_out : held_out + validated])
        parts[Split.TRAIN] += itertools.chain(*order[held_out + validated :])
    split = {part: tuple(sorted(map(str, speakers))) for part, speakers in parts.items()}
    check_disjoint(split)
    return split


def together(recordings: pd.DataFrame) -> list[list[str]]:
    """Return the speakers in order, in one list if they share a session directly or through others."""
    units = [{str(speaker)} for speaker in sorted(recordings["speaker"].unique())]
    sessions = recordings.dropna(subset=["session"]).groupby("session")["speaker"] if "session" in recordings else ()
    for _, speakers in sessions:
        joined = [unit for unit in units if unit & set(speakers)]
        if len(joined) > 1:
            units = [unit for unit in units if unit not in joined] + [set().union(*joined)]
    return sorted(sorted(unit) for unit in units)


def drawn(units: Sequence[list[str]], random: np.random.Generator) -> list[list[str]]:
    """Return the groups of :func:`together` in random order."""
    return [units[n] for n in random.permutation(len(units))]


def apart(recordings: pd.DataFrame) -> str:
    """Return the addition to a number of speakers that says that some share a session and count as one, or ""."""
    return " who share no session" if len(together(recordings)) < recordings["speaker"].nunique() else ""


def check_disjoint(split: Mapping[Split, tuple[str, ...]]) -> None:
    """Assert that no speaker stands in two parts, and that no part is empty.

    Raises:
        SplitError: if a speaker stands in two parts, or a part is empty.
    """
    for part, speakers in split.items():
        if not speakers:
            raise SplitError(f"The {part} part of the split has no speakers.")
    check_apart(split, "speaker")


def check_apart(split: Mapping[Split, Iterable[str]], unit: str) -> None:
    """Assert that no unit is in two parts.

    Args:
        split: names of the units of each part.
        unit: word for a unit, e.g. ``session``.

    Raises:
        SplitError: if a unit is in two parts.
    """
    seen: dict[str, Split] = {}
    for part, names in split.items():
        for name in names:
            if seen.setdefault(name, part) != part:
                raise SplitError(f"The {unit} '{name}' stands in {seen[name]} and in {part}.")
