"""Analyses of trained models: comparisons, channel weights, cultures, similarity, projections and maps."""
