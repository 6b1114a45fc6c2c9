"""The majority vote of the sources for a class."""

import numpy as np

from .base import FUSIONS, Fusion, weighted


def majority(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return 1 for the class that most sources find most probable, 0 for the others.

    A tie (two sources that disagree always tie) goes to the tied class with the higher
    weighted mean probability, and if that ties too, to the first one.
    """
    mean = weighted(values, weights)
    present = ~np.isnan(values).all(2) & (weights[:, None] > 0)
    choice = np.where(np.isnan(values), -np.inf, values).argmax(2)
    votes = (present[..., None] & (choice[..., None] == np.arange(values.shape[2]))).sum(0)
    tied = votes == votes.max(1, keepdims=True)
    winner = np.where(tied, np.nan_to_num(mean, nan=-1.0), -np.inf).argmax(1)
    return np.where(np.isnan(mean), np.nan, (winner[:, None] == np.arange(values.shape[2])).astype(float))


FUSIONS.register("majority")(Fusion(weighted, majority))  # a dimension has no classes to vote for
