"""Tables -> plotly figures, one file per page. Pure functions: no torch, no streamlit, nothing read from disk."""

from .attention import (
    attention_map,
    attention_strip,
    channel_bars,
    channel_difference_bars,
    deletion_curves,
    map_table,
)
from .clip import channel_weights, circumplex, timeline
from .cultures import pair_weights, scores_by_culture, similarity_matrix, top_channels, transfer_matrix

__all__ = [
    "attention_map",
    "attention_strip",
    "channel_bars",
    "channel_difference_bars",
    "channel_weights",
    "circumplex",
    "deletion_curves",
    "map_table",
    "pair_weights",
    "scores_by_culture",
    "similarity_matrix",
    "timeline",
    "top_channels",
    "transfer_matrix",
]
