"""Training: one config, one loop, any model. It needs torch, lightning and a feature store, and no media library."""

from .config import TrainingConfig, load_config
from .loop import train
from .presets import preset, presets

__all__ = ["TrainingConfig", "load_config", "preset", "presets", "train"]
