"""Corrupted copies of recordings, on which models are trained beside the recordings themselves."""

import hashlib
from collections.abc import Callable, Sequence

import numpy as np

from ...core.vocabulary import Modality
from .base import CORRUPTIONS, Scene, kinds

TWICE = 0.3
"""Share of the copies that are corrupted in two ways, one after the other."""


def corrupted_copy(
    values: np.ndarray, modality: Modality, key: str, others: Sequence[Callable[[], np.ndarray]] = ()
) -> np.ndarray:
    """Change a recording in one or two ways at levels between the mild and the strong one, all drawn by a key.

    Args:
        values: sound or picture, as its corruptions take it.
        modality: kind of recording.
        key: text that decides the copy; the same recording and key always give the same copy.
        others: functions that read other recordings of the same kind.
    """
    random = np.random.default_rng(list(hashlib.sha256(key.encode()).digest()))
    scene = Scene(random, others)
    for name in random.choice(kinds(modality), 1 + (random.random() < TWICE), replace=False):
        kind = CORRUPTIONS[str(name)]
        mild, strong = kind.levels
        values = kind(values, mild + (strong - mild) * float(random.random()), scene)
    return values
