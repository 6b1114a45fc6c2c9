"""Python's door to emoviz: a few functions whose answers show themselves in a notebook.

``import emoviz`` has all of them; each reads the settings of the environment, as the command line does, and goes the
same way.
"""

from .findings import Cultures, Results, compare_cultures, results
from .models import AttentionTest, Explanation, Model, import_corpus, model, train
from .people import Persons, persons
from .prediction import Prediction, examples, predict

__all__ = [
    "AttentionTest",
    "Cultures",
    "Explanation",
    "Model",
    "Persons",
    "Prediction",
    "Results",
    "compare_cultures",
    "examples",
    "import_corpus",
    "model",
    "persons",
    "predict",
    "results",
    "train",
]
