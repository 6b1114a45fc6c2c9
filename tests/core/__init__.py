"""Tests of ``emoviz/core``."""
