"""Tests of ``emoviz.api``."""
