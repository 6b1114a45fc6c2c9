"""Tests of ``notebooks/``."""
