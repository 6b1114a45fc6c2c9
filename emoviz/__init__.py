"""emoviz: audio-visual emotion recognition across cultures."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.2.0.dev0"

if TYPE_CHECKING:
    from .api import AttentionTest as AttentionTest
    from .api import Cultures as Cultures
    from .api import Explanation as Explanation
    from .api import Model as Model
    from .api import Persons as Persons
    from .api import Prediction as Prediction
    from .api import Results as Results
    from .api import compare_cultures as compare_cultures
    from .api import examples as examples
    from .api import import_corpus as import_corpus
    from .api import model as model
    from .api import persons as persons
    from .api import predict as predict
    from .api import results as results
    from .api import train as train

_OFFERED = (
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
)
"""Names of :mod:`emoviz.api`, which is imported when one is asked for, as it takes seconds."""


def __getattr__(name: str) -> Any:
    if name not in _OFFERED:
        raise AttributeError(f"module 'emoviz' has no attribute '{name}'")
    return getattr(import_module("emoviz.api"), name)


def __dir__() -> list[str]:
    return sorted(["__version__", *_OFFERED])
