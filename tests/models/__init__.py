"""Tests of emoviz.models."""
