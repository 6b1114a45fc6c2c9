"""Protocols cut a corpus into folds: one protocol, one file. They train nothing."""

from .base import PROTOCOLS, Fold, Options, Test, make_folds, split_of

__all__ = ["PROTOCOLS", "Fold", "Options", "Test", "make_folds", "split_of"]
