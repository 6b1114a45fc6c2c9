"""Tests of ``docs/``."""
