"""emoviz: audio-visual emotion recognition across cultures."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.2.0.dev0"

if TYPE_CHECKING:
    from .api import Prediction as Prediction
    from .api import predict as predict

_OFFERED = ("Prediction", "predict")
"""Names of :mod:`emoviz.api`, which is imported when one is asked for, as it takes seconds."""


def __getattr__(name: str) -> Any:
    if name not in _OFFERED:
        raise AttributeError(f"module 'emoviz' has no attribute '{name}'")
    return getattr(import_module("emoviz.api"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_OFFERED])
