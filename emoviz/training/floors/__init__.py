"""Systems without a network, the floors that every network has to beat: they fit in seconds and say the same each time.

A floor is registered under a name that a training config may give as its ``model``; its settings are the config's
``options``. It gets the same samples and the same split as a network. One floor, one file.
"""

from .base import FLOORS, Predict

__all__ = ["FLOORS", "Predict"]
