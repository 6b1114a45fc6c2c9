"""Training: one config, one loop, any model. It needs torch, lightning and a feature store, and no media library."""

from typing import TYPE_CHECKING, Any

from .config import TrainingConfig, load_config
from .presets import preset, presets

if TYPE_CHECKING:
    from .loop import train

__all__ = ["TrainingConfig", "load_config", "preset", "presets", "train"]


def __getattr__(name: str) -> Any:
    """Import the loop when it is first asked for: lightning takes seconds, and most pages and commands never train."""
    if name != "train":
        raise AttributeError(f"The module {__name__!r} has no attribute {name!r}.")
    from .loop import train

    return train
