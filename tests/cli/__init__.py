"""Tests of ``emoviz/cli``."""
