"""Predictions of clips and of held-out recordings by trained models, their cost and their export."""
