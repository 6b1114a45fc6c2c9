"""Feature extractors. Importing this package registers all of them; their libraries load when first used."""

from . import (
    bag_of_words,
    blendshapes,
    captions,
    deep_spectrum,
    egemaps,
    expression,
    functionals,
    mfcc,
    picture_encoders,
    snippets,
    speech_encoders,
    text_encoders,
    whisper,
)
from .base import EXTRACTORS, Extractor, FeatureStream, make

__all__ = [
    "EXTRACTORS",
    "Extractor",
    "FeatureStream",
    "bag_of_words",
    "blendshapes",
    "captions",
    "deep_spectrum",
    "egemaps",
    "expression",
    "functionals",
    "make",
    "mfcc",
    "picture_encoders",
    "snippets",
    "speech_encoders",
    "text_encoders",
    "whisper",
]
