"""Tests of ``emoviz/analysis``."""
