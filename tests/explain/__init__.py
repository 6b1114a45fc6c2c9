"""Tests of emoviz.explain."""
