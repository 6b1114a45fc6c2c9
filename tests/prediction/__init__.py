"""Tests of ``emoviz/prediction``."""
