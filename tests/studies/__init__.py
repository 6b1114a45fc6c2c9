"""Tests of ``emoviz/studies``."""
