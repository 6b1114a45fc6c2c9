"""Python's door to emoviz: a few functions whose answers show themselves in a notebook.

``import emoviz`` has all of them; each reads the settings of the environment, as the command line does, and goes the
same way.
"""

from .prediction import Prediction, predict

__all__ = ["Prediction", "predict"]
