"""Tests of ``emoviz/plots``."""
