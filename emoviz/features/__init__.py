"""Feature extractors. Importing this package registers all of them; their libraries load when first used."""

from . import blendshapes, egemaps, expression, snippets, whisper
from .base import EXTRACTORS, Extractor, FeatureStream

__all__ = ["EXTRACTORS", "Extractor", "FeatureStream", "blendshapes", "egemaps", "expression", "snippets", "whisper"]
