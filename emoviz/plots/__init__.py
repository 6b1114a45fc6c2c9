"""Tables -> plotly figures, one file per page. Pure functions: no torch, no streamlit, nothing read from disk."""

from .clip import channel_weights, circumplex, timeline

__all__ = ["channel_weights", "circumplex", "timeline"]
