"""Tests of emoviz.training."""
