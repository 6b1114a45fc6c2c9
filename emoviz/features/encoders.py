"""A table of the pretrained encoders: those on this machine, and the way to get the others."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from .base import EXTRACTORS, make
from .weights import Weights

COLUMNS = ("feature", "modality", "weights", "present", "folder", "missing", "get", "about")


def describe() -> pd.DataFrame:
    """Return a table of the encoders that take weights of their own, a row for each of their weights.

    Returns:
        Columns ``feature``, ``modality``, ``weights`` (the name), ``present`` (bool), ``folder`` (None where there is
        none), ``missing`` (one sentence, or None), ``get`` (what to do, or None) and ``about`` (one sentence).
    """
    rows = [_row(name, weights) for name in EXTRACTORS for weights in needs(name)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def needs(feature: str) -> tuple[Weights, ...]:
    """Return the weights that a feature takes by default; none for bundled features."""
    return getattr(make(feature), "needs", ())


def remedies(chosen: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return one sentence for each missing weights file of some features, which says how to get it.

    Args:
        chosen: settings of each feature that are not its defaults.
    """
    extractors = {name: make(name, settings) for name, settings in chosen.items() if name in EXTRACTORS}
    wanted = {weights: name for name, one in reversed(extractors.items()) for weights in getattr(one, "needs", ())}
    return [
        f"'{name}' lacks the weights of {weights.name}: {weights.remedy}."
        for weights, name in reversed(wanted.items())
        if weights.missing() is not None
    ]


def _row(feature: str, weights: Weights) -> dict[str, object]:
    reason, folder = weights.missing(), weights.find()
    about = (EXTRACTORS[feature].__doc__ or "").strip().splitlines()[0]
    return {
        "feature": feature,
        "modality": str(EXTRACTORS[feature].modality),
        "weights": weights.name,
        "present": reason is None,
        "folder": str(folder) if folder else None,
        "missing": f"{reason}." if reason else None,
        "get": f"{weights.remedy[:1].upper()}{weights.remedy[1:]}." if reason else None,
        "about": about,
    }
