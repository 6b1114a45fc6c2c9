"""Splits in which no speaker stands in two parts, and the assertion that this holds."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ..core.errors import SplitError
from ..core.vocabulary import Split


def by_speaker(
    recordings: pd.DataFrame, validation_share: float, test_share: float, seed: int
) -> dict[Split, tuple[str, ...]]:
    """Assign the speakers of each culture to train, validation and test.

    Shares are of each culture's speakers, rounded; each part gets at least one, so that every culture is tested.

    Args:
        recordings: table with the columns ``speaker`` and ``culture``.
        validation_share: share of the speakers for validation, in (0, 1).
        test_share: share of the speakers for the test, in (0, 1).
        seed: seed of the draw.

    Raises:
        SplitError: if a culture has fewer than three speakers.
    """
    parts: dict[Split, list[str]] = {part: [] for part in Split}
    for culture, group in recordings.groupby("culture"):
        speakers = sorted(group["speaker"].unique())
        if len(speakers) < 3:
            raise SplitError(
                f"The culture '{culture}' has {len(speakers)} speaker(s); a speaker-disjoint split needs three or more."
            )
        order = np.random.default_rng([seed, *str(culture).encode()]).permutation(speakers)
        held_out = min(max(1, round(test_share * len(order))), len(order) - 2)
        validated = min(max(1, round(validation_share * len(order))), len(order) - held_out - 1)
        parts[Split.TEST] += list(order[:held_out])
        parts[Split.VALIDATION] += list(order[held_out : held_out + validated])
        parts[Split.TRAIN] += list(order[held_out + validated :])
    split = {part: tuple(sorted(map(str, speakers))) for part, speakers in parts.items()}
    check_disjoint(split)
    return split


def check_disjoint(split: Mapping[Split, tuple[str, ...]]) -> None:
    """Assert that no speaker stands in two parts, and that no part is empty.

    Raises:
        SplitError: if a speaker stands in two parts, or a part is empty.
    """
    seen: dict[str, Split] = {}
    for part, speakers in split.items():
        if not speakers:
            raise SplitError(f"The {part} part of the split has no speakers.")
        for speaker in speakers:
            if seen.setdefault(speaker, part) != part:
                raise SplitError(f"The speaker '{speaker}' stands in {seen[speaker]} and in {part}.")
