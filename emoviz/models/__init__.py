"""Models: one file per system of the papers. :func:`build` makes one from its name and config."""

from .base import MODELS, Model, ModelConfig, Output, build, load_models

__all__ = ["MODELS", "Model", "ModelConfig", "Output", "build", "load_models"]
