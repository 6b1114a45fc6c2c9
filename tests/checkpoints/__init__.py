"""Tests of ``emoviz/checkpoints``."""
