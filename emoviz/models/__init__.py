"""Models, one file per system of the papers; :func:`build` makes one from its name and config."""

from .base import MODELS, Convolution, Model, ModelConfig, Output, build

__all__ = ["MODELS", "Convolution", "Model", "ModelConfig", "Output", "build"]
