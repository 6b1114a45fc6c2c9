"""Plotly figures from tables, one file per page: pure functions without torch, streamlit or anything read from disk."""

from .action_units import action_units
from .attention import attention_map, attention_strip, map_table
from .channels import channel_bars, channel_difference_bars, deletion_curves
from .clip import channel_weights, circumplex, timeline
from .compare import (
    confusion_matrices,
    difference_forest,
    error_slices,
    level_matrices,
    reliability_diagram,
    spread_diagram,
)
from .compare_curves import clip_comparison, said_of_recording, training_curves
from .culture_groups import group_weights
from .culture_scores import scores_by_culture, transfer_matrix
from .cultures import pair_weights, similarity_matrix, top_channels
from .data import dimension_shares, label_counts
from .embeddings import embedding_maps, separation
from .explain import contribution_bars, face_heat, film_strip, frequency_heat, heat_table, in_stretches, sound_explained
from .moment import moment
from .results import few_shot, paired_differences, results_matrix, standing
from .still import still
from .train import job_curves
from .turns import turns
from .words import words

__all__ = [
    "action_units",
    "attention_map",
    "attention_strip",
    "channel_bars",
    "channel_difference_bars",
    "channel_weights",
    "circumplex",
    "clip_comparison",
    "confusion_matrices",
    "contribution_bars",
    "deletion_curves",
    "difference_forest",
    "dimension_shares",
    "embedding_maps",
    "error_slices",
    "face_heat",
    "few_shot",
    "film_strip",
    "frequency_heat",
    "group_weights",
    "heat_table",
    "in_stretches",
    "job_curves",
    "label_counts",
    "level_matrices",
    "map_table",
    "moment",
    "pair_weights",
    "paired_differences",
    "reliability_diagram",
    "results_matrix",
    "said_of_recording",
    "scores_by_culture",
    "separation",
    "similarity_matrix",
    "sound_explained",
    "spread_diagram",
    "standing",
    "still",
    "timeline",
    "top_channels",
    "training_curves",
    "transfer_matrix",
    "turns",
    "words",
]
