"""Feature extractors. Importing this package registers all of them; their libraries load when first used."""

from . import blendshapes, egemaps, expression, snippets, speech_encoders, whisper
from .base import EXTRACTORS, Extractor, FeatureStream, make

__all__ = [
    "EXTRACTORS",
    "Extractor",
    "FeatureStream",
    "blendshapes",
    "egemaps",
    "expression",
    "make",
    "snippets",
    "speech_encoders",
    "whisper",
]
