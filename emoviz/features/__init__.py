"""Feature extractors: one extractor, one file. The registry imports the files, whose libraries load when first used."""

from .base import EXTRACTORS, Extractor, FeatureStream, make

__all__ = ["EXTRACTORS", "Extractor", "FeatureStream", "make"]
