"""Floors: systems without a network that every network has to beat, and that fit in seconds without randomness.

A floor is registered under a name that a training config may give as its ``model``; its settings are the config's
``options``. It gets the same samples and the same split as a network. One floor, one file.
"""

from .base import FLOORS, Predict

__all__ = ["FLOORS", "Predict"]
