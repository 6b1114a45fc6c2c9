"""Metrics: one metric, one file, each a pure function with its equation and source that is NaN where undefined."""

from .base import METRICS, Metric

__all__ = ["METRICS", "Metric"]
