"""Trained models as folders: their files, their cards, and the Hugging Face Hub."""

from .description import Description, FeatureSpec
from .folder import (
    CARD,
    CONFIG,
    FAMILIAR,
    PER_CULTURE,
    WEIGHTS,
    Checkpoint,
    Predictor,
    as_stored,
    build_predictor,
    find,
    groups,
    load,
    named,
    read_description,
    rewrite,
    save,
    write_scores,
)
from .metrics import METRICS, read_metrics
from .tables import TABLES, read_table, write_table

__all__ = [
    "CARD",
    "CONFIG",
    "FAMILIAR",
    "METRICS",
    "PER_CULTURE",
    "TABLES",
    "WEIGHTS",
    "Checkpoint",
    "Description",
    "FeatureSpec",
    "Predictor",
    "as_stored",
    "build_predictor",
    "find",
    "groups",
    "load",
    "named",
    "read_description",
    "read_metrics",
    "read_table",
    "rewrite",
    "save",
    "write_scores",
    "write_table",
]
