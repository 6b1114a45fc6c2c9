"""Corruptions of recordings as they occur in practice, each a function of the recording, a level and a seed."""

from .base import CORRUPTIONS, Corruption, Scene
from .copies import corrupted_copy

__all__ = ["CORRUPTIONS", "Corruption", "Scene", "corrupted_copy"]
