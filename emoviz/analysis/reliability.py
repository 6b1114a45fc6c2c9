"""The agreement of a model's channel weights with those of its other trainings, which differ in their seed alone."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..checkpoints.description import Description
from ..core.words import number
from .replicates import DESCRIPTIVE

LEAST = 0.6
"""Smallest correlation with other trainings at which weights count as reliable: `docs/channel-attention.md`."""


class Reliability(NamedTuple):
    """The agreement of a model's mean channel weights with those of other trainings of it.

    Attributes:
        correlation: mean of Pearson's r over channels; NaN where it is not known.
        others: number of the other trainings.
    """

    correlation: float
    others: int

    @property
    def fails(self) -> bool:
        """Whether the weights are known to depend on the start of the training."""
        return self.correlation < LEAST


def other_trainings(name: str, known: Mapping[str, Description]) -> list[str]:
    """Return the names of models that differ from a given one in the seed of their training alone.

    Args:
        name: name of the model.
        known: descriptions of all models by name, its own among them.
    """
    own = _but_seed(known[name])
    return [other for other, about in known.items() if other != name and _but_seed(about) == own]


def reliability(weights: pd.DataFrame, others: Iterable[pd.DataFrame]) -> Reliability:
    """Correlate the mean weights of a model with those of other trainings of it.

    Args:
        weights: channel weights of its held-out recordings (``attention.parquet``).
        others: channel weights of each other training.
    """
    own = _mean(weights)
    found = [np.corrcoef(own, _mean(other).reindex(own.index))[0, 1] for other in others]
    return Reliability(float(np.mean(found)) if found else float("nan"), len(found))


def in_words(found: Reliability) -> str:
    """Return the reliability in words."""
    if found.correlation != found.correlation:
        return (
            "**Is it reliable? Not known**: no other training of this model is here, and from another random start it "
            "may weigh other channels."
        )
    trainings = "another training" if found.others == 1 else f"{found.others} other trainings"
    size = f"the mean weights correlate at {number(found.correlation)} with those of {trainings} of this model"
    if found.fails:
        return f"**Is it reliable? No**: {size}, so they tell more of its random start than of the data."
    return f"**Is it reliable? Yes**: {size}."


def unreliable(similarity: "pd.Series[float]") -> "pd.Series[float]":
    """Return the cultures whose models do not find the same channels, with their reliability.

    Args:
        similarity: mean Pearson's r between the replicates of each culture; NaN where it is not known.
    """
    return similarity[similarity < LEAST]


def cultures_in_words(reliabilities: "pd.Series[float]", replicates: str) -> str:
    """Return a warning about the cultures of :func:`unreliable`; empty if there are none."""
    if reliabilities.empty:
        return ""
    names = " and ".join(f"{culture} ({number(value)})" for culture, value in reliabilities.items())
    return f"Not reliable ({replicates}s agree at less than {number(LEAST)}): {names}."


def _but_seed(about: Description) -> tuple[object, ...]:
    """What decides a model but the seed."""
    training = {key: value for key, value in about.training.items() if key not in ("seed", "name", "title")}
    return about.model, dict(about.model_config), about.outputs, training, dict(about.split)


def _mean(weights: pd.DataFrame) -> "pd.Series[float]":
    channels = weights.drop(columns=[column for column in DESCRIPTIVE if column in weights])
    return channels.astype(np.float64).mean()
