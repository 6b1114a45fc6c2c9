"""Tests of ``emoviz/evaluation``."""
