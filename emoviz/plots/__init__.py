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

__all__ = [
    "attention_map",
    "attention_strip",
    "channel_bars",
    "channel_difference_bars",
    "channel_weights",
    "circumplex",
    "deletion_curves",
    "map_table",
    "timeline",
]
