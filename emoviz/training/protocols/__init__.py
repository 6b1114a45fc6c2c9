"""Protocols, which cut a corpus into folds and train nothing: one protocol, one file."""

from .base import PROTOCOLS, Fold, Options, Test, make_folds, split_of

__all__ = ["PROTOCOLS", "Fold", "Options", "Test", "make_folds", "split_of"]
