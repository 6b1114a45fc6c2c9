"""The untrained network of a config."""

from collections.abc import Mapping

from ..core.errors import ConfigError
from ..core.vocabulary import Task
from ..models import Model, build
from .config import TrainingConfig
from .data.base import DATA


def build_model(config: TrainingConfig, widths: Mapping[str, int]) -> Model:
    """Build the untrained network of a config.

    Args:
        config: config of the training.
        widths: number of channels of each stream after its transform.

    Raises:
        UnknownNameError: if there is no such model.
        ConfigError: if the model's options contradict each other, or it predicts per frame where labels are per clip
            or the other way round.
    """
    model = build(config.model, {**config.options, "streams": dict(widths), "outputs": len(config.outputs)})
    frames = DATA[config.data].frames
    if (model.task is Task.FRAMES) != frames:
        needed = "frame" if frames else "clip"
        raise ConfigError(f"'{config.data}' has labels per {needed}, but '{config.model}' predicts per {model.task}.")
    return model
