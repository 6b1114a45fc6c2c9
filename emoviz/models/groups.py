r"""Standardisation of recordings by a group of people, a speaker or a culture, without labels.

The means :math:`\mu_u` of recordings and the changes within a recording are scaled separately, channel by channel,
since a room or a voice changes both:

.. math:: x'_t = \frac{\mu_u - m}{s_b} + \frac{x_t - \mu_u}{s_w}

with m and :math:`s_b` the mean and standard deviation of the group's :math:`\mu_u`, and :math:`s_w^2` the mean of its
recordings' variances. The statistics of a speaker can be drawn towards those of a larger group, the culture,

.. math:: m = \frac{n\,m_s + w\,m_c}{n + w}

and likewise for the mean squares, with n recordings of the speaker and weight w. Missing frames are left out and stay
missing.
"""

import warnings
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

SMALLEST = 1e-8
"""Smallest variance, so that a channel which stands still is no division by zero."""


@dataclass(frozen=True)
class Group:
    """The statistics of the recordings of some people.

    Attributes:
        level: mean (D,) of the means of the recordings.
        between: spread (D,) of these means.
        within: spread (D,) within a recording.
    """

    level: np.ndarray
    between: np.ndarray
    within: np.ndarray

    def __call__(self, values: Tensor) -> Tensor:
        """Standardise features (..., T, D) of recordings of the group, float32."""
        level, between, within = map(torch.from_numpy, (self.level, self.between, self.within))
        exact = values.double()
        mean = exact.nanmean(-2, keepdim=True)
        return ((mean - level) / between + (exact - mean) / within).float()


def group_of(own: np.ndarray, whole: np.ndarray | None = None, weight: float = 0.0) -> Group:
    """Return the statistics of a group of recordings.

    Args:
        own: moments (N, 3, D) of its recordings, each of :func:`moments`.
        whole: mean (3, D) of the moments of a larger group, towards which the statistics are drawn.
        weight: number of recordings that the larger group counts.
    """
    found = mean_moments(own)
    if whole is not None:
        found = (len(own) * found + weight * whole) / (len(own) + weight)
    level, square, variance = found
    return Group(level, np.sqrt(np.maximum(square - level**2, SMALLEST)), np.sqrt(variance + SMALLEST))


def moments(values: np.ndarray) -> np.ndarray:
    """Return (3, D) of a recording (T, D): mean over the frames, its square, and variance; NaN where none is known."""
    exact = values.astype(np.float64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of a channel without a single known frame
        mean = np.nanmean(exact, axis=0)
        return np.stack([mean, mean**2, np.nanvar(exact, axis=0)])


def mean_moments(own: np.ndarray) -> np.ndarray:
    """Return the mean (3, D) of the moments (N, 3, D) of some recordings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of a channel that no recording has
        mean: np.ndarray = np.nanmean(own, axis=0)
        return mean
